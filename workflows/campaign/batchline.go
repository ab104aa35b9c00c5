package campaign

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// line is one target of a batch.
type line struct {
	api.Surveyed
	number       int
	reading      reading
	retry        retry                  // while callRetried
	patience     time.Duration          // for how long the retries go on before the whole is read again; 0: it was read
	obstacle     activities.Obstacle    // while obstructed
	askedAt      time.Time              // when a reading asked for the obstacle; zero: ask before the next start
	poll         firstPoll              // of its window, that it waits for
	instructions workflow.Channel       // of lineEvents
	attempt      int                    // that the campaign has instructed last
	disarmed     int                    // the last attempt that the campaign has told to disarm; 0: none, or it goes on
	disarmedBy   api.Action             // who told it, and why
	run          *lineRun               // the maintenance that runs; nil: none does
	lastEnd      fleet.Event            // the last end of a maintenance that was reported
	decided      []maintenance.Decision // in its runs, as reported
	// baseline are the answers just before its first change, by check: of those that compare. updated is true once a
	// maintenance has changed it: from then on they stay.
	baseline map[string]health.Answer
	updated  bool
	// recheck is true while it is updated, and its checks after that have not passed yet.
	recheck bool
}

// disarming is true while a running maintenance was told to disarm, and has not said what became of it. One
// that is held does not say anything before a person decides.
func (l *line) disarming() bool {
	return l.run != nil && l.disarmed == l.attempt && l.run.held.Step == ""
}

// lineRun is a maintenance that runs.
type lineRun struct {
	id   string         // run id
	held api.HeldTarget // where it waits for a person; zero: it does not
	// blocked is the health check that keeps it; zero: none does.
	blocked api.BlockedTarget
}

// firstPoll is a poll that is started later; zero: there is none.
type firstPoll struct {
	at    time.Time
	start func()
}

// reading is how the last reading of a target went, which decides what the line waits for before it
// reads the target again.
type reading int

const (
	notRead     reading = iota // there was none yet
	unmatched                  // its selector does not match it: it is not read again
	wasRead                    // it waits until what was read no longer holds, such as its window
	obstructed                 // it waits until another run, or a quarantine, has ended
	callRetried                // a call had no answer: it retries that call
	unreadable                 // it waits, then reads the whole again
)

// lineEvent ends a line's wait.
type lineEvent struct {
	kind    lineEventKind
	attempt int // of a lineStart
}

type lineEventKind int

const (
	lineClosed  lineEventKind = iota // the batch ends
	lineStart                        // the campaign starts its maintenance
	lineRetry                        // a person asks to read it again
	lineGiveUp                       // it could not be read for too long
	lineChanged                      // what was read may no longer hold
)

// runLine is the life of one target in its campaign: it is read, then each event leads to the next
// maintenance or reading.
func (b *batch) runLine(ctx workflow.Context, l *line) {
	b.survey(ctx, l, fleet.Event{})
	for !b.in.PlanOnly && l.reading != unmatched {
		switch e := b.await(ctx, l); e.kind {
		case lineClosed:
			return
		case lineStart:
			b.maintain(ctx, l, e.attempt)
		case lineRetry:
			l.patience, l.Entry.UnreadSince = 0, time.Time{}
			b.survey(ctx, l, fleet.Event{})
		case lineGiveUp:
			l.Entry.State = fleet.Failed
		case lineChanged:
			b.survey(ctx, l, fleet.Event{})
		}
	}
}

// await waits for an instruction, for a reason to read the target again, or for the batch's end.
func (b *batch) await(ctx workflow.Context, l *line) (e lineEvent) {
	if b.closed() {
		return lineEvent{}
	}
	ctx, stop := workflow.WithCancel(ctx)
	defer func() {
		l.poll = firstPoll{}
		stop()
	}()
	selector := workflow.NewSelector(ctx)
	selector.AddReceive(l.instructions, func(c workflow.ReceiveChannel, _ bool) { c.Receive(ctx, &e) })
	if l.Entry.State == fleet.Waiting {
		selector.AddFuture(b.watch(ctx, l), func(workflow.Future) { e.kind = lineChanged })
	}
	selector.AddReceive(b.closing, func(workflow.ReceiveChannel, bool) {})
	selector.Select(ctx)
	if b.closed() || ctx.Err() != nil {
		return lineEvent{}
	}
	return e
}

