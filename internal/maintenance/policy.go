package maintenance

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SnapshotWhen says on which side of the update the volumes are snapshotted.
type SnapshotWhen string

// With SnapshotBefore and SnapshotBoth the update is refused until the
// recovery point is verified.
const (
	SnapshotAfter  SnapshotWhen = "after"
	SnapshotBefore SnapshotWhen = "before"
	SnapshotBoth   SnapshotWhen = "both"
	SnapshotNever  SnapshotWhen = "never"
)

// RecoveryPoint is the side of the update on which one snapshot is taken.
type RecoveryPoint string

// The two recovery points.
const (
	PointBefore RecoveryPoint = "before"
	PointAfter  RecoveryPoint = "after"
)

// WantsSnapshot is true when the policy asks for that recovery point.
func (p Policy) WantsSnapshot(point RecoveryPoint) bool {
	return p.Snapshot == SnapshotBoth || string(p.Snapshot) == string(point)
}

// FailedSnapshots says what becomes of a failed run's finished snapshots.
type FailedSnapshots string

// FailedSnapshotsKeep leaves them as recovery points.
const (
	FailedSnapshotsKeep   FailedSnapshots = "keep"
	FailedSnapshotsDelete FailedSnapshots = "delete"
)

// WindowEnd says what becomes of steps not started when the window ends.
type WindowEnd string

// WindowEndHold spills them to the next window, WindowEndFinish runs on and
// records the overrun.
const (
	WindowEndHold   WindowEnd = "hold"
	WindowEndFinish WindowEnd = "finish"
)

// AutomaticUpdates says what the run does about AWS's own automatic update.
type AutomaticUpdates string

// AutomaticUpdatesKeep leaves AWS's policy alone. AutomaticUpdatesHold sets
// EMERGENCY_VERSIONS_ONLY for the run and restores what it found.
const (
	AutomaticUpdatesKeep AutomaticUpdates = "keep"
	AutomaticUpdatesHold AutomaticUpdates = "hold"
)

// OnFailure says what becomes of a run whose step has failed.
type OnFailure string

// OnFailureCompensate reverts at once what can be reverted. OnFailureHold
// stops before that and asks a person: retry the step, skip it, or abort.
const (
	OnFailureCompensate OnFailure = "compensate"
	OnFailureHold       OnFailure = "hold"
)

// Pace bounds how often a thing that is waited for is read. The interval
// grows with the time already waited, from Min to Max.
type Pace struct {
	Min Duration `json:"min,omitempty"` // default 5s
	Max Duration `json:"max,omitempty"` // default 60s
}

// ProxyPolicy says how the proxies of a target are upgraded.
type ProxyPolicy struct {
	// Parallel is how many proxies of one DB instance are upgraded at a time
	// once the canary is done: 1 to 4, default 1.
	Parallel int `json:"parallel,omitempty"`
	// ShiftReads moves a proxy's reads to the primary while it is upgraded,
	// where its route mode allows it, and restores the weights afterwards.
	ShiftReads bool `json:"shiftReads,omitempty"`
	// Deadline is how long one proxy's upgrade may take; default 1h.
	Deadline Duration `json:"deadline,omitempty"`
	// Settle is how long an upgrade whose outcome is unknown is searched for
	// before it counts as never started; default 3m (Huawei: a job may become
	// visible some seconds after its creation).
	Settle Duration `json:"settle,omitempty"`
}

