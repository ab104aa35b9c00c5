package target

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/api"
)

// nap is how long a run that may move sleeps without a break. Nothing wakes a sleeping run when another build of the
// worker becomes current, so it checks by itself, which costs five events each time. The workers of a build that was
// replaced have to run for that long.
const nap = 3 * 24 * time.Hour

// mayMove is true while the run has started nothing. After that it stays on its build.
func (r *run) mayMove() bool { return r.status.Step == maintenance.StepWait }

// moves is true when a sleeping run continues in another build of the worker, which has become current. It has then
// reverted its changes. next is when it may start; zero: unknown. In the hour before that it stays.
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

// moveOn continues as new in the current build of the worker, with everything that was decided: by people, by the
// policy's defaults in the old build, and which version latest means.
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
