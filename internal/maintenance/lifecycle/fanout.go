package lifecycle

import "github.com/tidegate/tidegate/internal/maintenance"

// FanOutState is how far the fan-out over a target's proxies has come.
type FanOutState string

// The states of a fan-out.
const (
	FanOutIdle     FanOutState = "idle"     // before the step, and after each attempt at it
	FanOutCanary   FanOutState = "canary"   // the first proxy goes alone
	FanOutParallel FanOutState = "parallel" // the others follow, a limited number at a time on each DB instance
	FanOutStopping FanOutState = "stopping" // one has failed: those at work are finished, no other starts
)

// FanOutEvent is what happens to a fan-out.
type FanOutEvent string

// The events of a fan-out.
const (
	FanOutStarts   FanOutEvent = "the step starts, or is retried"
	CanaryUpgraded FanOutEvent = "the canary is upgraded"
	FanOutFails    FanOutEvent = "a proxy fails, or cannot start"
	FanOutEnds     FanOutEvent = "no proxy is at work any more"
)

func fanOutMoves() []move[FanOutState, FanOutEvent] {
	return []move[FanOutState, FanOutEvent]{
		{FanOutIdle, FanOutStarts, FanOutCanary},
		{FanOutCanary, CanaryUpgraded, FanOutParallel},
		{FanOutCanary, FanOutFails, FanOutStopping},
		{FanOutCanary, FanOutEnds, FanOutIdle},
		{FanOutParallel, FanOutFails, FanOutStopping},
		{FanOutParallel, FanOutEnds, FanOutIdle},
		{FanOutStopping, FanOutEnds, FanOutIdle},
	}
}

// ProxyEvent is what happens to one proxy of a fan-out.
type ProxyEvent string

// The events of a proxy.
const (
	ProxyStarts     ProxyEvent = "its window is open and its DB instance held"
	ProxyMissed     ProxyEvent = "its window closed before anything was sent"
	ProxySettled    ProxyEvent = "it ran its version already, and its read weights are settled"
	ProxySucceeds   ProxyEvent = "it runs its version"
	ProxyIsRejected ProxyEvent = "TaurusDB refused the upgrade"
	ProxyFails      ProxyEvent = "it failed"
	ProxyCancelled  ProxyEvent = "the run was cancelled before anything was sent"
	ProxyLeftOut    ProxyEvent = "the fan-out ended before it"
	ProxyRetried    ProxyEvent = "an operator retried the step"
)

func proxyMoves() []move[maintenance.ProxyState, ProxyEvent] {
	return []move[maintenance.ProxyState, ProxyEvent]{
		{maintenance.ProxyPending, ProxyStarts, maintenance.ProxyActive},
		{maintenance.ProxyPending, ProxyLeftOut, maintenance.ProxyNotStarted},

		{maintenance.ProxyActive, ProxyMissed, maintenance.ProxyPending},
		{maintenance.ProxyActive, ProxySettled, maintenance.ProxyCurrent},
		{maintenance.ProxyActive, ProxySucceeds, maintenance.ProxyUpgraded},
		{maintenance.ProxyActive, ProxyIsRejected, maintenance.ProxyRejected},
		{maintenance.ProxyActive, ProxyFails, maintenance.ProxyFailed},
		{maintenance.ProxyActive, ProxyCancelled, maintenance.ProxyNotStarted},

		{maintenance.ProxyRejected, ProxyRetried, maintenance.ProxyPending},
		{maintenance.ProxyFailed, ProxyRetried, maintenance.ProxyPending},
		{maintenance.ProxyNotStarted, ProxyRetried, maintenance.ProxyPending},
	}
}

// FanOut is the state of one fan-out. The zero FanOut is idle.
type FanOut struct{ state FanOutState }

// State is how far the fan-out has come.
func (f *FanOut) State() FanOutState {
	if f.state == "" {
		return FanOutIdle
	}
	return f.state
}

// On applies an event.
func (f *FanOut) On(e FanOutEvent) { f.state = next(fanOutMoves(), f.State(), e) }

// MayStart is true while proxies may start.
func (f *FanOut) MayStart() bool { return f.state == FanOutCanary || f.state == FanOutParallel }

// NextProxy is the state of a proxy after an event.
func NextProxy(s maintenance.ProxyState, e ProxyEvent) maintenance.ProxyState {
	return next(proxyMoves(), s, e)
}
