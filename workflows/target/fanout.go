package target

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/call"
)

// fanOut is the upgrade of a target's proxies: a canary first, then the others, bounded for each DB instance. Its
// states, those of a proxy, and what leads from one to the next are in lifecycle.FanOut.
type fanOut struct {
	lifecycle.FanOut
	goals     []proxy               // the proxies with their versions resolved, in the order of the target
	stops     []workflow.CancelFunc // end what proxies wait for before they start
	instances instances             // DB instances that this run holds
	awaiting  int                   // proxies that wait for an instance that another run holds
	jobs      []string              // Huawei Cloud's jobs that this run has started, as far as they are known
}

// proxy is one proxy of the target as assess found it. How far it has come is in the run's status.
type proxy struct {
	ref      maintenance.ProxyRef     // its version is exact
	done     bool                     // it ran that version at assess
	doubtful bool                     // its upgrade was, or may have been, started, and did not come to its end
	found    maintenance.ProxyRouting // as it was read last before its reads were moved
	routing  maintenance.ProxyRouting // its owner's, while its reads are moved
	mark     *maintenance.ProxyMark   // that this run left; nil: none
	left     *maintenance.ProxyMark   // that a run had left which has ended; nil: none
	theirs   bool                     // somebody has set weights since: only the mark is to go
	shifted  *entry                   // the ledger's line of that
	back     *maintenance.ProxyMark   // whose weights this run has put back; nil: none, or somebody had set others
}

// startFanOut starts the fan-out, or starts it again where the step is retried: what did not succeed is pending then.
func (r *run) startFanOut() (todo []int) {
	r.proxies.On(lifecycle.FanOutStarts)
	r.proxies.stops = nil
	for i := range r.status.Proxies {
		if p := &r.status.Proxies[i]; r.proxyOn(i, lifecycle.ProxyRetried) {
			p.Note = ""
		}
	}
	return r.pending()
}

// failFanOut lets the proxies at work end, and no other start.
func (r *run) failFanOut() {
	r.proxies.On(lifecycle.FanOutFails)
	for _, stop := range r.proxies.stops {
		stop()
	}
}

// endFanOut marks the proxies that the fan-out did not come to.
func (r *run) endFanOut() {
	r.proxies.On(lifecycle.FanOutEnds)
	for _, i := range r.pending() {
		r.proxyOn(i, lifecycle.ProxyLeftOut)
	}
}

// proxyOn notes what has happened to the i-th proxy, and says whether that changes its state.
func (r *run) proxyOn(i int, e lifecycle.ProxyEvent) bool {
	p := &r.status.Proxies[i]
	was := p.State
	p.State = lifecycle.NextProxy(was, e)
	return p.State != was
}

// pending are the indexes of the proxies that still need their upgrade.
func (r *run) pending() (todo []int) {
	for i, p := range r.status.Proxies {
		if p.State == maintenance.ProxyPending {
			todo = append(todo, i)
		}
	}
	return todo
}

// upgradeProxies upgrades the first pending proxy as a canary, then the others,
// bounded for each DB instance. The first failure lets those at work end, and
// starts no more.
func (r *run) upgradeProxies(ctx workflow.Context) (outcome, error) {
	todo := r.startFanOut()
	defer r.endFanOut()
	switch {
	case len(r.proxies.goals) == 0:
		return skipped("the target has no proxies"), nil
	case len(todo) == 0:
		return skipped("every proxy runs its version already"), nil
	}
	if err := r.upgradeProxy(ctx, todo[0]); err != nil {
		return outcome{}, err
	}
	r.proxies.On(lifecycle.CanaryUpgraded)
	errs := make([]error, len(todo))
	lanes := map[string]workflow.Semaphore{}
	group := workflow.NewWaitGroup(ctx)
	for n, i := range todo[1:] {
		instance := r.proxies.goals[i].ref.InstanceID
		if lanes[instance] == nil {
			lanes[instance] = workflow.NewSemaphore(ctx, int64(r.policy.Proxies.Parallel))
		}
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			if errs[n] = lanes[instance].Acquire(ctx, 1); errs[n] != nil {
				return
			}
			defer lanes[instance].Release(1)
			errs[n] = r.upgradeProxy(ctx, i)
		})
	}
	group.Wait(ctx)
	if err := failuresFirst(errs); err != nil {
		return outcome{}, err
	}
	return done("%s", r.proxiesDone(todo)), nil
}

