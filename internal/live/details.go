package live

import (
	"fmt"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/printer"
)

// details is the page of one target.
type details struct {
	row  fleet.Row
	text string
	err  string
	top  int // the first line that is shown
}

// target is the details' target, as it is now where that is known.
func (d *details) target(r *fleet.Row) *fleet.Row {
	if r != nil && r.Gateway == d.row.Gateway {
		return r
	}
	return &d.row
}

// factWidth is that of the labels before a target's facts.
const factWidth = 10

// facts are what the campaign knows of a target, each after its label.
func facts(r fleet.Row, now time.Time) (all [][2]string) {
	add := func(label, text string) {
		if text = clean(text); text != "" {
			all = append(all, [2]string{label, text})
		}
	}
	add("name", r.Name)
	add("gateway", fmt.Sprintf("%s, wave %d", r.Gateway, r.Wave))
	add("state", attempt(r)+string(r.State))
	switch r.State {
	case fleet.Waiting:
		add("blocked by", strings.Trim(string(r.Blocker)+": "+r.Reason, ": "))
		if !r.Next.IsZero() {
			add("next", fmt.Sprintf("in %s: %s, local time %s", span(r.Next.Sub(now)), clockTime(r.Next, now),
				localTime(r.Next, r.Schedule.Zone)))
		}
	case fleet.Held:
		add("started", fmt.Sprintf("%s, %s ago; held since %s, for %s", clockTime(r.Started, now), span(now.Sub(r.Started)),
			clockTime(r.Since, now), span(now.Sub(r.Since))))
	case fleet.Armed:
		add("armed", fmt.Sprintf("triggers in %s: %s; forecast %s, expected to end %s",
			span(r.Trigger.Sub(now)), clockTime(r.Trigger, now), span(r.Forecast.Std()), clockTime(r.End, now)))
	case fleet.Running:
		add("started", fmt.Sprintf("%s, %s ago; forecast %s, expected to end %s",
			clockTime(r.Started, now), span(now.Sub(r.Started)), span(r.Forecast.Std()), clockTime(r.End, now)))
	case fleet.Succeeded, fleet.UpToDate, fleet.Failed, fleet.Skipped:
		if !r.End.IsZero() {
			add("ended", clockTime(r.End, now))
		}
	}
	add("note", r.Note)
	return all
}

// lines is a target's page, broken to the terminal's width.
func (d *details) lines(width int, now time.Time) []string {
	var lines []string
	for _, fact := range facts(d.row, now) {
		for i, text := range wrap(fact[1], max(width-factWidth, 1), 6) {
			if i > 0 {
				fact[0] = ""
			}
			lines = append(lines, fmt.Sprintf("%-*s%s", factWidth, fact[0], text))
		}
	}
	lines = append(lines, "")
	for text := range strings.Lines(d.text) {
		text = strings.TrimRight(printer.Line(text), " ")
		if text == "" {
			lines = append(lines, "")
			continue
		}
		for i, part := range hard(text, width) {
			if i > 0 {
				part = "  " + part
			}
			lines = append(lines, part)
		}
	}
	return lines
}

// page is what of a target's page is on the screen.
func (d *details) page(t theme, width, room int, now time.Time) []string {
	lines := d.lines(width, now)
	switch {
	case d.err != "":
		var faults []string
		for _, text := range wrap(d.err, width, 3) {
			faults = append(faults, t.bad.Render(text))
		}
		lines = append(faults, lines...)
	case d.text == "":
		lines = append(lines, t.faint.Render("Loading its record."))
	}
	top := max(min(d.top, len(lines)-1), 0)
	lines = lines[top:]
	if len(lines) > room {
		lines = append(lines[:max(room-1, 0):max(room-1, 0)], t.faint.Render(maintenance.Counted(len(lines)-room+1,
			"more line", "more lines")+"; down, page down"))
	}
	return lines
}
