package target

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// command is one update that operators may send to a run.
type command struct {
	name string
	help string // shown in the Web UI
	may  func() error
	do   func(workflow.Context) error
}

// listen registers the status query and the commands. stop cancels the run's steps.
func (r *run) listen(ctx workflow.Context, stop workflow.CancelFunc) error {
	status := func() (maintenance.Status, error) { return r.seen(), nil }
	err := workflow.SetQueryHandlerWithOptions(ctx, api.StatusQuery, status,
		workflow.QueryHandlerOptions{Description: "What is in progress, what waits, and why."})
	if err != nil {
		return err
	}
	for _, c := range r.commands(stop) {
		if err := r.accept(ctx, c); err != nil {
			return err
		}
	}
	return r.acceptWaiver(ctx)
}

// commands are what operators may send.
func (r *run) commands(stop workflow.CancelFunc) []command {
	answer := func(choice string) func(workflow.Context) error {
		return func(workflow.Context) error { r.hold.Answer(choice); return nil }
	}
	nothing := func(workflow.Context) error { return nil }
	abort := func(ctx workflow.Context) error { return r.abort(ctx, stop) }
	return []command{
		{name: api.ApproveUpdate, help: "Let the maintenance start in its next window", may: r.mayApprove, do: nothing},
		{name: api.AbortUpdate, help: "Start nothing more, and revert what can be reverted", may: r.mayAbort, do: abort},
		{name: api.RetryUpdate, help: "Try the held step again", may: r.mayRetry, do: answer(api.RetryUpdate)},
		{name: api.SkipUpdate, help: "Continue without the held step", may: r.maySkip, do: answer(api.SkipUpdate)},
	}
}

// receiveAbort receives the abort of the whole campaign. It is a signal, which is never refused: past the point of no
// return the run starts nothing more, and watches what it has started to its end. The signal may come twice.
func (r *run) receiveAbort(ctx workflow.Context, stop workflow.CancelFunc) {
	if r.in.Campaign == "" {
		return
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		var o api.CampaignAbort
		aborts := workflow.GetSignalChannelWithOptions(ctx, api.AbortSignal, workflow.SignalChannelOptions{
			Description: "The campaign was aborted. To end this run alone, send the update abort, which returns a result.",
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

// abort ends the run's steps. A trigger that a worker has is taken back first, and the operator gets the answer only
// then: it says whether the update was triggered after all.
func (r *run) abort(ctx workflow.Context, stop workflow.CancelFunc) error {
	r.aborting++
	defer func() { r.aborting-- }()
	if r.software.TriggerIsOut() {
		r.wake()
		if err := workflow.Await(ctx, func() bool { return !r.software.TriggerIsOut() }); err != nil {
			return err
		}
		if err := r.mayAbort(); err != nil {
			return temporal.NewNonRetryableApplicationError(err.Error(), names.TypeRefused, nil)
		}
	}
	stop()
	return nil
}

// receiveDisarm receives that the campaign takes back what it has started before the window: the run ends DEFERRED,
// unless it has triggered the update, or may have: then it answers that it goes on.
func (r *run) receiveDisarm(ctx workflow.Context) {
	if r.in.Campaign == "" {
		return
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		signals := workflow.GetSignalChannelWithOptions(ctx, api.DisarmSignal, workflow.SignalChannelOptions{
			Description: "Trigger nothing, if nothing was triggered yet, and leave the rest to the campaign, which sends it.",
		})
		var in api.CampaignDisarm
		for signals.Receive(ctx, &in) {
			if in.Campaign != r.in.Campaign || r.disarmed != "" {
				continue
			}
			if !r.work.started.IsZero() {
				r.goesOn(ctx)
				continue
			}
			r.disarmed = "taken back by " + in.By + ": " + in.Why
			if r.wake != nil {
				r.wake()
			}
		}
	})
}

// disrupts notes that the first disruptive change is made, or may be. It is too late to take the run back.
func (r *run) disrupts(ctx workflow.Context) {
	r.work.start(ctx)
	if r.disarmed != "" {
		r.disarmed = ""
		r.goesOn(ctx)
	}
}

// goesOn answers the campaign, which waits to learn what became of the run that it has taken back.
func (r *run) goesOn(ctx workflow.Context) {
	r.signalCampaign(ctx, api.GoesOnSignal, api.TargetGoesOn{Gateway: r.in.Target.Gateway.ID()})
}

// reportHold sends the campaign the step at which the run is held and the reason; no step: it is held no longer.
func (r *run) reportHold(ctx workflow.Context, held api.HeldTarget) {
	held.Gateway = r.in.Target.Gateway.ID()
	r.signalCampaign(ctx, api.HeldSignal, held)
}

// signalCampaign sends the campaign an event through the run's batch, or directly if the batch has ended. It does not
// wait for the delivery.
func (r *run) signalCampaign(ctx workflow.Context, signal string, event any) {
	parent := workflow.GetInfo(ctx).ParentWorkflowExecution
	if r.in.Campaign == "" || parent == nil {
		return
	}
	sent := workflow.SignalExternalWorkflow(ctx, parent.ID, parent.RunID, signal, event)
	workflow.Go(ctx, func(ctx workflow.Context) {
		err := sent.Get(ctx, nil)
		if _, ended := errors.AsType[*temporal.UnknownExternalWorkflowExecutionError](err); ended {
			workflow.SignalExternalWorkflow(ctx, r.in.Campaign, "", signal, event)
		}
	})
}

// record adds a decision to the status, with the step that a retry or a skip is about, and reports it to the campaign,
// unless the campaign has passed it on itself.
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

// accept registers one command as a workflow update. An accepted one is recorded.
func (r *run) accept(ctx workflow.Context, c command) error {
	handle := func(ctx workflow.Context, in api.Action) (maintenance.Decision, error) {
		d, err := r.signedBy(ctx, maintenance.Decision{What: c.name, By: in.By, Why: in.Why}, in.Signature)
		if err != nil {
			return d, err
		}
		if err := c.may(); err != nil { // verifying took time
			return d, temporal.NewNonRetryableApplicationError(err.Error(), names.TypeRefused, nil)
		}
		if err := c.do(ctx); err != nil {
			return maintenance.Decision{}, err
		}
		return r.record(ctx, d), nil
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, c.name, handle, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, in api.Action) error {
			if err := errors.Join(in.Validate(), r.mayCount(c.name, in.Signature)); err != nil {
				return err
			}
			return c.may()
		},
		Description: c.help + `: {"by": "who", "why": "for the record"}.`,
	})
}

// decided is the last decision of a kind.
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
		return errors.New("this run needs no approval")
	}
	if d, ok := r.decided(api.ApproveUpdate); ok {
		return fmt.Errorf("this run is approved already, by %s", d.By)
	}
	return nil
}

