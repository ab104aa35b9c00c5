package target

import (
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// InstanceHold is the lock of a DB instance. Its workflow id is derived from the instance, so only one can run at a
// time. It is a child of the run that works on the instance, and Temporal terminates it when that run ends in any
// way, without a worker: a lost run does not keep the lock.
func InstanceHold(ctx workflow.Context, in maintenance.InstanceHold) error {
	workflow.SetCurrentDetails(ctx, webui.InstanceDetails(webui.PlaceOf(ctx), in))
	status := func() (maintenance.InstanceHold, error) { return in, nil }
	if err := workflow.SetQueryHandlerWithOptions(ctx, api.StatusQuery, status,
		workflow.QueryHandlerOptions{Description: "Which run works on the DB instance, and since when."}); err != nil {
		return err
	}
	ctx.Done().Receive(ctx, nil)
	return ctx.Err()
}

// instances are the DB instances that a run holds, by their ids.
type instances map[string]*heldInstance

// heldInstance is one of them.
type heldInstance struct {
	child   workflow.ChildWorkflowFuture
	release workflow.CancelFunc
}

// takeInstance makes this run the only one of the namespace that works on the DB instance of its i-th proxy. If
// another run holds it, takeInstance waits until that hold or the opening ends, and returns waited: the caller then
// passes the gate again. A run releases its instances when it ends, and while it waits for another instance, another
// window or a person.
func (r *run) takeInstance(ctx workflow.Context, i int, until time.Time) (waited bool, err error) {
	id := r.proxies.goals[i].ref.InstanceID
	held := r.proxies.instances[id]
	if held == nil || held.child.IsReady() {
		held = r.holdInstance(ctx, id)
	}
	err = held.child.GetChildWorkflowExecution().Get(ctx, nil)
	switch {
	case err == nil:
		return r.proxies.instances[id] != held, nil // released meanwhile, for a window of another proxy
	case !temporal.IsWorkflowExecutionAlreadyStartedError(err):
		return false, fmt.Errorf("hold DB instance %s: %w", id, err)
	}
	return true, r.awaitInstance(ctx, id, until)
}

// holdInstance starts the child that holds the instance, for all of its proxies. The child's context is disconnected
// from the run's: a cancelled run still holds the instance while it reverts its changes there.
func (r *run) holdInstance(ctx workflow.Context, id string) *heldInstance {
	info := workflow.GetInfo(ctx)
	in := maintenance.InstanceHold{
		InstanceID: id, Target: r.in.Target.Name, Gateway: r.in.Target.Gateway.ID(), Campaign: r.in.Campaign,
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, Since: workflow.Now(ctx),
	}
	free, release := workflow.NewDisconnectedContext(ctx)
	held := &heldInstance{release: release}
	held.child = workflow.ExecuteChildWorkflow(workflow.WithChildOptions(free, workflow.ChildWorkflowOptions{
		WorkflowID:        api.InstanceHoldWorkflowID(id),
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_TERMINATE,
		Memo:              map[string]any{names.InstanceHoldMemo: in},
		StaticSummary:     in.String(),
	}), api.InstanceHoldName, in)
	if r.proxies.instances == nil {
		r.proxies.instances = instances{}
	}
	r.proxies.instances[id] = held
	return held
}

// awaitInstance waits for the run that holds the instance, and shows which one that is.
func (r *run) awaitInstance(ctx workflow.Context, id string, until time.Time) error {
	defer r.unblock(ctx)
	lookup := activities.WorkflowLookup{WorkflowID: api.InstanceHoldWorkflowID(id), Pace: call.NoticePace(r.policy)}
	holder, err := call.Do(ctx, r.readWithin(rereadLimit, "which run works on DB instance "+webui.Short(id)+"?"),
		call.Engine.InstanceHolder, lookup)
	if err != nil || holder.WorkflowID == "" {
		return err
	}
	if err := r.block(ctx, maintenance.BlockedByInstance, holder.Reason, nil); err != nil {
		return err
	}
	// Two runs that each hold what the other waits for would deadlock.
	r.proxies.awaiting++
	defer func() { r.proxies.awaiting-- }()
	r.releaseInstances()
	r.unmute(ctx)
	lookup.RunID, lookup.Reason = holder.RunID, holder.Reason
	// The deadline is after the opening's end: an activity without time for another attempt ends early, and the gate
	// would find the opening still open, again and again.
	_, err = call.Do(ctx, r.pollWithin(r.untilOr(ctx, until, call.WatchLimit),
		"wait until DB instance "+webui.Short(id)+" is free"), call.Engine.AwaitClosed, lookup)
	if call.OutOfTime(err) || call.HasType(err, names.TypeNotReady) {
		return nil // too late for this opening: the gate decides how to continue
	}
	return err
}

// releaseInstances lets other runs work on the instances while this one waits, except those that it still needs.
func (r *run) releaseInstances() {
	for _, p := range r.status.Proxies { // a map has no order
		held := r.proxies.instances[p.InstanceID]
		if held != nil && !r.needsInstance(p.InstanceID) {
			held.release()
			delete(r.proxies.instances, p.InstanceID)
		}
	}
}

// needsInstance is true while a proxy of the instance is being upgraded, or its weights are still to be restored.
func (r *run) needsInstance(id string) bool {
	for i, p := range r.status.Proxies {
		if p.InstanceID == id && (p.State == maintenance.ProxyActive || r.proxies.goals[i].shifted.open()) {
			return true
		}
	}
	return false
}

// ownProxies are the proxies of an instance that this run upgrades.
func (r *run) ownProxies(instance string) (ids []string) {
	for _, g := range r.proxies.goals {
		if g.ref.InstanceID == instance {
			ids = append(ids, g.ref.ProxyID)
		}
	}
	return ids
}