// maintain runs a target's maintenance to its end, unless something blocks it.
func (b *batch) maintain(ctx workflow.Context, l *line, attempt int) {
	deferred := fleet.Event{Kind: fleet.KindDeferred, Attempt: attempt}
	if err := b.findObstacle(ctx, l); err != nil || l.obstacle.WorkflowID != "" {
		b.survey(ctx, l, deferred)
		return
	}
	if b.abort != nil {
		entry := l.Entry
		deferred.Entry = &entry
		b.report(l, deferred)
		return
	}
	if l.disarmed == attempt {
		b.report(l, fleet.Event{Kind: fleet.KindDisarmed, Attempt: attempt})
		return
	}
	// A child outlives a terminated batch: nothing kills a maintenance.
	childCtx, _ := workflow.NewDisconnectedContext(ctx)
	policy := b.in.Plan.Policy
	policy.Approval = false // the campaign was approved
	child, err := b.start(childCtx, l, policy)
	if err != nil {
		// Another run of the gateway was faster: the survey finds it.
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			b.survey(ctx, l, deferred)
			return
		}
		b.report(l, fleet.Event{
			Kind: fleet.KindEnded, Attempt: attempt, State: fleet.Failed,
			Note: webui.CutNote("could not be started: " + err.Error()), At: workflow.Now(ctx),
		})
		return
	}
	result, err := recordOf(childCtx, child)
	l.run = nil
	l.remember(result)
	b.reportDecisions(l, result.Decisions...) // their signals may come too late
	switch {
	case result.State != maintenance.StateDeferred:
	case l.disarmed == attempt: // what was read of it still holds, and the campaign waits for the answer
		b.report(l, fleet.Event{Kind: fleet.KindDisarmed, Attempt: attempt})
		return
	default:
		deferred.NotBefore = afterFailedCheck(result, l.Schedule, policy, workflow.Now(ctx))
		b.survey(ctx, l, deferred)
		return
	}
	ended := endOf(result, err, policy, l.updated)
	ended.Attempt, ended.At = attempt, workflow.Now(ctx)
	l.Entry.State = ended.State
	b.report(l, ended)
}

// remember keeps what later maintenances need of one that has ended: whether the target is changed, and whether its
// checks after that have passed. Of its answers before the change, those from before the first change stay.
func (l *line) remember(result maintenance.Result) {
	found := map[string]health.Answer{}
	maps.Copy(found, health.Baseline(result.Checks))
	if l.updated {
		maps.Copy(found, l.baseline)
	}
	l.baseline = found
	l.updated = l.updated || result.Updated()
	switch deferred := result.State == maintenance.StateDeferred; {
	case result.State == maintenance.StateCompleted:
		l.recheck = false
	case l.updated && (deferred || health.FailedIn(result.Checks, health.AtAfter) != ""):
		l.recheck = true
	}
}

// changedBefore are the answers from before the target was changed; nil: it was not yet.
func (l *line) changedBefore() map[string]health.Answer {
	if !l.updated {
		return nil
	}
	return l.baseline
}