// mayAbort refuses past the point of no return: nobody can stop the restart, and the run must know whether the gateway
// comes back. A run that is held there has watched for as long as its policy requires.
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

// awaitApproval waits for the approval that the policy requires, or until the run moves to another build.
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
			Timeout: nap, TimerOptions: workflow.TimerOptions{Summary: "wait for an approval"},
		}, r.approved)
		if err != nil {
			return err
		}
	}
	return nil
}

// doOrHold does a step. If it fails and the policy holds, operators decide whether to retry it, to skip it or to abort.
func (r *run) doOrHold(
	ctx workflow.Context, s maintenance.Step, do func(workflow.Context) (outcome, error),
) (outcome, error) {
	for {
		out, failure := do(ctx)
		holds := r.onFailure(failure) == maintenance.OnFailureHold
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

// awaitAnswer holds a failed step until an operator retries or skips it, and records the failed attempt with the
// decision in the step's report.
func (r *run) awaitAnswer(ctx workflow.Context, failure error) (answer string, err error) {
	step, reason, since := r.report(r.status.Step), failure.Error(), workflow.Now(ctx)
	r.hold.Open(failure)
	r.status.Held = true
	step.Failed = append(step.Failed, maintenance.FailedAttempt{At: since, Why: reason, Asked: r.in.HeldChannels})
	decided := len(r.status.Decisions)
	r.noneBlocks(ctx)
	held := api.HeldTarget{Step: step.Step, Reason: reason, Since: since}
	if step.Step == maintenance.StepHealth {
		held.Check = health.FailedIn(r.status.Checks, health.AtAfter)
	}
	r.reportHold(ctx, held)
	err = r.block(ctx, maintenance.BlockedByHold, reason, nil)
	if err == nil {
		r.unmute(ctx)
		r.releaseInstances() // people may take days
		err = workflow.Await(ctx, func() bool { return r.hold.State() == lifecycle.HoldAnswered })
	}
	if err != nil {
		r.hold.Abandon()
	}
	r.reportHold(ctx, api.HeldTarget{})
	until, attempt := workflow.Now(ctx), &step.Failed[len(step.Failed)-1]
	attempt.Until, attempt.Decision = &until, resolution(r.status.Decisions[decided:], err == nil)
	r.status.Held = false
	r.unblock(ctx)
	return r.hold.Take(), err
}

// resolution is the decision that has ended a hold: the first that does so by itself, or else, of a hold that was
// answered, the last waiver; nil: none in this run.
func resolution(decisions []maintenance.Decision, answered bool) (by *maintenance.Decision) {
	for _, d := range decisions {
		switch d.What {
		case api.RetryUpdate, api.SkipUpdate, api.AbortUpdate:
			return &d
		case api.WaiveUpdate:
			if answered {
				by = &d
			}
		}
	}
	return by
}

// publish updates what the status query and the Web UI show. It adds nothing to the history.
func (r *run) publish(ctx workflow.Context) {
	r.status.Ledger = r.ledger.changes()
	view := webui.TargetView{Status: r.seen(), Zone: r.window.schedule.Zone, Campaign: r.in.Campaign}
	workflow.SetCurrentDetails(ctx, webui.TargetDetails(webui.PlaceOf(ctx), view))
}

// callStarted shows a call that has started. The search attributes change now, since the run will
// stay at its step for a while: a step without a call takes no time, and is not worth an event.
func (r *run) callStarted(ctx workflow.Context) {
	r.publish(ctx)
	if err := webui.TagTarget(ctx, r.status); err != nil {
		workflow.GetLogger(ctx).Error("the search attributes do not show the step", "error", err)
	}
}

// seen is the status with the commands that the run accepts now and the calls in progress.
func (r *run) seen() maintenance.Status {
	s := r.status
	s.May, s.Calls = r.accepted(), r.calls.List()
	return s
}

// accepted are the names of the commands that the run accepts now.
func (r *run) accepted() (names []string) {
	if r.status.Result != nil {
		return nil
	}
	for _, c := range r.commands(nil) {
		if c.may() == nil {
			names = append(names, c.name)
		}
	}
	if r.mayWaive() {
		names = append(names, api.WaiveUpdate)
	}
	return names
}

// acceptWaiver registers the update by which an operator waives a check of this run alone.
func (r *run) acceptWaiver(ctx workflow.Context) error {
	waiver := func(ctx workflow.Context, in api.Waive) health.Waiver {
		return health.Waiver{
			Check: in.Check, Target: r.in.Target.Gateway.ID(), By: in.By, Why: in.Why, At: workflow.Now(ctx).UTC(),
		}
	}
	add := func(ctx workflow.Context, in api.Waive) (health.Waivers, error) {
		return r.waivers().Add(r.in.Checks, waiver(ctx, in))
	}
	handle := func(ctx workflow.Context, in api.Waive) (maintenance.Decision, error) {
		waived := maintenance.Decision{What: api.WaiveUpdate, Check: in.Check, By: in.By, Why: in.Why}
		d, err := r.signedBy(ctx, waived, in.Signature)
		if err != nil {
			return d, err
		}
		in.By, in.Why = d.By, d.Why
		if _, err := add(ctx, in); err != nil { // verifying took time
			return d, temporal.NewNonRetryableApplicationError(err.Error(), names.TypeRefused, nil)
		}
		r.checked.waived = append(r.checked.waived, waiver(ctx, in))
		d = r.record(ctx, d)
		r.waivedNow()
		return d, nil
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, api.WaiveUpdate, handle, workflow.UpdateHandlerOptions{
		Validator: func(ctx workflow.Context, in api.Waive) error {
			if err := errors.Join(in.Validate(), r.mayCount(api.WaiveUpdate, in.Signature)); err != nil {
				return err
			}
			if r.status.Result != nil {
				return errors.New("this run has ended")
			}
			_, err := add(ctx, in)
			return err
		},
		Description: "Continue although a health check does not pass: " +
			`{"by": "who", "why": "the reason", "check": "its name"}.`,
	})
}

// receiveWaivers receives the waivers of the campaign. They replace those that it gave before.
func (r *run) receiveWaivers(ctx workflow.Context) {
	if r.in.Campaign == "" || len(r.in.Checks) == 0 {
		return
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		signals := workflow.GetSignalChannelWithOptions(ctx, api.WaivedSignal, workflow.SignalChannelOptions{
			Description: "Health checks that were waived in the campaign, which sends it.",
		})
		for {
			var in api.CampaignWaivers
			signals.Receive(ctx, &in)
			if in.Campaign == r.in.Campaign {
				r.in.Waived = in.Waived
				r.waivedNow()
			}
		}
	})
}

// waivedNow ends what waits for a check: it is waited for without what is waived. A hold for failed checks ends once
// each of them is waived.
func (r *run) waivedNow() {
	r.recordChecks(nil)
	if r.status.Step == maintenance.StepHealth && health.FailedIn(r.status.Checks, health.AtAfter) == "" {
		r.hold.Answer(api.RetryUpdate) // where it is not held this does nothing
	}
	for _, wake := range r.checked.wakes {
		(*wake)()
	}
}

// mayWaive is true while the run has a check that is not waived.
func (r *run) mayWaive() bool {
	return slices.ContainsFunc(r.in.Checks, func(c health.Check) bool { return !r.isWaived(c) })
}
