// Package target is the maintenance of one target, the workflow GatewayMaintenance: a gateway with its proxies. It does
// not decide when a campaign starts a target: that is workflows/campaign. Start with maintenance.go: run.steps is the
// order of the steps, and each step has a file of its name. The states that a run goes through are tables in
// internal/maintenance/lifecycle; what it changes, and how to undo it, is in ledger.go; what operators may send is in
// operators.go. The workflows that a run leaves behind or holds, Quarantine and InstanceHold, are here too.
package target

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// GatewayMaintenance takes one target through its maintenance, in the order of maintenance.Steps. A run that does not
// end COMPLETED or DEFERRED fails with an application error whose type is the end state and whose details hold the
// maintenance.Result; a cancelled one ends as cancelled, with the same details. A run that sleeps while another build
// of the worker becomes current continues there as a new run.
func GatewayMaintenance(ctx workflow.Context, in api.MaintenanceInput) (maintenance.Result, error) {
	r := newRun(ctx, in)
	ctx = r.calls.Follow(ctx, in.Target.Gateway.ID(), r.callStarted)
	r.uncancelled = ctx
	ctx, stop := workflow.WithCancel(ctx)
	defer stop()
	if err := r.listen(ctx, stop); err != nil {
		return maintenance.Result{}, err
	}
	r.receiveAbort(ctx, stop)
	r.receiveDisarm(ctx)
	r.receiveWaivers(ctx)
	failure := errors.Join(r.steps(ctx), r.hold.Skipped())
	if r.exit.State() == lifecycle.ExitMoving {
		return maintenance.Result{}, r.moveOn(ctx)
	}
	if failure != nil {
		r.exit.On(lifecycle.RunFails)
	}
	if r.deletesSnapshots() {
		r.ledger.reopen()
	}
	stuck := r.ledger.unwind(ctx, r.publish)
	return r.conclude(ctx, failure, stuck)
}

// run is the state of one target's maintenance.
type run struct {
	in api.MaintenanceInput
	// uncancelled is the context of the workflow, which only a cancel in Temporal ends. An abort ends that of the steps.
	uncancelled workflow.Context
	policy      maintenance.Policy // with the defaults that assess recorded
	status      maintenance.Status // what people see
	start       time.Time

	window    window         // when disruptive steps may start
	software  software       // the update of the gateway
	automatic heldPolicy     // AWS's policy for automatic updates
	points    recoveryPoints // the snapshots of the gateway's volumes
	proxies   fanOut         // the upgrades of the proxies
	work      disruption     // from when to when the run disrupted its target
	checked   checked        // where the health checks stand, and what is muted
	ledger    ledger         // what is changed, and how to undo it
	hold      lifecycle.Hold // whether a failed step waits for an operator
	exit      lifecycle.Exit // how the run leaves its steps
	// wake ends what the run waits for before the update: the sleep until its window, or the armed trigger. Nil: it has
	// not come to either.
	wake     workflow.CancelFunc
	aborting int        // operators whose abort is being applied
	disarmed string     // why the campaign has taken the run back; empty: it has not
	calls    call.Calls // the calls in progress
}

// disruption is when the first disruptive change was started, and when the last ended. Zero times: not yet.
type disruption struct{ started, ended time.Time }

func (d *disruption) start(ctx workflow.Context) {
	if d.started.IsZero() {
		d.started = workflow.Now(ctx)
	}
}

func newRun(ctx workflow.Context, in api.MaintenanceInput) *run {
	r := &run{in: in, start: workflow.Now(ctx)}
	r.status.Target = in.Target
	if c := in.Carried; c != nil {
		r.start, r.status.Decisions, r.checked.waived = c.Start, c.Decisions, c.Waived
	}
	for _, s := range r.listed() {
		r.status.Steps = append(r.status.Steps, maintenance.StepReport{Step: s, State: maintenance.StepPending})
	}
	return r
}

// listed are the steps of this run.
func (r *run) listed() []maintenance.Step {
	if len(health.At(r.in.Checks, health.AtAfter)) == 0 {
		return maintenance.Steps()
	}
	return maintenance.StepsChecked()
}

// steps takes the steps, in the order that the product promises.
func (r *run) steps(ctx workflow.Context) error {
	for _, s := range []struct {
		step maintenance.Step
		do   func(workflow.Context) (outcome, error)
	}{
		{maintenance.StepAssess, r.assess},
		{maintenance.StepWait, r.wait},
		{maintenance.StepUpdate, r.update},
		{maintenance.StepRunning, r.awaitRunning},
		{maintenance.StepSnapshot, r.snapshot},
		{maintenance.StepProxies, r.upgradeProxies},
		{maintenance.StepHealth, r.checkHealth},
		{maintenance.StepVerify, r.verify},
	} {
		if !slices.Contains(r.listed(), s.step) {
			continue
		}
		if err := r.step(ctx, s.step, s.do); err != nil || r.exit.Leaves() {
			return errors.Join(err, r.checkDeferred(ctx))
		}
	}
	return nil
}

// checkDeferred takes the checks after the update where the run leaves its proxies to the campaign: the gateway was
// updated in this window, and nobody would look at it before the next.
func (r *run) checkDeferred(ctx workflow.Context) error {
	if r.exit.State() != lifecycle.ExitDeferred || !r.status.Gateway.Updated ||
		!slices.Contains(r.listed(), maintenance.StepHealth) {
		return nil
	}
	step, reason := r.status.Step, r.status.Reason
	err := r.step(ctx, maintenance.StepHealth, r.checkHealth)
	if err == nil {
		r.status.Step, r.status.Reason = step, reason // why it was deferred
	}
	return err
}

