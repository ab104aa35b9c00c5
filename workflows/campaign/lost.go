package campaign

import (
	"cmp"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// watchBatches notices within a minute that a batch is gone, however it ended. One activity asks
// after all of them: it costs no history while they run, and it also covers those that an earlier
// run of the campaign has started.
func (c *campaign) watchBatches(ctx workflow.Context) {
	for ctx.Err() == nil {
		var open []string
		for n, id := range c.Batches {
			if !slices.Contains(c.Lost, n) {
				open = append(open, id)
			}
		}
		if len(open) == 0 {
			return
		}
		options := c.reading("check that the batches run")
		options.ScheduleToCloseTimeout = call.WatchLimit
		gone, err := call.Do(ctx, options, call.Engine.AwaitAnyClosed,
			activities.AnyLookup{WorkflowIDs: open, Pace: call.NoticePace(c.in.Plan.Policy)})
		if ctx.Err() != nil {
			return // the campaign has ended
		}
		if err != nil {
			workflow.GetLogger(ctx).Warn("cannot tell whether the batches still run", "error", err)
			if workflow.NewTimerWithOptions(ctx, time.Hour,
				workflow.TimerOptions{Summary: "then check the batches again"}).Get(ctx, nil) != nil {
				return
			}
		}
		for n, id := range c.Batches {
			if slices.Contains(gone, id) {
				c.loseBatch(ctx, n)
			}
		}
	}
}

// loseBatch ends the targets of a batch that is gone. Those whose maintenance may still run keep
// their places and keys until it has ended.
func (c *campaign) loseBatch(ctx workflow.Context, batch int) {
	if !slices.Contains(c.Lost, batch) {
		c.Lost = append(c.Lost, batch)
	}
	for i := range c.Entries {
		e := &c.Entries[i]
		switch {
		case e.Ref/api.LineSpace != batch || e.State.Ended():
		case e.State.InProgress():
			c.followOrphan(ctx, e.Ref, e.Attempts)
			// The batch may have ended before it has passed the last waiver on.
			signalWaived(ctx, e.Gateway, "", workflow.GetInfo(ctx).WorkflowExecution.ID, c.Health.Waived)
		default:
			c.failOrphan(ctx, e, "see the target's own run")
		}
	}
}

// startedAfter is a time before which the run of a target did not start: it may have been armed.
func (c *campaign) startedAfter(e fleet.Entry) time.Time {
	return e.Started.Add(-c.fleet().Arming.Before.Std()).Truncate(time.Second)
}

// failOrphan ends a target whose batch is gone.
func (c *campaign) failOrphan(ctx workflow.Context, e *fleet.Entry, more string) {
	e.State, e.End = fleet.Failed, workflow.Now(ctx)
	e.Note = webui.CutNote("its batch " + c.Batches[e.Ref/api.LineSpace] + " is gone: a person has ended it; " + more)
	c.changed = true
}

// followOrphan waits for the end of a running target whose batch cannot report it any more, and
// reads the outcome from the target's own run.
func (c *campaign) followOrphan(ctx workflow.Context, ref, attempt int) {
	if c.orphans[ref] == attempt {
		return
	}
	c.orphans[ref] = attempt
	entry := c.Entries[c.entryOf[ref]]
	id := api.GatewayWorkflowID(entry.Gateway)
	options := c.reading("wait until " + id + " has ended: its batch is gone")
	options.ScheduleToCloseTimeout = call.WatchLimit
	workflow.Go(ctx, func(ctx workflow.Context) {
		record, err := call.Do(ctx, options, call.Engine.AwaitRecord, activities.RecordLookup{
			WorkflowID: id, Parent: c.Batches[ref/api.LineSpace], Since: c.startedAfter(entry),
			Pace: call.NoticePace(c.in.Plan.Policy),
		})
		e := &c.Entries[c.entryOf[ref]]
		if record.Result != nil {
			c.recordDecisions(*e, record.Result.Decisions...)
		}
		switch {
		case !e.State.InProgress() || e.Attempts != attempt:
		case err != nil:
			c.failOrphan(ctx, e, "how its run ended is not known: "+call.Explain(err).Error())
		case record.Result == nil:
			c.failOrphan(ctx, e, cmp.Or(record.Why, "see the target's own run"))
		case record.Result.State == maintenance.StateDeferred:
			c.failOrphan(ctx, e, "nothing is left to start the rest of it: "+record.Result.Summary)
		default:
			ended := endOf(*record.Result, nil, c.in.Plan.Policy, e.Work.Recheck || record.Result.Updated())
			ended.Attempt, ended.At = attempt, record.End
			if e.Learn(ended, workflow.Now(ctx)) {
				c.measure(ctx, *e, ended)
			}
			c.changed = true
			c.notify(ctx)
		}
	})
}
