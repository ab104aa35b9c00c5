// Package fleet decides for a whole fleet, at one point in time, which targets start now, and
// for every other one what blocks it and when that may end. It is one pure function of (state,
// now): a campaign carries its decisions out, and a plan is the same decisions in virtual
// time.
//
// It starts nothing, and knows no workflow. Start at Fleet and Decide; what each blocker means
// is in meaning.go, what is shown of a campaign in status.go.
package fleet

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// State is how far a target has come in its campaign.
type State string

// The states. The last four are ends.
const (
	Waiting State = "waiting"
	// Armed: its run is ready, and waits for the time at which it triggers. No entry has this state:
	// it is that of a running one until then (StateAt).
	Armed     State = "armed"
	Running   State = "running"
	Held      State = "held" // its run is open, and waits for a person: a step has failed
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Skipped   State = "skipped"    // by an operator
	UpToDate  State = "up-to-date" // nothing was to be done
)

// Ended is true for a target that does not start any more.
func (s State) Ended() bool {
	return s == Succeeded || s == Failed || s == Skipped || s == UpToDate
}

// InProgress is true for a target whose run is open: it keeps its place under
// maxConcurrent and its keys, also while it is armed or held.
func (s State) InProgress() bool { return s == Running || s == Armed || s == Held }

// Work is what is to be done to a target: what its forecast is made of.
type Work struct {
	Update    bool `json:"update,omitempty"`
	Snapshots int  `json:"snapshots,omitempty"` // recovery points, one after the other: 0 to 2
	Restore   bool `json:"restore,omitempty"`   // what a run which has ended left changed; it takes no time
	Recheck   bool `json:"recheck,omitempty"`   // health checks after a change that is made; it takes no time
	Proxies   int  `json:"proxies,omitempty"`   // upgrades that follow one another, those side by side counted once
}

// IsZero is true where nothing is to be done.
func (w Work) IsZero() bool { return !w.Update && w.Proxies <= 0 && !w.Restore && !w.Recheck }

// Entry is what is known of one target. Ten thousand of them travel in one
// payload, so it is short there: see MarshalJSON.
type Entry struct {
	Name    string // of the target
	Gateway string // its id, sgw-...
	// Ref is where the caller keeps the rest of the target.
	Ref      int
	Wave     int // from 0 on
	Schedule maintenance.Schedule
	Work     Work
	// Keys are what it may not share with a running target: the value of the
	// constraint's label, the DB instances of its proxies.
	Keys  []string
	State State
	// Bar is why it cannot start whatever the time: maintenance.BlockedByReading, maintenance.BlockedByUnread,
	// maintenance.BlockedByQuarantine or maintenance.BlockedByRun; empty: it can. Unavailable says it in words.
	Bar         maintenance.Blocker
	Unavailable string
	// UnreadSince is since when it cannot be read; zero: it was read last time. ReadAt
	// is when that is tried again; zero: all the time, or never.
	UnreadSince, ReadAt time.Time
	Note                string    // of one that has ended: how, in a few words
	NotBefore           time.Time // the start that an operator requested
	// Started is when it starts: at its opening, also where its run was armed before that.
	Started time.Time
	// Trigger is when its run makes its first change, at the earliest: armed until then. It stays until the
	// run has ended, is held, or says that it goes on. Zero: one of those, or it was started in its window.
	Trigger  time.Time
	End      time.Time
	Attempts int // how often it was started
	// Hold is where a held one is held; the note says why. Zero: it is not held.
	Hold Hold
	// Check is the health check that keeps its run from going on or, of one that has failed, for which it has; the note
	// says why. Zero: none does.
	Check Check
	// Baked is until when its checks were asked while its wave baked, to the end. Zero: they were not.
	Baked time.Time
}

// StateAt is the state at a time: Armed, until the trigger.
func (e *Entry) StateAt(now time.Time) State {
	if e.State == Running && e.Trigger.After(now) {
		return Armed
	}
	return e.State
}

// MayDisarm is true for a running target whose run may not have changed anything yet. Only the run itself
// can say, however long ago it should have: its gateway may be away, or its account's rate may delay it.
func (e *Entry) MayDisarm() bool { return e.State == Running && !e.Trigger.IsZero() }

