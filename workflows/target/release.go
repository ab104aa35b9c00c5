package target

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/api"
)

// nap is how long a run that may move sleeps at a stretch. Nobody wakes a sleeper
// when another build of the worker takes over, so it looks by itself.
const nap = 24 * time.Hour

// mayMove is true while nothing has started. One that has started anything stays on the
// build that it started on.
func (r *run) mayMove() bool { return r.status.Step == maintenance.StepWait }

// stretch is how much of a wait a run sleeps without looking whether to move.
func (r *run) stretch(wait time.Duration) time.Duration {
	if r.mayMove() {
		return min(wait, nap)
	}
	return wait
}

// moves is true when a run that only sleeps is to go on in another build of the
// worker, which has become current. It has given back then what it held. next is
// when it may start, zero for nobody knows: within the hour before, it stays.
func (r *run) moves(ctx workflow.Context, next time.Time) bool {
	if !r.mayMove() || !workflow.GetInfo(ctx).GetTargetWorkerDeploymentVersionChanged() {
		return false
	}
	if !next.IsZero() && next.Sub(workflow.Now(ctx)) < rereadLimit {
		return false
	}
	if err := r.ledger.unwind(ctx, r.publish); err != nil {
		workflow.GetLogger(ctx).Warn("the run stays on its build of the worker, and tries again after its next nap", "error", err)
		return false
	}
	err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	if err != nil || ctx.Err() != nil { // it may have been aborted meanwhile
		return false
	}
	r.exit.On(lifecycle.RunMoves)
	return true
}

// moveOn continues as new in the build of the worker that is current, with
// everything that was decided: by people, by the policy's defaults of the build
// that read it, and as to what latest means.
func (r *run) moveOn(ctx workflow.Context) error {
	next := r.in
	next.Policy = r.policy
	next.Target.Proxies = nil
	for _, goal := range r.proxies.goals {
		next.Target.Proxies = append(next.Target.Proxies, goal.ref)
	}
	next.Carried = &api.CarriedRun{Start: r.start, Decisions: r.status.Decisions, Gateway: r.status.Gateway.Before}
	return workflow.NewContinueAsNewErrorWithOptions(ctx,
		workflow.ContinueAsNewErrorOptions{InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade},
		api.GatewayMaintenanceName, next)
}
