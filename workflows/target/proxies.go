package target

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/call"
)

// upgradeProxies upgrades the first pending proxy as a canary, then the others,
// bounded for each DB instance. The first failure lets those at work end, and
// starts no more.
func (r *run) upgradeProxies(ctx workflow.Context) (outcome, error) {
	r.startOver()
	todo := r.pending()
	if len(todo) == 0 {
		return skipped("%s", noProxies(len(r.goals))), nil
	}
	if err := r.upgradeProxy(ctx, todo[0]); err != nil {
		r.notStarted()
		return outcome{}, err
	}
	errs := make([]error, len(todo))
	lanes := map[string]workflow.Semaphore{}
	group := workflow.NewWaitGroup(ctx)
	for n, i := range todo[1:] {
		instance := r.goals[i].ref.InstanceID
		if lanes[instance] == nil {
			lanes[instance] = workflow.NewSemaphore(ctx, int64(r.policy.Proxies.Parallel))
		}
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			errs[n] = r.inLane(ctx, lanes[instance], i)
		})
	}
	group.Wait(ctx)
	r.notStarted()
	if err := failuresFirst(errs); err != nil {
		return outcome{}, err
	}
	return done("%s", r.proxiesDone(todo)), nil
}

// proxiesDone is what was done to the proxies, for people.
func (r *run) proxiesDone(todo []int) string {
	upgraded, restored := 0, 0
	for _, i := range todo {
		if r.goals[i].done {
			restored++
		} else {
			upgraded++
		}
	}
	if restored == 0 {
		return fmt.Sprintf("%d upgraded", upgraded)
	}
	return fmt.Sprintf("%d upgraded; of %d more the read weights that a run had left were settled", upgraded, restored)
}

// failuresFirst are the failures; where there is none, the deferral, if any.
func failuresFirst(errs []error) error {
	deferred := slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, errDeferred) })
	failures := errors.Join(slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, errDeferred) })...)
	if failures == nil && deferred {
		return errDeferred
	}
	return failures
}

// startOver lets a retried step start again what did not succeed.
func (r *run) startOver() {
	r.stopped = false
	for i := range r.status.Proxies {
		switch p := &r.status.Proxies[i]; p.State {
		case maintenance.ProxyRejected, maintenance.ProxyFailed, maintenance.ProxyNotStarted:
			p.State, p.Note = maintenance.ProxyPending, ""
		case maintenance.ProxyPending, maintenance.ProxyActive, maintenance.ProxyUpgraded, maintenance.ProxyCurrent:
		}
	}
}

func noProxies(n int) string {
	if n == 0 {
		return "the target has no proxies"
	}
	return "every proxy runs its version already"
}

// notStarted marks what the fan-out stopped before.
func (r *run) notStarted() {
	for _, i := range r.pending() {
		r.status.Proxies[i].State = maintenance.ProxyNotStarted
	}
}

func (r *run) inLane(ctx workflow.Context, lane workflow.Semaphore, i int) error {
	if err := lane.Acquire(ctx, 1); err != nil {
		return err
	}
	defer lane.Release(1)
	return r.upgradeProxy(ctx, i)
}

// upgradeProxy takes one proxy to its version inside the window, with its reads
// shifted away meanwhile where the policy says so. The fan-out's first failure
// ends what it waits for before it starts, and nothing that has started.
func (r *run) upgradeProxy(ctx workflow.Context, i int) error {
	p := &r.status.Proxies[i]
	waits, stop := workflow.WithCancel(ctx)
	defer stop()
	r.stops = append(r.stops, stop)
	for {
		if r.stopped {
			return nil
		}
		until, err := r.gate(waits, nil)
		if r.stopped {
			return nil
		}
		if err != nil {
			r.halt()
			return err
		}
		waited, err := r.takeInstance(waits, i, until)
		if r.stopped {
			return nil
		}
		if err != nil {
			r.halt()
			return err
		}
		if waited {
			continue // the window may have moved or closed meanwhile
		}
		p.State = maintenance.ProxyActive
		r.publish(ctx)
		upgraded, err := r.aroundProxy(ctx, i, until)
		if call.HasType(err, names.TypeWindowMissed) && !r.goals[i].shifted.open() {
			p.State = maintenance.ProxyPending
			r.tooLate(until)
			continue
		}
		r.worked = workflow.Now(ctx)
		p.State = upgraded
		if err != nil {
			r.halt()
			p.Note = call.Explain(err).Error()
			err = naming("proxy "+p.ProxyID, p.ProxyID, call.Explain(err))
		}
		r.publish(ctx)
		if r.awaiting > 0 {
			r.releaseInstances() // what was at work when the wait started
		}
		return err
	}
}

