package api

import (
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// CampaignMay are the names of the updates that make sense for a campaign as it is.
func CampaignMay(s fleet.Status) (names []string) {
	if s.Result != nil {
		return nil
	}
	if s.Phase == fleet.Planned || s.Stopped != "" {
		return []string{AbortUpdate}
	}
	n := s.Counts
	for _, o := range []struct {
		name string
		may  bool
	}{
		{ApproveUpdate, s.Approval != nil},
		{PauseUpdate, s.Paused == ""},
		{ResumeUpdate, s.Paused != ""},
		{RetryUpdate, n.Held+n.Failed+n.Skipped+len(s.Unavailable) > 0},
		{SkipUpdate, n.Failed+n.Waiting+n.Armed > 0 || slices.ContainsFunc(s.HeldRows(), func(r fleet.Row) bool {
			return slices.Contains(r.May, SkipUpdate)
		})},
		{RescheduleUpdate, n.Waiting+n.Armed > 0},
		{WaiveUpdate, len(s.Checks) > 0 || slices.ContainsFunc(s.Running, func(r fleet.Row) bool {
			return r.Blocker == maintenance.BlockedByCheck
		})},
		{ConcurrencyUpdate, true},
		{AbortUpdate, true},
	} {
		if o.may {
			names = append(names, o.name)
		}
	}
	return names
}

// TargetMay is true where a campaign would take an update about a target that is in a
// state, and may be unavailable.
func TargetMay(update string, state fleet.State, unavailable bool) bool {
	switch update {
	case RetryUpdate:
		return state == fleet.Held || state == fleet.Failed || state == fleet.Skipped ||
			(state == fleet.Waiting && unavailable)
	case SkipUpdate:
		return state == fleet.Held || state == fleet.Failed || state == fleet.Waiting || state == fleet.Armed
	case AbortUpdate:
		return state.InProgress()
	case RescheduleUpdate:
		return state == fleet.Waiting || state == fleet.Armed
	}
	return false
}
