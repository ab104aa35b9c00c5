package campaign

import (
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// tend is the life of one target within its campaign: it is read, watched, started
// when the campaign says so, and read again when anything about it has changed.
func (r *batch) tend(ctx workflow.Context, l *line) {
	r.survey(ctx, l, fleet.Event{})
	for !r.closed && !r.in.PlanOnly && l.chosen {
		attempt, changed := r.await(ctx, l)
		switch {
		case r.closed || ctx.Err() != nil:
			return
		case attempt > 0:
			r.maintain(ctx, l, attempt)
		case changed:
			r.survey(ctx, l, fleet.Event{})
		}
	}
}

// await waits for an action to start, or for a reason to read the target again.
func (r *batch) await(ctx workflow.Context, l *line) (attempt int, changed bool) {
	ctx, stop := workflow.WithCancel(ctx)
	defer stop()
	selector := workflow.NewSelector(ctx)
	selector.AddReceive(l.orders, func(c workflow.ReceiveChannel, _ bool) {
		c.Receive(ctx, &attempt)
		switch attempt {
		case readAnew: // a person asks
			changed, l.patience, l.Entry.UnreadSince = true, 0, time.Time{}
		case giveUp:
			l.Entry.State = fleet.Failed
		}
	})
	if l.Entry.State == fleet.Waiting {
		selector.AddFuture(r.watch(ctx, l), func(workflow.Future) { changed = true })
	}
	selector.AddReceive(r.closing, func(workflow.ReceiveChannel, bool) {})
	selector.Select(ctx)
	return attempt, changed
}

// maintain runs a target's maintenance to its end, unless something bars it.
func (r *batch) maintain(ctx workflow.Context, l *line, attempt int) {
	if err := r.findObstacle(ctx, l); err != nil || l.obstacle.WorkflowID != "" {
		r.survey(ctx, l, fleet.Event{Kind: fleet.KindDeferred, Attempt: attempt})
		return
	}
	if r.aborted != nil {
		entry := l.Entry
		r.report(l, fleet.Event{Kind: fleet.KindDeferred, Attempt: attempt, Entry: &entry})
		return
	}
	// A child outlives a batch that is terminated: nothing kills a maintenance.
	childCtx, _ := workflow.NewDisconnectedContext(ctx)
	policy := r.in.Plan.Policy
	policy.Approval = false // the campaign was approved
	child, err := r.start(childCtx, l, policy)
	if err != nil {
		// Somebody was faster: the survey finds who.
		if temporal.IsWorkflowExecutionAlreadyStartedError(err) {
			r.survey(ctx, l, fleet.Event{Kind: fleet.KindDeferred, Attempt: attempt})
			return
		}
		r.report(l, fleet.Event{
			Kind: fleet.KindEnded, Attempt: attempt, State: fleet.Failed,
			Note: webui.CutNote("could not be started: " + err.Error()), At: workflow.Now(ctx),
		})
		return
	}
	result, err := recordOf(childCtx, child)
	l.running, l.held = "", api.HeldTarget{}
	r.reportDecisions(l, result.Decisions...) // a signal may come after the end
	if result.State == maintenance.StateDeferred {
		r.survey(ctx, l, fleet.Event{Kind: fleet.KindDeferred, Attempt: attempt})
		return
	}
	ended := endOf(result, err, policy)
	ended.Attempt, ended.At = attempt, workflow.Now(ctx)
	l.Entry.State = ended.State
	r.report(l, ended)
}

// endOf is what a campaign is told of a maintenance that has ended with that record.
func endOf(result maintenance.Result, err error, policy maintenance.Policy) fleet.Event {
	ended := fleet.Event{Kind: fleet.KindEnded, State: fleet.Succeeded, Took: pieces(result, policy)}
	switch {
	case result.State != maintenance.StateCompleted:
		ended.State, ended.Note = fleet.Failed, noteOf(result, err)
	case !result.Updated():
		// Somebody else did it between the survey and the run. It is no canary.
		ended.State, ended.Note = fleet.Current, "nothing to do"
		if result.RestoredLeftovers() {
			ended.Note = "nothing to update; restored what an earlier run had left"
		}
	}
	return ended
}

// start starts a target's maintenance, and passes on to it an action to abort that
// came meanwhile.
func (r *batch) start(ctx workflow.Context, l *line, policy maintenance.Policy) (workflow.Future, error) {
	target := l.Target
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:            api.GatewayWorkflowID(target.Gateway.ID()),
		ParentClosePolicy:     enumspb.PARENT_CLOSE_POLICY_ABANDON,
		TypedSearchAttributes: webui.ChildAttributes(target, r.in.Plan.Name),
		StaticSummary:         fmt.Sprintf("Maintenance of %s (%s)", target.Name, target.Gateway.ID()),
	}), api.GatewayMaintenanceName, api.MaintenanceInput{
		Target: target, Policy: policy, Campaign: r.in.Campaign, HeldChannels: r.in.Plan.ToldOf(maintenance.EventHeld),
	})
	var execution workflow.Execution
	if err := child.GetChildWorkflowExecution().Get(ctx, &execution); err != nil {
		return nil, err
	}
	l.running = execution.RunID
	r.publish(ctx)
	if r.aborted != nil {
		r.tellAbort(ctx, l)
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

// maxUnavailable is the same for what bars a target. It is longer, since it names the
// way out.
const maxUnavailable = 500

func noteOf(result maintenance.Result, err error) string {
	note := string(result.State) + ": " + result.Summary
	if result.State == "" {
		note = "left no record of what it did: look at the gateway before it is tried again: " + call.Explain(err).Error()
	}
	return webui.CutNote(note)
}

// pieces is how long a maintenance's pieces took.
func pieces(result maintenance.Result, policy maintenance.Policy) fleet.Took {
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

// span is how long a step was worked on. One longer than a window was mostly waiting, and
// says nothing about the next: it counts as nothing.
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

// abort asks every running maintenance to end, and those that are being started
// once they run. Those past the point of no return watch their restart to its end.
func (r *batch) abort(ctx workflow.Context, o api.Action) {
	r.aborted = &o
	for _, l := range r.lines {
		if l.running != "" {
			r.tellAbort(ctx, l)
		}
	}
}

// tellAbort is not waited for: a maintenance that has just ended needs no telling.
func (r *batch) tellAbort(ctx workflow.Context, l *line) {
	workflow.SignalExternalWorkflow(ctx, api.GatewayWorkflowID(l.Target.Gateway.ID()), l.running, api.AbortSignal,
		api.CampaignAbort{Action: *r.aborted, Campaign: r.in.Campaign})
}