// Progress is how far a campaign has come: what changes while it runs.
type Progress struct {
	Life    Life    `json:"life"`
	Entries []Entry `json:"entries,omitempty"`
	// Consents are the approvals that were given, in their order. Ask is the approval that people
	// were asked for when it was last decided.
	Consents []Consent `json:"consents,omitempty"`
	Ask      Ask       `json:"ask,omitzero"`
	// Measured is how long the pieces of work took so far.
	Measured Measured `json:"measured,omitzero"`
	// Health is where the health checks stand.
	Health Health `json:"health,omitzero"`
	// Signing is what is known of signatures: which are needed, and which have counted.
	Signing signing.Book `json:"signing,omitzero"`
}

// Fleet is a campaign at one time: its progress, and what the plan says.
type Fleet struct {
	Progress
	Rollout maintenance.Rollout `json:"rollout"` // with its defaults
	Rules   maintenance.Rules   `json:"rules"`
	Arming  Arming              `json:"arming,omitzero"`
	// Approvals say who has to agree, as Asked says; the zero value asks for nobody.
	Approvals maintenance.Approvals `json:"approvals"`
	Submitter string                `json:"submitter"` // who started the campaign
	Checks    []health.Check        `json:"checks,omitempty"`
}

// Arming is how runs are made ready before the windows open, so that only the sending is left then.
type Arming struct {
	// Before is how long before its opening a run is started; 0: at the opening.
	Before maintenance.Duration `json:"before,omitempty"`
	// Delay is how long after the start of its window a run lets AWS update the gateway by itself.
	Delay maintenance.Duration `json:"delay,omitempty"`
}

// Wait is why a target does not start now.
type Wait struct {
	Entry   int                 `json:"entry"` // index into Fleet.Entries
	Blocker maintenance.Blocker `json:"blocker"`
	Reason  string              `json:"reason"`
	// Next is when it may start at the earliest, as far as is known now; zero
	// where only news (a person, another target's end) can change anything.
	Next time.Time `json:"next,omitzero"`
}

// Turn is the decision of one time.
type Turn struct {
	Start []int `json:"start,omitempty"` // indexes of the targets that start, in order
	// Arm are the targets that start too, in order after those, and are armed.
	Arm []Arm `json:"arm,omitempty"`
	// Disarm are targets that were armed and must not go on, unless they have made their first change.
	Disarm Disarm    `json:"disarm,omitzero"`
	Waits  []Wait    `json:"waits,omitempty"` // every other target that has not started, in the fleet's order
	Wake   time.Time `json:"wake,omitzero"`   // when to decide again where there is no news; zero: only news counts
	// Ask is the approval that people are asked for from now on, or still.
	Ask Ask `json:"ask,omitzero"`
	// Bake is the bake whose targets' checks have to be asked until its end; zero: there is none.
	Bake Bake `json:"bake,omitzero"`
	// GiveUp are the indexes of the targets that could not be read for UnreadLimit, and
	// are all that is left of their wave: they have failed.
	GiveUp []int `json:"giveUp,omitempty"`
	// Over is true when every target has ended.
	Over bool `json:"over"`
}

// Arm is a target whose run starts now, and waits for its time.
type Arm struct {
	Entry   int       `json:"entry"`   // index into Fleet.Entries
	Started time.Time `json:"started"` // the opening, or now
	Trigger time.Time `json:"trigger"` // when its run makes its first change, at the earliest
}

// Disarm are targets that were armed, and that something now keeps from starting.
type Disarm struct {
	Entries []int  `json:"entries,omitempty"` // indexes into Fleet.Entries
	Why     string `json:"why,omitempty"`
}

// Decide says what happens now.
func Decide(f Fleet, now time.Time) Turn {
	b := newBoard(f, now)
	start, wake := b.decide(now)
	t := b.turn(start, wake)
	if b.opens() {
		var due time.Time
		t.GiveUp, due = b.unread(now)
		t.Wake = sooner(t.Wake, due)
	}
	return t
}
