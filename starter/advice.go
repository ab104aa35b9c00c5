package main

import (
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows"
)

// may are the orders that a maintenance would take as it is now, by name.
func (r record) may() []string {
	switch {
	case r.Status != nil && r.Execution == running():
		return mayNow(*r.Status)
	case r.Quarantine != nil:
		return []string{workflows.ReleaseUpdate}
	}
	return nil
}

func mayNow(s maintenance.Status) []string {
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

// lines are the commands by which orders are given, in the orders' own order.
func lines(gatewayID string, names []string) []string {
	var texts []string
	for _, o := range orders() {
		if slices.Contains(names, o.update) {
			texts = append(texts, o.line(gatewayID))
		}
	}
	return texts
}
