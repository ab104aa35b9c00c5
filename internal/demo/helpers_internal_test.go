package demo

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/program"
)

// run is Run with someone at the keyboard.
func run(ctx context.Context, args []string, in io.Reader, stdout, stderr io.Writer) int {
	from := func() *cobra.Command { //nolint:contextcheck // cobra gives each command its context
		cmd := command()
		cmd.SetIn(in)
		return cmd
	}
	return program.Run(ctx, from, args, stdout, stderr)
}

var opened = time.Date(2026, 11, 22, 2, 15, 0, 0, time.UTC)

// kept are the promises of the tests.
var kept = promises{notBefore: opened, bake: 3 * time.Second, most: 10, apart: [][]string{{"orders-1", "orders-2"}}}

// perfect is what the campaign leaves behind when every outcome comes out, with one
// target after the other.
func perfect() ending {
	was := ending{campaign: fleet.Result{Name: "tidegate-demo", State: fleet.Partial, Decisions: []maintenance.Decision{{What: "approve", By: person}, {What: "waive", By: person}}}}
	for i, m := range members() {
		row := fleet.Row{Name: m.name, Gateway: m.gateway(), Wave: m.wave, State: m.expect.state}
		if m.expect.end != "" {
			row.Started = opened.Add(time.Duration(i) * time.Minute)
			row.End = row.Started.Add(25 * time.Second)
		}
		was.rows = append(was.rows, row)
		was.results = append(was.results, m.perfect(row))
		was.campaign.Decisions = append(was.campaign.Decisions, was.results[i].Decisions...)
	}
	was.effects = intended(members())
	for title := range announced("tidegate-demo", members()) {
		was.received = append(was.received, message{At: opened, Title: title})
	}
	return was
}

// perfect is the record of a target that met its outcome.
func (m member) perfect(row fleet.Row) maintenance.Result {
	if m.expect.end == "" {
		return maintenance.Result{}
	}
	r := maintenance.Result{
		Target: m.name, State: m.expect.end, Summary: "all is so.", Start: row.Started, End: row.End,
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
	r.Decisions = slices.Repeat([]maintenance.Decision{{What: "abort", By: person, Why: "of it"}}, m.expect.decisions)
	return r
}

func index(name string) int {
	return slices.IndexFunc(members(), func(m member) bool { return m.name == name })
}
