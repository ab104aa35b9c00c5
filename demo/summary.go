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

// printer writes what people read. Where that fails there is nowhere to say so,
// and the maintenances go on.
type printer struct{ out io.Writer }

func (p printer) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format, args...) //nolint:errcheck // see printer
}

func (p printer) greet(s *stage, fleet []member) {
	p.say("Tidegate's demo: %d gateways, as many fates, two simulated clouds. Two minutes.\n\n", len(fleet))
	p.say("  Web UI    %s\n", s.runsPage())
	p.say("            Open a run: it says what it does, or what it waits for and why.\n")
	p.say("  Temporal  %s (namespace %s)\n", s.temporal.FrontendAddress(), s.temporal.Namespace())
	p.say("  Clouds    http://%s/_sim/effects lists every change they made\n\n", s.address)
	for _, m := range fleet {
		p.say("  %-*s  %s\n", nameWidth, m.target.Name, m.fate)
	}
	p.say("\n")
}

func summaryColumns() []any {
	return []any{"target", "end state", "software", "snapshots", "proxies", "took"}
}

// summary is the table of what became of every target: figures, and below them
// what was expected and what is so.
func (p printer) summary(fleet []member, results []maintenance.Result) {
	t := p.table("What became of them", summaryColumns()...)
	t.Style().Options.SeparateRows = true
	for i, m := range fleet {
		r := results[i]
		t.AppendRow(table.Row{
			m.target.Name, p.coloured(r.State, m.expect.state), software(r.Gateway),
			snapshotsOf(r.Snapshots), strings.ReplaceAll(proxiesSoFar(r.Proxies), ", ", "\n"), took(r),
		})
		appendProse(t, "Expected: "+m.fate+".", "Now: "+r.Summary, takenBack(r.Ledger))
	}
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
	t := p.table("What the clouds did, by their own ledger", "effect", "intended", "counted", "each once")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		intended, _ := ofKind(want, kind)
		count, most := ofKind(got, kind)
		verdict := "yes"
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

// table has lines on a terminal and plain characters in a file or a pipe.
func (p printer) table(title string, columns ...any) table.Writer {
	t := table.NewWriter()
	t.SetTitle(title)
	t.AppendHeader(columns)
	t.SetStyle(table.StyleDefault)
	if _, isTerminal := terminal(p.out); isTerminal {
		t.SetStyle(table.StyleLight)
	}
	t.Style().Format.Header = text.FormatDefault
	return t
}

// proseWidth keeps the summary within 80 columns.
const proseWidth = 66

// appendProse adds one cell of paragraphs over all columns of the summary.
func appendProse(t table.Writer, paragraphs ...string) {
	var wrapped []string
	for _, paragraph := range paragraphs {
		if paragraph != "" {
			wrapped = append(wrapped, text.WrapSoft(paragraph, proseWidth))
		}
	}
	cell := strings.Join(wrapped, "\n")
	row := make(table.Row, len(summaryColumns()))
	for i := range row {
		row[i] = cell // cells that are alike are merged
	}
	t.AppendRow(row, table.RowConfig{AutoMerge: true, AutoMergeAlign: text.AlignLeft})
}

// takenBack lists what the ledger says was taken back.
func takenBack(ledger []maintenance.Change) string {
	var list []string
	for _, c := range ledger {
		if c.State == maintenance.ChangeTakenBack {
			list = append(list, c.What)
		}
	}
	if len(list) == 0 {
		return ""
	}
	return "Taken back: " + strings.Join(list, "; ") + "."
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
	return g.Before.SoftwareVersion + " → " + g.After.SoftwareVersion + by
}

func snapshotsOf(snapshots []maintenance.SnapshotOutcome) string {
	if len(snapshots) == 0 {
		return ""
	}
	return fmt.Sprintf("%d of %d", completed(snapshots), len(snapshots))
}

func took(r maintenance.Result) string {
	return r.End.Sub(r.Start).Round(time.Second).String()
}
