package campaign

import (
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
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
	pollAt       time.Time              // when the first poll of its window is due; zero: it waits for none
	instructions workflow.Channel       // of lineEvents
	attempt      int                    // that the campaign has instructed last
	run          *lineRun               // the maintenance that runs; nil: none does
	lastEnd      fleet.Event            // the last end of a maintenance that was reported
	decided      []maintenance.Decision // in its runs, as reported
}

// lineRun is a maintenance that runs.
type lineRun struct {
	id   string         // run id
	held api.HeldTarget // where it waits for a person; zero: it does not
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
	defer stop()
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
	b.reportDecisions(l, result.Decisions...) // their signals may come too late
	if result.State == maintenance.StateDeferred {
		b.survey(ctx, l, deferred)
		return
	}
	ended := endOf(result, err, policy)
	ended.Attempt, ended.At = attempt, workflow.Now(ctx)
	l.Entry.State = ended.State
	b.report(l, ended)
}

// endOf is the event that a maintenance has ended with that record.
func endOf(result maintenance.Result, err error, policy maintenance.Policy) fleet.Event {
	ended := fleet.Event{Kind: fleet.KindEnded, State: fleet.Succeeded, Took: tookOf(result, policy), Waits: result.Waits}
	switch {
	case result.State != maintenance.StateCompleted:
		ended.State, ended.Note = fleet.Failed, noteOf(result, err)
	case !result.Updated():
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
	target := l.Target
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            api.GatewayWorkflowID(target.Gateway.ID()),
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		TypedSearchAttributes: webui.ChildAttributes(target, b.in.Plan.Name),
		StaticSummary:         fmt.Sprintf("Maintenance of %s (%s)", target.Name, target.Gateway.ID()),
	}), api.GatewayMaintenanceName, api.MaintenanceInput{
		Target: target, Policy: policy, Campaign: b.in.Campaign, HeldChannels: b.in.Plan.ChannelsFor(maintenance.EventHeld),
		Seen: b.seen,
	})
	var execution workflow.Execution
	if err := child.GetChildWorkflowExecution().Get(ctx, &execution); err != nil {
		return nil, err
	}
	l.run = &lineRun{id: execution.RunID}
	b.publish(ctx)
	if b.abort != nil {
		b.signalAbort(ctx, l)
	}
	return child, nil
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

// abortAll aborts every running maintenance, and those that are being started once they run. Those
// past the point of no return watch their restart to its end.
func (b *batch) abortAll(ctx workflow.Context, by api.Action) {
	b.abort = &by
	for _, l := range b.lines {
		if l.run != nil {
			b.signalAbort(ctx, l)
		}
	}
}

// signalAbort waits for no answer: a maintenance that has just ended needs no signal.
func (b *batch) signalAbort(ctx workflow.Context, l *line) {
	workflow.SignalExternalWorkflow(ctx, api.GatewayWorkflowID(l.Target.Gateway.ID()), l.run.id, api.AbortSignal,
		api.CampaignAbort{Action: *b.abort, Campaign: b.in.Campaign})
}
