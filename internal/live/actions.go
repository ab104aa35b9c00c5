package live

import (
	"fmt"
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// actionKey is the key that starts an action.
type actionKey struct {
	key, update string
	says        string // what the action does, for its form
	refuse      string // messages where it makes no sense now
	target      bool   // it is about the target that is chosen
}

// actionKeys are all of them.
func actionKeys() []actionKey {
	return []actionKey{
		{key: "p", update: api.PauseUpdate, says: "Nothing new starts until it is resumed. Running targets continue.", refuse: "it is paused or has ended"},
		{key: "r", update: api.ResumeUpdate, says: "The pause ends.", refuse: "it is not paused"},
		{
			key: "a", update: api.ApproveUpdate, says: "Targets that need approval start in their windows.",
			refuse: "nothing needs approval",
		},
		{key: "s", update: api.SkipUpdate, says: "It is left out, and the campaign can no longer end COMPLETED.", refuse: "select a target that waits, is held or has failed (tab)", target: true},
		{
			key: "t", update: api.RetryUpdate, says: "It waits for its next window again.",
			refuse: "select a target that is held or has failed (tab)", target: true,
		},
		{
			key: "w", update: api.WaiveUpdate,
			says:   "It does not count any more: what it blocks goes on at once. A waiver cannot be taken back.",
			refuse: "no health check blocks the campaign; select a target that one blocks (tab)",
		},
		{key: "x", update: api.AbortUpdate, says: "The campaign ends: nothing more starts. Running targets finish; what can be reverted is reverted.", refuse: "it has ended"},
		{key: "X", update: api.AbortUpdate, says: "Its maintenance ends; what can be reverted is reverted. The campaign counts it as failed and continues.", refuse: "select a target that runs (tab)", target: true},
	}
}

// campaignMay is true where the campaign would take such an update now.
func (m Model) campaignMay(update string) bool {
	return m.seen && !m.status.Ended() && slices.Contains(m.status.May, update)
}

// runMay is true where the run of a target would take such an update now, as far
// as is known.
func (m Model) runMay(r *fleet.Row, update string) bool {
	if r == nil || !r.State.InProgress() || m.status.Ended() {
		return false
	}
	status, known := m.runs[r.Gateway]
	return known && slices.Contains(status.May, update)
}

// action is the action of a key, and its target; nil: it makes no sense now.
func (m Model) action(k actionKey) *Action {
	r := m.chosenRow()
	if m.details != nil {
		r = m.details.target(r)
	}
	o := &Action{Update: k.update, By: m.By}
	switch {
	case k.update == api.WaiveUpdate:
		return m.waiver(r)
	case k.key == "X" || (k.target || k.key == "a") && m.runMay(r, k.update):
		if !m.runMay(r, k.update) {
			return nil
		}
		o.Target, o.Run = r, true
	case !m.campaignMay(k.update):
		return nil
	case k.target:
		if r == nil || !api.TargetMay(k.update, r.State, fleet.Unavailable(r.Blocker)) {
			return nil
		}
		o.Target = r
	}
	return o
}

// waiver is that of the check that blocks the chosen target, or else the first that blocks the whole campaign.
func (m Model) waiver(r *fleet.Row) *Action {
	o := &Action{Update: api.WaiveUpdate, By: m.By}
	switch {
	case !m.campaignMay(o.Update):
		return nil
	case r != nil && r.Check != "":
		o.Target, o.Check = r, r.Check
	case len(m.status.Checks) > 0:
		o.Check = m.status.Checks[0].Check
	default:
		return nil
	}
	return o
}

// says is what an action will do, in one line.
func (o Action) says(k actionKey) string {
	if !o.Run {
		return k.says
	}
	switch o.Update {
	case api.RetryUpdate:
		return "The failed step of its maintenance is tried again."
	case api.SkipUpdate:
		return "Its maintenance continues without the failed step, and can no longer end COMPLETED."
	case api.ApproveUpdate:
		return "Its maintenance, which waits for an approval, starts."
	}
	return k.says
}

// what is what an action does to what, in a few words.
func (o Action) what(campaign string) string { return o.Update + " " + o.about(campaign) }

// about is what an action is given to, for people.
func (o Action) about(campaign string) string {
	if o.Check != "" {
		check := fmt.Sprintf("check %q of ", clean(o.Check))
		o.Check = ""
		return check + o.about(campaign)
	}
	switch {
	case o.Target == nil:
		return "the campaign " + campaign
	case o.Run:
		return "the maintenance of " + clean(o.Target.Name) + " (" + o.Target.Gateway + ")"
	}
	return clean(o.Target.Name) + " (" + o.Target.Gateway + ")"
}
