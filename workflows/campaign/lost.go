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

// watchBatches notices within a minute that a batch is gone, by whatever way it went.
// One activity asks for all of them: it costs the history nothing while they are there,
// and knows also those that an earlier run of the campaign has started.
func (c *campaign) watchBatches(ctx workflow.Context) {
	for ctx.Err() == nil {
		var there []string
		for n, id := range c.Batches {
			if !slices.Contains(c.Lost, n) {
				there = append(there, id)
			}
		}
		if len(there) == 0 {
			return
		}
		options := c.reading("are the batches still there?")
		options.ScheduleToCloseTimeout = call.WatchLimit
		gone, err := call.Do(ctx, options, call.Engine.AwaitAnyClosed,
			activities.AnyLookup{WorkflowIDs: there, Pace: call.NoticePace(c.in.Plan.Policy)})
		if ctx.Err() != nil {
			return // the campaign is over
		}
		if err != nil {
			workflow.GetLogger(ctx).Warn("whether the batches are still there is not known", "error", err)
			if workflow.NewTimerWithOptions(ctx, time.Hour,
				workflow.TimerOptions{Summary: "then ask again whether the batches are still there"}).Get(ctx, nil) != nil {
				return
			}
		}
		for n, id := range c.Batches {
			if slices.Contains(gone, id) {
				c.lose(ctx, n)
			}
		}
	}
}

// lose ends the targets of a batch that is gone. Those whose maintenance may still
// run keep their places and keys until it has ended.
func (c *campaign) lose(ctx workflow.Context, batch int) {
	if !slices.Contains(c.Lost, batch) {
		c.Lost = append(c.Lost, batch)
	}
	for i := range c.Entries {
		e := &c.Entries[i]
		switch {
		case e.Ref/api.LineSpace != batch || e.State.Ended():
		case e.State.InProgress():
			c.seeHome(ctx, e.Ref, e.Attempts)
		default:
			c.giveUp(ctx, e, "see the target's own run")
		}
	}
}

// giveUp ends a target whose batch is gone.
func (c *campaign) giveUp(ctx workflow.Context, e *fleet.Entry, more string) {
	e.State, e.End = fleet.Failed, workflow.Now(ctx)
	e.Note = webui.CutNote("its batch " + c.Batches[e.Ref/api.LineSpace] + " was ended by somebody: " + more)
	c.changed = true
}

// seeHome waits for the end of a running target, of which no batch will tell, and
// asks its own run how it ended.
func (c *campaign) seeHome(ctx workflow.Context, ref, attempt int) {
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
			WorkflowID: id, Parent: c.Batches[ref/api.LineSpace], Since: entry.Started.Truncate(time.Second),
			Pace: call.NoticePace(c.in.Plan.Policy),
		})
		e := &c.Entries[c.entryOf[ref]]
		if record.Result != nil {
			c.learnDecisions(*e, record.Result.Decisions...)
		}
		switch {
		case !e.State.InProgress() || e.Attempts != attempt:
		case err != nil:
			c.giveUp(ctx, e, "how its run ended is not known: "+call.Explain(err).Error())
		case record.Result == nil:
			c.giveUp(ctx, e, cmp.Or(record.Why, "see the target's own run"))
		case record.Result.State == maintenance.StateDeferred:
			c.giveUp(ctx, e, "what is left of it has nobody who would start it: "+record.Result.Summary)
		default:
			ended := endOf(*record.Result, nil, c.in.Plan.Policy)
			ended.Attempt, ended.At = attempt, record.End
			if e.Learn(ended, workflow.Now(ctx)) {
				c.measure(ended.Took)
			}
			c.changed = true
			c.tell(ctx)
		}
	})
}
