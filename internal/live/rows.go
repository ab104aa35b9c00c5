package live

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// list is a list of targets with its head, and how many more there are.
func (m Model) list(t theme, s section) []string {
	if s.total == 0 && s.filter != m.filter {
		return nil
	}
	head := fmt.Sprintf("%s %d", s.filter.title(), s.filter.total(m.status.Counts))
	if m.from > 0 {
		head += fmt.Sprintf(" from %d", m.from+1)
	}
	more := ""
	if n := s.more(); n > 0 {
		more = m.rest(s.filter)
	}
	if len(s.rows) == 0 {
		return []string{t.faint.Render("  " + head + "  " + more), ""}
	}
	columns, cells := m.columns(t, s.filter, head)
	rows := make([][]cell, 0, len(s.rows))
	for _, r := range s.rows {
		rows = append(rows, cells(r))
	}
	lines := t.table(m.width, columns, rows, m.chosenIndex(s.rows))
	if more != "" {
		lines = append(lines, t.faint.Render(fmt.Sprintf("  and %d more; %s", s.more(), more)))
	}
	return append(lines, "")
}

// rest is how one sees what a list has no room for.
func (m Model) rest(f filter) string {
	switch {
	case m.still:
		return fmt.Sprintf("tidegate status %s --state %s lists them", m.Name, f.stateNames())
	case m.filter != everything:
		return "page down shows them"
	}
	return fmt.Sprintf("key %d lists them", f)
}

// columns are those of a list, and what a target has in them.
func (m Model) columns(t theme, f filter, head string) ([]column, func(fleet.Row) []cell) {
	first := column{title: head, keep: 9}
	gateway, wave := column{title: "GATEWAY", keep: 4}, column{title: "WAVE", keep: 1}
	always := func(r fleet.Row) []cell {
		return []cell{{clean(r.Name), t.plain}, {r.Gateway, t.faint}, {strconv.Itoa(r.Wave), t.faint}}
	}
	switch f {
	case ofRunning:
		return []column{
				first, gateway, wave,
				{title: "STEP", keep: 8},
				{title: "ELAPSED", keep: 7},
				{title: "EXPECTED", keep: 5},
				{title: "ENDS", keep: 2},
				{title: "MARGIN", keep: 6},
				{title: "NOTE", keep: 3},
			},
			func(r fleet.Row) []cell { return append(always(r), m.running(t, r)...) }
	case ofWaiting, everything:
		return []column{
				first, gateway, wave,
				{title: "BLOCKED BY", keep: 8},
				{title: "IN", keep: 7},
				{title: "AT", keep: 6},
				{title: "LOCAL TIME", keep: 5},
				{title: "WHY", keep: 3},
			},
			func(r fleet.Row) []cell { return append(always(r), m.waiting(t, r)...) }
	case ofFailed, ofDone, ofSkipped:
	}
	columns := []column{
		first, gateway, wave,
		{title: "ENDED", keep: 5},
		{title: "TOOK", keep: 3},
		{title: "TRIES"},
		{title: "WHY", keep: 8, most: true},
	}
	cells := func(r fleet.Row) []cell { return append(always(r), m.over(t, r)...) }
	if f != ofDone { // the list's title says the state of all
		return columns, cells
	}
	return slices.Insert(columns, 3, column{title: "STATE", keep: 2}),
		func(r fleet.Row) []cell { return slices.Insert(cells(r), 3, cell{string(r.State), t.good}) }
}