// proxiesDone is what was done to the proxies, for people.
func (r *run) proxiesDone(todo []int) string {
	upgraded, restored := 0, 0
	for _, i := range todo {
		if r.proxies.goals[i].done {
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

// upgradeProxy takes one proxy to its version inside the window, with its reads
// shifted away meanwhile where the policy says so. Where the fan-out stops before
// that, it does nothing.
func (r *run) upgradeProxy(ctx workflow.Context, i int) error {
	p := &r.status.Proxies[i]
	waits, stop := workflow.WithCancel(ctx)
	defer stop()
	r.proxies.stops = append(r.proxies.stops, stop)
	for r.proxies.MayStart() {
		until, err := r.awaitTurn(waits, i)
		if !r.proxies.MayStart() {
			return nil
		}
		if err != nil {
			r.failFanOut()
			return err
		}
		r.proxyOn(i, lifecycle.ProxyStarts)
		r.publish(ctx)
		what, err := r.aroundProxy(ctx, i, until)
		if call.HasType(err, names.TypeWindowMissed) && !r.proxies.goals[i].shifted.open() {
			r.proxyOn(i, lifecycle.ProxyMissed)
			r.window.tooLate(until)
			continue
		}
		r.work.ended = workflow.Now(ctx)
		r.proxyOn(i, what)
		if err != nil {
			r.failFanOut()
			p.Note = call.Explain(err).Error()
			err = naming("proxy "+p.ProxyID, p.ProxyID, call.Explain(err))
		}
		r.publish(ctx)
		if r.proxies.awaiting > 0 {
			r.releaseInstances() // what was at work when the wait started
		}
		return err
	}
	return nil
}

// awaitTurn waits until the gate is open and this run holds the proxy's DB instance, and
// says until when the upgrade may start.
func (r *run) awaitTurn(ctx workflow.Context, i int) (until time.Time, err error) {
	for waited := true; waited && r.proxies.MayStart(); { // the window may have moved or closed meanwhile
		if until, err = r.gate(ctx, nil); err != nil || !r.proxies.MayStart() {
			return until, err
		}
		if waited, err = r.takeInstance(ctx, i, until); err != nil {
			return until, err
		}
	}
	return until, nil
}

// naming puts the thing before an error that does not name it already.
func naming(thing, id string, err error) error {
	if strings.Contains(err.Error(), id) {
		return err
	}
	return fmt.Errorf("%s: %w", thing, err)
}

// proxyEnd is the event that an upgrade has ended with.
func proxyEnd(err error) lifecycle.ProxyEvent {
	_, cancelled := errors.AsType[*temporal.CanceledError](err)
	switch {
	case err == nil:
		return lifecycle.ProxySucceeds
	case call.HasType(err, names.TypeRejected):
		return lifecycle.ProxyIsRejected
	case cancelled: // what was sent is watched to its end, so nothing was
		return lifecycle.ProxyCancelled
	}
	return lifecycle.ProxyFails
}

// aroundProxy upgrades a proxy and puts back, whatever becomes of that, what it
// changed around it. What has become of the proxy is the upgrade's doing alone.
func (r *run) aroundProxy(ctx workflow.Context, i int, until time.Time) (lifecycle.ProxyEvent, error) {
	err := r.settleReads(ctx, i)
	switch shifted := r.proxies.goals[i].shifted; {
	case err == nil && r.proxies.goals[i].done:
		return lifecycle.ProxySettled, nil
	case shifted != nil && shifted.change.State == maintenance.ChangeStuck:
		return proxyEnd(err), err // tried for long enough
	case err == nil:
		err = r.upgradeKernel(ctx, i, until)
	}
	// The upgrade's own error goes first: its type decides what follows.
	return proxyEnd(err), errors.Join(err, r.proxies.goals[i].shifted.takeBack(ctx))
}
