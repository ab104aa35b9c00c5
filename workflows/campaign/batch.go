package campaign

import (
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

// The signals between a batch and a target's run.

// readingAtOnce is how many targets of one account a batch reads side by side: an
// account that does not answer holds up no other. The accounts' task queues bound the
// rate, and a reading waits there within its surveyLimit: ten thousand targets of one
// account are 500 at once, which is 25 seconds' work at the default of 20 a second, and
// 100 at 5.
const readingAtOnce = 10

// Batch keeps a page of a campaign's targets: it reads them, watches their
// windows, starts their maintenances when the campaign says so, and tells it what
// became of them. It ends when the campaign has.
func Batch(ctx workflow.Context, in api.BatchInput) error {
	r := &batch{in: in, slots: map[string]workflow.Semaphore{}, closing: workflow.NewChannel(ctx)}
	r.enlist(ctx)
	if err := workflow.SetQueryHandlerWithOptions(ctx, api.BatchQuery, r.surveyed,
		workflow.QueryHandlerOptions{Description: "The targets of this page, as they were read last."}); err != nil {
		return err
	}
	r.publish(ctx)
	living, end := workflow.WithCancel(ctx)
	defer end()
	tended := workflow.NewWaitGroup(ctx)
	for _, l := range r.lines {
		tended.Add(1)
		workflow.Go(living, func(ctx workflow.Context) {
			defer tended.Done()
			r.tend(ctx, l)
		})
	}
	workflow.Go(living, r.tell)
	workflow.Go(living, r.apply)
	workflow.Go(living, r.hearOfHeld)
	workflow.Go(living, r.hearDecisions)
	workflow.Go(living, r.seeCampaignGone)
	tended.Wait(ctx)
	return r.flush(ctx)
}

// batch is the state of one page.
type batch struct {
	in     api.BatchInput
	lines  []*line
	slots  map[string]workflow.Semaphore // by account: of those that are read side by side
	unread int                           // lines that were not read once yet
	outbox []fleet.Event
	busy   bool // a signal to the campaign is under way
	// closed is true once the campaign has ended, or is gone; closing is closed then.
	closed  bool
	closing workflow.Channel
	aborted *api.Action // the campaign is stopped for good: nothing more starts
}

func (r *batch) close() {
	if !r.closed {
		r.closed = true
		r.closing.Close()
	}
}

// line is one target of a page.
type line struct {
	api.Surveyed
	number int
	// chosen is false for a gateway that was found and that the selector does not
	// match.
	chosen   bool
	again    again                  // how to try once more what could not be read
	patience time.Duration          // for how long that is tried before the whole is read again
	obstacle activities.Obstacle    // what bars it; zero: nothing
	told     fleet.Event            // what the campaign was told last of a maintenance
	attempt  int                    // of the maintenance that was started last
	running  string                 // run id of the maintenance that runs
	held     api.HeldTarget         // where that waits for a person; zero: it does not
	decided  []maintenance.Decision // that its runs were told by people, and the campaign knows of
	orders   workflow.Channel       // of attempts, and of readAnew and giveUp
}

// The actions to a line that are no attempt's number.
const (
	readAnew = 0
	giveUp   = -1
)

// enlist makes a line of every target, named or found.
func (r *batch) enlist(ctx workflow.Context) {
	targets := r.in.Targets
	if r.in.Selector != nil {
		targets = make([]maintenance.Target, 0, len(r.in.Found))
		for _, ref := range r.in.Found {
			targets = append(targets, maintenance.Target{Gateway: ref})
		}
	}
	for i, target := range targets {
		if account := target.Gateway.Account; r.slots[account] == nil {
			r.slots[account] = workflow.NewSemaphore(ctx, readingAtOnce)
		}
		r.lines = append(r.lines, &line{
			Surveyed: api.Surveyed{Target: target}, number: i, chosen: true,
			// An action may come while the line is being read.
			orders: workflow.NewBufferedChannel(ctx, maxActions),
		})
	}
	r.unread = len(r.lines)
}

// maxActions is how many actions to one target may wait. The campaign gives one at
// a time, and repeats them only after long silence.
const maxActions = 100

func (r *batch) surveyed() ([]api.Surveyed, error) {
	all := make([]api.Surveyed, 0, len(r.lines))
	for _, l := range r.lines {
		if l.chosen {
			all = append(all, l.Surveyed)
		}
	}
	return all, nil
}

// apply hands the campaign's actions to the lines that they are for.
func (r *batch) apply(ctx workflow.Context) {
	channel := workflow.GetSignalChannelWithOptions(ctx, api.InstructionsSignal, workflow.SignalChannelOptions{
		Description: "What to start, to read or to end; the campaign sends it.",
	})
	for !r.closed {
		var o api.Instructions
		channel.Receive(ctx, &o)
		r.hand(o)
		if o.Abort != nil {
			r.abort(ctx, *o.Abort)
		}
		if o.Close || ctx.Err() != nil {
			r.close()
		}
	}
}

func (r *batch) hand(o api.Instructions) {
	for _, b := range o.Start {
		if l := r.at(b.Line); l != nil && b.Attempt > l.attempt {
			l.attempt = b.Attempt
			l.orders.SendAsync(b.Attempt)
		}
	}
	for _, n := range o.Read {
		if l := r.at(n); l != nil {
			l.orders.SendAsync(readAnew)
		}
	}
	for _, n := range o.GiveUp {
		if l := r.at(n); l != nil {
			l.orders.SendAsync(giveUp)
		}
	}
	for _, n := range o.Tell {
		if l := r.at(n); l != nil && l.told.Kind != "" {
			r.outbox = append(r.outbox, l.told)
		}
	}
}

// hearOfHeld tells the campaign which of its running targets wait for a person.
func (r *batch) hearOfHeld(ctx workflow.Context) {
	var held api.HeldTarget
	channel := heldChannel(ctx)
	for channel.Receive(ctx, &held) {
		for _, l := range r.lines {
			if l.running != "" && l.Target.Gateway.ID() == held.Gateway {
				l.held = held
				r.report(l, heldEvent(held, l.attempt))
			}
		}
		held = api.HeldTarget{}
	}
}

// hearDecisions tells the campaign what people have told its targets' own runs.
func (r *batch) hearDecisions(ctx workflow.Context) {
	for channel := decidedChannel(ctx); ; {
		var told api.TargetDecision
		if !channel.Receive(ctx, &told) || ctx.Err() != nil {
			return
		}
		for _, l := range r.lines {
			if l.Target.Gateway.ID() == told.Gateway {
				r.reportDecisions(l, told.Decision)
			}
		}
	}
}

// reportDecisions leaves for the campaign those decisions of a target's run that it was
// not told yet, and has not passed on itself.
func (r *batch) reportDecisions(l *line, decisions ...maintenance.Decision) {
	for _, d := range decisions {
		if d.Campaign == "" && !slices.Contains(l.decided, d) {
			l.decided = append(l.decided, d)
			r.report(l, fleet.Event{Kind: fleet.KindDecided, Decision: &d})
		}
	}
}

func (r *batch) at(n int) *line {
	if n < 0 || n >= len(r.lines) {
		return nil
	}
	return r.lines[n]
}

// report leaves an event for the campaign.
func (r *batch) report(l *line, e fleet.Event) {
	e.Line = l.number
	if e.Kind == fleet.KindEnded || e.Kind == fleet.KindDeferred {
		l.told = e
	}
	r.outbox = append(r.outbox, e)
}

// collected is for how long a batch collects what it has read before it tells the
// campaign, while there is more to read: at first, and at most, since each time doubles
// it. A page that takes minutes costs few signals, and one target that does not answer
// keeps none of the others.
const (
	collected     = time.Second
	mostCollected = 15 * time.Second
)

// tell sends the campaign what happened, several things at once where they come fast.
func (r *batch) tell(ctx workflow.Context) {
	for collect := collected; ; collect = min(2*collect, mostCollected) {
		if err := workflow.Await(ctx, func() bool { return len(r.outbox) > 0 && !r.busy }); err != nil {
			return
		}
		if r.unread > 0 {
			if _, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
				Timeout: collect, TimerOptions: workflow.TimerOptions{Summary: "collect what is read before the campaign is told"},
			}, func() bool { return r.unread == 0 }); err != nil {
				return
			}
		}
		r.send(ctx)
		r.publish(ctx)
	}
}

