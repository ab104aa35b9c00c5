// Package fleet decides for a whole fleet, at one instant, which targets begin
// now, and for every other one what keeps it and when that may end. It is one
// pure function of (state, now): a campaign carries its turns out, and a plan is
// the same turns in virtual time.
package fleet

import (
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// State is how far a target has come in its campaign.
type State string

// The states. The last three are ends.
const (
	Waiting   State = "waiting"
	Running   State = "running"
	Succeeded State = "succeeded"
	Failed    State = "failed"
	Skipped   State = "skipped" // by an operator
)

// Ended is true for a target that does not begin any more.
func (s State) Ended() bool { return s == Succeeded || s == Failed || s == Skipped }

// Entry is what is known of one target.
type Entry struct {
	Name     string               `json:"name"`
	Wave     int                  `json:"wave"` // from 0 on
	Schedule maintenance.Schedule `json:"schedule"`
	// Forecast is how long its work is expected to take, from its beginning.
	Forecast maintenance.Duration `json:"forecast"`
	// Keys are what it may not share with a running target: the value of the
	// constraint's label, the DB instances of its proxies.
	Keys  []string `json:"keys,omitempty"`
	State State    `json:"state"`
	// Barred says why it cannot begin whatever the time: quarantined, or in
	// another campaign's run. Empty: it can.
	Barred    string    `json:"barred,omitempty"`
	NotBefore time.Time `json:"notBefore,omitzero"` // an operator's wish
	Begun     time.Time `json:"begun,omitzero"`
	End       time.Time `json:"end,omitzero"`
}

// Fleet is a campaign at one instant.
type Fleet struct {
	Entries []Entry             `json:"entries"`
	Rollout maintenance.Rollout `json:"rollout"` // with its defaults
	Rules   maintenance.Rules   `json:"rules"`
	// Paused says who paused the campaign, and why; empty: it is not.
	Paused string `json:"paused,omitempty"`
	// Approved is how many waves may open; those after it wait for an approval.
	// Negative: no approval is asked for.
	Approved int `json:"approved"`
}

// The blockers of a fleet, beside those of a single target.
const (
	ByPause       maintenance.Blocker = "pause"
	ByBudget      maintenance.Blocker = "error budget"
	ByWave        maintenance.Blocker = "wave"
	ByBake        maintenance.Blocker = "bake"
	ByBar         maintenance.Blocker = "barred"
	ByWish        maintenance.Blocker = "not before"
	ByForecast    maintenance.Blocker = "forecast"
	ByConstraint  maintenance.Blocker = "constraint"
	ByConcurrency maintenance.Blocker = "concurrency"
)

// Wait is why a target does not begin now.
type Wait struct {
	Entry   int                 `json:"entry"` // index into Fleet.Entries
	Blocker maintenance.Blocker `json:"blocker"`
	Reason  string              `json:"reason"`
	// Next is when it may begin at the earliest, as far as is known now; zero
	// where only news (a person, another target's end) can change anything.
	Next time.Time `json:"next,omitzero"`
}

// Turn is the decision of one instant.
type Turn struct {
	Begin []int     `json:"begin,omitempty"` // indexes of the targets that begin, in order
	Waits []Wait    `json:"waits,omitempty"` // every other target that has not begun, in the fleet's order
	Wake  time.Time `json:"wake,omitzero"`   // when to decide again where there is no news; zero: only news counts
	// Over is true when every target has ended.
	Over bool `json:"over"`
}

// Decide says what happens now.
func Decide(f Fleet, now time.Time) Turn {
	t := turn{fleet: f, now: now, busy: map[string]string{}}
	t.look()
	for i, e := range f.Entries {
		if e.State == Waiting {
			t.consider(i)
		}
	}
	t.begin()
	return t.result()
}
