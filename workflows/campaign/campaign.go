package campaign

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

const (
	// longestSleep is when a campaign decides again at the latest. It also is how
	// soon a sleeping one moves to a new version of the worker.
	longestSleep = 24 * time.Hour
	// silence is how often the batches are asked after their running targets.
	silence = time.Hour
	// planOnlyFor is how long a campaign that only plans answers queries.
	planOnlyFor = 10 * time.Minute
)

// Campaign runs the maintenance of a fleet, as fleet.Decide decides. It ends when every target
// has ended or, once it is stopped, when the last running target has. If its end state is not
// COMPLETED, it fails with an application error whose type is the end state and whose details
// hold the fleet.Result.
func Campaign(ctx workflow.Context, in api.CampaignInput) (fleet.Result, error) {
	info := workflow.GetInfo(ctx)
	if info.CronSchedule != "" {
		return fleet.Result{}, temporal.NewNonRetryableApplicationError(
			"a campaign runs once: let a schedule start it (tidegate schedule), no cron", names.TypeInvalid, nil)
	}
	// A retry of Temporal's own also says which run it continues, and has that one's input.
	if in.Carried != nil && (info.ContinuedExecutionRunID == "" || info.Attempt > 1) {
		return fleet.Result{}, temporal.NewNonRetryableApplicationError(
			"carried is for a campaign that continues as new: start it with its plan alone", names.TypeInvalid, nil)
	}
	c := newCampaign(ctx, in)
	// A cancelled campaign is aborted: it waits until its running targets have ended.
	living, _ := workflow.NewDisconnectedContext(ctx)
	if err := c.listen(living); err != nil {
		return fleet.Result{}, err
	}
	workflow.Go(living, c.receive)
	workflow.Go(ctx, func(ctx workflow.Context) {
		if ctx.Done().Receive(ctx, nil); ctx.Err() != nil {
			c.stop(fleet.HaltedByCancel, "cancelled in Temporal", &api.Action{By: "Temporal", Why: "the campaign was cancelled"})
		}
	})
	if in.Carried == nil {
		if err := c.discover(living); err != nil {
			if undone := errors.Join(c.notifyNotStarted(living, err), c.closeBatches(living)); undone != nil {
				err = errors.Join(err, undone) // what is joined reaches others as one text
			}
			return fleet.Result{}, err
		}
	}
	if in.PlanOnly {
		return c.answerQueries(living)
	}
	return c.run(living)
}

// campaign is the state of a campaign. Carried travels from run to run; the rest each run makes
// for itself.
type campaign struct {
	api.Carried
	in        api.CampaignInput
	discovery *discovery  // nil once the fleet is known
	entryOf   map[int]int // ref -> index into the entries
	turn      fleet.Turn  // the last decision
	changed   bool        // since then: something that may change what Decide says
	notifier  notifier
	orphans   map[int]int // ref -> attempt, of running targets whose batch is gone
	disarming map[int]int // ref -> attempt, of those that were told to disarm
	// namespace is Temporal's, and run1 the id of the first run: both stand in what people sign.
	namespace, run1 string
	// rewatch has the checks for the campaign asked from where they stand now.
	rewatch func()
	// askedAt is when those checks were last answered before a start, by Temporal's clock; zero: not in this run.
	askedAt time.Time
}

func newCampaign(ctx workflow.Context, in api.CampaignInput) *campaign {
	c := &campaign{
		in: in, namespace: workflow.GetInfo(ctx).Namespace, run1: workflow.GetInfo(ctx).FirstRunID,
		entryOf: map[int]int{}, orphans: map[int]int{}, disarming: map[int]int{},
	}
	if in.Carried != nil {
		c.Carried = *in.Carried
		c.index()
		return c
	}
	c.Start, c.Life.Phase = workflow.Now(ctx), fleet.Discovering
	c.discovery = newDiscovery(in)
	if stale := in.Plan.Stale(c.Start); stale != "" {
		c.in.Plan.Warnings = slices.Concat(in.Plan.Warnings, []string{stale})
	}
	return c
}

func (c *campaign) index() {
	for i, e := range c.Entries {
		c.entryOf[e.Ref] = i
	}
}

// fleet is the campaign as its scheduler sees it.
func (c *campaign) fleet() fleet.Fleet {
	f := fleet.Fleet{
		Progress: c.Progress, Rollout: c.in.Plan.Rollout, Rules: c.in.Plan.Policy.Rules(),
		Arming:    fleet.Arming{Before: c.in.Plan.Policy.ArmBefore.OrZero(), Delay: c.in.Plan.Policy.UpdateDelay.OrZero()},
		Approvals: fleet.Asked(c.in.Plan.Approvals, c.Signing), Submitter: c.in.Submitter, Checks: c.in.Plan.Checks,
	}
	f.Rollout.MaxConcurrent = cmp.Or(c.Max, f.Rollout.MaxConcurrent)
	if c.in.PlanOnly { // nothing starts
		f.Checks = nil
	}
	return f
}

