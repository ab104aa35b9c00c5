package fleet

import (
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Kind says what happened to a target.
type Kind string

// The kinds. They stand in histories and never change.
const (
	KindRead     Kind = "read"      // Entry holds what is known now
	KindNotFound Kind = "not found" // the selector does not match
	KindDeferred Kind = "deferred"  // it was started, and found its window shut: Entry holds the new one
	KindHeld     Kind = "held"      // its run waits for a person: Hold says where, Note why; without a Hold: no more
	KindEnded    Kind = "ended"
	KindDecided  Kind = "decided" // a person gave its own run a command: Decision holds it; nothing changes
)

// Event is what happened to one target.
type Event struct {
	Line    int       `json:"line"` // of the target on its page
	Kind    Kind      `json:"kind"`
	Entry   *Entry    `json:"entry,omitempty"`
	Attempt int       `json:"attempt,omitempty"` // of a maintenance that has ended, is held or was deferred
	State   State     `json:"state,omitempty"`
	Note    string    `json:"note,omitempty"`
	Hold    Hold      `json:"hold,omitzero"`
	At      time.Time `json:"at,omitzero"`
	Took    Took      `json:"took,omitzero"`
	// Waits are those of a maintenance that has ended.
	Waits maintenance.Waits `json:"waits,omitzero"`
	// Decision is what a person decided at its own run.
	Decision *maintenance.Decision `json:"decision,omitempty"`
}

// Took is how long the pieces of a maintenance took; zero for those that it did
// not have, or in which it waited for a window or a person.
type Took struct {
	Update   maintenance.Duration `json:"update,omitempty"`
	Snapshot maintenance.Duration `json:"snapshot,omitempty"`
	Proxy    maintenance.Duration `json:"proxy,omitempty"`
}

// Hold is where and since when a run waits for a person.
type Hold struct {
	Step  maintenance.Step `json:"step"`
	Since time.Time        `json:"since"`
}

// Reading bars a target until it has been read.
const Reading = "is being read"

// deferral is how long a target is left that was started and found its window shut;
// each time for longer, since a page's history has an end.
const deferral = time.Minute

// Unnamed is true for a gateway that a selector found and that could not be read
// yet: its name and its keys are not known.
func (e *Entry) Unnamed() bool { return e.Name == e.Gateway }

// Start notes that a target's maintenance starts; attempt counts from 1 on.
func (e *Entry) Start(attempt int, now time.Time) {
	e.State, e.Started, e.End, e.Note, e.Attempts, e.Hold = Running, now, time.Time{}, "", attempt, Hold{}
}

// Skip leaves a target out.
func (e *Entry) Skip(by, why string, now time.Time) {
	e.State, e.End = Skipped, now
	e.Note = strings.TrimSpace("by " + by + ": " + why + " " + e.Note)
}

// Retry lets a target wait again once it has been read again.
func (e *Entry) Retry() {
	e.State, e.End, e.Started = Waiting, time.Time{}, time.Time{}
	e.unbar()
	e.Bar, e.Unavailable = maintenance.BlockedByReading, Reading
}

// Learn changes a target by what happened to it. What is old, or arrives twice,
// changes nothing, and is answered with false.
func (e *Entry) Learn(ev Event, now time.Time) bool {
	switch ev.Kind {
	case KindRead, KindNotFound:
		if e.State != Waiting && e.State != UpToDate {
			return false
		}
	case KindDeferred, KindHeld, KindEnded:
		if !e.State.InProgress() || e.Attempts != ev.Attempt {
			return false
		}
	case KindDecided:
		return false
	}
	e.Hold = Hold{}
	switch ev.Kind {
	case KindRead:
		e.take(ev.Entry, now)
	case KindNotFound:
		// It was taken in because it could not be read.
		e.State, e.Note = UpToDate, "the selector does not match it"
		e.unbar()
	case KindDeferred:
		e.take(ev.Entry, now)
		e.Started = time.Time{}
		// The clocks of the worker and of Temporal may differ: not at once again.
		e.NotBefore = later(e.NotBefore, now.Add(time.Duration(e.Attempts)*deferral))
	case KindHeld:
		e.State, e.Note, e.Hold = Running, ev.Note, ev.Hold
		if ev.Hold != (Hold{}) {
			e.State = Held
		}
	case KindEnded:
		e.State, e.Note, e.End = ev.State, ev.Note, ev.At.UTC()
	case KindDecided:
	}
	return true
}

// take puts what was read of a target into its entry.
func (e *Entry) take(read *Entry, now time.Time) {
	if read == nil {
		return
	}
	if e.Unnamed() {
		e.Name, e.Keys = read.Name, read.Keys
	}
	failure := e.Note
	e.Schedule, e.Work, e.State, e.Note = read.Schedule, read.Work, read.State, read.Note
	e.Bar, e.Unavailable, e.UnreadSince, e.ReadAt = read.Bar, read.Unavailable, read.UnreadSince, read.ReadAt
	if e.Attempts == 0 || failure == "" {
		return
	}
	// It has failed before. That nothing is left which a run would do, such as the
	// snapshot after an update that is made, does not make it good.
	e.Note = failure
	if read.State == UpToDate {
		e.State, e.End = Failed, now
	}
}
