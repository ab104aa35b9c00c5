package workflows

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// publish shows the run as it is now: to the status query and, as Markdown, in
// the Web UI. It adds nothing to the history.
func (r *run) publish(ctx workflow.Context) {
	r.status.Ledger = r.ledger.changes()
	workflow.SetCurrentDetails(ctx, details(r.status))
}

// details is a status as Markdown.
func details(s maintenance.Status) string {
	var b strings.Builder
	headline(&b, s)
	rows := make([][]string, 0, len(s.Steps))
	for _, step := range s.Steps {
		rows = append(rows, []string{string(step.Step), string(step.State), clock(step.Start), clock(step.End), step.Note})
	}
	table(&b, "", []string{"step", "state", "from", "to", "note"}, rows)
	proxyTable(&b, s.Proxies)
	snapshotTable(&b, s.Snapshots)
	ledgerTable(&b, s.Ledger)
	for _, d := range s.Decisions {
		fmt.Fprintf(&b, "\n%s: %s by %s. %s\n", clock(&d.At), d.What, d.By, d.Why)
	}
	return b.String()
}

func headline(b *strings.Builder, s maintenance.Status) {
	switch {
	case s.Result != nil:
		fmt.Fprintf(b, "**%s** %s\n", s.Result.State, s.Result.Summary)
	case s.Blocker != maintenance.NotBlocked:
		fmt.Fprintf(b, "**Waits (%s):** %s\n", s.Blocker, s.Reason)
	default:
		fmt.Fprintf(b, "**%s** is running.\n", s.Step)
	}
	if s.PastNoReturn {
		b.WriteString("\nPast the point of no return: the update is triggered, and the gateway does not run again yet.\n")
	}
	if s.Schedule != nil {
		fmt.Fprintf(b, "\nWindow: %s\n", s.Schedule)
	}
}

func proxyTable(b *strings.Builder, proxies []maintenance.ProxyOutcome) {
	rows := make([][]string, 0, len(proxies))
	for _, p := range proxies {
		rows = append(rows, []string{short(p.ProxyID), string(p.State), p.From, p.To, p.Note})
	}
	table(b, "Proxies", []string{"proxy", "state", "from", "to", "note"}, rows)
}

func snapshotTable(b *strings.Builder, snapshots []maintenance.SnapshotOutcome) {
	rows := make([][]string, 0, len(snapshots))
	for _, s := range snapshots {
		state := "pending"
		switch {
		case s.Deleted:
			state = "deleted"
		case s.Completed:
			state = "completed"
		}
		rows = append(rows, []string{s.SnapshotID, s.VolumeID, string(s.Point), state})
	}
	table(b, "Snapshots", []string{"snapshot", "volume", "taken", "state"}, rows)
}

func ledgerTable(b *strings.Builder, changes []maintenance.Change) {
	rows := make([][]string, 0, len(changes))
	for _, c := range changes {
		how := "forward-only"
		if c.Reversible {
			how = "reversible"
		}
		rows = append(rows, []string{string(c.State), how, c.What, strings.TrimSpace(c.Undo + " " + c.Why)})
	}
	table(b, "Ledger", []string{"state", "kind", "change", "the way back"}, rows)
}

// table writes a Markdown table; nothing where there are no rows.
func table(b *strings.Builder, title string, head []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	if title != "" {
		fmt.Fprintf(b, "\n### %s\n", title)
	}
	fmt.Fprintf(b, "\n| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	cell := strings.NewReplacer("|", `\|`, "\n", " ")
	for _, row := range rows {
		for _, value := range row {
			b.WriteString("| " + cell.Replace(value) + " ")
		}
		b.WriteString("|\n")
	}
}

// short leaves of a long id what tells it apart on a screen.
func short(id string) string {
	const head, tail = 8, 8
	if len(id) <= head+tail {
		return id
	}
	return id[:head] + "…" + id[len(id)-tail:]
}

func clock(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("01-02 15:04:05Z")
}
