package campaign

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// readingAtOnce is how many targets of one account a batch reads side by side: an account that does
// not answer blocks no other. The accounts' task queues bound the rate, and a reading waits there
// within its surveyLimit: ten thousand targets of one account are 1,670 at once, which is 84 seconds'
// work at the default of 20 a second.
const readingAtOnce = 10

// maxInstructions is how many instructions to one target may wait. The campaign sends one at a
// time, and repeats them only after long silence.
const maxInstructions = 100

// Batch takes care of some of a campaign's targets: it reads them, watches their
// windows, starts their maintenances when the campaign instructs it to, and reports what happens to
// them. It ends when the campaign has.
func Batch(ctx workflow.Context, in api.BatchInput) error {
	b := newBatch(ctx, in)
	if err := workflow.SetQueryHandlerWithOptions(ctx, api.BatchQuery, b.surveyed,
		workflow.QueryHandlerOptions{Description: "The targets of this page, as they were read last."}); err != nil {
		return err
	}
	b.publish(ctx)
	living, end := workflow.WithCancel(ctx)
	defer end()
	lines := workflow.NewWaitGroup(ctx)
	for _, l := range b.lines {
		lines.Add(1)
		workflow.Go(living, func(ctx workflow.Context) {
			defer lines.Done()
			b.runLine(ctx, l)
		})
	}
	workflow.Go(living, b.sendReports)
	workflow.Go(living, b.receiveInstructions)
	workflow.Go(living, b.receiveHeld)
	workflow.Go(living, b.receiveDecisions)
	workflow.Go(living, b.receiveGoingOn)
	workflow.Go(living, b.receiveBlocked)
	workflow.Go(living, b.watchCampaign)
	workflow.Go(living, b.ring)
	workflow.Go(living, b.show)
	lines.Wait(ctx)
	return b.send(ctx)
}

// batch is the state of a batch.
type batch struct {
	in      api.BatchInput
	lines   []*line
	slots   map[string]workflow.Semaphore // by account: of those that are read side by side
	unread  int                           // lines that were not read once yet
	outbox  []fleet.Event                 // not sent to the campaign yet
	sending workflow.Mutex                // one signal to the campaign at a time
	changed bool                          // since the Web UI was shown the batch
	abort   *api.Action                   // the campaign was aborted by it: nothing more starts; nil: it was not
	waived  health.Waivers                // of the campaign
	bakes   []*bake                       // that were watched, or are
	closing workflow.Channel              // closed once the campaign has ended, or is gone
}

// newBatch makes a line of every target, named or found.
func newBatch(ctx workflow.Context, in api.BatchInput) *batch {
	b := &batch{
		in: in, slots: map[string]workflow.Semaphore{},
		sending: workflow.NewMutex(ctx), closing: workflow.NewChannel(ctx),
	}
	targets := in.Targets
	if in.Selector != nil {
		targets = make([]maintenance.Target, 0, len(in.Found))
		for _, ref := range in.Found {
			targets = append(targets, maintenance.Target{Gateway: ref})
		}
	}
	for i, target := range targets {
		if account := target.Gateway.Account; b.slots[account] == nil {
			b.slots[account] = workflow.NewSemaphore(ctx, readingAtOnce)
		}
		b.lines = append(b.lines, &line{
			Surveyed: api.Surveyed{Target: target}, number: i,
			// An instruction may come while the line is being read.
			instructions: workflow.NewBufferedChannel(ctx, maxInstructions),
		})
	}
	b.unread = len(b.lines)
	return b
}

// closed is true once the campaign has ended, or is gone.
func (b *batch) closed() bool {
	_, more := b.closing.ReceiveAsyncWithMoreFlag(nil)
	return !more
}

func (b *batch) close() {
	if !b.closed() {
		b.closing.Close()
	}
}

func (b *batch) surveyed() ([]api.Surveyed, error) {
	all := make([]api.Surveyed, 0, len(b.lines))
	for _, l := range b.lines {
		if l.reading != unmatched {
			all = append(all, l.Surveyed)
		}
	}
	return all, nil
}

// receiveInstructions hands the campaign's instructions to the lines that they are for.
func (b *batch) receiveInstructions(ctx workflow.Context) {
	channel := signals(ctx, api.InstructionsSignal, "What to start, to disarm, to read or to end; the campaign sends it.")
	for !b.closed() {
		var in api.Instructions
		channel.Receive(ctx, &in)
		b.dispatch(in)
		if len(in.Waived) > 0 {
			b.waive(ctx, in.Waived)
		}
		if in.Bake != nil {
			b.bake(ctx, *in.Bake)
		}
		if in.Disarm != nil {
			b.disarm(ctx, *in.Disarm)
		}
		if in.Abort != nil {
			b.abortAll(ctx, *in.Abort)
		}
		if in.Close || ctx.Err() != nil {
			b.close()
		}
	}
}

