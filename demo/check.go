package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// differences are the ways in which a run departed from the fates that the
// fleet should meet: none when all is well. The results are the fleet's, in
// its order; a zero one stands for a target that left no record.
func differences(fleet []member, results []maintenance.Result, counted map[effect]int) []string {
	var faults []string
	for i, m := range fleet {
		faults = append(faults, m.differences(results[i])...)
	}
	return append(faults, miscounts(intended(fleet), counted)...)
}

func (m member) differences(r maintenance.Result) []string {
	if r.State == "" {
		return []string{m.target.Name + ": it left no record"}
	}
	var faults []string
	same := func(what string, want, got any) {
		// As text, so that no list and an empty one are alike.
		if w, g := fmt.Sprint(want), fmt.Sprint(got); w != g {
			faults = append(faults, fmt.Sprintf("%s: %s: %s, should be %s", m.target.Name, what, g, w))
		}
	}
	want := m.expect
	same("end state", want.state, r.State)
	same("updated", want.cause != "", r.Gateway.Updated)
	same("cause of the update", want.cause, r.Gateway.Cause)
	same("software before", want.before, r.Gateway.Before.SoftwareVersion)
	same("software after", want.after, r.Gateway.After.SoftwareVersion)
	same("snapshots", want.snapshots, points(r.Snapshots))
	same("proxies", want.proxies, each(r.Proxies, func(p maintenance.ProxyOutcome) maintenance.ProxyState { return p.State }))
	same("ledger", want.ledger, each(r.Ledger, func(c maintenance.Change) maintenance.ChangeState { return c.State }))
	same("quarantined", want.quarantined, r.Quarantined)
	same("decisions", want.decisions, len(r.Decisions))
	return faults
}

// points are the sides of the update on which snapshots were taken and
// completed; one that is not, or that counts twice, shows by its id.
func points(snapshots []maintenance.SnapshotOutcome) []maintenance.RecoveryPoint {
	seen := map[string]bool{}
	return each(snapshots, func(s maintenance.SnapshotOutcome) maintenance.RecoveryPoint {
		if !s.Completed || seen[s.SnapshotID] {
			return maintenance.RecoveryPoint("not a snapshot of its own: " + s.SnapshotID)
		}
		seen[s.SnapshotID] = true
		return s.Point
	})
}

// miscounts are the effects that did not take place as often as intended.
func miscounts(want, got map[effect]int) []string {
	all := maps.Clone(want)
	maps.Copy(all, got)
	var faults []string
	for _, e := range slices.SortedFunc(maps.Keys(all), compare) {
		if want[e] != got[e] {
			faults = append(faults, fmt.Sprintf("the clouds: %s: took place %d times, should be %d", e, got[e], want[e]))
		}
	}
	return faults
}

func each[From, To any](list []From, of func(From) To) []To {
	out := make([]To, 0, len(list))
	for _, one := range list {
		out = append(out, of(one))
	}
	return out
}