// endOf is the event that a maintenance has ended with that record. updated is true if the campaign has changed the
// target, in this maintenance or before.
func endOf(result maintenance.Result, err error, policy maintenance.Policy, updated bool) fleet.Event {
	ended := fleet.Event{Kind: fleet.KindEnded, State: fleet.Succeeded, Took: tookOf(result, policy)}
	switch {
	case result.State != maintenance.StateCompleted:
		ended.State, ended.Note = fleet.Failed, noteOf(result, err)
		ended.Check.Name = health.FailedIn(result.Checks, health.AtAfter)
	case !updated:
		// It was done elsewhere between the survey and the run. It is no canary.
		ended.State, ended.Note = fleet.UpToDate, "nothing to do"
		if result.RestoredLeftovers() {
			ended.Note = "nothing to update; restored what an earlier run had left"
		}
	}
	return ended
}

// start starts a target's maintenance. If the campaign was aborted meanwhile, it aborts it.
func (b *batch) start(ctx workflow.Context, l *line, policy maintenance.Policy) (workflow.Future, error) {
	target, waived := l.Target, b.waivedFor(l)
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            api.GatewayWorkflowID(target.Gateway.ID()),
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		TypedSearchAttributes: webui.ChildAttributes(target, b.in.Plan.Name),
		StaticSummary:         fmt.Sprintf("Maintenance of %s (%s)", target.Name, target.Gateway.ID()),
	}), api.GatewayMaintenanceName, api.MaintenanceInput{
		Target: target, Policy: policy, Campaign: b.in.Campaign, HeldChannels: b.in.Plan.ChannelsFor(maintenance.EventHeld),
		Checks: checksOfRun(b.in.Plan.Checks), Mutes: b.in.Plan.Mutes, Waived: waived,
		Updated: l.updated, Before: l.changedBefore(), Signed: b.signed(),
	})
	var execution workflow.Execution
	if err := child.GetChildWorkflowExecution().Get(ctx, &execution); err != nil {
		return nil, err
	}
	l.run = &lineRun{id: execution.RunID}
	b.changed = true
	if l.disarmed == l.attempt {
		b.signalDisarm(ctx, l)
	}
	if b.abort != nil {
		b.abortLines(ctx, []*line{l})
	}
	if all := b.waivedFor(l); len(all) > len(waived) { // while it was being started
		signalWaived(ctx, target.Gateway.ID(), l.run.id, b.in.Campaign, all)
	}
	return child, nil
}

// signed is what operators have to sign for a run; nil: nothing.
func (b *batch) signed() *api.SignedRun {
	if len(b.in.Signers) == 0 {
		return nil
	}
	return &api.SignedRun{Campaign: b.in.Plan.Name, Run: b.in.First, Signers: b.in.Signers}
}

// recordOf is a maintenance's record, however it ended; zero where it left none.
func recordOf(ctx workflow.Context, child workflow.Future) (result maintenance.Result, err error) {
	err = child.Get(ctx, &result)
	var app *temporal.ApplicationError
	var cancelled *temporal.CanceledError
	switch {
	case errors.As(err, &app) && app.HasDetails():
		err = errors.Join(err, app.Details(&result))
	case errors.As(err, &cancelled) && cancelled.HasDetails():
		err = errors.Join(err, cancelled.Details(&result))
	}
	return result, err
}

// maxUnavailable is how many bytes the text of why a target is unavailable may have. It is longer
// than a note, since it says what to do about it.
const maxUnavailable = 500

func noteOf(result maintenance.Result, err error) string {
	note := string(result.State) + ": " + result.Summary
	if result.State == "" {
		note = "left no record of what it did: check the gateway before you retry it: " + call.Explain(err).Error()
	}
	return webui.CutNote(note)
}

// tookOf is how long the pieces of a maintenance took.
func tookOf(result maintenance.Result, policy maintenance.Policy) fleet.Took {
	var t fleet.Took
	if result.State != maintenance.StateCompleted {
		return t
	}
	if g := result.Gateway; g.Updated && g.Cause == maintenance.CauseTidegate {
		t.Update = span(result, policy, maintenance.StepUpdate) + span(result, policy, maintenance.StepRunning)
	}
	if len(result.Snapshots) > 0 {
		t.Snapshot = span(result, policy, maintenance.StepSnapshot)
	}
	upgraded := 0
	for _, p := range result.Proxies {
		if p.State == maintenance.ProxyUpgraded {
			upgraded++
		}
	}
	if upgraded > 0 {
		t.Proxy = span(result, policy, maintenance.StepProxies) / maintenance.Duration(upgraded)
	}
	return t
}

