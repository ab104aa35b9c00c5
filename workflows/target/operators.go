package target

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// command is one update that operators may send to a run.
type command struct {
	name string
	says string // shown in the Web UI
	may  func() error
	do   func()
}

// listen registers what operators may see and say. stop cancels the run's steps.
func (r *run) listen(ctx workflow.Context, stop workflow.CancelFunc) error {
	status := func() (maintenance.Status, error) { return r.seen(), nil }
	err := workflow.SetQueryHandlerWithOptions(ctx, api.StatusQuery, status,
		workflow.QueryHandlerOptions{Description: "What runs, what waits and why it waits."})
	if err != nil {
		return err
	}
	for _, c := range r.commands(stop) {
		if err := r.accept(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// commands are what operators may send.
func (r *run) commands(stop workflow.CancelFunc) []command {
	answer := func(choice string) func() { return func() { r.hold.Answer(choice) } }
	return []command{
		{name: api.ApproveUpdate, says: "Let the maintenance start in its next window", may: r.mayApprove, do: func() {}},
		{name: api.AbortUpdate, says: "Start nothing more, and revert what can be reverted", may: r.mayAbort, do: stop},
		{name: api.RetryUpdate, says: "Try the held step again", may: r.mayRetry, do: answer(api.RetryUpdate)},
		{name: api.SkipUpdate, says: "Go on without the held step", may: r.maySkip, do: answer(api.SkipUpdate)},
	}
}

// receiveAbort applies an action to abort that came to the whole campaign. Nobody waits
// for its answer, so it is never refused: past the point of no return too the run
// starts nothing more, and watches what it has started to its end. It may come twice.
func (r *run) receiveAbort(ctx workflow.Context, stop workflow.CancelFunc) {
	if r.in.Campaign == "" {
		return
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		var o api.CampaignAbort
		aborts := workflow.GetSignalChannelWithOptions(ctx, api.AbortSignal, workflow.SignalChannelOptions{
			Description: "The campaign was aborted. To end this run alone send the update abort, which answers.",
		})
		for aborts.Receive(ctx, &o) {
			if o.Campaign != r.in.Campaign {
				continue
			}
			if _, aborted := r.decided(api.AbortUpdate); !aborted {
				r.record(ctx, maintenance.Decision{What: api.AbortUpdate, By: o.By, Why: o.Why, Campaign: o.Campaign})
			}
			stop()
			return
		}
	})
}

// reportHold tells the campaign where the run is held and why; without a step: no longer.
func (r *run) reportHold(ctx workflow.Context, held api.HeldTarget) {
	held.Gateway = r.in.Target.Gateway.ID()
	r.signalCampaign(ctx, api.HeldSignal, held)
}

// signalCampaign tells the campaign something. Its batch passes it on; where that is
// gone, the campaign is told directly. It is not waited for.
func (r *run) signalCampaign(ctx workflow.Context, signal string, what any) {
	parent := workflow.GetInfo(ctx).ParentWorkflowExecution
	if r.in.Campaign == "" || parent == nil {
		return
	}
	told := workflow.SignalExternalWorkflow(ctx, parent.ID, parent.RunID, signal, what)
	workflow.Go(ctx, func(ctx workflow.Context) {
		err := told.Get(ctx, nil)
		if _, gone := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); gone {
			workflow.SignalExternalWorkflow(ctx, r.in.Campaign, "", signal, what)
		}
	})
}

// record keeps what somebody has decided, with the step that a retry or a skip is about.
// What the campaign has not passed on itself it is told.
func (r *run) record(ctx workflow.Context, d maintenance.Decision) maintenance.Decision {
	d.At = workflow.Now(ctx)
	if d.What == api.RetryUpdate || d.What == api.SkipUpdate {
		d.Step = r.status.Step
	}
	r.status.Decisions = append(r.status.Decisions, d)
	r.publish(ctx)
	if d.Campaign == "" {
		r.signalCampaign(ctx, api.DecidedSignal, api.TargetDecision{Gateway: r.in.Target.Gateway.ID(), Decision: d})
	}
	return d
}

// accept registers one update, with its check and its place in the record.
func (r *run) accept(ctx workflow.Context, c command) error {
	handle := func(ctx workflow.Context, in api.Action) (maintenance.Decision, error) {
		c.do()
		return r.record(ctx, maintenance.Decision{What: c.name, By: in.By, Why: in.Why}), nil
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, c.name, handle, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, in api.Action) error {
			if err := in.Validate(); err != nil {
				return err
			}
			return c.may()
		},
		Description: c.says + `: {"by": "who", "why": "for the record"}.`,
	})
}

// decided is the last decision of that kind.
func (r *run) decided(what string) (maintenance.Decision, bool) {
	for _, d := range slices.Backward(r.status.Decisions) {
		if d.What == what {
			return d, true
		}
	}
	return maintenance.Decision{}, false
}

func (r *run) approved() bool {
	_, ok := r.decided(api.ApproveUpdate)
	return ok
}

func (r *run) mayApprove() error {
	if !r.in.Policy.Approval {
		return errors.New("this run does not ask for an approval")
	}
	if d, ok := r.decided(api.ApproveUpdate); ok {
		return fmt.Errorf("this run is approved already, by %s", d.By)
	}
	return nil
}

