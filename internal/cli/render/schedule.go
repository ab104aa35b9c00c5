package render

import (
	"fmt"
	"strings"

	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
)

// PrintSchedule prints one schedule with its last and next runs.
func PrintSchedule(p printer.Printer, s record.Schedule) {
	field := func(name, format string, args ...any) { p.Linef("%-10s%s", name, fmt.Sprintf(format, args...)) }
	field("schedule", "%s", s.Name)
	if s.About != "" {
		field("about", "%s", s.About)
	}
	field("starts", "%s, up to %s late", s.When, s.Catchup)
	if s.Paused {
		field("paused", "yes; to resume: tidegate schedule resume %s --why TEXT", s.Name)
	}
	if s.Note != "" {
		field("note", "%s", strings.ReplaceAll(s.Note, "\n", "; "))
	}
	field("plan", "%s: %s", s.Plan.Name, s.Plan.Summary)
	field("digest", "sha256:%s", s.Plan.Digest)
	if !s.Plan.FreezesUntil.IsZero() {
		field("freezes", "known until %s", printer.Clock(&s.Plan.FreezesUntil))
	}
	field("submitter", "%s", s.Plan.Submitter)
	field("created", "%s", printer.Clock(&s.Created))
	if !s.Changed.IsZero() {
		field("changed", "%s", printer.Clock(&s.Changed))
	}
	field("so far", "%d started, %d skipped because the previous one still ran, %d missed by more than %s", s.Started, s.Overlap, s.Missed, s.Catchup)
	for i, next := range s.Next {
		name := ""
		if i == 0 {
			name = "next"
		}
		field(name, "%s", printer.Clock(&next))
	}
	if len(s.Runs) == 0 {
		return
	}
	p.Linef("")
	rows := make([][]string, 0, len(s.Runs))
	for _, run := range s.Runs {
		rows = append(rows, []string{printer.Clock(&run.At), run.State, run.WorkflowID})
	}
	p.Table([]string{"STARTED", "STATE", "CAMPAIGN"}, rows)
}

// PrintSchedules prints the schedules of a namespace, a row each.
func PrintSchedules(p printer.Printer, all []record.ScheduleLine, namespace string) {
	if len(all) == 0 {
		p.Linef("No campaign schedules in namespace %s; to create one: tidegate schedule create", namespace)
		return
	}
	rows := make([][]string, 0, len(all))
	for _, s := range all {
		next, last := printer.Clock(s.Next), "-"
		if s.Paused {
			next = "paused"
		}
		if s.Last != nil {
			last = printer.Clock(&s.Last.At)
		}
		rows = append(rows, []string{s.Name, s.When, next, last, s.Note})
	}
	p.Table([]string{"NAME", "STARTS", "NEXT", "LAST", "NOTE"}, rows)
}
