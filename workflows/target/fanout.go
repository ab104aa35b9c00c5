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

// fanOut is the upgrade of a target's proxies: a canary first, then the others, in a lane for each DB instance.
// Its states, those of a proxy, and the events between them are in internal/maintenance/lifecycle/fanout.go.
type fanOut struct {
	lifecycle.FanOut
	goals     []proxy               // the proxies with their versions resolved, in the order of the target
	stops     []workflow.CancelFunc // end what proxies wait for before they start
	instances instances             // DB instances that this run holds
	asleep    int                   // proxies that wait for another window
	awaiting  int                   // proxies that wait for an instance that another run holds
	jobs      []string              // Huawei Cloud's jobs that this run has started, as far as they are known
}

// proxy is one proxy of the target as assess found it. How far it has come is in the run's status.
type proxy struct {
	ref     maintenance.ProxyRef // its version is exact
	asking  asking               // the checks before its upgrade
	kernel  kernelState
	found   maintenance.ProxyRouting // as last read before its reads were moved
	routing maintenance.ProxyRouting // the owner's, while its reads are moved
	mark    *maintenance.ProxyMark   // this run's; nil: none
	left    *maintenance.ProxyMark   // of a run that has ended; nil: none
	line    *entry                   // the ledger's; nil: its upgrade was not started
	shifted *entry                   // the ledger's line of the moved reads; nil: not moved
	back    *maintenance.ProxyMark   // whose weights this run has restored; nil: none, or someone had set others
}

// kernelState is what is known of the version that a proxy runs.
type kernelState string

const (
	kernelBehind   kernelState = "behind"   // as assess found it
	kernelAtGoal   kernelState = "at goal"  // without this run: at most its read weights are settled
	kernelUpgraded kernelState = "upgraded" // by this run
	kernelDoubtful kernelState = "doubtful" // its upgrade has, or may have, started, and did not succeed
)

// startFanOut starts the fan-out. If the step is a retry, the proxies that did not succeed are pending again.
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

// failFanOut stops the fan-out: the proxies at work are finished, and no other starts.
func (r *run) failFanOut() {
	r.proxies.On(lifecycle.FanOutFails)
	for _, stop := range r.proxies.stops {
		stop()
	}
}

// endFanOut ends the fan-out, also one that failed, and marks the proxies that it has not reached.
func (r *run) endFanOut() {
	r.proxies.On(lifecycle.FanOutEnds)
	for _, i := range r.pending() {
		r.proxyOn(i, lifecycle.ProxyLeftOut)
	}
}

// proxyOn applies an event to the i-th proxy, and returns whether its state has changed.
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

// upgradeProxies upgrades the first pending proxy as a canary, then the others, each DB instance's in a lane of its
// own. After the first failure those at work are finished, and no other starts.
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

// proxiesDone is the note of the step.
func (r *run) proxiesDone(todo []int) string {
	upgraded, settled, current := 0, 0, 0
	for _, i := range todo {
		switch p := r.proxies.goals[i]; {
		case p.kernel != kernelAtGoal:
			upgraded++
		case p.shifted != nil && p.shifted.change.Leftover:
			settled++
		default:
			current++
		}
	}
	note := fmt.Sprintf("%d upgraded", upgraded)
	if settled > 0 {
		note += fmt.Sprintf("; the read weights that an earlier run had left on %d more were settled", settled)
	}
	if current > 0 {
		note += fmt.Sprintf("; %d more ran their version when their turn came", current)
	}
	return note
}

// failuresFirst are the failures; if there are none, the deferral, if any.
func failuresFirst(errs []error) error {
	deferred := slices.ContainsFunc(errs, func(err error) bool { return errors.Is(err, errDeferred) })
	failures := errors.Join(slices.DeleteFunc(errs, func(err error) bool { return errors.Is(err, errDeferred) })...)
	if failures == nil && deferred {
		return errDeferred
	}
	return failures
}

// upgradeProxy upgrades one proxy inside the window, with its reads moved away meanwhile if the policy requires it. It
// does nothing if the fan-out stops before its turn.
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
		if call.HasType(err, names.TypeBlocked) && !r.proxies.goals[i].shifted.open() {
			r.proxyOn(i, lifecycle.ProxyMissed)
			r.releaseInstances()
			if err := r.awaitBefore(waits, &r.proxies.goals[i].asking, until); err != nil && r.proxies.MayStart() {
				r.failFanOut()
				return err
			}
			continue
		}
		r.work.ended = workflow.Now(ctx)
		r.proxyOn(i, what)
		if err != nil {
			r.failFanOut()
			err = call.Explain(err)
			if p.Note = err.Error(); !strings.Contains(p.Note, p.ProxyID) {
				err = fmt.Errorf("proxy %s: %w", p.ProxyID, err)
			}
		}
		r.publish(ctx)
		if r.proxies.awaiting > 0 {
			r.releaseInstances() // those that were at work when the wait for another started
		}
		if r.proxies.asleep+r.proxies.awaiting+r.checked.waiting > 0 {
			r.unmute(ctx) // likewise
		}
		return err
	}
	return nil
}

// awaitTurn waits until the gate is open, this run holds the proxy's DB instance, and no mute is being ended. It
// returns until when the upgrade may start.
func (r *run) awaitTurn(ctx workflow.Context, i int) (until time.Time, err error) {
	for waited := true; waited && r.proxies.MayStart(); { // the window may have moved or closed meanwhile
		if until, err = r.gate(ctx, nil); err != nil || !r.proxies.MayStart() {
			return until, err
		}
		if waited, err = r.takeInstance(ctx, i, until); err != nil {
			return until, err
		}
	}
	// A mute that a sleeping proxy ends would take that of this one with it.
	return until, workflow.Await(ctx, func() bool { return !r.checked.muted.ending })
}

// proxyEnd is how an upgrade has ended.
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

// aroundProxy moves the reads, upgrades a proxy, and restores the reads, also if the upgrade has failed. The outcome of
// the proxy is that of its upgrade alone. Reads are not moved while a check blocks the upgrade.
func (r *run) aroundProxy(ctx workflow.Context, i int, until time.Time) (lifecycle.ProxyEvent, error) {
	var err error
	goal := &r.proxies.goals[i]
	if r.policy.Proxies.ShiftReads && goal.kernel != kernelAtGoal {
		err = r.askBefore(ctx, &goal.asking)
	}
	if err == nil {
		err = r.settleReads(ctx, i)
	}
	switch shifted := goal.shifted; {
	case err == nil && goal.kernel == kernelAtGoal:
		return lifecycle.ProxySettled, nil
	case shifted != nil && shifted.change.State == maintenance.ChangeStuck:
		return proxyEnd(err), err // tried for long enough
	case err == nil:
		err = r.upgradeKernel(ctx, i, until)
	}
	// The upgrade's own error comes first: its type decides what follows.
	return proxyEnd(err), errors.Join(err, goal.shifted.revert(ctx))
}