// Policy is what a plan says about how a target is maintained. Fields left out
// take the defaults of WithDefaults.
type Policy struct {
	// WindowLength is how long a window is, from the start that AWS gives:
	// 1m to 24h, default 4h. AWS has no length of its own.
	WindowLength Duration `json:"windowLength,omitempty"`
	// Cutoff is how long before the window's end nothing disruptive starts: 0s,
	// which is none, to a minute below WindowLength. Left out, it is 30m.
	Cutoff *Duration `json:"cutoff,omitempty"`
	// WindowPreference decides where AWS gives a weekly and a monthly day at
	// once; empty: such a gateway is refused.
	WindowPreference Recurrence `json:"windowPreference,omitempty"`
	// WindowRecheck is how often a waiting run reads the window again:
	// up to 24h, which is the default.
	WindowRecheck Duration  `json:"windowRecheck,omitempty"`
	OnWindowEnd   WindowEnd `json:"onWindowEnd,omitempty"` // default hold
	// Freezes are UTC intervals in which nothing disruptive starts.
	Freezes []Freeze `json:"freezes,omitempty"`
	// Approval holds the target until a person approves it.
	Approval bool `json:"approval,omitempty"`

	AutomaticUpdates AutomaticUpdates `json:"automaticUpdates,omitempty"` // default keep
	// UpdateDelay is how long after the window's start AWS is given to start the
	// update by itself, where its policy says that it does: at that start it would
	// be triggered twice. 0s to 1h, default 1m.
	UpdateDelay *Duration `json:"updateDelay,omitempty"`
	// ArmBefore is how long before the window opens everything but the trigger is
	// done and the trigger is armed. 0s, which arms nothing before, to 15m, default 2m.
	ArmBefore *Duration `json:"armBefore,omitempty"`
	// UpdateStart is how long after the trigger the restart must have been
	// seen before the trigger counts as without effect; default 15m.
	UpdateStart Duration `json:"updateStart,omitempty"`
	// UpdateDeadline is how long the gateway may take to run the new software
	// after the trigger; default 60m.
	UpdateDeadline Duration `json:"updateDeadline,omitempty"`
	// SteadyFor is how long the gateway must answer well, on several polls in
	// a row, before its update counts as done: it can restart again just
	// after it first answers. Up to 5m, default 30s.
	SteadyFor Duration `json:"steadyFor,omitempty"`

	Snapshot SnapshotWhen `json:"snapshot,omitempty"` // default after
	// SnapshotDeadline is how long a volume may take to be ready and its
	// snapshot to complete; default 6h. One that is pending when its gateway
	// fails stays pending for good, so there is always a deadline.
	SnapshotDeadline Duration `json:"snapshotDeadline,omitempty"`
	// FailedSnapshots says what becomes of finished snapshots when the run fails:
	// keep, which is the default, or delete. Unfinished ones are always deleted.
	FailedSnapshots FailedSnapshots `json:"failedSnapshots,omitempty"`
	// SnapshotSettle is how long a snapshot whose creation was not answered is
	// searched for before it counts as never started; default 5m (EC2 is
	// eventually consistent).
	SnapshotSettle Duration `json:"snapshotSettle,omitempty"`

	Proxies ProxyPolicy `json:"proxies,omitzero"`
	Pace    Pace        `json:"pace,omitzero"`

	OnFailure OnFailure `json:"onFailure,omitempty"` // default compensate
	// CompensationDeadline is how long to retry each reversal;
	// default 2h.
	CompensationDeadline Duration `json:"compensationDeadline,omitempty"`
	// Attempt is how long one attempt of an activity may take, and so also how
	// long after a worker's death the next one starts; an outward call gets a
	// fifth of it. 1s to 10m, default 90s.
	Attempt Duration `json:"attempt,omitempty"`
}

// MostArmBefore is the longest ArmBefore: what was asked before a run is armed, of health checks and of other runs, is
// as old as that when it triggers.
const MostArmBefore = 15 * time.Minute

// WithDefaults fills every field that was left out. A run takes its defaults
// once, and keeps them in its history: a later release may change them.
func (p Policy) WithDefaults() Policy {
	p.WindowLength = cmp.Or(p.WindowLength, Duration(4*time.Hour))
	p.Cutoff = cmp.Or(p.Cutoff, new(Duration(30*time.Minute)))
	p.WindowRecheck = cmp.Or(p.WindowRecheck, Duration(24*time.Hour))
	p.OnWindowEnd = cmp.Or(p.OnWindowEnd, WindowEndHold)
	p.AutomaticUpdates = cmp.Or(p.AutomaticUpdates, AutomaticUpdatesKeep)
	p.UpdateDelay = cmp.Or(p.UpdateDelay, new(Duration(time.Minute)))
	p.ArmBefore = cmp.Or(p.ArmBefore, new(Duration(2*time.Minute)))
	p.UpdateStart = cmp.Or(p.UpdateStart, Duration(15*time.Minute))
	p.UpdateDeadline = cmp.Or(p.UpdateDeadline, Duration(60*time.Minute))
	p.SteadyFor = cmp.Or(p.SteadyFor, Duration(30*time.Second))
	p.Snapshot = cmp.Or(p.Snapshot, SnapshotAfter)
	p.SnapshotDeadline = cmp.Or(p.SnapshotDeadline, Duration(6*time.Hour))
	p.FailedSnapshots = cmp.Or(p.FailedSnapshots, FailedSnapshotsKeep)
	p.SnapshotSettle = cmp.Or(p.SnapshotSettle, Duration(5*time.Minute))
	p.Proxies.Parallel = cmp.Or(p.Proxies.Parallel, 1)
	p.Proxies.Deadline = cmp.Or(p.Proxies.Deadline, Duration(time.Hour))
	p.Proxies.Settle = cmp.Or(p.Proxies.Settle, Duration(3*time.Minute))
	p.OnFailure = cmp.Or(p.OnFailure, OnFailureCompensate)
	p.CompensationDeadline = cmp.Or(p.CompensationDeadline, Duration(2*time.Hour))
	p.Attempt = cmp.Or(p.Attempt, Duration(90*time.Second))
	p.Pace.Min = cmp.Or(p.Pace.Min, Duration(5*time.Second))
	p.Pace.Max = cmp.Or(p.Pace.Max, Duration(time.Minute))
	return p
}

