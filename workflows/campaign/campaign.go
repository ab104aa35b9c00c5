package campaign

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

const (
	// longestSleep is when a campaign decides again at the latest. It also is how
	// soon a sleeping one moves to a new version of the worker.
	longestSleep = 24 * time.Hour
	// silence is after how long the batches of running targets are asked, again and
	// again, what became of them.
	silence = time.Hour
	// planOnlyFor is how long a campaign that only plans answers queries.
	planOnlyFor = 10 * time.Minute
)

// Campaign takes a fleet through its maintenance, as fleet.Decide says. It ends
// when every target has ended, or when it was stopped and the last running target
// has. One that ends otherwise than COMPLETED fails with an application error
// whose type is the end state and whose details hold the fleet.Result.
func Campaign(ctx workflow.Context, in api.CampaignInput) (fleet.Result, error) {
	c := newCampaign(ctx, in)
	// A cancelled campaign is one that is aborted: it sees its running targets home.
	living, _ := workflow.NewDisconnectedContext(ctx)
	if err := c.listen(living); err != nil {
		return fleet.Result{}, err
	}
	workflow.Go(living, c.hear)
	workflow.Go(ctx, func(ctx workflow.Context) {
		if ctx.Done().Receive(ctx, nil); ctx.Err() != nil {
			c.stop("cancelled in Temporal", &api.Action{By: "Temporal", Why: "the campaign was cancelled"})
		}
	})
	if in.Carried == nil {
		if err := c.discover(living); err != nil {
			if undone := errors.Join(c.tellUngathered(living, err), c.closeBatches(living)); undone != nil {
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

// campaign is the state of a campaign: Carried travels from run to run.
type campaign struct {
	api.Carried
	in      api.CampaignInput
	turn    fleet.Turn
	phase   fleet.Phase
	doing   string
	changed bool // something that may change what Decide says
	result  *fleet.Result
	tagged  string // the search attributes as they were set last
	given   []int  // refs of targets that were given up in this turn
	sending int    // messages without an answer
	hushed  bool   // nothing more is told by this run

	pages      []api.AddTargets   // of the plan, that are not with a batch yet
	received   int                // targets so far
	discovered [][]discoveredLine // by batch and line
	missing    int                // lines that were not heard of yet
	read       int                // lines that were read
	unheard    string             // a batch that has ended without having told all of its lines
	entryOf    map[int]int        // ref -> index into the entries
	// stopWatching ends the watch of the batches, before they are let go.
	stopWatching workflow.CancelFunc
	orphans      map[int]int // ref -> attempt, of running targets whose batch is gone
}

func newCampaign(ctx workflow.Context, in api.CampaignInput) *campaign {
	c := &campaign{in: in, phase: fleet.Discovering, entryOf: map[int]int{}, orphans: map[int]int{}}
	if in.Carried == nil {
		c.Start, c.received = workflow.Now(ctx), len(in.Plan.Targets)
		if stale := in.Plan.Stale(c.Start); stale != "" {
			c.in.Plan.Warnings = slices.Concat(in.Plan.Warnings, []string{stale})
		}
		return c
	}
	c.Carried, c.phase = *in.Carried, fleet.InProgress
	c.index()
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
		Entries: c.Entries, Rollout: c.in.Plan.Rollout, Rules: c.in.Plan.Policy.Rules(),
		Paused: c.Paused, Stopped: c.Stopped, Measured: c.Measured,
		Approvals: c.in.Plan.Approvals.WithDefaults(), Submitter: c.in.Submitter, Consents: c.Consents, Ask: c.Ask,
	}
	f.Rollout.MaxConcurrent = cmp.Or(c.Max, f.Rollout.MaxConcurrent)
	return f
}

// run decides, carries out, and waits for news, until the campaign is over.
func (c *campaign) run(ctx workflow.Context) (fleet.Result, error) {
	c.phase = fleet.InProgress
	for _, n := range c.Lost {
		c.lose(ctx, n)
	}
	watching, stopWatching := workflow.WithCancel(ctx)
	defer stopWatching()
	c.stopWatching = stopWatching
	workflow.Go(watching, c.watchBatches)
	for {
		now := workflow.Now(ctx)
		c.changed = false
		c.expire(now)
		c.turn = fleet.Decide(c.fleet(), now)
		c.giveUpUnread(now)
		c.Ask = c.turn.Ask
		if err := errors.Join(c.start(ctx, now), c.tag(ctx), c.sweep(ctx, now)); err != nil {
			return fleet.Result{}, err
		}
		c.tell(ctx)
		c.publish(ctx)
		if c.turn.Over || (c.Stopped != "" && c.running() == 0) {
			if workflow.AllHandlersFinished(ctx) {
				return c.conclude(ctx)
			}
			// What is passed on to a run may be what has ended it, and is told with the rest.
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
		if err := c.rest(ctx); err != nil {
			return fleet.Result{}, err
		}
	}
}

// giveUpUnread ends the targets that could not be read, and are all that is left of their
// wave.
func (c *campaign) giveUpUnread(now time.Time) {
	for _, i := range c.turn.GiveUp {
		e := &c.Entries[i]
		e.GiveUp(now)
		c.given = append(c.given, e.Ref)
		c.changed = true
	}
}

// rest waits for news, or until the next decision is due.
func (c *campaign) rest(ctx workflow.Context) error {
	now := workflow.Now(ctx)
	wake, why := now.Add(longestSleep), "decide again"
	earlier := func(t time.Time, because string) {
		if !t.IsZero() && t.Before(wake) {
			wake, why = t, because
		}
	}
	earlier(c.turn.Wake, "the next target may start")
	if c.running() > 0 {
		earlier(c.Swept.Add(silence), "ask what became of the running targets")
	}
	earlier(c.fleet().ApprovalDeadline(), "the time to approve is over")
	if !wake.After(now) {
		return nil // it has come while actions were given
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

// stop lets nothing more start, and asks what runs to end.
func (c *campaign) stop(why string, o *api.Action) {
	c.Stopped, c.Aborting, c.changed = why, o, true
}

// conclude makes the campaign's record, and Temporal's status of it.
func (c *campaign) conclude(ctx workflow.Context) (fleet.Result, error) {
	f := c.fleet()
	result := fleet.Result{
		Name: c.in.Plan.Name, State: c.endState(f), Counts: f.Counts(), Waves: f.WaveLines(workflow.Now(ctx)),
		Failures: f.Status(c.turn, workflow.Now(ctx)).Failures, Decisions: c.Decisions, Submitter: c.in.Submitter,
		Digest:   c.in.Digest,
		Warnings: c.in.Plan.Warnings,
		Start:    c.Start, End: workflow.Now(ctx),
	}
	if c.Stopped != "" {
		result.Approval = f.Approval(workflow.Now(ctx))
	}
	result.Summary = summarize(result, c.Stopped)
	c.phase, c.result = fleet.Over, &result
	c.stopWatching()
	c.tell(ctx)
	if err := errors.Join(c.closeBatches(ctx), c.tag(ctx), c.quiet(ctx)); err != nil {
		return result, err
	}
	result.Undelivered = webui.Undelivered(c.Notices)
	c.publish(ctx)
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

func (c *campaign) endState(f fleet.Fleet) fleet.EndState {
	counts := f.Counts()
	switch {
	case c.Expired:
		return fleet.Expired
	case c.Stopped != "":
		return fleet.Aborted
	case counts.Failed+counts.Skipped > 0:
		return fleet.Partial
	}
	return fleet.Completed
}

func summarize(r fleet.Result, stopped string) string {
	text := r.Counts.Sentence()
	if stopped != "" {
		text += "; " + stopped
	}
	return text + "."
}

// answerQueries keeps a campaign that only plans for as long as somebody may read
// it.
func (c *campaign) answerQueries(ctx workflow.Context) (fleet.Result, error) {
	c.phase = fleet.Planned
	now := workflow.Now(ctx)
	c.turn = fleet.Decide(c.fleet(), now)
	c.publish(ctx)
	_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: planOnlyFor, TimerOptions: workflow.TimerOptions{Summary: "the plan can be read until then"},
	}, func() bool { return c.Stopped != "" })
	return fleet.Result{
		Name: c.in.Plan.Name, State: fleet.Completed, Summary: "Planned only: nothing was started.", Counts: c.fleet().Counts(),
		Decisions: c.Decisions,
		Submitter: c.in.Submitter, Digest: c.in.Digest, Start: c.Start, End: workflow.Now(ctx),
	}, err
}
