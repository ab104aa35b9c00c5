package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// perfect is what the fleet leaves behind when every fate comes out.
func perfect() (results []maintenance.Result, counted map[effect]int) {
	begin := time.Date(2026, 11, 22, 2, 15, 0, 0, time.UTC)
	for _, m := range fleet() {
		r := maintenance.Result{
			Target: m.target.Name, State: m.expect.state, Summary: "all is so.", Start: begin, End: begin.Add(25 * time.Second),
			Quarantined: m.expect.quarantined,
			Gateway: maintenance.GatewayOutcome{
				Before:  maintenance.Gateway{SoftwareVersion: m.expect.before},
				After:   maintenance.Gateway{SoftwareVersion: m.expect.after},
				Updated: m.expect.cause != "", Cause: m.expect.cause,
			},
		}
		for i, point := range m.expect.snapshots {
			r.Snapshots = append(r.Snapshots, maintenance.SnapshotOutcome{SnapshotID: fmt.Sprint("snap-", i), Point: point, Completed: true})
		}
		for _, state := range m.expect.proxies {
			r.Proxies = append(r.Proxies, maintenance.ProxyOutcome{State: state})
		}
		for i, state := range m.expect.ledger {
			r.Ledger = append(r.Ledger, maintenance.Change{What: fmt.Sprint("change ", i), State: state})
		}
		r.Decisions = slices.Repeat([]maintenance.Decision{{What: "approve", By: "demo"}}, m.expect.decisions)
		results = append(results, r)
	}
	return results, intended(fleet())
}

func index(name string) int {
	return slices.IndexFunc(fleet(), func(m member) bool { return m.target.Name == name })
}
