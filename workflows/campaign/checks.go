package campaign

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// askingLimit is how long the checks for the campaign may take to answer before something starts: what is not answered
// by then blocks.
const askingLimit = 30 * time.Second

// watchOptions are for the activities that ask health checks again and again.
func watchOptions(limit time.Duration, summary string) workflow.ActivityOptions {
	o := call.PollWithin(checks.RoundLimit, limit, summary)
	o.HeartbeatTimeout = checks.BeatWithin
	return o
}

// campaignInput are the checks for the campaign, as far as they are known.
func (c *campaign) campaignInput() checks.CampaignInput {
	return checks.CampaignInput{
		Checks: health.At(c.in.Plan.Checks, health.AtCampaign), Watches: c.Health.Watches, Blocks: c.Health.Blocks,
	}
}

// watchChecks asks the checks for the campaign for as long as it runs, by one activity that ends when one starts to
// block, or stops.
func (c *campaign) watchChecks(ctx workflow.Context) {
	if len(health.At(c.in.Plan.Checks, health.AtCampaign)) == 0 {
		return
	}
	for ctx.Err() == nil {
		asking, stop := workflow.WithCancel(ctx)
		c.rewatch = stop
		out, err := call.Do(asking, watchOptions(call.WatchLimit, "ask the health checks for the campaign"),
			call.Watcher.WatchCampaign, c.campaignInput())
		switch {
		case ctx.Err() != nil:
			return
		case asking.Err() != nil: // what the campaign has asked itself is newer
		case err != nil:
			c.unanswered(err)
			if pause(ctx, time.Minute, "then ask the health checks for the campaign again") != nil {
				return
			}
		default:
			c.Health.Watches, c.Health.Blocks, c.changed = out.Watches, out.Blocks, true
		}
		stop()
	}
}

func pause(ctx workflow.Context, d time.Duration, summary string) error {
	return workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: summary}).Get(ctx, nil)
}

// unanswered has each check for the campaign block, since nobody could ask them.
func (c *campaign) unanswered(err error) {
	c.Health.Blocks = nil
	for _, check := range health.At(c.in.Plan.Checks, health.AtCampaign) {
		c.Health.Blocks = append(c.Health.Blocks, health.Block{
			Check: check.Name, State: health.Unasked,
			Reason: webui.CutNote(fmt.Sprintf("check %q has no answer: %s", check.Name, call.Explain(err))),
		})
	}
	c.changed = true
}

// askBeforeStart asks the checks for the campaign where the decision starts something, unless they were answered before
// a start within health.MaxAge. True: it has, and the decision is to be made again.
func (c *campaign) askBeforeStart(ctx workflow.Context, now time.Time) bool {
	in := c.campaignInput()
	counts := func(check health.Check) bool {
		_, waived := c.Health.Waived.Of(check.Name, "")
		return !waived
	}
	fresh := !c.askedAt.IsZero() && now.Sub(c.askedAt) <= health.MaxAge
	if len(c.turn.Start)+len(c.turn.Arm) == 0 || fresh || !slices.ContainsFunc(in.Checks, counts) {
		return false
	}
	options := watchOptions(askingLimit, "ask the health checks for the campaign before more starts")
	options.StartToCloseTimeout = askingLimit
	before := c.Health.Blocks
	out, err := call.Do(ctx, options, call.Watcher.AskCampaign, in)
	if err != nil {
		c.unanswered(err)
	} else {
		c.Health.Watches, c.Health.Blocks = out.Watches, out.Blocks
	}
	c.askedAt = workflow.Now(ctx)
	if c.rewatch != nil && !slices.EqualFunc(before, c.Health.Blocks, sameBlock) {
		c.rewatch()
	}
	return true
}

func sameBlock(a, b health.Block) bool { return a.Check == b.Check && a.State == b.State }

// instructBake has the batches watch what bakes, once for each bake.
func (c *campaign) instructBake(to []api.Instructions) {
	bake := c.turn.Bake
	if len(bake.Entries) == 0 || bake.Same(c.Health.Bake) || c.Life.Stopped() != "" {
		return
	}
	c.Health.Bake = fleet.Bake{Wave: bake.Wave, Until: bake.Until}
	for _, i := range bake.Entries {
		e := &c.Entries[i]
		o := &to[e.Ref/api.LineSpace]
		if o.Bake == nil {
			o.Bake = &api.BakeInstruction{Wave: bake.Wave, Until: bake.Until}
		}
		o.Bake.Lines = append(o.Bake.Lines, attemptOf(*e))
	}
}

// bakeOrphans ends the bake of targets whose batch is gone: nobody asks their checks, which counts as failed.
func (c *campaign) bakeOrphans(now time.Time) {
	for _, i := range c.turn.Bake.Entries {
		e := &c.Entries[i]
		if !slices.Contains(c.Lost, e.Ref/api.LineSpace) {
			continue
		}
		for _, check := range health.At(c.in.Plan.Checks, health.AtBake) {
			c.LearnBake(i, fleet.Event{
				Kind: fleet.KindBakeFinding, Attempt: e.Attempts,
				Check: fleet.Check{Name: check.Name, State: health.Failed, Since: now},
				Note:  fmt.Sprintf("check %q has no answer: its batch is gone, and nobody asks it", check.Name),
			})
		}
		c.LearnBake(i, fleet.Event{Kind: fleet.KindBaked, Attempt: e.Attempts, At: c.turn.Bake.Until})
		c.changed = true
	}
}

// waive lets a check not count any more, for one target or for the whole campaign.
func (c *campaign) waive(in api.CampaignAction, e *fleet.Entry, now time.Time) (func(), error) {
	w := health.Waiver{Check: in.Check, By: in.By, Why: in.Why, At: now}
	if e != nil {
		w.Target = e.Gateway
	}
	all, err := c.Health.Waived.Add(c.in.Plan.Checks, w)
	return func() { c.Health.Waived, c.Unsent.Waived = all, true }, err
}

// waiveOrphans passes new waivers to the running targets whose batch is gone.
func (c *campaign) waiveOrphans(ctx workflow.Context) {
	if !c.Unsent.Waived {
		return
	}
	for _, e := range c.Entries {
		if e.State.InProgress() && slices.Contains(c.Lost, e.Ref/api.LineSpace) {
			signalWaived(ctx, e.Gateway, "", workflow.GetInfo(ctx).WorkflowExecution.ID, c.Health.Waived)
		}
	}
}

// signalWaived waits for no answer: a run that has just ended needs no waiver.
func signalWaived(ctx workflow.Context, gateway, runID, campaign string, all health.Waivers) {
	if covering := waivedFor(all, gateway); len(covering) > 0 {
		workflow.SignalExternalWorkflow(ctx, api.GatewayWorkflowID(gateway), runID, api.WaivedSignal,
			api.CampaignWaivers{Campaign: campaign, Waived: covering})
	}
}

// waivedFor are the waivers that cover a gateway. In its run each covers all that the run asks.
func waivedFor(all health.Waivers, gateway string) (covering health.Waivers) {
	for _, w := range all {
		if w.Target == "" || w.Target == gateway {
			w.Target = ""
			covering = append(covering, w)
		}
	}
	return covering
}
