package maintenance

import (
	"strconv"
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
	// earlier one was taken back.
	NotBefore time.Time `json:"notBefore,omitzero"`
	// MaxConcurrent is how many targets may run at a time from then on.
	MaxConcurrent int       `json:"maxConcurrent,omitempty"`
	By            string    `json:"by"`
	Why           string    `json:"why,omitempty"`
	At            time.Time `json:"at"`
	// Campaign is the workflow id of the campaign that passed it on to the run; empty: it
	// was given to the run itself.
	Campaign string `json:"campaign,omitempty"`
	// Note says what the decision met, where there is more to say: how many of how many
	// have approved now, or who had aborted it before.
	Note string `json:"note,omitempty"`
}

// WhatReschedule is the command that may take an earlier time back.
const WhatReschedule = "reschedule"

// WhatApprove is the command whose note says how many have approved.
const WhatApprove = "approve"

// Detail is what was decided beside the command itself, for people: the time, the
// number, the step, the wave. Empty: nothing.
func (d Decision) Detail() string {
	switch {
	case d.MaxConcurrent > 0:
		return strconv.Itoa(d.MaxConcurrent) + " at a time"
	case !d.NotBefore.IsZero():
		return "not before " + d.NotBefore.UTC().Format("2006-01-02 15:04:05Z")
	case d.What == WhatReschedule:
		return "no longer kept back"
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