func (b *batch) dispatch(in api.Instructions) {
	for _, start := range in.Start {
		if l := b.at(start.Line); l != nil && start.Attempt > l.attempt {
			l.attempt = start.Attempt
			l.instructions.SendAsync(lineEvent{kind: lineStart, attempt: start.Attempt})
		}
	}
	for _, n := range in.Read {
		if l := b.at(n); l != nil {
			l.instructions.SendAsync(lineEvent{kind: lineRetry})
		}
	}
	for _, n := range in.GiveUp {
		if l := b.at(n); l != nil {
			l.instructions.SendAsync(lineEvent{kind: lineGiveUp})
		}
	}
	for _, n := range in.Report {
		if l := b.at(n); l != nil && l.lastEnd.Kind != "" {
			b.outbox = append(b.outbox, l.lastEnd)
		}
	}
}

func (b *batch) at(n int) *line {
	if n < 0 || n >= len(b.lines) {
		return nil
	}
	return b.lines[n]
}

// receive hands over what runs signal, until the batch ends.
func receive[T any](ctx workflow.Context, channel workflow.ReceiveChannel, take func(T)) {
	for {
		var signal T
		if !channel.Receive(ctx, &signal) || ctx.Err() != nil {
			return
		}
		take(signal)
	}
}

// linesOf are the lines of a gateway.
func (b *batch) linesOf(gateway string) (all []*line) {
	for _, l := range b.lines {
		if l.Target.Gateway.ID() == gateway {
			all = append(all, l)
		}
	}
	return all
}

// runningOf are those of them whose maintenance runs.
func (b *batch) runningOf(gateway string) []*line {
	return slices.DeleteFunc(b.linesOf(gateway), func(l *line) bool { return l.run == nil })
}

// receiveHeld reports which running targets wait for a person.
func (b *batch) receiveHeld(ctx workflow.Context) {
	receive(ctx, heldChannel(ctx), func(held api.HeldTarget) {
		for _, l := range b.runningOf(held.Gateway) {
			l.run.held, l.run.blocked = held, api.BlockedTarget{}
			b.report(l, heldEvent(held, l.attempt))
		}
	})
}

// receiveBlocked reports which running targets a health check keeps.
func (b *batch) receiveBlocked(ctx workflow.Context) {
	receive(ctx, blockedChannel(ctx), func(blocked api.BlockedTarget) {
		for _, l := range b.runningOf(blocked.Gateway) {
			l.run.blocked = blocked
			b.report(l, blockedEvent(blocked, l.attempt))
		}
	})
}

// receiveDecisions reports what people have decided in the targets' own runs.
func (b *batch) receiveDecisions(ctx workflow.Context) {
	receive(ctx, decidedChannel(ctx), func(decided api.TargetDecision) {
		for _, l := range b.linesOf(decided.Gateway) {
			b.reportDecisions(l, decided.Decision)
		}
	})
}

// receiveGoingOn reports which runs were told to disarm after their first change.
func (b *batch) receiveGoingOn(ctx workflow.Context) {
	receive(ctx, goesOnChannel(ctx), func(run api.TargetGoesOn) {
		for _, l := range b.runningOf(run.Gateway) {
			l.disarmed = 0
			b.report(l, fleet.Event{Kind: fleet.KindGoesOn, Attempt: l.attempt})
			if b.abort != nil {
				b.signalAbort(ctx, l)
			}
		}
	})
}

// reportDecisions reports the decisions of a target's run that were not reported yet, and that the
// campaign has not passed on itself.
func (b *batch) reportDecisions(l *line, decisions ...maintenance.Decision) {
	for _, d := range decisions {
		if d.Campaign == "" && !slices.Contains(l.decided, d) {
			l.decided = append(l.decided, d)
			b.report(l, fleet.Event{Kind: fleet.KindDecided, Decision: &d})
		}
	}
}

// report leaves an event for the campaign.
func (b *batch) report(l *line, e fleet.Event) {
	e.Line = l.number
	if e.Kind == fleet.KindEnded || e.Kind == fleet.KindDeferred || e.Kind == fleet.KindDisarmed {
		l.lastEnd = e
	}
	b.outbox = append(b.outbox, e)
}

// collectFor is for how long a batch collects what it has read before it reports it, while there is
// more to read: at first, and at most, since each time doubles it. A batch that takes minutes to read
// costs few signals, and one target that does not answer delays none of the others.
const (
	collectFor  = time.Second
	collectMost = 15 * time.Second
)

// sendReports sends the campaign what happened, several events at once where they come fast.
func (b *batch) sendReports(ctx workflow.Context) {
	for collect := collectFor; ; collect = min(2*collect, collectMost) {
		if err := workflow.Await(ctx, func() bool { return len(b.outbox) > 0 }); err != nil {
			return
		}
		if b.unread > 0 {
			if _, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
				Timeout: collect, TimerOptions: workflow.TimerOptions{Summary: "collect what is read before it is reported"},
			}, func() bool { return b.unread == 0 }); err != nil {
				return
			}
		}
		if b.send(ctx) != nil {
			return
		}
		b.changed = true
	}
}

