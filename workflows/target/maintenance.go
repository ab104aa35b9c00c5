package target

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// GatewayMaintenance takes one target through its maintenance, in the order of
// maintenance.Steps. A run that ends otherwise than COMPLETED fails with an
// application error whose type is the end state and whose details hold the
// maintenance.Result; a cancelled one ends as cancelled, with the same details. One
// that sleeps while another build of the worker becomes current continues there as
// a new run.
func GatewayMaintenance(ctx workflow.Context, in api.MaintenanceInput) (maintenance.Result, error) {
	r := newRun(ctx, in)
	ctx = r.calls.Follow(ctx, in.Target.Gateway.ID(), r.publish)
	r.uncancelled = ctx
	ctx, stop := workflow.WithCancel(ctx)
	defer stop()
	if err := r.listen(ctx, stop); err != nil {
		return maintenance.Result{}, err
	}
	r.heedCampaign(ctx, stop)
	failure := errors.Join(r.steps(ctx), errors.Join(r.skippedFailures...))
	if r.moving {
		return maintenance.Result{}, r.moveOn(ctx)
	}
	r.failed = failure != nil
	if r.failed && r.policy.FailedSnapshots == maintenance.FailedSnapshotsDelete {
		r.ledger.reopen()
	}
	stuck := r.ledger.unwind(ctx, r.publish)
	return r.conclude(ctx, failure, stuck)
}

// run is the state of one target's maintenance.
type run struct {
	in api.MaintenanceInput
	// uncancelled ends only by a cancel in Temporal; an abort ends the steps' context.
	uncancelled workflow.Context
	policy      maintenance.Policy // with the defaults that assess recorded
	status      maintenance.Status // what people see; the run's own memory is below
	start       time.Time

	schedule maintenance.Schedule
	readAt   time.Time // when the schedule was last read
	baseline maintenance.Baseline
	volumes  []maintenance.Volume        // that were attached at assess
	taken    []maintenance.RecoveryPoint // of which every volume has its snapshot
	offered  bool                        // an update was on offer at assess
	missed   time.Time                   // until when an activity found it too late to start

	points    int                   // how often recovery points were started
	triggers  int                   // how often the update was, or may have been, triggered
	answered  int                   // how often AWS said that it has started
	software  *entry                // the ledger's line of the update
	automatic heldPolicy            // for automatic updates
	disrupted bool                  // something disruptive has started
	worked    time.Time             // when the last disruptive work ended
	stopped   bool                  // the fan-out of proxies starts no more
	stops     []workflow.CancelFunc // ends what the fan-out's proxies wait for
	goals     []exactProxy          // the proxies with their versions resolved
	instances instances             // DB instances that this run holds
	awaiting  int                   // proxies that wait for an instance which another run holds
	jobs      []string              // Huawei Cloud's jobs that this run has started, as far as they are known
	ledger    ledger
	commands  []command  // what operators may send
	calls     call.Calls // that are in progress

	deferred        bool    // its window is shut, and its campaign is to place what is left again
	moving          bool    // it goes on in another build of the worker
	choice          string  // what an operator chose for the held step
	skippedFailures []error // failed steps that an operator let go
	failed          bool    // a step failed, or the run was stopped
	held            error   // the failure that an operator was asked about last
	suspect         string  // why no later run may touch the gateway; empty: it may
}

// exactProxy is a proxy of the target as assess found it.
type exactProxy struct {
	ref     maintenance.ProxyRef     // its version is exact
	done    bool                     // it ran that version at assess
	found   maintenance.ProxyRouting // as it was read last before its reads were moved
	routing maintenance.ProxyRouting // its owner's, while its reads are moved
	mark    *maintenance.ProxyMark   // that this run left; nil: none
	left    *maintenance.ProxyMark   // that a run had left which has ended; nil: none
	theirs  bool                     // somebody has set weights since: only the mark is to go
	shifted *entry                   // the ledger's line of that
	back    *maintenance.ProxyMark   // whose weights this run has put back; nil: none, or somebody had set others
}

