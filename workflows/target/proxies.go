package target

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/call"
)

// upgradeKernel sends the upgrade of one proxy, once, and watches it to its end. An upgrade that has, or may have,
// started and does not succeed makes the proxy doubtful, so that the gateway is quarantined. One that was refused
// leaves the proxy as it was.
func (r *run) upgradeKernel(ctx workflow.Context, i int, until time.Time) error {
	goal := &r.proxies.goals[i]
	ref := goal.ref
	if goal.line == nil || goal.line.change.State != maintenance.ChangeNotMade {
		goal.line = r.ledger.intend("kernel of proxy "+ref.ProxyID, "cannot be reverted: TaurusDB has no downgrade", nil)
	}
	kernel := goal.line
	kernel.is(maintenance.ChangeIntended)
	jobID, err := r.sendJob(ctx, ref, "upgrade", func() (string, error) {
		limit := r.untilOr(ctx, until, r.policy.Proxies.Deadline.Std())
		options := r.sendWithin(limit, "upgrade proxy "+ref.ProxyID+" to "+ref.Version)
		guard := r.guard(ctx, &goal.asking, until, r.policy.Proxies.Deadline.Std())
		options.StartToCloseTimeout += guard.Longest()
		started, err := call.Do(ctx, options, call.Proxies.UpgradeProxy, activities.UpgradeProxyInput{
			ProxyLookup: r.proxyLookup(ref), NotAfter: until, Own: r.ownProxies(ref.InstanceID), Guard: guard,
		})
		r.guarded(ctx, &goal.asking, started.Seen, err)
		return started.JobID, err
	}, call.Proxies.FindUpgrade)
	if err != nil && !call.UnknownOutcome(err) {
		kernel.is(maintenance.ChangeNotMade)
		return err
	}
	r.disrupts(ctx) // without a response, too: it may have started
	if err != nil {
		goal.kernel = kernelDoubtful
		return err
	}
	kernel.is(maintenance.ChangeInForce)
	r.status.Proxies[i].JobID = jobID
	r.proxies.knowJob(jobID)
	r.publish(ctx)
	err = r.awaitUpgraded(ctx, ref, jobID)
	switch {
	case err == nil:
		kernel.is(maintenance.ChangeKept)
		goal.kernel = kernelUpgraded
		return nil
	case call.HasType(err, names.TypeJobFailed):
		kernel.is(maintenance.ChangeNotMade)
	}
	goal.kernel = kernelDoubtful
	return err
}

// sendJob sends a change of a proxy, once, which Huawei Cloud runs as a job, and returns the job's id, as far as the
// cloud gives one. find looks for the job where no response came.
func (r *run) sendJob(
	ctx workflow.Context, ref maintenance.ProxyRef, what string, send func() (jobID string, err error),
	find func(context.Context, activities.FindJobInput) (activities.FindJobOutput, error),
) (jobID string, err error) {
	since, settle := workflow.Now(ctx), r.policy.Proxies.Settle.Std()
	return call.Once(ctx, what, send, func(ctx workflow.Context) (string, bool, error) {
		found, err := call.Do(ctx, r.pollWithin(settle+AssessLimit, "find out whether the "+what+" has started"), find,
			activities.FindJobInput{
				ProxyLookup: r.proxyLookup(ref), Since: since, Until: workflow.Now(ctx).Add(settle),
				Alone: r.policy.Proxies.Parallel == 1, Known: r.proxies.jobs,
			})
		return found.JobID, found.Started, err
	})
}

// awaitUpgraded watches an upgrade to its end, also in a cancelled run. A proxy that is unhealthy afterwards is
// restarted once and read again.
func (r *run) awaitUpgraded(ctx workflow.Context, ref maintenance.ProxyRef, jobID string) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	deadline := r.policy.Proxies.Deadline.Std()
	options := r.pollWithin(deadline, "wait until proxy "+ref.ProxyID+" runs "+ref.Version)
	_, err := call.Do(ctx, options, call.Proxies.AwaitUpgraded,
		activities.AwaitUpgradedInput{ProxyLookup: r.proxyLookup(ref), JobID: jobID})
	if !call.HasType(err, names.TypeBroken) {
		return err
	}
	if err := r.restart(ctx, ref); err != nil {
		return err
	}
	_, err = call.Do(ctx, options, call.Proxies.AwaitUpgraded,
		activities.AwaitUpgradedInput{ProxyLookup: r.proxyLookup(ref)})
	return err
}

// restart restarts a proxy, once, and waits until it is healthy.
func (r *run) restart(ctx workflow.Context, ref maintenance.ProxyRef) error {
	deadline := r.policy.Proxies.Deadline.Std()
	line := r.ledger.intend("restart of proxy "+ref.ProxyID, "a restart leaves nothing to revert", nil)
	jobID, err := r.sendJob(ctx, ref, "restart", func() (string, error) {
		restarted, err := call.Do(ctx, r.sendWithin(deadline, "restart proxy "+ref.ProxyID+", which is unhealthy"),
			call.Proxies.RestartProxy, r.proxyLookup(ref))
		return restarted.JobID, err
	}, call.Proxies.FindRestart)
	switch {
	case err != nil && !call.UnknownOutcome(err):
		line.is(maintenance.ChangeNotMade)
		return err
	case err != nil:
		return err
	}
	line.is(maintenance.ChangeKept)
	_, err = call.Do(ctx, r.pollWithin(deadline, "wait until proxy "+ref.ProxyID+" is healthy"),
		call.Proxies.AwaitRestarted,
		activities.AwaitRestartedInput{ProxyLookup: r.proxyLookup(ref), JobID: jobID})
	return err
}

// knowJob remembers a job of Huawei Cloud, so that it is not taken for the job of a later call.
func (f *fanOut) knowJob(id string) {
	if id != "" {
		f.jobs = append(f.jobs, id)
	}
}
