package campaign

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// receive takes in the signals of batches and runs. It never waits in Receive: a signal that is
// handed to a waiting receiver has left the channel, and drain, which may run before the receiver
// does, would not find it.
func (c *campaign) receive(ctx workflow.Context) {
	events, held, decided := eventsChannel(ctx), heldChannel(ctx), decidedChannel(ctx)
	for workflow.Await(ctx, func() bool { return events.Len()+held.Len()+decided.Len() > 0 }) == nil {
		c.drain(ctx)
	}
}

func eventsChannel(ctx workflow.Context) workflow.ReceiveChannel {
	return signals(ctx, api.BatchEventsSignal, "What happened to targets; their batch sends it.")
}

func heldChannel(ctx workflow.Context) workflow.ReceiveChannel {
	return signals(ctx, api.HeldSignal, "That a target waits for a person, or no longer does; its maintenance sends it.")
}

func decidedChannel(ctx workflow.Context) workflow.ReceiveChannel {
	return signals(ctx, api.DecidedSignal, "A person's decision in a target's own run; its maintenance sends it.")
}

func signals(ctx workflow.Context, name, description string) workflow.ReceiveChannel {
	return workflow.GetSignalChannelWithOptions(ctx, name, workflow.SignalChannelOptions{Description: description})
}

// drain takes in every signal that has arrived: the next run of the workflow does not get what this
// one leaves.
func (c *campaign) drain(ctx workflow.Context) {
	drained(eventsChannel(ctx), func(n api.BatchEvents) { c.applyEvents(ctx, n) })
	drained(heldChannel(ctx), func(h api.HeldTarget) { c.applyHeld(ctx, h) })
	drained(decidedChannel(ctx), func(d api.TargetDecision) {
		for _, e := range c.Entries {
			if e.Gateway == d.Gateway {
				c.recordDecisions(e, d.Decision)
			}
		}
	})
}

func drained[T any](signals workflow.ReceiveChannel, apply func(T)) {
	for {
		var signal T
		if !signals.ReceiveAsync(&signal) {
			return
		}
		apply(signal)
	}
}

// recordDecisions takes in what people have decided in a target's own run. It may be reported
// twice.
func (c *campaign) recordDecisions(e fleet.Entry, decisions ...maintenance.Decision) {
	for _, d := range decisions {
		d.Target = e.Name
		if d.Campaign == "" && !slices.Contains(c.Decisions, d) {
			c.recordDecision(d)
		}
	}
}

// recordDecision adds a decision to the record, which has the last maxDecisions.
func (c *campaign) recordDecision(d maintenance.Decision) {
	c.Decisions = append(c.Decisions, d)
	c.Decisions = c.Decisions[max(0, len(c.Decisions)-maxDecisions):]
	c.changed = true
}

// applyHeld takes in that a target is held whose batch is gone.
func (c *campaign) applyHeld(ctx workflow.Context, h api.HeldTarget) {
	for i := range c.Entries {
		e := &c.Entries[i]
		if e.Gateway == h.Gateway && e.Learn(heldEvent(h, e.Attempts), workflow.Now(ctx)) {
			c.changed = true
			c.notify(ctx)
		}
	}
}

// applyEvents takes in what a batch reports.
func (c *campaign) applyEvents(ctx workflow.Context, n api.BatchEvents) {
	if n.First != workflow.GetInfo(ctx).FirstRunID {
		return // of an earlier campaign of the same name
	}
	c.changed = true
	for _, e := range n.Events {
		i, known := c.entryOf[api.RefOf(n.Batch, e.Line)]
		switch {
		case known && e.Decision != nil:
			c.recordDecisions(c.Entries[i], *e.Decision)
		case known && c.Entries[i].Learn(e, workflow.Now(ctx)):
			c.measure(e)
		case c.discovery != nil && e.Decision == nil:
			c.discovery.record(n.Batch, e)
		}
	}
	c.notify(ctx)
}

func (c *campaign) measure(e fleet.Event) {
	c.Waits.Add(e.Waits)
	t := e.Took
	for _, piece := range []struct {
		sample *fleet.Sample
		took   maintenance.Duration
	}{{&c.Measured.Update, t.Update}, {&c.Measured.Snapshot, t.Snapshot}, {&c.Measured.Proxy, t.Proxy}} {
		if piece.took > 0 {
			piece.sample.Add(piece.took.Std())
		}
	}
}

