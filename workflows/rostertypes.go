package workflows

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// RosterInput is a page of a campaign's targets.
type RosterInput struct {
	Campaign string `json:"campaign"` // workflow id
	First    string `json:"first"`    // run id of the campaign's first run: another campaign may take its name later
	Number   int    `json:"number"`   // from 0 on
	// Plan is the campaign's, without its targets.
	Plan    plan.Plan            `json:"plan"`
	Targets []maintenance.Target `json:"targets,omitempty"` // those that the plan names
	// Selector found the gateways of Found: each becomes a target where it matches.
	Selector *plan.Selector           `json:"selector,omitempty"`
	Found    []maintenance.GatewayRef `json:"found,omitempty"`
	PlanOnly bool                     `json:"planOnly,omitempty"`
}

// orders are what a campaign tells a roster. All of it may be said twice.
type orders struct {
	Begin []startOrder `json:"begin,omitempty"`
	Read  []int        `json:"read,omitempty"`  // lines that are to be read anew
	Tell  []int        `json:"tell,omitempty"`  // lines of which nothing was heard for long
	Abort *Order       `json:"abort,omitempty"` // every running target that is not past the point of no return
	Close bool         `json:"close,omitempty"` // nothing more will be asked
}

// startOrder is the order to begin a target's maintenance.
type startOrder struct {
	Line    int `json:"line"`
	Attempt int `json:"attempt"` // counted by the campaign, from 1 on
}

// news are what a roster tells its campaign. All of it may be said twice.
type news struct {
	First  string  `json:"first"` // of the campaign that is meant
	Roster int     `json:"roster"`
	Events []event `json:"events"`
}

// eventKind says what happened to a target.
type eventKind string

const (
	wasRead    eventKind = "read"      // Entry holds what is known now
	notChosen  eventKind = "not found" // the selector does not match
	wasDelayed eventKind = "deferred"  // it was begun, and found its window shut: Entry holds the new one
	isHeld     eventKind = "held"      // its run waits for a person: Note says why; empty: no more
	hasEnded   eventKind = "ended"
)

// event is what happened to one target.
type event struct {
	Line    int          `json:"line"`
	Kind    eventKind    `json:"kind"`
	Entry   *fleet.Entry `json:"entry,omitempty"`
	Attempt int          `json:"attempt,omitempty"` // of a maintenance that has ended or was deferred
	State   fleet.State  `json:"state,omitempty"`
	Note    string       `json:"note,omitempty"`
	At      time.Time    `json:"at,omitzero"`
	Took    took         `json:"took,omitzero"`
}

// took is how long the pieces of a maintenance took; zero for those that it did
// not have, or in which it waited for a window or a person.
type took struct {
	Update   maintenance.Duration `json:"update,omitempty"`
	Snapshot maintenance.Duration `json:"snapshot,omitempty"`
	Proxy    maintenance.Duration `json:"proxy,omitempty"`
}

// heldTarget is what a run tells its roster when it is held, and when no more.
type heldTarget struct {
	Gateway string `json:"gateway"`
	Reason  string `json:"reason,omitempty"`
}
