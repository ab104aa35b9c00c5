package maintenance

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Decision is what a person decided about a run or a campaign, with all that it was
// decided with.
type Decision struct {
	What string `json:"what"` // the command, such as approve
	// Target is the one that it is about, in a campaign; empty: the whole.
	Target string `json:"target,omitempty"`
	// Step is the one at which the run was held, for retry and skip of a held step.
	Step Step `json:"step,omitempty"`
	// Wave is the one that was approved, in a campaign, from 1 on.
	Wave int `json:"wave,omitempty"`
	// NotBefore is when a rescheduled target may start at the earliest; zero where an
	// earlier one was reverted.
	NotBefore time.Time `json:"notBefore,omitzero"`
	// MaxConcurrent is how many targets may run at a time from then on.
	MaxConcurrent int `json:"maxConcurrent,omitempty"`
	// Check is the health check that was waived.
	Check string    `json:"check,omitempty"`
	By    string    `json:"by"`
	Why   string    `json:"why,omitempty"`
	At    time.Time `json:"at"`
	// Campaign is the workflow id of the campaign that passed it on to the run; empty: it
	// was given to the run itself.
	Campaign string `json:"campaign,omitempty"`
	// Note says what the decision met, where there is more to say: how many of how many
	// have approved now, or who had aborted it before.
	Note string `json:"note,omitempty"`
	// Proof is the signature that stands behind it; zero: nothing does, and By is what somebody typed.
	Proof Proof `json:"proof,omitzero"`
}

// Proof is a signature that was verified: who was found to have signed, and what it takes to find that again. The zero
// value is that of a decision that nobody has signed.
type Proof struct {
	Principal string `json:"principal"` // who, by the group's file
	Key       string `json:"key"`       // its fingerprint, SHA256:...
	KeyType   string `json:"keyType"`   // such as ssh-ed25519
	Groups    string `json:"groups"`    // in which it counts, by their names
	Files     string `json:"files"`     // the digest of each group's files, as they were then
	// At is the time as of which it was verified: that of acceptance.
	At time.Time `json:"at"`
	// Statement is the text that was signed, and Signature the armored signature over it.
	Statement string `json:"statement"`
	Signature string `json:"signature"`
}

// Text is the verdict for people: verified: alice@example.com (SHA256:...), or not verified.
func (p Proof) Text() string {
	if p == (Proof{}) {
		return "not verified"
	}
	return "verified: " + p.Principal + " (" + p.Key + ")"
}

// WhatReschedule is the command that may take an earlier time back.
const WhatReschedule = "reschedule"

// WhatApprove is the command whose note says how many have approved.
const WhatApprove = "approve"

// WhatWaive is the command by which a health check does not count any more.
const WhatWaive = "waive"

// Detail is what was decided in addition to the command itself, for people: the time, the
// number, the step, the wave. Empty: nothing.
func (d Decision) Detail() string {
	switch {
	case d.MaxConcurrent > 0:
		return strconv.Itoa(d.MaxConcurrent) + " at a time"
	case !d.NotBefore.IsZero():
		return "not before " + d.NotBefore.UTC().Format("2006-01-02 15:04:05Z")
	case d.What == WhatReschedule:
		return "no longer delayed"
	case d.Check != "":
		return fmt.Sprintf("check %q", d.Check)
	case d.Step != "":
		return string(d.Step)
	case d.What == WhatApprove && d.Note != "":
		return d.Note
	case d.Wave > 0:
		return "wave " + strconv.Itoa(d.Wave)
	}
	return ""
}

// Text is the command with its detail, for people, such as "concurrency: 20 at a time".
func (d Decision) Text() string {
	if detail := d.Detail(); detail != "" {
		return d.What + ": " + detail
	}
	return d.What
}

// What a person may decide about a held step: the names of the updates, and of the
// commands that send them.
const (
	HoldRetry = "retry"
	HoldSkip  = "skip"
	HoldAbort = "abort"
)

// Resolutions are the actions that resolve a hold at the step, in the order in which
// they are offered everywhere.
func (s Step) Resolutions() []string {
	if s.CanBeSkipped() {
		return []string{HoldRetry, HoldSkip, HoldAbort}
	}
	return []string{HoldRetry, HoldAbort}
}

// ResolveCommands are the command lines that resolve a gateway's hold at the step.
func ResolveCommands(gatewayID string, s Step) (lines []string) {
	for _, action := range s.Resolutions() {
		lines = append(lines, fmt.Sprintf("tidegate %s %s --why TEXT", action, gatewayID))
	}
	return lines
}

// FailedAttempt is an attempt at a step that failed and that a person was asked about.
type FailedAttempt struct {
	At  time.Time `json:"at"`  // when it failed: since then the step was held
	Why string    `json:"why"` // the reason that was shown
	// Asked are the channels to which the run's campaign sends a message about it;
	// empty: none.
	Asked []string `json:"asked,omitempty"`
	// Decision is what ended the hold; nil: nobody has decided, or the run was
	// cancelled in Temporal.
	Decision *Decision  `json:"decision,omitempty"`
	Until    *time.Time `json:"until,omitempty"` // when the hold ended; nil: it has not
}

// Held is for how long the step waited for a person by now.
func (f FailedAttempt) Held(now time.Time) time.Duration {
	if f.Until != nil {
		now = *f.Until
	}
	return max(0, now.Sub(f.At))
}

// Summary is who was notified, who decided what, and how long that took.
func (f FailedAttempt) Summary() string {
	asked := "no notification was configured"
	if len(f.Asked) > 0 {
		asked = "notified " + strings.Join(f.Asked, ", ")
	}
	if f.Until == nil {
		return asked + "; not decided yet"
	}
	held := Duration(f.Held(*f.Until).Round(time.Second)).String()
	if f.Decision == nil {
		return fmt.Sprintf("%s; held for %s, then the run was cancelled", asked, held)
	}
	decided := fmt.Sprintf("%s by %s", f.Decision.What, f.Decision.By)
	if f.Decision.Why != "" {
		decided += " (" + f.Decision.Why + ")"
	}
	return fmt.Sprintf("%s; %s after being held for %s", asked, decided, held)
}
