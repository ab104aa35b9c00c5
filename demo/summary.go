package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// printer writes what people read. A terminal that went away does not stop the
// maintenances, so its errors are dropped.
type printer struct{ out io.Writer }

func (p printer) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format, args...) //nolint:errcheck // see printer
}

func (p printer) greet(s *stage, fleet []member) {
	p.say("Tidegate's demo: %d gateways, %d fates, two simulated clouds, one process. It takes about two minutes.\n\n", len(fleet), len(fleet))
	p.say("  Web UI    %s\n", s.runsPage())
	p.say("            Open a run: its summary and current details say what runs, what waits, and why.\n")
	p.say("  Temporal  %s (namespace %s)\n", s.temporal.FrontendAddress(), s.temporal.Namespace())
	p.say("  Clouds    http://%s/_sim/effects lists every change they made\n\n", s.address)
	for _, m := range fleet {
		p.say("  %-*s %s\n", nameWidth, m.target.Name, m.fate)
	}
	p.say("\n")
}

// summary is the table of what became of every target.
func (p printer) summary(fleet []member, results []maintenance.Result) {
	t := p.table("What became of them", "target", "expected", "end state", "software", "snapshots", "proxies", "took", "what is true now")
	for i, m := range fleet {
		r := results[i]
		t.AppendRow(table.Row{
			m.target.Name, m.fate, p.coloured(r.State, m.expect.state), software(r.Gateway),
			snapshotsOf(r.Snapshots), strings.ReplaceAll(proxiesSoFar(r.Proxies), ", ", "\n"), took(r), r.Summary,
		})
	}
	t.Style().Options.SeparateRows = true
	p.say("\n%s\n", t.Render())
}

// effects counts what the clouds did, kind by kind, against what was intended.
func (p printer) effects(want, got map[effect]int) {
	kinds := map[string]bool{}
	for e := range want {
		kinds[e.kind] = true
	}
	for e := range got {
		kinds[e.kind] = true
	}
	t := p.table("What the clouds did, by their own ledger", "effect", "intended", "took place", "exactly once")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		intended, _ := ofKind(want, kind)
		count, most := ofKind(got, kind)
		verdict := "each"
		if count != intended || most > 1 {
			verdict = "NO"
		}
		t.AppendRow(table.Row{kind, intended, count, verdict})
	}
	p.say("\n%s\n\n", t.Render())
}

// ofKind is how many effects of a kind there are, and how often the most
// frequent one of them took place.
func ofKind(counts map[effect]int, kind string) (total, most int) {
	for e, n := range counts {
		if e.kind == kind {
			total, most = total+n, max(most, n)
		}
	}
	return total, most
}

func (p printer) verdict(faults []string) {
	if len(faults) == 0 {
		p.say("Every fate came out as it should, and every effect took place exactly once.\n")
	}
}

// table fits a terminal; in a file or a pipe it is plain and as wide as it needs.
func (p printer) table(title string, columns ...any) table.Writer {
	t := table.NewWriter()
	t.SetTitle(title)
	t.AppendHeader(columns)
	t.SetStyle(table.StyleDefault)
	width, isTerminal := terminal(p.out)
	if isTerminal {
		t.SetStyle(table.StyleLight)
	}
	t.Style().Format.Header = text.FormatDefault
	t.Style().Format.Footer = text.FormatDefault
	prose := 48
	if isTerminal {
		prose = min(max((width-100)/2, 24), prose)
	}
	t.SetColumnConfigs([]table.ColumnConfig{
		{Name: "expected", WidthMax: prose, WidthMaxEnforcer: text.WrapSoft},
		{Name: "what is true now", WidthMax: prose, WidthMaxEnforcer: text.WrapSoft},
	})
	return t
}

// coloured is an end state in the colour of what it is, on a terminal.
func (p printer) coloured(state, want maintenance.EndState) string {
	shown := string(state)
	if shown == "" {
		shown = "no record"
	}
	if _, isTerminal := terminal(p.out); !isTerminal {
		return shown
	}
	switch {
	case state != want:
		return text.FgRed.Sprint(shown)
	case state == maintenance.StateCompleted:
		return text.FgGreen.Sprint(shown)
	}
	return text.FgYellow.Sprint(shown)
}

func software(g maintenance.GatewayOutcome) string {
	if g.Before.SoftwareVersion == g.After.SoftwareVersion {
		return g.After.SoftwareVersion
	}
	by := ""
	if g.Cause == maintenance.CauseAWS {
		by = "\nby AWS"
	}
	return change(g.Before.SoftwareVersion, g.After.SoftwareVersion) + by
}

func snapshotsOf(snapshots []maintenance.SnapshotOutcome) string {
	if len(snapshots) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", completed(snapshots), len(snapshots))
}

func took(r maintenance.Result) string {
	return r.End.Sub(r.Start).Round(time.Second / 10).String()
}