func newRun(ctx workflow.Context, in api.MaintenanceInput) *run {
	r := &run{in: in, start: workflow.Now(ctx)}
	r.status.Target = in.Target
	if c := in.Carried; c != nil {
		r.start, r.status.Decisions = c.Start, c.Decisions
	}
	for _, s := range maintenance.Steps() {
		r.status.Steps = append(r.status.Steps, maintenance.StepReport{Step: s, State: maintenance.StepPending})
	}
	return r
}

// steps is the product's promise: this, in this action.
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
		{maintenance.StepVerify, r.verify},
	} {
		if err := r.step(ctx, s.step, s.do); err != nil || r.deferred || r.moving {
			return err
		}
	}
	return nil
}

// outcome is what came of a step that did not fail.
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

// finishes is true for a step that an aborted run still takes: it disrupts nothing,
// and follows from an update or an upgrade that was made. The snapshot after an update
// protects, and verify says what is so. Proxies that want nothing end no run.
func (r *run) finishes(s maintenance.Step) bool {
	if r.uncancelled.Err() != nil {
		return false
	}
	switch s {
	case maintenance.StepSnapshot:
		return r.status.Gateway.Updated
	case maintenance.StepProxies, maintenance.StepVerify:
		return (r.status.Gateway.Updated || r.disrupted) && len(r.pending()) == 0
	case maintenance.StepAssess, maintenance.StepWait, maintenance.StepUpdate, maintenance.StepRunning:
	}
	return false
}

// finishing is the context of a step that an abort does not end.
func (r *run) finishing(ctx workflow.Context, s maintenance.Step) workflow.Context {
	if r.finishes(s) {
		return r.uncancelled
	}
	return ctx
}

// step runs one step and keeps its report. A cancelled run starts no step but the
// one that watches what it has set going, and an aborted one those that finish it.
func (r *run) step(ctx workflow.Context, s maintenance.Step, do func(workflow.Context) (outcome, error)) error {
	if err := ctx.Err(); err != nil && !r.status.PastNoReturn && !r.finishes(s) {
		return err
	}
	start := workflow.Now(ctx)
	report := r.report(s)
	report.Start, report.State = &start, maintenance.StepActive
	r.status.Step = s
	if err := webui.TagTarget(ctx, r.status); err != nil {
		return err
	}
	r.publish(ctx)
	out, err := r.insist(ctx, s, do)
	end := workflow.Now(ctx)
	report.End, report.Note = &end, out.note
	if r.deferred = errors.Is(err, errDeferred); r.deferred {
		err = nil
	}
	switch {
	case r.deferred:
		report.State, report.Note = maintenance.StepPending, "left to the campaign: "+r.status.Reason
	case err != nil:
		report.State, report.Note = maintenance.StepFailed, call.Explain(err).Error()
	case out.skipped:
		report.State = maintenance.StepSkipped
	default:
		report.State = maintenance.StepDone
	}
	r.publish(ctx)
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

// conclude makes the record of the run, and Temporal's status of it.
func (r *run) conclude(ctx workflow.Context, failure, stuck error) (maintenance.Result, error) {
	state := maintenance.Conclude(failure != nil || stuck != nil, r.ledger.changes())
	if _, differ := errors.AsType[differs](failure); differ && state != maintenance.StateCompensationFailed {
		state = maintenance.StateVerificationFailed
	}
	if r.deferred && state == maintenance.StateCompleted {
		state = maintenance.StateDeferred
	}
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
		Start:     r.start,
		End:       workflow.Now(ctx),
	}
	if w := r.status.Window; w != nil && !r.worked.IsZero() {
		margin := w.End.Sub(r.worked).Round(time.Second)
		result.Margin = maintenance.Duration(max(margin, 0))
		result.Overrun = maintenance.Duration(max(-margin, 0))
	}
	r.quarantine(ctx, &result)
	r.status.Result = &result
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
