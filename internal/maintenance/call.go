package maintenance

import (
	"fmt"
	"strings"
	"time"
)

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

// callClock is how a call tells the time: it is a matter of hours.
const callClock = "Jan 2 15:04:05Z"