// instruct sends the batches what this turn decides, and what was not sent yet: which targets
// start, are read again, are given up or aborted.
func (c *campaign) instruct(ctx workflow.Context, now time.Time, givenUp []int) error {
	if c.running() == 0 {
		c.Swept = now
	}
	to := make([]api.Instructions, len(c.Batches))
	for _, i := range c.turn.Start {
		e := &c.Entries[i]
		e.Start(e.Attempts+1, now)
		o := &to[e.Ref/api.LineSpace]
		o.Start = append(o.Start, api.StartInstruction{Line: e.Ref % api.LineSpace, Attempt: e.Attempts})
	}
	for _, ref := range c.Unsent.Read {
		o := &to[ref/api.LineSpace]
		o.Read = append(o.Read, ref%api.LineSpace)
	}
	for _, ref := range givenUp {
		o := &to[ref/api.LineSpace]
		o.GiveUp = append(o.GiveUp, ref%api.LineSpace)
	}
	for n := range to {
		to[n].Abort = c.Unsent.Abort
	}
	c.abortOrphans(ctx)
	c.Unsent = api.Unsent{}
	return c.sendOrLose(ctx, to)
}

// askAfterRunning asks the batches once in a while for the outcome of what runs, since a signal may
// be lost with a batch.
func (c *campaign) askAfterRunning(ctx workflow.Context, now time.Time) error {
	if c.running() == 0 || now.Before(c.Swept.Add(silence)) {
		return nil
	}
	c.Swept = now
	to := make([]api.Instructions, len(c.Batches))
	for _, e := range c.Entries {
		if e.State.InProgress() {
			o := &to[e.Ref/api.LineSpace]
			o.Report = append(o.Report, e.Ref%api.LineSpace)
			// The instruction to start it may never have arrived.
			o.Start = append(o.Start, api.StartInstruction{Line: e.Ref % api.LineSpace, Attempt: e.Attempts})
		}
	}
	return c.sendOrLose(ctx, to)
}

// sendOrLose sends the batches their instructions. What is found to be gone is lost.
func (c *campaign) sendOrLose(ctx workflow.Context, to []api.Instructions) error {
	for n := range to {
		if len(to[n].Start) > 0 {
			to[n].Seen = c.Waits
		}
	}
	gone, err := c.signal(ctx, to)
	for _, n := range gone {
		c.loseBatch(ctx, n)
	}
	return err
}

// signal sends each batch its instructions, if it has any, and returns those that are gone.
func (c *campaign) signal(ctx workflow.Context, to []api.Instructions) (gone []int, err error) {
	sent := make([]workflow.Future, len(to))
	for n, o := range to {
		if len(o.Start)+len(o.Read)+len(o.Report)+len(o.GiveUp) > 0 || o.Abort != nil || o.Close {
			sent[n] = workflow.SignalExternalWorkflow(ctx, c.Batches[n], "", api.InstructionsSignal, o)
		}
	}
	for n, future := range sent {
		if future == nil {
			continue
		}
		failure := future.Get(ctx, nil)
		if _, unknown := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](failure); unknown {
			gone = append(gone, n)
		} else if failure != nil {
			err = errors.Join(err, fmt.Errorf("send instructions to %s: %w", c.Batches[n], failure))
		}
	}
	return gone, err
}

// abortOrphans aborts the running targets whose batch is gone. Nothing waits for the signals: a
// run that has just ended needs none.
func (c *campaign) abortOrphans(ctx workflow.Context) {
	if c.Unsent.Abort == nil {
		return
	}
	for _, e := range c.Entries {
		if e.State.InProgress() && slices.Contains(c.Lost, e.Ref/api.LineSpace) {
			workflow.SignalExternalWorkflow(ctx, api.GatewayWorkflowID(e.Gateway), "", api.AbortSignal,
				api.CampaignAbort{Action: *c.Unsent.Abort, Campaign: workflow.GetInfo(ctx).WorkflowExecution.ID})
		}
	}
}

// closeBatches lets the batches end.
func (c *campaign) closeBatches(ctx workflow.Context) error {
	to := make([]api.Instructions, len(c.Batches))
	for n := range to {
		to[n].Close = true
	}
	_, err := c.signal(ctx, to) // one that is gone needs no instructions
	return err
}
