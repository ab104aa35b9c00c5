package maintenance

import (
	"fmt"
	"strings"
	"time"
)

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

// Told says who was asked, what was decided by whom, and how long that took.
func (f FailedAttempt) Told() string {
	asked := "no message was configured"
	if len(f.Asked) > 0 {
		asked = "asked on " + strings.Join(f.Asked, ", ")
	}
	if f.Until == nil {
		return asked + "; nobody has decided yet"
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