// naming puts the thing before an error that does not name it already.
func naming(thing, id string, err error) error {
	if strings.Contains(err.Error(), id) {
		return err
	}
	return fmt.Errorf("%s: %w", thing, err)
}

// halt lets the fan-out start nothing more.
func (r *run) halt() {
	r.stopped = true
	for _, stop := range r.stops {
		stop()
	}
}

func proxyState(err error) maintenance.ProxyState {
	_, cancelled := errors.AsType[*temporal.CanceledError](err)
	switch {
	case err == nil:
		return maintenance.ProxyUpgraded
	case call.HasType(err, names.TypeRejected):
		return maintenance.ProxyRejected
	case cancelled: // what was sent is watched to its end, so nothing was
		return maintenance.ProxyNotStarted
	}
	return maintenance.ProxyFailed
}

// aroundProxy upgrades a proxy and puts back, whatever becomes of that, what it
// changed around it. What has become of the proxy is the upgrade's doing alone.
func (r *run) aroundProxy(ctx workflow.Context, i int, until time.Time) (maintenance.ProxyState, error) {
	err := r.settleReads(ctx, i)
	switch shifted := r.goals[i].shifted; {
	case err == nil && r.goals[i].done:
		return maintenance.ProxyCurrent, nil
	case shifted != nil && shifted.change.State == maintenance.ChangeStuck:
		return proxyState(err), err // tried for long enough
	case err == nil:
		err = r.upgradeKernel(ctx, i, until)
	}
	// The upgrade's own error goes first: its type decides what follows.
	return proxyState(err), errors.Join(err, r.goals[i].shifted.takeBack(ctx))
}

func (r *run) upgradeKernel(ctx workflow.Context, i int, until time.Time) error {
	ref := r.goals[i].ref
	kernel := r.ledger.intend("kernel of proxy "+ref.ProxyID, "cannot be reverted: TaurusDB has no downgrade", nil)
	started, err := r.sendUpgrade(ctx, ref, until)
	switch {
	case err != nil && !call.UnknownOutcome(err):
		kernel.is(maintenance.ChangeNotMade)
		return err
	case err != nil:
		r.doubt(ref)
		return err
	}
	r.disrupted = true
	kernel.is(maintenance.ChangeInForce)
	r.status.Proxies[i].JobID = started.JobID
	r.knowJob(started.JobID)
	r.publish(ctx)
	err = r.awaitUpgraded(ctx, ref, started.JobID)
	switch {
	case err == nil:
		kernel.is(maintenance.ChangeKept)
		if r.suspect == doubtful(ref) {
			r.suspect = "" // an operator had it tried again
		}
		return nil
	case call.HasType(err, names.TypeJobFailed):
		kernel.is(maintenance.ChangeNotMade)
	}
	r.doubt(ref)
	return err
}

// doubt keeps later runs away after an upgrade that was, or may have been, started
// and did not come to its end. One that was refused leaves the proxy as it was.
func (r *run) doubt(ref maintenance.ProxyRef) {
	r.suspect = doubtful(ref)
}

func doubtful(ref maintenance.ProxyRef) string {
	return "the upgrade of proxy " + ref.ProxyID + " failed"
}

