package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Step is a named piece of a target's maintenance, in the order of the
// product's promise.
type Step string

// The steps. StepHealth is only one of a run that has health checks after its update.
const (
	StepAssess   Step = "assess"
	StepWait     Step = "wait"
	StepUpdate   Step = "update"
	StepRunning  Step = "await-running"
	StepSnapshot Step = "snapshot"
	StepProxies  Step = "upgrade-proxies"
	StepHealth   Step = "check-health"
	StepVerify   Step = "verify"
)

// StepsChecked are Steps with StepHealth: those of a run that has health checks after its update.
func StepsChecked() []Step {
	steps := Steps()
	return slices.Insert(steps, slices.Index(steps, StepVerify), StepHealth)
}

// Steps is the order in which they run.
func Steps() []Step {
	return []Step{StepAssess, StepWait, StepUpdate, StepRunning, StepSnapshot, StepProxies, StepVerify}
}

// CanBeSkipped is false for the steps that everything after them builds on: a
// person cannot let them go when they fail.
func (s Step) CanBeSkipped() bool {
	switch s {
	case StepUpdate, StepSnapshot, StepProxies, StepHealth, StepVerify:
		return true
	case StepAssess, StepWait, StepRunning:
	}
	return false
}

// StepState is how far a step has come.
type StepState string

// A skipped step says in its note why there was nothing to do.
const (
	StepPending StepState = "pending"
	StepActive  StepState = "running"
	StepWaiting StepState = "waiting" // for the window, a freeze's end, an approval or a DB instance
	StepArmed   StepState = "armed"   // everything but the trigger is done, and that has its time
	StepHeld    StepState = "held"    // it has failed, and a person has to say what now
	StepDone    StepState = "done"
	StepSkipped StepState = "skipped"
	StepFailed  StepState = "failed"
)

// StepReport is one step of one run.
type StepReport struct {
	Step  Step       `json:"step"`
	State StepState  `json:"state"`
	Start *time.Time `json:"start,omitempty"`
	End   *time.Time `json:"end,omitempty"`
	Note  string     `json:"note,omitempty"` // what came of it, or what it waits for
	// Failed are the attempts that failed and that a person was asked about, in their
	// order: a step that was retried has them too.
	Failed []FailedAttempt `json:"failed,omitempty"`
}

// Took is how long the step was worked on: the time for which it was held is no work.
// Zero while it runs.
func (s StepReport) Took() time.Duration {
	if s.Start == nil || s.End == nil {
		return 0
	}
	return s.End.Sub(*s.Start) - s.Held(*s.End)
}

// Held is for how long the step waited for a person by now.
func (s StepReport) Held(now time.Time) (sum time.Duration) {
	for _, f := range s.Failed {
		sum += f.Held(now)
	}
	return sum
}

// StepFailure is a failed attempt at a step that a person was asked about.
type StepFailure struct {
	Step Step `json:"step"`
	FailedAttempt
}

// FailuresOf are the failed attempts of steps that a person was asked about, in the
// steps' order.
func FailuresOf(steps []StepReport) (all []StepFailure) {
	for _, s := range steps {
		for _, f := range s.Failed {
			all = append(all, StepFailure{Step: s.Step, FailedAttempt: f})
		}
	}
	return all
}

// DecidedFailuresOf leaves out the one that a person is still asked about.
func DecidedFailuresOf(steps []StepReport) []StepFailure {
	return slices.DeleteFunc(FailuresOf(steps), func(f StepFailure) bool { return f.Until == nil })
}

// EndState is the plain statement of what is true when a run has ended.
type EndState string

// The end states. A run that ended otherwise than StateCompleted is a failed
// (or cancelled) workflow in Temporal.
const (
	// StateCompleted: everything that was asked for is so; perhaps nothing had
	// to be done.
	StateCompleted EndState = "COMPLETED"
	// StateFailed: nothing was changed, and what was asked for is not so.
	StateFailed EndState = "FAILED"
	// StateCompensated: it failed, and every change that was made was taken
	// back.
	StateCompensated EndState = "COMPENSATED"
	// StatePartial: it failed after a change that only goes forward; what can
	// be reverted was reverted, the rest stays.
	StatePartial EndState = "PARTIAL"
	// StateVerificationFailed: every step said that it succeeded, and what is there
	// afterwards is not what they reported. A person has to check.
	StateVerificationFailed EndState = "VERIFICATION_FAILED"
	// StateDeferred: what is left does not start in this window, and the campaign
	// that started the run places it again. Nothing is under way.
	StateDeferred EndState = "DEFERRED"
	// StateCompensationFailed: a change that should have been reverted could
	// not be. A person has to.
	StateCompensationFailed EndState = "COMPENSATION_FAILED"
)

