package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// summarizer writes what people read. Where that fails there is nowhere to say so,
// and the maintenances go on.
type summarizer struct{ out io.Writer }

func (p summarizer) say(format string, args ...any) {
	_, _ = fmt.Fprintf(p.out, format, args...) // see printer
}

func (p summarizer) greet(s *stage, in api.CampaignInput, targets []member) {
	p.say("Tidegate's demo: a campaign over %d gateways in two accounts of simulated clouds. Two minutes.\n\n", len(targets))
	p.say("  Web UI    %s\n", s.runsPage())
	p.say("            Open a run: it says what it does, or what it waits for and why.\n")
	p.say("  Temporal  %s (namespace %s)\n", s.temporal.FrontendAddress(), s.temporal.Namespace())
	p.say("  Clouds    http://%s/_sim/effects lists every change they made\n", s.address)
	p.say("  Messages  http://%s shows the notifications\n", s.oncall.address)
	p.say("  Plan      %s. In another terminal:\n", planPath)
	for _, line := range []string{"status " + in.Plan.Name, "plan " + planPath} {
		p.say("            %s\n", s.tidegate(line))
	}
	p.say("\n")
	for i, m := range targets {
		switch rest := len(targets) - i; {
		case i == len(targets)-stores:
			p.say("  %-*s  %d stores, found by their tag in the second account\n", nameWidth, m.name+"...", rest)
		case rest > stores:
			p.say("  %-*s  %s\n", nameWidth, m.name, m.outcome)
		}
	}
	p.say("\n  The waves have %s targets. First someone has to approve, and a freeze of %s has to end.\n\n",
		strings.Join(each(waveSizes(targets), strconv.Itoa), ", "), freezeFor)
}

func summaryColumns() []any {
	return []any{"target", "wave", "end state", "software", "snapshots", "proxies", "took"}
}

// summary is the table of what became of every target: figures, and below them
// what is so where that needs words.
func (p summarizer) summary(targets []member, was ending) {
	t := p.table("What became of them", summaryColumns()...)
	for i, m := range targets {
		r := was.results[i]
		shown, good := string(r.State), r.State == m.expect.end
		if r.State == "" {
			shown, good = string(was.rows[i].State), was.rows[i].State == m.expect.state
		}
		t.AppendRow(table.Row{
			m.name, m.wave, p.coloured(shown, good), software(r.Gateway),
			snapshotsOf(r.Snapshots), strings.ReplaceAll(proxiesSoFar(r.Proxies), ", ", "\n"), took(r),
		})
		if m.expect.decisions > 0 || !good {
			t.AppendSeparator()
			appendProse(t, "Expected: "+m.outcome+".", "Outcome: "+r.Summary, decided(r.Decisions), takenBack(r.Ledger))
			t.AppendSeparator()
		}
	}
	p.say("\n%s\n", t.Render())
	p.say("\nThe campaign ended %s: %s\n", was.campaign.State, was.campaign.Summary)
}

// effects counts what the clouds did, kind by kind, against what was intended.
func (p summarizer) effects(want, got map[effect]int) {
	kinds := map[string]bool{}
	for e := range want {
		kinds[e.kind] = true
	}
	for e := range got {
		kinds[e.kind] = true
	}
	t := p.table("What the clouds did, by their own ledger", "effect", "intended", "counted", "as intended")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		intended, counted := ofKind(want, kind), ofKind(got, kind)
		verdict := "yes"
		if !maps.Equal(intended, counted) {
			verdict = "NO"
		}
		t.AppendRow(table.Row{kind, total(intended), total(counted), verdict})
	}
	p.say("\n%s\n\n", t.Render())
}

// ofKind are the effects of a kind.
func ofKind(counts map[effect]int, kind string) map[effect]int {
	found := map[effect]int{}
	for e, n := range counts {
		if e.kind == kind {
			found[e] = n
		}
	}
	return found
}

func total(counts map[effect]int) (n int) {
	for _, each := range counts {
		n += each
	}
	return n
}

// messages are those that the channel got.
func (p summarizer) messages(received []message) {
	t := p.table("Notifications to "+oncall+", by a webhook", "at", "message")
	for _, m := range received {
		t.AppendRow(table.Row{m.At.UTC().Format("15:04:05Z"), m.Title})
	}
	p.say("%s\n\n", t.Render())
}

func (p summarizer) verdict(faults []string, tookPart bool) {
	switch {
	case len(faults) == 0:
		p.say("Every outcome came out as it should, every promise of the plan was kept, and every effect took place exactly once.\n")
	case tookPart:
		p.say("You gave orders of your own. What came out otherwise than without them:\n  %s\n", strings.Join(faults, "\n  "))
	}
}

// table has lines on a terminal and plain characters in a file or a pipe.
func (p summarizer) table(title string, columns ...any) table.Writer {
	t := table.NewWriter()
	t.SetTitle(title)
	t.AppendHeader(columns)
	t.SetStyle(table.StyleDefault)
	if printer.Moves(p.out) {
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

// takenBack lists what the ledger says was reverted.
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
	return "Reverted: " + strings.Join(list, "; ") + "."
}

// coloured is an end state in the colour of what it is, on a terminal.
func (p summarizer) coloured(shown string, expected bool) string {
	if shown == "" {
		shown = "no record"
	}
	if !printer.Moves(p.out) {
		return shown
	}
	switch {
	case !expected:
		return text.FgRed.Sprint(shown)
	case shown == string(maintenance.StatePartial):
		return text.FgYellow.Sprint(shown)
	}
	return text.FgGreen.Sprint(shown)
}

// who is what was decided, by whom and with what, such as: retry by ann (update).
func who(d maintenance.Decision) string {
	text := d.What + " by " + d.By
	if detail := d.Detail(); detail != "" {
		text += " (" + detail + ")"
	}
	return text
}

// decided says who decided what.
func decided(decisions []maintenance.Decision) string {
	texts := each(decisions, func(d maintenance.Decision) string { return fmt.Sprintf("%s, because %s", who(d), d.Why) })
	if len(texts) == 0 {
		return ""
	}
	return "Decided: " + strings.Join(texts, "; ") + "."
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
	if r.State == "" {
		return ""
	}
	return r.End.Sub(r.Start).Round(time.Second).String()
}