func (r *batch) send(ctx workflow.Context) {
	events := r.outbox
	r.outbox, r.busy = nil, true
	defer func() { r.busy = false }()
	err := workflow.SignalExternalWorkflow(ctx, r.in.Campaign, "", api.BatchEventsSignal,
		api.BatchEvents{First: r.in.First, Batch: r.in.Number, Events: events}).Get(ctx, nil)
	if err != nil {
		// Temporal repeats what can be repeated: there is no such campaign any more.
		workflow.GetLogger(ctx).Warn("the campaign does not take news", "campaign", r.in.Campaign, "error", err)
		r.close()
	}
}

// flush sends what is left when the last line has ended.
func (r *batch) flush(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return !r.busy }); err != nil {
		return err
	}
	if len(r.outbox) > 0 && !r.closed {
		r.send(ctx)
	}
	return nil
}

// seeCampaignGone ends a batch whose campaign is gone, by whatever way it went. Nobody
// decides for its targets any more, so they are aborted: what is in progress is watched
// to its end.
func (r *batch) seeCampaignGone(ctx workflow.Context) {
	_, err := call.Do(ctx, r.reading(call.WatchLimit, "does "+r.in.Campaign+" still run?"), call.Engine.AwaitClosed,
		activities.WorkflowLookup{WorkflowID: r.in.Campaign, First: r.in.First, Pace: call.NoticePace(r.in.Plan.Policy)})
	if err != nil || r.closed {
		return
	}
	r.abort(ctx, api.Action{By: "Temporal", Why: "the campaign " + r.in.Campaign +
		" has ended without a word: it was terminated, or failed"})
	r.close()
}

// reading is for activities that change nothing.
func (r *batch) reading(limit time.Duration, summary string) workflow.ActivityOptions {
	return call.PollWithin(call.AttemptOf(r.in.Plan.Policy), limit, summary)
}

// heldEvent is what the campaign learns of a run that is held, or no more.
func heldEvent(h api.HeldTarget, attempt int) fleet.Event {
	return fleet.Event{
		Kind: fleet.KindHeld, Attempt: attempt, Note: webui.CutNote(h.Reason),
		Hold: fleet.Hold{Step: h.Step, Since: h.Since},
	}
}

// publish shows the page as it is now in the Web UI. It adds nothing to the
// history.
func (r *batch) publish(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, webui.PageDetails(webui.PlaceOf(ctx), r.page()))
}

// page is the batch as people see it.
func (r *batch) page() webui.PageView {
	v := webui.PageView{Number: r.in.Number, Campaign: r.in.Campaign, Unread: r.unread}
	for _, l := range r.lines {
		if l.chosen {
			v.Targets = append(v.Targets, webui.PageTarget{
				Entry: l.Entry, Held: l.held, Running: l.running != "", Attempt: l.attempt,
			})
		}
	}
	return v
}