// span is how long a step was worked on. One that took longer than a window has mostly waited, so
// it counts as zero: forecasts must not use it.
func span(result maintenance.Result, policy maintenance.Policy, step maintenance.Step) maintenance.Duration {
	for _, s := range result.Steps {
		if s.Step != step || s.State != maintenance.StepDone || s.Start == nil || s.End == nil {
			continue
		}
		if took := maintenance.Duration(s.Took()); took <= policy.WindowLength {
			return took
		}
	}
	return 0
}

// disarm has armed maintenances end that have changed nothing yet, and those that are being started once
// they run.
func (b *batch) disarm(ctx workflow.Context, in api.DisarmInstruction) {
	for _, a := range in.Attempts {
		l := b.at(a.Line)
		if l == nil || a.Attempt < l.attempt {
			continue
		}
		l.disarmed, l.disarmedBy = a.Attempt, in.Action
		if l.run != nil && a.Attempt == l.attempt {
			b.signalDisarm(ctx, l)
		}
	}
}

// signalDisarm waits for no answer: the maintenance ends, or signals that it goes on.
func (b *batch) signalDisarm(ctx workflow.Context, l *line) {
	workflow.SignalExternalWorkflow(ctx, api.GatewayWorkflowID(l.Target.Gateway.ID()), l.run.id, api.DisarmSignal,
		api.CampaignDisarm{Action: l.disarmedBy, Campaign: b.in.Campaign})
}

// abortAll aborts every running maintenance, and those that are being started once they run. Those
// past the point of no return watch their restart to its end. A second abort waits for no answer.
func (b *batch) abortAll(ctx workflow.Context, by api.Action) {
	again := b.abort != nil
	b.abort = &by
	if !again {
		b.abortLines(ctx, b.lines)
		return
	}
	for _, l := range b.lines {
		if l.run != nil {
			b.signalAbort(ctx, l)
		}
	}
}

// abortPatience is for how long an abort leaves a run that was told to disarm the time to end by itself:
// less than disarmLimit, so that the operator's answer says what the abort has done to it.
const abortPatience = 5 * time.Second

// abortLines aborts the runs of some lines. One that was told to disarm usually ends DEFERRED, which is no
// failure. It is aborted as soon as it answers that it goes on, or if it has not ended in time: it may be
// taking a snapshot before the update, or retry a call.
func (b *batch) abortLines(ctx workflow.Context, lines []*line) {
	asked := map[*line]*lineRun{}
	for _, l := range lines {
		switch {
		case l.run == nil:
		case l.disarming():
			asked[l] = l.run
		default:
			b.signalAbort(ctx, l)
		}
	}
	if len(asked) == 0 {
		return
	}
	silent := func(l *line) bool { return l.run != nil && l.run == asked[l] && l.disarmed == l.attempt }
	workflow.Go(ctx, func(ctx workflow.Context) {
		_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout: abortPatience, TimerOptions: workflow.TimerOptions{Summary: "abort what has not disarmed by then"},
		}, func() bool { return !slices.ContainsFunc(lines, silent) })
		for _, l := range lines {
			if err == nil && silent(l) {
				b.signalAbort(ctx, l)
			}
		}
	})
}

// signalAbort waits for no answer: a maintenance that has just ended needs no signal.
func (b *batch) signalAbort(ctx workflow.Context, l *line) {
	workflow.SignalExternalWorkflow(ctx, api.GatewayWorkflowID(l.Target.Gateway.ID()), l.run.id, api.AbortSignal,
		api.CampaignAbort{Action: *b.abort, Campaign: b.in.Campaign})
}