// Cause says who carried out a gateway's update.
type Cause string

// The causes.
const (
	CauseTidegate Cause = "tidegate"
	CauseAWS      Cause = "aws" // AWS's own automatic update, in the same window
)

// GatewayOutcome is what became of the gateway.
type GatewayOutcome struct {
	Before  Gateway `json:"before"`
	After   Gateway `json:"after"`
	Updated bool    `json:"updated"`
	Cause   Cause   `json:"cause,omitempty"`
}

// SnapshotOutcome is one snapshot that the run took.
type SnapshotOutcome struct {
	VolumeID   string        `json:"volumeId"`
	SnapshotID string        `json:"snapshotId"`
	Point      RecoveryPoint `json:"point"`
	Completed  bool          `json:"completed"`
	Deleted    bool          `json:"deleted,omitempty"` // by the compensation
}

// State is how far the snapshot has come, in a word.
func (s SnapshotOutcome) State() string {
	switch {
	case s.Deleted:
		return "deleted"
	case s.Completed:
		return "completed"
	}
	return "pending"
}

// ProxyState is how far a proxy has come.
type ProxyState string

// The states of a proxy within a run.
const (
	ProxyPending    ProxyState = "pending"
	ProxyActive     ProxyState = "upgrading"
	ProxyUpgraded   ProxyState = "upgraded"
	ProxyCurrent    ProxyState = "already up to date"
	ProxyRejected   ProxyState = "rejected"
	ProxyFailed     ProxyState = "failed"
	ProxyNotStarted ProxyState = "not started" // the fan-out stopped before it
)

// ProxyOutcome is what became of one proxy.
type ProxyOutcome struct {
	InstanceID string     `json:"instanceId"`
	ProxyID    string     `json:"proxyId"`
	State      ProxyState `json:"state"`
	From       string     `json:"from,omitempty"` // kernel version before
	To         string     `json:"to,omitempty"`   // kernel version wanted
	JobID      string     `json:"jobId,omitempty"`
	Note       string     `json:"note,omitempty"`
}

// Quarantine keeps a gateway out of further runs until a person releases it.
type Quarantine struct {
	Target     string    `json:"target"`
	Gateway    string    `json:"gateway"`    // sgw-...
	WorkflowID string    `json:"workflowId"` // of the run that failed
	RunID      string    `json:"runId"`
	Reason     string    `json:"reason"`
	Since      time.Time `json:"since"`
}

// Result is the record of one run.
type Result struct {
	Target    string            `json:"target"`
	State     EndState          `json:"state"`
	Summary   string            `json:"summary"` // one sentence: what is true now
	Window    *Window           `json:"window,omitempty"`
	Margin    Duration          `json:"margin,omitempty"`  // from the last disruptive step's end to the window's end
	Overrun   Duration          `json:"overrun,omitempty"` // how long past the window's end the run worked
	Gateway   GatewayOutcome    `json:"gateway"`
	Snapshots []SnapshotOutcome `json:"snapshots,omitempty"`
	Proxies   []ProxyOutcome    `json:"proxies,omitempty"`
	Steps     []StepReport      `json:"steps"`
	Ledger    []Change          `json:"ledger,omitempty"`
	Decisions []Decision        `json:"decisions,omitempty"`
	// Checks are the health checks of the run and of its bake, in the order in which they were first asked.
	Checks []CheckRecord `json:"checks,omitempty"`
	// Quarantined is true when no later run touches the gateway until a person
	// releases it.
	Quarantined bool      `json:"quarantined,omitempty"`
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
}

// CheckRecord is what a health check was answered at one moment of a run, over time.
type CheckRecord struct {
	Check  string `json:"check"`
	Moment string `json:"moment"`           // before, before proxies, after or bake
	State  string `json:"state"`            // where it stood at the end, such as passing or failed
	Waived string `json:"waived,omitempty"` // by whom, and why; empty: it counted
	// Values are those that were seen, in their order: of many in a row that say the same, the first and the last.
	Values []CheckValue `json:"values,omitempty"`
}