// running is where a target is, for how long, and how much of its window is left
// once it has ended as forecast.
func (m Model) running(t theme, r fleet.Row) []cell {
	status, known := m.runs[r.Gateway]
	held := r.State == fleet.Held
	step, note, margin := cmp.Or(string(r.Step), "-"), clean(r.Note), cell{"-", t.faint}
	if held && m.namedAbove(r) {
		note = ""
	}
	if known && !held {
		step, note = string(status.Step), runNote(status, m.now)
	}
	if known {
		if w := status.Window; w != nil && !held {
			margin = m.margin(t, r, *w)
		}
	}
	style, elapsed := t.info, span(m.now.Sub(r.Started))
	if r.State == fleet.Armed {
		step, style, elapsed = "ARMED", t.faint, "-"
		note = "triggers in " + span(r.Trigger.Sub(m.now)) + " (" + clockTime(r.Trigger, m.now) + ")"
	}
	if held {
		step, style = strings.TrimSuffix("HELD "+step, " -"), t.bad
	}
	late := t.plain
	if !held && m.now.After(r.End) {
		late = t.warn
	}
	return []cell{
		{step, style},
		{elapsed, late},
		{span(r.Forecast.Std()), t.faint},
		{clockTime(r.End, m.now), t.faint},
		margin,
		{strings.TrimSuffix(attempt(r)+note, "; "), t.plain},
	}
}

// margin is from a run's expected end, or from now where that is over, to the end
// of its window.
func (m Model) margin(t theme, r fleet.Row, w maintenance.Window) cell {
	end := r.End
	if m.now.After(end) {
		end = m.now
	}
	d := w.End.Sub(end)
	if d < 0 {
		return cell{span(-d) + " over", t.bad}
	}
	return cell{span(d), t.good}
}

// runNote is what to know of a run in addition to its step.
func runNote(s maintenance.Status, now time.Time) string {
	switch {
	case s.Held:
		return clean(s.Reason)
	case s.Blocker != maintenance.NotBlocked:
		return string(s.Blocker) + ": " + clean(s.Reason)
	}
	var parts []string
	for _, c := range s.Calls {
		if c.Retried() {
			parts = append(parts, fmt.Sprintf("tried until %s; %s: %s", clockTime(c.Until, now),
				c.LastAt.UTC().Format("15:04:05Z"), clean(c.LastResponse)))
		}
	}
	if s.PastNoReturn {
		parts = append(parts, "past the point of no return")
	}
	if len(parts) > 0 {
		return strings.Join(parts, "; ")
	}
	for _, step := range s.Steps {
		if step.Step == s.Step {
			return clean(step.Note)
		}
	}
	return ""
}

func attempt(r fleet.Row) string {
	if r.Attempts < 2 {
		return ""
	}
	return fmt.Sprintf("attempt %d; ", r.Attempts)
}

// waiting is what keeps a target, and until when.
func (m Model) waiting(t theme, r fleet.Row) []cell {
	in := "-"
	if !r.Next.IsZero() {
		in = span(r.Next.Sub(m.now))
	}
	return []cell{
		{cmp.Or(string(r.Blocker), "-"), blockerStyle(t, r.Blocker)},
		{in, t.plain},
		{clockTime(r.Next, m.now), t.faint},
		{localTime(r.Next, r.Schedule.Zone), t.faint},
		{attempt(r) + clean(r.Reason), t.plain},
	}
}

// blockerStyle is amber for what a person has to end, and for nothing else.
func blockerStyle(t theme, b maintenance.Blocker) lipgloss.Style {
	if slices.Contains([]maintenance.Blocker{
		maintenance.BlockedByApproval, maintenance.BlockedByPause,
		maintenance.BlockedByStop, maintenance.BlockedByBudget, maintenance.BlockedByReading, maintenance.BlockedByUnread,
		maintenance.BlockedByQuarantine, maintenance.BlockedByRun,
	}, b) {
		return t.warn.Bold(false)
	}
	return t.info
}

// over is how a target ended, and why.
func (m Model) over(t theme, r fleet.Row) []cell {
	took := "-"
	if !r.Started.IsZero() && !r.End.IsZero() {
		took = span(r.End.Sub(r.Started))
	}
	return []cell{
		{clockTime(r.End, m.now), t.faint},
		{took, t.faint},
		{strconv.Itoa(r.Attempts), t.faint},
		{clean(r.Note), t.plain},
	}
}