func (r *run) sendUpgrade(
	ctx workflow.Context, ref maintenance.ProxyRef, until time.Time,
) (activities.UpgradeProxyOutput, error) {
	since := workflow.Now(ctx)
	return call.Once(ctx,
		func() (activities.UpgradeProxyOutput, error) {
			return call.Do(ctx, r.sendWithin(r.untilOr(ctx, until, r.policy.Proxies.Deadline.Std()),
				"upgrade proxy "+ref.ProxyID+" to "+ref.Version),
				call.Proxies.UpgradeProxy, activities.UpgradeProxyInput{
					ProxyLookup: r.proxyLookup(ref), NotAfter: until, Own: r.ownProxies(ref.InstanceID),
				})
		},
		func(ctx workflow.Context) (activities.UpgradeProxyOutput, bool, error) {
			settle := r.policy.Proxies.Settle.Std()
			found, err := call.Do(ctx, r.pollWithin(settle+AssessLimit, "look for the upgrade that was not answered"),
				call.Proxies.FindUpgrade,
				activities.FindJobInput{
					ProxyLookup: r.proxyLookup(ref), Since: since, Until: workflow.Now(ctx).Add(settle),
					Alone: r.policy.Proxies.Parallel == 1, Known: r.jobs,
				})
			return activities.UpgradeProxyOutput{JobID: found.JobID}, found.Started, err
		})
}

// awaitUpgraded watches an upgrade to its end, also in a cancelled run. A proxy
// that is not well afterwards is restarted once and read again.
func (r *run) awaitUpgraded(ctx workflow.Context, ref maintenance.ProxyRef, jobID string) error {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	deadline := r.policy.Proxies.Deadline.Std()
	watch := func(jobID string) error {
		_, err := call.Do(ctx, r.pollWithin(deadline, "wait until proxy "+ref.ProxyID+" runs "+ref.Version),
			call.Proxies.AwaitUpgraded,
			activities.AwaitUpgradedInput{ProxyLookup: r.proxyLookup(ref), JobID: jobID})
		return err
	}
	err := watch(jobID)
	if !call.HasType(err, names.TypeBroken) {
		return err
	}
	if err := r.restart(ctx, ref); err != nil {
		return err
	}
	return watch("")
}

// restart restarts a proxy, once, and waits until it is well.
func (r *run) restart(ctx workflow.Context, ref maintenance.ProxyRef) error {
	deadline, since := r.policy.Proxies.Deadline.Std(), workflow.Now(ctx)
	line := r.ledger.intend("restart of proxy "+ref.ProxyID, "a restart leaves nothing to revert", nil)
	restarted, err := call.Once(ctx,
		func() (activities.RestartOutput, error) {
			return call.Do(ctx, r.sendWithin(deadline, "restart proxy "+ref.ProxyID+", which is not well"),
				call.Proxies.RestartProxy, r.proxyLookup(ref))
		},
		func(ctx workflow.Context) (activities.RestartOutput, bool, error) {
			settle := r.policy.Proxies.Settle.Std()
			found, err := call.Do(ctx, r.pollWithin(settle+AssessLimit, "look for the restart that was not answered"),
				call.Proxies.FindRestart,
				activities.FindJobInput{
					ProxyLookup: r.proxyLookup(ref), Since: since, Until: workflow.Now(ctx).Add(settle),
					Alone: r.policy.Proxies.Parallel == 1, Known: r.jobs,
				})
			return activities.RestartOutput{JobID: found.JobID}, found.Started, err
		})
	switch {
	case err != nil && !call.UnknownOutcome(err):
		line.is(maintenance.ChangeNotMade)
		return err
	case err != nil:
		return err
	}
	line.is(maintenance.ChangeKept)
	_, err = call.Do(ctx, r.pollWithin(deadline, "wait until proxy "+ref.ProxyID+" is well again"),
		call.Proxies.AwaitRestarted,
		activities.AwaitRestartedInput{ProxyLookup: r.proxyLookup(ref), JobID: restarted.JobID})
	return err
}

// knowJob remembers a job of Huawei Cloud by what it was for, so that it is not
// taken for that of a later call.
func (r *run) knowJob(id string) {
	if id != "" {
		r.jobs = append(r.jobs, id)
	}
}
