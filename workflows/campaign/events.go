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

// hear takes in what the batches tell. It never waits in Receive: what is handed
// to a waiting receiver has left the channel, and drain, which may come before the
// receiver does, would not find it.
func (c *campaign) hear(ctx workflow.Context) {
	told, held, decided := news(ctx), heldOnes(ctx), decidedOnes(ctx)
	for workflow.Await(ctx, func() bool { return told.Len()+held.Len()+decided.Len() > 0 }) == nil {
		c.drain(ctx)
	}
}

func news(ctx workflow.Context) workflow.ReceiveChannel {
	return workflow.GetSignalChannelWithOptions(ctx, api.BatchEventsSignal, workflow.SignalChannelOptions{
		Description: "What became of its targets; its batches send it.",
	})
}

// heldOnes is where runs tell that they are held, and when no more.
func heldOnes(ctx workflow.Context) workflow.ReceiveChannel {
	return workflow.GetSignalChannelWithOptions(ctx, api.HeldSignal, workflow.SignalChannelOptions{
		Description: "That a target waits for a person, or no more; its maintenance sends it.",
	})
}

// decidedOnes is where runs tell what people have told them.
func decidedOnes(ctx workflow.Context) workflow.ReceiveChannel {
	return workflow.GetSignalChannelWithOptions(ctx, api.DecidedSignal, workflow.SignalChannelOptions{
		Description: "What a person has told a target's own run; its maintenance sends it.",
	})
}

// drain takes in what has arrived and was not heard yet: what a run does not hear,
// the next one never will.
func (c *campaign) drain(ctx workflow.Context) {
	for told := news(ctx); ; {
		var n api.BatchEvents
		if !told.ReceiveAsync(&n) {
			break
		}
		c.learn(ctx, n)
	}
	for held := heldOnes(ctx); ; {
		var h api.HeldTarget
		if !held.ReceiveAsync(&h) {
			break
		}
		c.learnHeld(ctx, h)
	}
	for decided := decidedOnes(ctx); ; {
		var d api.TargetDecision
		if !decided.ReceiveAsync(&d) {
			return
		}
		for _, e := range c.Entries {
			if e.Gateway == d.Gateway {
				c.learnDecisions(e, d.Decision)
			}
		}
	}
}

// learnDecisions takes in what a target's own run was told by people. It may be told
// twice.
func (c *campaign) learnDecisions(e fleet.Entry, decisions ...maintenance.Decision) {
	for _, d := range decisions {
		d.Target = e.Name
		if d.Campaign == "" && !slices.Contains(c.Decisions, d) {
			c.keepDecision(d)
		}
	}
}

// keepDecision keeps a decision; of many the last.
func (c *campaign) keepDecision(d maintenance.Decision) {
	c.Decisions = append(c.Decisions, d)
	c.Decisions = c.Decisions[max(0, len(c.Decisions)-maxDecisions):]
	c.changed = true
}

// learnHeld takes in that a target is held whose batch is gone.
func (c *campaign) learnHeld(ctx workflow.Context, h api.HeldTarget) {
	for i := range c.Entries {
		e := &c.Entries[i]
		if e.Gateway == h.Gateway && e.Learn(heldEvent(h, e.Attempts), workflow.Now(ctx)) {
			c.changed = true
			c.tell(ctx)
		}
	}
}

func (c *campaign) learn(ctx workflow.Context, n api.BatchEvents) {
	if n.First != workflow.GetInfo(ctx).FirstRunID {
		return // of an earlier campaign of the same name
	}
	c.changed = true
	for _, e := range n.Events {
		if e.Decision != nil {
			if i, ok := c.entryOf[api.RefOf(n.Batch, e.Line)]; ok {
				c.learnDecisions(c.Entries[i], *e.Decision)
			}
			continue
		}
		if c.phase == fleet.Discovering {
			c.keep(n.Batch, e)
			continue
		}
		if i, ok := c.entryOf[api.RefOf(n.Batch, e.Line)]; ok {
			if c.Entries[i].Learn(e, workflow.Now(ctx)) {
				c.measure(e.Took)
			}
		}
	}
	c.tell(ctx)
}

