package main

import (
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows"
)

// mayCampaign are the orders that a campaign would take as it is now, by name.
func mayCampaign(s fleet.Status) []string {
	if s.Phase == fleet.Over || s.Phase == fleet.Planned || s.Stopped != "" {
		return nil
	}
	var names []string
	add := func(may bool, name string) {
		if may {
			names = append(names, name)
		}
	}
	add(s.Asks != "", workflows.ApproveUpdate)
	add(s.Counts.Failed+s.Counts.Skipped+s.Blockers[fleet.ByBar] > 0, workflows.RetryUpdate)
	add(s.Counts.Waiting+s.Counts.Failed > 0, workflows.SkipUpdate)
	add(s.Counts.Waiting > 0, workflows.RescheduleUpdate)
	add(s.Paused == "", workflows.PauseUpdate)
	add(s.Paused != "", workflows.ResumeUpdate)
	add(true, workflows.ConcurrencyUpdate)
	add(true, workflows.AbortUpdate)
	return names
}

// campaignLines are the commands by which orders are given to a campaign, in the
// orders' own order.
func campaignLines(name string, names []string) []string {
	var texts []string
	for _, o := range orders() {
		if slices.Contains(names, o.update) {
			texts = append(texts, o.campaignLine(name))
		}
	}
	return texts
}