// run decides, acts on the decision, and waits for events, until the campaign has ended.
func (c *campaign) run(ctx workflow.Context) (fleet.Result, error) {
	c.notifier.open(c.in.Plan.Notify)
	for _, n := range c.Lost {
		c.loseBatch(ctx, n)
	}
	watching, stopWatching := workflow.WithCancel(ctx)
	defer stopWatching()
	workflow.Go(watching, c.watchBatches)
	workflow.Go(watching, c.watchChecks)
	for {
		now := workflow.Now(ctx)
		c.changed = false
		c.expire(now)
		c.turn = fleet.Decide(c.fleet(), now)
		if c.askBeforeStart(ctx, now) {
			continue
		}
		c.Ask = c.turn.Ask
		c.bakeOrphans(now)
		givenUp := c.giveUpUnread(now)
		if err := errors.Join(c.disarmBlocked(ctx), c.instruct(ctx, now, givenUp), c.askAfterRunning(ctx, now)); err != nil {
			return fleet.Result{}, err
		}
		c.notify(ctx)
		if err := c.tag(ctx, c.publish(ctx)); err != nil {
			return fleet.Result{}, err
		}
		if c.turn.Over || (c.Life.Stopped() != "" && c.running() == 0) {
			if workflow.AllHandlersFinished(ctx) {
				stopWatching() // the batches are about to end
				return c.conclude(ctx)
			}
			// An action that is being passed on may belong to the run that has just ended:
			// its decision goes into the record with the others.
			if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
				return fleet.Result{}, err
			}
			continue
		}
		if c.shouldMoveOn(ctx) {
			return fleet.Result{}, c.moveOn(ctx)
		}
		if c.changed {
			continue
		}
		if err := c.sleep(ctx); err != nil {
			return fleet.Result{}, err
		}
	}
}

// giveUpUnread ends the targets that could not be read and are all that is left of their wave.
// It returns their refs.
func (c *campaign) giveUpUnread(now time.Time) (refs []int) {
	for _, i := range c.turn.GiveUp {
		e := &c.Entries[i]
		e.GiveUp(now)
		refs = append(refs, e.Ref)
		c.changed = true
	}
	return refs
}

// sleep waits for an event, or until the next decision is due.
func (c *campaign) sleep(ctx workflow.Context) error {
	now := workflow.Now(ctx)
	wake, why := now.Add(longestSleep), "decide again"
	earlier := func(t time.Time, because string) {
		if !t.IsZero() && t.Before(wake) {
			wake, why = t, because
		}
	}
	earlier(c.turn.Wake, "the next target may start")
	if c.running() > 0 {
		earlier(c.Swept.Add(silence), "check running targets")
	}
	earlier(c.fleet().ApprovalDeadline(), "the approval times out")
	earlier(c.triggered(now), "armed targets have triggered")
	if !wake.After(now) {
		return nil // it is due already: sending the instructions took time
	}
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: wake.Sub(now), TimerOptions: workflow.TimerOptions{Summary: why},
	}, func() bool { return c.changed })
	return err
}

func (c *campaign) running() (n int) {
	for _, e := range c.Entries {
		if e.State.InProgress() {
			n++
		}
	}
	return n
}

// stop lets nothing more start. With an action it also aborts the running targets.
func (c *campaign) stop(by fleet.Halt, why string, abort *api.Action) {
	if life, err := c.Life.Stop(by, why); err == nil {
		c.Life, c.Unsent.Abort, c.changed = life, abort, true
	}
}

// record is what is true of the campaign now, whatever its end state.
func (c *campaign) record(now time.Time) fleet.Result {
	return fleet.Result{
		Name: c.in.Plan.Name, Counts: c.fleet().Counts(now), Decisions: c.Decisions, Submitter: c.in.Submitter,
		Digest: c.in.Digest, Plan: c.plan(), Start: c.Start, End: now,
	}
}

// conclude makes the campaign's record, and Temporal's status of it.
func (c *campaign) conclude(ctx workflow.Context) (_ fleet.Result, err error) {
	now, f := workflow.Now(ctx), c.fleet()
	result := c.record(now)
	result.State, result.Summary = c.Life.EndState(result.Counts), summarize(result, c.Life.Stopped())
	result.Waves, result.Failures, result.Warnings = f.WaveLines(now), f.Status(c.turn, now).Failures, c.in.Plan.Warnings
	if c.Life.Stopped() != "" {
		result.Approval = f.Approval(now)
	}
	if c.Life, err = c.Life.End(&result); err != nil {
		return result, err
	}
	call.Count(ctx, metric.Campaigns, map[string]string{"state": string(result.State)})
	c.notify(ctx)
	if err := errors.Join(c.closeBatches(ctx), c.closeNotifier(ctx)); err != nil {
		return result, err
	}
	result.Undelivered = webui.Undelivered(c.Notified.Notices)
	if err := c.tag(ctx, c.publish(ctx)); err != nil {
		return result, err
	}
	c.drain(ctx)
	if err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) }); err != nil {
		return result, err
	}
	if result.State == fleet.Completed {
		return result, nil
	}
	return result, temporal.NewApplicationErrorWithOptions(result.Summary, string(result.State),
		temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{result}})
}

func summarize(r fleet.Result, stopped string) string {
	text := r.Counts.Line()
	if stopped != "" {
		text += "; " + stopped
	}
	return text + "."
}

// answerQueries keeps a campaign that only plans open while people may query it.
func (c *campaign) answerQueries(ctx workflow.Context) (fleet.Result, error) {
	c.turn = fleet.Decide(c.fleet(), workflow.Now(ctx))
	c.publish(ctx)
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: planOnlyFor, TimerOptions: workflow.TimerOptions{Summary: "the plan can be read until then"},
	}, func() bool { return c.Life.Stopped() != "" })
	result := c.record(workflow.Now(ctx))
	result.State, result.Summary = fleet.Completed, "Planned only: nothing was started."
	return result, err
}