// CheckValue is one value that a check saw.
type CheckValue struct {
	At     time.Time `json:"at"`
	Of     string    `json:"of,omitempty"`     // such as "cache dirty"; empty: what the check is named after
	Number *float64  `json:"number,omitempty"` // nil: there was none, or it was not finite
	Text   string    `json:"text"`             // for people, such as "12%", or why there was no answer
	Limit  string    `json:"limit,omitempty"`  // such as "below 5%"
	// Names are what a later answer is compared with: the initiators that were connected just before the trigger.
	Names   []string `json:"names,omitempty"`
	Outcome string   `json:"outcome"` // pass, fail, no data or error
}

// Updated is true where the gateway or one of its proxies runs new software since.
func (r Result) Updated() bool {
	return r.Gateway.Updated || slices.ContainsFunc(r.Proxies, func(p ProxyOutcome) bool {
		return p.State == ProxyUpgraded
	})
}

// RestoredLeftovers is true where the run has restored what an earlier one had left.
func (r Result) RestoredLeftovers() bool {
	return slices.ContainsFunc(r.Ledger, func(c Change) bool { return c.Leftover && c.State == ChangeTakenBack })
}

// Status is what a running target says of itself at this moment.
type Status struct {
	Target  Target         `json:"target"`
	Step    Step           `json:"step"`
	Steps   []StepReport   `json:"steps"`
	Blocker Blocker        `json:"blocker,omitempty"`
	Reason  string         `json:"reason,omitempty"` // the blocker in words
	Next    *time.Time     `json:"next,omitempty"`   // when the blocker is expected to end
	Window  *Window        `json:"window,omitempty"`
	Gateway GatewayOutcome `json:"gateway"`
	// Schedule is when the gateway's windows open, as last read.
	Schedule *Schedule `json:"schedule,omitempty"`
	// PastNoReturn is true from the update's trigger until the gateway runs again.
	PastNoReturn bool `json:"pastNoReturn"`
	// Calls are those to clouds that are in progress.
	Calls []Call `json:"calls,omitempty"`
	// Held is true when a step has failed and an operator is to retry it, skip
	// it or abort.
	Held      bool              `json:"held,omitempty"`
	Snapshots []SnapshotOutcome `json:"snapshots,omitempty"`
	Proxies   []ProxyOutcome    `json:"proxies,omitempty"`
	Ledger    []Change          `json:"ledger,omitempty"`
	Decisions []Decision        `json:"decisions,omitempty"`
	Checks    []CheckRecord     `json:"checks,omitempty"`
	Result    *Result           `json:"result,omitempty"` // once the run has ended
	// May are the orders that it would take now, by name.
	May []string `json:"may,omitempty"`
}

// Soon is how near a time is for which someone who follows a run need not be
// patient.
const Soon = 10 * time.Second

// Patient is true while the run waits for a person, or for a time that is not
// near: who follows it need not ask every second.
func (s Status) Patient(now time.Time) bool {
	return s.Blocker != NotBlocked && (s.Next == nil || s.Next.Sub(now) > Soon)
}

// Call is a call to a cloud, or a wait for what it has set going, that is in progress:
// it is tried again until it succeeds or its deadline ends it.
type Call struct {
	ID   string `json:"id"` // of its activity in Temporal
	What string `json:"what"`
	// Target is the one that it is about, where it is listed for a campaign.
	Target string    `json:"target,omitempty"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until,omitzero"` // its deadline
	// Attempt and the fields below are Temporal's: the run itself does not know them.
	Attempt      int       `json:"attempt,omitempty"`      // that is made, or waited for: from 1 on
	LastResponse string    `json:"lastResponse,omitempty"` // to the attempt before
	LastAt       time.Time `json:"lastAt,omitzero"`        // when that came
}

// Retried is true for a call of which an attempt has failed.
func (c Call) Retried() bool { return c.Attempt > 1 && c.LastResponse != "" }

// String says what is tried, what was seen last and when, and until when it is tried.
func (c Call) String() string {
	parts := []string{c.What}
	if c.Attempt > 1 {
		parts[0] += fmt.Sprintf(" (attempt %d)", c.Attempt)
	}
	if !c.Until.IsZero() {
		parts = append(parts, "tried until "+c.Until.UTC().Format(callClock))
	}
	if c.LastResponse != "" {
		last := "last response"
		if !c.LastAt.IsZero() {
			last += " at " + c.LastAt.UTC().Format(callClock)
		}
		parts = append(parts, last+": "+c.LastResponse)
	}
	return strings.Join(parts, "; ")
}

// callClock is how a call prints the time: it is a matter of hours.
const callClock = "Jan 2 15:04:05Z"
