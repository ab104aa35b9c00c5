package operate

import (
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows"
)

// may are the orders that a gateway would take as it is now, by name.
func (r Record) may() []string {
	switch {
	case r.Status != nil && r.Execution == Running:
		return MayMaintenance(*r.Status)
	case r.Quarantine != nil:
		return []string{workflows.ReleaseUpdate}
	}
	return nil
}

// MayMaintenance are the orders that a maintenance would take as it is now, by name.
func MayMaintenance(s maintenance.Status) []string {
	var names []string
	switch {
	case s.Blocker == maintenance.BlockedByApproval:
		names = append(names, workflows.ApproveUpdate)
	case s.Held && s.Step.CanBeSkipped():
		names = append(names, workflows.RetryUpdate, workflows.SkipUpdate)
	case s.Held:
		names = append(names, workflows.RetryUpdate)
	}
	aborted := slices.ContainsFunc(s.Decisions, func(d maintenance.Decision) bool { return d.What == workflows.AbortUpdate })
	if !aborted && (s.Held || !s.PastNoReturn) {
		names = append(names, workflows.AbortUpdate)
	}
	return names
}

// CommandLines are what is typed to give orders are given, in the orders' own order.
func CommandLines(gatewayID string, names []string) []string {
	var texts []string
	for _, o := range Orders() {
		if slices.Contains(names, o.Update) {
			texts = append(texts, o.line(gatewayID))
		}
	}
	return texts
}

// MayCampaign are the orders that a campaign would take as it is now, by name.
func MayCampaign(s fleet.Status) []string {
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

// mostHeld is for how many held targets the commands stand beside the campaign's.
const mostHeld = 3

// heldLines are the commands that every held target of a campaign takes; what else it
// takes its own status says.
func heldLines(r CampaignRecord) []string {
	if r.Status == nil || r.Execution != Running {
		return nil
	}
	var texts []string
	held := 0
	for _, row := range r.Status.Running {
		if row.Note != "" && held < mostHeld {
			held++
			texts = append(texts, "tidegate status "+r.handle()+" "+row.Gateway)
			texts = append(texts, CommandLines(row.Gateway, []string{workflows.RetryUpdate, workflows.AbortUpdate})...)
		}
	}
	return texts
}

// campaignLines are the commands by which orders are given to a campaign, in the
// orders' own order.
func campaignLines(name string, names []string) []string {
	var texts []string
	for _, o := range Orders() {
		if slices.Contains(names, o.Update) {
			texts = append(texts, o.campaignLine(name))
		}
	}
	return texts
}
