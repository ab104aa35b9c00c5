package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// ending is what a campaign leaves behind.
type ending struct {
	campaign fleet.Result
	rows     []fleet.Row // its targets, in its order
	// results are the targets' records, in the order of the members; a zero one
	// stands for a target that left none.
	results  []maintenance.Result
	effects  map[effect]int
	received []message // what the channel got
}

// tookPart is true where someone else than the demo has sent actions. The
// approval, which --ask leaves to the user, is none.
func (e ending) tookPart() bool {
	orders := slices.DeleteFunc(slices.Clone(e.campaign.Decisions), func(d maintenance.Decision) bool {
		return d.What == api.ApproveUpdate
	})
	for _, r := range e.results {
		orders = append(orders, r.Decisions...)
	}
	return slices.ContainsFunc(orders, func(d maintenance.Decision) bool { return d.By != person })
}

// differences are the ways in which a campaign departed from its plan and from
// the outcomes that its targets should meet: none when all is well.
func differences(targets []member, was ending, p promises) []string {
	var faults []string
	if want := fleet.Partial; was.campaign.State != want {
		faults = append(faults, fmt.Sprintf("the campaign ended %s, should be %s", was.campaign.State, want))
	}
	if n, want := len(was.campaign.Decisions), 2+runDecisions(targets); n != want {
		faults = append(faults, fmt.Sprintf("the campaign has %d decisions, should have %d: the approval, the waiver, and those of its targets' runs", n, want))
	}
	for i, m := range targets {
		if i >= len(was.rows) || was.rows[i].Name != m.name {
			return append(faults, m.name+": is not where the plan puts it")
		}
		faults = append(faults, m.differences(was.rows[i], was.results[i])...)
	}
	for _, row := range was.rows[len(targets):] {
		faults = append(faults, row.Name+": is not a target of the plan")
	}
	faults = append(faults, p.broken(was.rows)...)
	faults = append(faults, miscounts("the clouds", intended(targets), was.effects, compare)...)
	return append(faults, miscounts("the channel "+oncall, announced(was.campaign.Name, targets), titles(was.received),
		strings.Compare)...)
}

// runDecisions is how many decisions the targets' own runs should get.
func runDecisions(targets []member) (n int) {
	for _, m := range targets {
		n += m.expect.decisions
	}
	return n
}

func (m member) differences(row fleet.Row, r maintenance.Result) []string {
	var faults []string
	same := func(what string, want, got any) {
		// As text, so that no list and an empty one are alike.
		if w, g := fmt.Sprint(want), fmt.Sprint(got); w != g {
			faults = append(faults, fmt.Sprintf("%s: %s: %s, should be %s", m.name, what, g, w))
		}
	}
	want := m.expect
	same("wave", m.wave, row.Wave)
	same("state", want.state, row.State)
	if r.State == "" && want.end != "" {
		return append(faults, m.name+": it left no record")
	}
	same("end state", want.end, r.State)
	same("updated", want.cause != "", r.Gateway.Updated)
	same("cause of the update", want.cause, r.Gateway.Cause)
	same("software before", want.before, r.Gateway.Before.SoftwareVersion)
	same("software after", want.after, r.Gateway.After.SoftwareVersion)
	same("snapshots", want.snapshots, points(r.Snapshots))
	same("proxies", want.proxies, each(r.Proxies, func(p maintenance.ProxyOutcome) maintenance.ProxyState {
		return p.State
	}))
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

// miscounts are the things that did not happen as often as intended.
func miscounts[T comparable](where string, want, got map[T]int, order func(a, b T) int) []string {
	all := maps.Clone(want)
	maps.Copy(all, got)
	var faults []string
	for _, one := range slices.SortedFunc(maps.Keys(all), order) {
		if want[one] != got[one] {
			faults = append(faults, fmt.Sprintf("%s: %v: took place %d times, should be %d", where, one, got[one], want[one]))
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