// send sends what is in the outbox, unless nobody needs it any more.
func (b *batch) send(ctx workflow.Context) error {
	if err := b.sending.Lock(ctx); err != nil {
		return err
	}
	defer b.sending.Unlock()
	events := b.outbox
	b.outbox = nil
	if len(events) == 0 || b.closed() {
		return nil
	}
	err := workflow.SignalExternalWorkflow(ctx, b.in.Campaign, "", api.BatchEventsSignal,
		api.BatchEvents{First: b.in.First, Batch: b.in.Number, Events: events}).Get(ctx, nil)
	if err != nil {
		// Temporal repeats what can be repeated: there is no such campaign any more.
		workflow.GetLogger(ctx).Warn("the campaign does not take events", "campaign", b.in.Campaign, "error", err)
		b.close()
	}
	return nil
}

// watchCampaign ends a batch whose campaign is gone, however it ended. Nobody decides for its targets
// any more, so they are aborted: what is in progress is watched to its end.
func (b *batch) watchCampaign(ctx workflow.Context) {
	_, err := call.Do(ctx, b.pollOptions(call.WatchLimit, "does "+b.in.Campaign+" still run?"), call.Engine.AwaitClosed,
		activities.WorkflowLookup{WorkflowID: b.in.Campaign, First: b.in.First, Pace: call.NoticePace(b.in.Plan.Policy)})
	if err != nil || b.closed() {
		return
	}
	b.abortAll(ctx, api.Action{By: "Temporal", Why: "the campaign " + b.in.Campaign +
		" has ended without closing its batches: it was terminated, or failed"})
	b.close()
}

// ring starts the first polls of the lines when they are due, with one timer for all of them: it
// costs nothing for a line that starts before. Nor does a line need a coroutine of its own to wait:
// each wakes with every task of the workflow.
func (b *batch) ring(ctx workflow.Context) {
	for {
		var next time.Time
		sooner := func() bool {
			at := b.nextPoll()
			return !at.IsZero() && (next.IsZero() || at.Before(next))
		}
		if workflow.Await(ctx, sooner) != nil {
			return
		}
		next = b.nextPoll()
		if _, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout:      next.Sub(workflow.Now(ctx)),
			TimerOptions: workflow.TimerOptions{Summary: "then check whether windows have moved"},
		}, sooner); err != nil {
			return
		}
		b.startPolls(workflow.Now(ctx))
	}
}

// nextPoll is when the next line's first poll is due; zero: none will be.
func (b *batch) nextPoll() (next time.Time) {
	for _, l := range b.lines {
		if at := l.poll.at; !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// startPolls starts those that are due.
func (b *batch) startPolls(now time.Time) {
	for _, l := range b.lines {
		if due := l.poll; !due.at.IsZero() && !due.at.After(now) {
			l.poll = firstPoll{}
			due.start()
		}
	}
}

// pollOptions are for activities that change nothing.
func (b *batch) pollOptions(limit time.Duration, summary string) workflow.ActivityOptions {
	return call.PollWithin(call.AttemptOf(b.in.Plan.Policy), limit, summary)
}

// heldEvent reports that a run is held, or no longer is.
func heldEvent(h api.HeldTarget, attempt int) fleet.Event {
	return fleet.Event{
		Kind: fleet.KindHeld, Attempt: attempt, Note: webui.CutNote(h.Reason),
		Hold: fleet.Hold{Step: h.Step, Since: h.Since}, Check: fleet.Check{Name: h.Check},
	}
}

// show publishes the batch when it has changed, once for all that one task of the workflow brings: a
// hundred runs that start together cost one document.
func (b *batch) show(ctx workflow.Context) {
	for workflow.Await(ctx, func() bool { return b.changed }) == nil {
		b.changed = false
		b.publish(ctx)
	}
}

// publish shows the batch as it is now in the Web UI. It adds nothing to the history.
func (b *batch) publish(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, webui.PageDetails(webui.PlaceOf(ctx), b.page()))
}

// page is the batch as people see it.
func (b *batch) page() webui.PageView {
	v := webui.PageView{Number: b.in.Number, Campaign: b.in.Campaign, Unread: b.unread}
	for _, l := range b.lines {
		if l.reading == unmatched {
			continue
		}
		t := webui.PageTarget{Entry: l.Entry, Running: l.run != nil, Attempt: l.attempt}
		if l.run != nil {
			t.Held, t.Blocked = l.run.held, l.run.blocked
		}
		v.Targets = append(v.Targets, t)
	}
	return v
}