// outcome is that of a step that did not fail.
type outcome struct {
	skipped bool
	note    string
}

func done(format string, args ...any) outcome {
	return outcome{note: fmt.Sprintf(format, args...)}
}

func skipped(format string, args ...any) outcome {
	return outcome{skipped: true, note: fmt.Sprintf(format, args...)}
}

// finishes is true for a step that an aborted run still takes. Such a step disrupts nothing, and completes an update or
// an upgrade that was made: the snapshot after an update protects it, and verify establishes the facts.
func (r *run) finishes(s maintenance.Step) bool {
	if r.uncancelled.Err() != nil {
		return false
	}
	switch s {
	case maintenance.StepSnapshot:
		return r.status.Gateway.Updated
	case maintenance.StepProxies, maintenance.StepHealth, maintenance.StepVerify:
		return (r.status.Gateway.Updated || !r.work.started.IsZero()) && len(r.pending()) == 0
	case maintenance.StepAssess, maintenance.StepWait, maintenance.StepUpdate, maintenance.StepRunning:
	}
	return false
}

// finishing is the context for a step that an abort may not end.
func (r *run) finishing(ctx workflow.Context, s maintenance.Step) workflow.Context {
	if r.finishes(s) {
		return r.uncancelled
	}
	return ctx
}

// step runs one step and writes its report. A cancelled run still watches an update that it has triggered, and an
// aborted one also takes the steps that complete it.
func (r *run) step(ctx workflow.Context, s maintenance.Step, do func(workflow.Context) (outcome, error)) error {
	if err := ctx.Err(); err != nil && !r.software.PastNoReturn() && !r.finishes(s) {
		return err
	}
	start := workflow.Now(ctx)
	report := r.report(s)
	report.Start, report.State = &start, maintenance.StepActive
	r.status.Step = s // shown as soon as it waits for something
	out, err := r.doOrHold(call.WithStep(ctx, s), s, do)
	end := workflow.Now(ctx)
	report.End, report.Note = &end, out.note
	switch {
	case errors.Is(err, errDeferred):
		err = nil
		r.exit.On(lifecycle.RunDefers)
		report.State, report.Note = maintenance.StepPending, "left to the campaign: "+r.status.Reason
	case err != nil:
		report.State, report.Note = maintenance.StepFailed, call.Explain(err).Error()
	case out.skipped:
		report.State = maintenance.StepSkipped
	default:
		report.State = maintenance.StepDone
	}
	call.Measure(ctx, metric.StepSeconds, end.Sub(start),
		map[string]string{"step": string(s), "state": string(report.State)})
	if err != nil {
		return fmt.Errorf("%s: %w", s, call.Explain(err))
	}
	return nil
}

func (r *run) report(s maintenance.Step) *maintenance.StepReport {
	for i := range r.status.Steps {
		if r.status.Steps[i].Step == s {
			return &r.status.Steps[i]
		}
	}
	return &maintenance.StepReport{} // unreachable: newRun lists every step
}

// conclude makes the result of the run, and ends the workflow in the status that belongs to it.
func (r *run) conclude(ctx workflow.Context, failure, stuck error) (maintenance.Result, error) {
	state := maintenance.Conclude(failure != nil || stuck != nil, r.ledger.changes())
	if _, differ := errors.AsType[differs](failure); differ && state != maintenance.StateCompensationFailed {
		state = maintenance.StateVerificationFailed
	}
	if r.exit.State() == lifecycle.ExitDeferred && state == maintenance.StateCompleted {
		state = maintenance.StateDeferred
	}
	r.recordWaived()
	result := maintenance.Result{
		Target:    r.in.Target.Name,
		State:     state,
		Summary:   r.summary(state, failure, stuck),
		Window:    r.status.Window,
		Gateway:   r.status.Gateway,
		Snapshots: r.status.Snapshots,
		Proxies:   r.status.Proxies,
		Steps:     r.status.Steps,
		Ledger:    r.ledger.changes(),
		Decisions: r.status.Decisions,
		Checks:    r.status.Checks,
		Start:     r.start,
		End:       workflow.Now(ctx),
	}
	if w := r.status.Window; w != nil && !r.work.ended.IsZero() {
		margin := w.End.Sub(r.work.ended).Round(time.Second)
		result.Margin = maintenance.Duration(max(margin, 0))
		result.Overrun = maintenance.Duration(max(-margin, 0))
	}
	r.quarantine(ctx, &result, failure)
	r.status.Result = &result
	call.Count(ctx, metric.Maintenances, map[string]string{"state": string(state)})
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := webui.TagTarget(ctx, r.status); err != nil {
		return result, err
	}
	r.publish(ctx)
	_, cancelled := errors.AsType[*temporal.CanceledError](failure)
	_, aborted := r.decided(api.AbortUpdate)
	switch {
	case state == maintenance.StateCompleted, state == maintenance.StateDeferred:
		return result, nil
	case cancelled && !aborted:
		return result, temporal.NewCanceledError(result)
	}
	return result, temporal.NewApplicationErrorWithOptions(result.Summary, string(state),
		temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{result}})
}