// Validate reports every wrong field at once. It judges a policy that has its
// defaults.
func (p Policy) Validate() error {
	errs := []error{
		between("policy.windowLength", p.WindowLength, time.Minute, 24*time.Hour),
		upTo("policy.cutoff", p.Cutoff.OrZero(), 0, p.WindowLength.Std()-time.Minute,
			"a minute less than the window's duration"),
		between("policy.windowRecheck", p.WindowRecheck, time.Second, 24*time.Hour),
		p.validateDelay(),
		between("policy.armBefore", p.ArmBefore.OrZero(), 0, MostArmBefore),
		upTo("policy.updateStart", p.UpdateStart, time.Second, p.UpdateDeadline.Std(), "the update's deadline"),
		between("policy.updateDeadline", p.UpdateDeadline, time.Second, 24*time.Hour),
		between("policy.steadyFor", p.SteadyFor, time.Millisecond, 5*time.Minute),
		between("policy.snapshotDeadline", p.SnapshotDeadline, time.Second, 7*24*time.Hour),
		between("policy.snapshotSettle", p.SnapshotSettle, time.Second, time.Hour),
		between("policy.proxies.deadline", p.Proxies.Deadline, time.Second, 24*time.Hour),
		between("policy.proxies.settle", p.Proxies.Settle, time.Second, time.Hour),
		between("policy.compensationDeadline", p.CompensationDeadline, time.Second, 7*24*time.Hour),
		between("policy.attempt", p.Attempt, time.Second, 10*time.Minute),
		upTo("policy.pace.min", p.Pace.Min, time.Millisecond, p.Pace.Max.Std(), "the pace's max"),
		between("policy.pace.max", p.Pace.Max, time.Millisecond, time.Hour),
		oneOf("policy.windowPreference", p.WindowPreference, "", Weekly, Monthly),
		oneOf("policy.onWindowEnd", p.OnWindowEnd, WindowEndHold, WindowEndFinish),
		oneOf("policy.onFailure", p.OnFailure, OnFailureCompensate, OnFailureHold),
		oneOf("policy.automaticUpdates", p.AutomaticUpdates, AutomaticUpdatesKeep, AutomaticUpdatesHold),
		oneOf("policy.failedSnapshots", p.FailedSnapshots, FailedSnapshotsKeep, FailedSnapshotsDelete),
		oneOf("policy.snapshot", p.Snapshot, SnapshotAfter, SnapshotBefore, SnapshotBoth, SnapshotNever),
	}
	if p.Proxies.Parallel < 1 || p.Proxies.Parallel > 4 {
		errs = append(errs, Invalid("policy.proxies.parallel", fmt.Sprint(p.Proxies.Parallel), "1 to 4"))
	}
	for i, f := range p.Freezes {
		if !f.From.Before(f.To) {
			errs = append(errs, Invalid(fmt.Sprintf("policy.freezes[%d].to", i), stamp(f.To),
				"a time after from, "+stamp(f.From)))
		}
	}
	return errors.Join(errs...)
}

// validateDelay refuses a delay that lasts until nothing may start any more: each window
// would pass without a trigger.
func (p Policy) validateDelay() error {
	const field = "policy.updateDelay"
	delay, room := p.UpdateDelay.OrZero(), p.WindowLength-p.Cutoff.OrZero()
	if err := between(field, delay, 0, time.Hour); err != nil {
		return err
	}
	if room >= Duration(time.Minute) && delay >= room { // else the cutoff is wrong
		return Invalid(field, delay.String(), fmt.Sprintf("less than %s, the part of the window before its cutoff; otherwise no update would ever start", room))
	}
	return nil
}

// Rules are the policy's part of the gate.
func (p Policy) Rules() Rules {
	return Rules{Length: p.WindowLength.Std(), Cutoff: p.Cutoff.OrZero().Std(), Freezes: p.Freezes}
}

func between(field string, d Duration, low, high time.Duration) error {
	if d.Std() >= low && d.Std() <= high {
		return nil
	}
	return Invalid(field, d.String(), fmt.Sprintf("%s to %s", Duration(low), Duration(high)))
}

// upTo is between where the upper bound follows from another field, which is named.
// Where that leaves nothing, the other field is out of its own range and at fault.
func upTo(field string, d Duration, low, high time.Duration, bound string) error {
	switch {
	case d.Std() >= low && (d.Std() <= high || high < low):
		return nil
	case high < low:
		return Invalid(field, d.String(), fmt.Sprintf("%s or more", Duration(low)))
	case high == low:
		return Invalid(field, d.String(), fmt.Sprintf("%s, which is %s", Duration(high), bound))
	}
	return Invalid(field, d.String(), fmt.Sprintf("%s to %s, which is %s", Duration(low), Duration(high), bound))
}

func oneOf[T ~string](field string, value T, allowed ...T) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return Invalid(field, string(value), either(allowed))
}

// either lists what may stand in a field, in words; a field that may be left out
// needs no word for that.
func either[T ~string](allowed []T) string {
	var words []string
	for _, a := range allowed {
		if a != "" {
			words = append(words, string(a))
		}
	}
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// NextPoll is how long to wait before polling again something that has been
// waited for since elapsed: a tenth of it, within the pace, spread by jitter
// (0 to 1) over four fifths to six fifths, so that a thousand gateways that
// were triggered together are not asked together.
func (p Pace) NextPoll(elapsed time.Duration, jitter float64) time.Duration {
	wait := min(max(elapsed/10, p.Min.Std()), p.Max.Std())
	return time.Duration(float64(wait) * (0.8 + 0.4*jitter))
}