// keep holds what is told while the fleet is being discovered: the last word counts.
func (c *campaign) keep(batch int, e fleet.Event) {
	if batch >= len(c.discovered) || e.Line >= len(c.discovered[batch]) {
		return
	}
	l := &c.discovered[batch][e.Line]
	if !l.heard {
		c.missing--
	}
	l.heard, l.drop = true, e.Kind == fleet.KindNotFound
	if e.Entry != nil {
		l.entry = *e.Entry
	}
	if l.drop || l.entry.UnreadSince.IsZero() {
		c.read++
	}
}

func (c *campaign) measure(t fleet.Took) {
	for _, piece := range []struct {
		sample *fleet.Sample
		took   maintenance.Duration
	}{{&c.Measured.Update, t.Update}, {&c.Measured.Snapshot, t.Snapshot}, {&c.Measured.Proxy, t.Proxy}} {
		if piece.took > 0 {
			piece.sample.Add(piece.took.Std())
		}
	}
}

// start actions the targets of this turn to start.
func (c *campaign) start(ctx workflow.Context, now time.Time) error {
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
	for _, ref := range c.Reads {
		o := &to[ref/api.LineSpace]
		o.Read = append(o.Read, ref%api.LineSpace)
	}
	for _, ref := range c.given {
		o := &to[ref/api.LineSpace]
		o.GiveUp = append(o.GiveUp, ref%api.LineSpace)
	}
	for n := range to {
		to[n].Abort = c.Aborting
	}
	c.abortOrphans(ctx)
	c.Reads, c.Aborting, c.given = nil, nil, nil
	return c.order(ctx, to)
}

// sweep asks after what runs once in a while, whatever is heard of others.
func (c *campaign) sweep(ctx workflow.Context, now time.Time) error {
	if c.running() == 0 || now.Before(c.Swept.Add(silence)) {
		return nil
	}
	c.Swept = now
	to := make([]api.Instructions, len(c.Batches))
	for _, e := range c.Entries {
		if e.State.InProgress() {
			o := &to[e.Ref/api.LineSpace]
			o.Tell = append(o.Tell, e.Ref%api.LineSpace)
			o.Start = append(o.Start, api.StartInstruction{Line: e.Ref % api.LineSpace, Attempt: e.Attempts}) // it may never have come
		}
	}
	return c.order(ctx, to)
}

// order gives the batches their actions.
func (c *campaign) order(ctx workflow.Context, to []api.Instructions) error {
	gone, err := c.send(ctx, to)
	for _, n := range gone {
		c.lose(ctx, n)
	}
	return err
}

// send signals each batch that has actions, and gives those that are gone.
func (c *campaign) send(ctx workflow.Context, to []api.Instructions) (gone []int, err error) {
	sent := make([]workflow.Future, len(to))
	for n, o := range to {
		if len(o.Start)+len(o.Read)+len(o.Tell)+len(o.GiveUp) > 0 || o.Abort != nil || o.Close {
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

// abortOrphans tells the running targets whose batch is gone that the campaign is
// aborted. It is not waited for: a run that has just ended needs no telling.
func (c *campaign) abortOrphans(ctx workflow.Context) {
	if c.Aborting == nil {
		return
	}
	for _, e := range c.Entries {
		if e.State.InProgress() && slices.Contains(c.Lost, e.Ref/api.LineSpace) {
			workflow.SignalExternalWorkflow(ctx, api.GatewayWorkflowID(e.Gateway), "", api.AbortSignal,
				api.CampaignAbort{Action: *c.Aborting, Campaign: workflow.GetInfo(ctx).WorkflowExecution.ID})
		}
	}
}

// closeBatches lets the batches end.
func (c *campaign) closeBatches(ctx workflow.Context) error {
	to := make([]api.Instructions, len(c.Batches))
	for n := range to {
		to[n].Close = true
	}
	_, err := c.send(ctx, to) // one that is gone needs no word
	return err
}
