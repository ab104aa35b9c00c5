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
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
)

// receive takes in the signals of batches and runs. It never waits in Receive: a signal that is
// handed to a waiting receiver has left the channel, and drain, which may run before the receiver
// does, would not find it.
func (c *campaign) receive(ctx workflow.Context) {
	all := []workflow.ReceiveChannel{
		eventsChannel(ctx), heldChannel(ctx), decidedChannel(ctx), goesOnChannel(ctx), blockedChannel(ctx),
	}
	arrived := func(channel workflow.ReceiveChannel) bool { return channel.Len() > 0 }
	for workflow.Await(ctx, func() bool { return slices.ContainsFunc(all, arrived) }) == nil {
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

func goesOnChannel(ctx workflow.Context) workflow.ReceiveChannel {
	return signals(ctx, api.GoesOnSignal, "That a target was told to disarm after its first change; its maintenance sends it.")
}

func blockedChannel(ctx workflow.Context) workflow.ReceiveChannel {
	return signals(ctx, api.BlockedSignal, "That a health check keeps a target from going on, or no longer does; its maintenance sends it.")
}

func signals(ctx workflow.Context, name, description string) workflow.ReceiveChannel {
	return workflow.GetSignalChannelWithOptions(ctx, name, workflow.SignalChannelOptions{Description: description})
}

// drain takes in every signal that has arrived: the next run of the workflow does not get what this
// one leaves.
func (c *campaign) drain(ctx workflow.Context) {
	drained(eventsChannel(ctx), func(n api.BatchEvents) { c.applyEvents(ctx, n) })
	drained(heldChannel(ctx), func(h api.HeldTarget) { c.learnOf(ctx, h.Gateway, heldEvent(h, 0)) })
	drained(blockedChannel(ctx), func(t api.BlockedTarget) { c.learnOf(ctx, t.Gateway, blockedEvent(t, 0)) })
	drained(goesOnChannel(ctx), func(t api.TargetGoesOn) {
		c.learnOf(ctx, t.Gateway, fleet.Event{Kind: fleet.KindGoesOn})
	})
	drained(decidedChannel(ctx), func(d api.TargetDecision) {
		for _, e := range c.Entries {
			if e.Gateway == d.Gateway {
				c.recordDecisions(e, told(d.Decision))
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

// told is a decision as a signal tells it. Anybody can send one: a signature counts only where the campaign has
// verified it, or has the answer of the run that has.
func told(d maintenance.Decision) maintenance.Decision {
	d.Proof = maintenance.Proof{}
	return d
}

// recordDecisions takes in what people have decided in a target's own run. It may be reported
// twice.
func (c *campaign) recordDecisions(e fleet.Entry, decisions ...maintenance.Decision) {
	for _, d := range decisions {
		d.Target = e.Name
		if d.Campaign != "" {
			continue
		}
		known := slices.IndexFunc(c.Decisions, func(k maintenance.Decision) bool { return told(k) == told(d) })
		switch {
		case known >= 0 && d.Proof != (maintenance.Proof{}):
			c.Decisions[known] = d
		case known < 0:
			c.recordDecision(d)
			c.learnWaiver(e, d)
		}
	}
}

// learnWaiver takes in a waiver that a target's own run was given: it counts for the target's next runs, and while its
// wave bakes.
func (c *campaign) learnWaiver(e fleet.Entry, d maintenance.Decision) {
	if d.What != api.WaiveUpdate {
		return
	}
	given := health.Waiver{Check: d.Check, Target: e.Gateway, By: d.By, Why: d.Why, At: d.At}
	if all, err := c.Health.Waived.Add(c.in.Plan.Checks, given); err == nil { // otherwise it is waived already
		c.Health.Waived, c.Unsent.Waived = all, true
	}
}

// recordDecision adds a decision to the record, which has the last maxDecisions, as far as they have mostDecided bytes.
func (c *campaign) recordDecision(d maintenance.Decision) {
	c.Decisions = append(c.Decisions, d)
	c.Decisions = lastOf(c.Decisions[max(0, len(c.Decisions)-maxDecisions):], mostDecided)
	c.changed = true
}

// learnOf takes in what happened to the last attempt at a target whose batch is gone.
func (c *campaign) learnOf(ctx workflow.Context, gateway string, ev fleet.Event) {
	for i := range c.Entries {
		e := &c.Entries[i]
		if ev.Attempt = e.Attempts; e.Gateway == gateway && e.Learn(ev, workflow.Now(ctx)) {
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
			c.recordDecisions(c.Entries[i], told(*e.Decision))
		case known && c.Entries[i].Learn(e, workflow.Now(ctx)):
			c.measure(ctx, c.Entries[i], e)
		case known && c.LearnBake(i, e):
		case c.discovery != nil && e.Decision == nil:
			c.discovery.record(n.Batch, e)
		}
	}
	c.notify(ctx)
}

// measure takes in how long the pieces of a maintenance took, after it has compared the whole with its forecast.
func (c *campaign) measure(ctx workflow.Context, of fleet.Entry, e fleet.Event) {
	if forecast := c.fleet().Forecast(of); of.State == fleet.Succeeded && forecast > 0 {
		ratio := float64(of.End.Sub(of.Started)) / float64(forecast)
		call.Measure(ctx, metric.ForecastRatio, time.Duration(ratio*float64(time.Second)), nil)
	}
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
	start := func(i int, started, trigger time.Time) {
		e := &c.Entries[i]
		e.Start(e.Attempts+1, started, trigger)
		o := &to[e.Ref/api.LineSpace]
		o.Start = append(o.Start, attemptOf(*e))
	}
	for _, i := range c.turn.Start {
		start(i, now, time.Time{})
	}
	for _, a := range c.turn.Arm {
		start(a.Entry, a.Started, a.Trigger)
	}
	for _, ref := range c.Unsent.Read {
		o := &to[ref/api.LineSpace]
		o.Read = append(o.Read, ref%api.LineSpace)
	}
	for _, ref := range givenUp {
		o := &to[ref/api.LineSpace]
		o.GiveUp = append(o.GiveUp, ref%api.LineSpace)
	}
	c.instructBake(to)
	for n := range to {
		to[n].Abort = c.Unsent.Abort
		if c.Unsent.Waived {
			to[n].Waived = c.Health.Waived
		}
	}
	c.abortOrphans(ctx)
	c.waiveOrphans(ctx)
	c.Unsent = api.Unsent{}
	return c.sendOrLose(ctx, to)
}

// attemptOf is a target's last attempt, as its batch knows it.
func attemptOf(e fleet.Entry) api.Attempt {
	return api.Attempt{Line: e.Ref % api.LineSpace, Attempt: e.Attempts, Trigger: e.Trigger}
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
			o.Start = append(o.Start, attemptOf(e))
		}
	}
	return c.sendOrLose(ctx, to)
}

// sendOrLose sends the batches their instructions. What is found to be gone is lost.
func (c *campaign) sendOrLose(ctx workflow.Context, to []api.Instructions) error {
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
		if len(o.Start)+len(o.Read)+len(o.Report)+len(o.GiveUp)+len(o.Waived) > 0 ||
			o.Bake != nil || o.Disarm != nil || o.Abort != nil || o.Close {
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
