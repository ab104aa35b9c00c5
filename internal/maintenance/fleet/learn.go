package fleet

import (
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// Kind says what happened to a target.
type Kind string

// The kinds. They stand in histories and never change.
const (
	KindRead     Kind = "read"      // Entry holds what is known now
	KindNotFound Kind = "not found" // the selector does not match
	KindDeferred Kind = "deferred"  // it was started, and found its window shut: Entry holds the new one
	KindDisarmed Kind = "disarmed"  // its run was told to disarm, has changed nothing, and has ended
	KindGoesOn   Kind = "goes on"   // its run was told to disarm, and had made its first change
	KindHeld     Kind = "held"      // its run waits for a person: Hold says where, Note why; without a Hold: no more
	KindEnded    Kind = "ended"
	KindDecided  Kind = "decided" // a person gave its own run a command: Decision holds it; nothing changes
	KindBlocked  Kind = "blocked" // a health check keeps its run: Check says which, Note why; without a Check: no more
	KindBaked    Kind = "baked"   // its checks were asked until At, the end of its wave's bake
	// KindBakeFinding: a check has failed for good while its wave baked or, in another state, has no answer at the
	// end. Check says which, Note why.
	KindBakeFinding Kind = "bake finding"
)

// Event is what happened to one target.
type Event struct {
	Line    int    `json:"line"` // of the target on its page
	Kind    Kind   `json:"kind"`
	Entry   *Entry `json:"entry,omitempty"`
	Attempt int    `json:"attempt,omitempty"` // of a maintenance that has ended, is held or was deferred
	State   State  `json:"state,omitempty"`
	Note    string `json:"note,omitempty"`
	Hold    Hold   `json:"hold,omitzero"`
	Check   Check  `json:"check,omitzero"`
	// NotBefore is when a deferred one may start again at the earliest, where its run says so.
	NotBefore time.Time `json:"notBefore,omitzero"`
	At        time.Time `json:"at,omitzero"`
	Took      Took      `json:"took,omitzero"`
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

// Check is a health check that keeps a run, or for which it has failed or is held.
type Check struct {
	Name  string       `json:"name"`
	State health.State `json:"state,omitempty"` // at a bake
	Since time.Time    `json:"since,omitzero"`
}

// Reading bars a target until it has been read.
const Reading = "is being read"

// deferral is how long a target is left that was started and found its window shut;
// each time for longer, since a page's history has an end.
const deferral = time.Minute

// Unnamed is true for a gateway that a selector found and that could not be read
// yet: its name and its keys are not known.
func (e *Entry) Unnamed() bool { return e.Name == e.Gateway }

// Start notes that a target's maintenance starts; attempt counts from 1 on, and
// trigger is when it makes its first change, where it is armed until then; zero: at once.
func (e *Entry) Start(attempt int, started, trigger time.Time) {
	e.State, e.Started, e.Trigger, e.End = Running, started, trigger, time.Time{}
	e.Note, e.Attempts, e.Hold, e.Check, e.Baked = "", attempt, Hold{}, Check{}, time.Time{}
}

// Skip leaves a target out.
func (e *Entry) Skip(by, why string, now time.Time) {
	e.State, e.End = Skipped, now
	e.Note = strings.TrimSpace("by " + by + ": " + why + " " + e.Note)
}

// Retry lets a target wait again once it has been read again.
func (e *Entry) Retry() {
	e.State, e.End, e.Started, e.Trigger = Waiting, time.Time{}, time.Time{}, time.Time{}
	e.Check = Check{} // the note stays: it says why the target had failed
	e.unbar()
	e.Bar, e.Unavailable = maintenance.BlockedByReading, Reading
}

// Learn changes a target by what happened to it. What is old, or arrives twice,
// changes nothing, and is answered with false.
func (e *Entry) Learn(ev Event, now time.Time) bool {
	if !e.expects(ev) {
		return false
	}
	if ev.Kind == KindGoesOn {
		e.Trigger = time.Time{}
		return true
	}
	if ev.Kind == KindBlocked { // an armed one stays armed
		e.Check, e.Note = ev.Check, ev.Note
		return true
	}
	if e.Check != (Check{}) {
		e.Check, e.Note = Check{}, ""
	}
	e.Hold, e.Trigger = Hold{}, time.Time{}
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
		e.NotBefore = later(later(e.NotBefore, ev.NotBefore), now.Add(time.Duration(e.Attempts)*deferral))
	case KindDisarmed:
		e.State, e.Started = Waiting, time.Time{}
	case KindHeld:
		e.State, e.Note, e.Hold, e.Check = Running, ev.Note, ev.Hold, ev.Check
		if ev.Hold != (Hold{}) {
			e.State = Held
		}
	case KindEnded:
		e.State, e.Note, e.End, e.Check = ev.State, ev.Note, ev.At.UTC(), ev.Check
	case KindDecided, KindGoesOn, KindBlocked, KindBaked, KindBakeFinding:
	}
	return true
}

// expects is true for an event that changes the target as it is now.
func (e *Entry) expects(ev Event) bool {
	switch ev.Kind {
	case KindRead, KindNotFound:
		return e.State == Waiting || e.State == UpToDate
	case KindDeferred, KindDisarmed, KindGoesOn, KindHeld, KindEnded:
		return e.State.InProgress() && e.Attempts == ev.Attempt
	case KindBlocked:
		return e.State == Running && e.Attempts == ev.Attempt
	case KindDecided, KindBaked, KindBakeFinding: // the bake's are of the campaign's progress
	}
	return false
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