// mayAbort refuses past the point of no return: the restart cannot be stopped,
// and whether the gateway comes back must be known. A run that is held there
// has watched for as long as its policy says.
func (r *run) mayAbort() error {
	if d, ok := r.decided(api.AbortUpdate); ok {
		return fmt.Errorf("this run is aborted already, by %s", d.By)
	}
	if r.software.PastNoReturn() && r.hold.State() != lifecycle.Held {
		return errors.New("past the point of no return: the update is triggered and the gateway does not run again yet; " +
			"it is watched until it does, then abort again")
	}
	return nil
}

func (r *run) mayRetry() error {
	if r.hold.State() != lifecycle.Held {
		return fmt.Errorf("nothing is held: the run is at %s", r.status.Step)
	}
	return nil
}

func (r *run) maySkip() error {
	if err := r.mayRetry(); err != nil {
		return err
	}
	if !r.status.Step.CanBeSkipped() {
		return fmt.Errorf("%s cannot be skipped, since everything after it builds on it: retry or abort", r.status.Step)
	}
	return nil
}

// awaitApproval holds a run whose policy asks for it until somebody approves.
func (r *run) awaitApproval(ctx workflow.Context) error {
	if !r.policy.Approval || r.approved() {
		return nil
	}
	defer r.unblock(ctx)
	if err := r.block(ctx, maintenance.BlockedByApproval, "nobody has approved it yet", nil); err != nil {
		return err
	}
	for !r.approved() && !r.moves(ctx, time.Time{}) {
		_, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
			Timeout: nap, TimerOptions: workflow.TimerOptions{Summary: "waits for an approval"},
		}, r.approved)
		if err != nil {
			return err
		}
	}
	return nil
}

// doOrHold does a step until it succeeds, or until it is decided how the run continues
// without it: at once where the policy compensates, by an operator where it holds.
func (r *run) doOrHold(
	ctx workflow.Context, s maintenance.Step, do func(workflow.Context) (outcome, error),
) (outcome, error) {
	for {
		out, failure := do(ctx)
		holds := r.policy.OnFailure == maintenance.OnFailureHold
		if failure == nil || errors.Is(failure, errDeferred) || ctx.Err() != nil || !holds {
			return out, failure
		}
		failure = call.Explain(failure)
		answer, err := r.awaitAnswer(ctx, fmt.Errorf("%s failed: %w", s, failure))
		if err != nil {
			return outcome{}, errors.Join(err, r.hold.Failure())
		}
		if answer == api.SkipUpdate {
			d, _ := r.decided(api.SkipUpdate)
			r.hold.Skip(fmt.Errorf("%s was skipped by %s (%s) after it failed: %w", s, d.By, d.Why, failure))
			return skipped("failed and was skipped by %s: %s", d.By, failure), nil
		}
	}
}

// awaitAnswer holds a failed step until an operator decides to retry or to skip it, and
// records the failed attempt with the decision in the step's report.
func (r *run) awaitAnswer(ctx workflow.Context, failure error) (answer string, err error) {
	step, reason, since := r.report(r.status.Step), failure.Error(), workflow.Now(ctx)
	r.hold.Open(failure)
	r.status.Held = true
	step.Failed = append(step.Failed, maintenance.FailedAttempt{At: since, Why: reason, Asked: r.in.HeldChannels})
	decided := len(r.status.Decisions)
	r.reportHold(ctx, api.HeldTarget{Step: step.Step, Reason: reason, Since: since})
	err = r.block(ctx, maintenance.BlockedByHold, reason, nil)
	if err == nil {
		r.releaseInstances() // people may take days
		err = workflow.Await(ctx, func() bool { return r.hold.State() == lifecycle.HoldAnswered })
	}
	if err != nil {
		r.hold.Abandon()
	}
	r.reportHold(ctx, api.HeldTarget{})
	until, attempt := workflow.Now(ctx), &step.Failed[len(step.Failed)-1]
	attempt.Until, attempt.Decision = &until, resolution(r.status.Decisions[decided:])
	r.status.Held = false
	r.unblock(ctx)
	return r.hold.Take(), err
}

// resolution is which of some decisions has ended a hold; nil: none.
func resolution(decisions []maintenance.Decision) *maintenance.Decision {
	for _, d := range decisions {
		if d.What == api.RetryUpdate || d.What == api.SkipUpdate || d.What == api.AbortUpdate {
			return &d
		}
	}
	return nil
}

// publish shows the run as it is now: to the status query and, as Markdown, in
// the Web UI. It adds nothing to the history.
func (r *run) publish(ctx workflow.Context) {
	r.status.Ledger = r.ledger.changes()
	view := webui.TargetView{Status: r.seen(), Zone: r.window.schedule.Zone, Campaign: r.in.Campaign}
	workflow.SetCurrentDetails(ctx, webui.TargetDetails(webui.PlaceOf(ctx), view))
}

// seen is the status as people see it, with what they may send now and the calls in progress.
func (r *run) seen() maintenance.Status {
	s := r.status
	s.May, s.Calls = r.accepted(), r.calls.List()
	return s
}

// accepted are the names of the updates that would be accepted now.
func (r *run) accepted() (names []string) {
	if r.status.Result != nil {
		return nil
	}
	for _, c := range r.commands(nil) {
		if c.may() == nil {
			names = append(names, c.name)
		}
	}
	return names
}
