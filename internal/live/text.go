package live

import (
	"fmt"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/printer"
)

// clean makes one line of a text that others wrote, to be broken between its words.
func clean(text string) string {
	return strings.Join(strings.Fields(printer.Line(text)), " ")
}

// cut shortens a plain text to so many columns.
func cut(text string, columns int) string {
	if lipgloss.Width(text) <= columns {
		return text
	}
	if columns < 1 {
		return ""
	}
	return strings.TrimRight(lipgloss.NewStyle().MaxWidth(columns-1).Render(text), " ") + "…"
}

// squeeze shortens a name in its middle: what distinguishes it stands at its
// ends.
func squeeze(name string, columns int) string {
	runes := []rune(name)
	if lipgloss.Width(name) <= columns || columns < 3 || lipgloss.Width(name) != len(runes) {
		return cut(name, columns)
	}
	tail := columns / 2
	return string(runes[:columns-1-tail]) + "…" + string(runes[len(runes)-tail:])
}

// wrap breaks a text between words into lines, at most so many.
func wrap(text string, columns, most int) []string {
	var lines []string
	line := ""
	words := strings.Fields(text)
	for i, word := range words {
		if line != "" && lipgloss.Width(line)+1+lipgloss.Width(word) > columns {
			if len(lines) == most-1 {
				return append(lines, cut(line+" "+strings.Join(words[i:], " "), columns))
			}
			lines, line = append(lines, cut(line, columns)), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, cut(line, columns))
}

// span is a duration in two units at most.
func span(d time.Duration) string {
	d = max(d, 0).Round(second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", d/second)
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", d/time.Minute, d%time.Minute/second)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return fmt.Sprintf("%dd%02dh", d/(24*time.Hour), d%(24*time.Hour)/time.Hour)
}

// time is a time of today, or of another day. What is not known is a dash.
func clockTime(t, now time.Time) string {
	if t.IsZero() {
		return "-"
	}
	form := "Mon 2 Jan 15:04Z"
	if y, m, d := now.UTC().Date(); t.UTC().Equal(time.Date(y, m, d, t.UTC().Hour(), t.UTC().Minute(), t.UTC().Second(),
		t.UTC().Nanosecond(), time.UTC)) {
		form = "15:04Z"
	}
	return t.UTC().Format(form)
}

// localTime is a time as the clocks of a gateway's zone show it, with the day where
// it is another one there.
func localTime(t time.Time, zone maintenance.Zone) string {
	if t.IsZero() {
		return "-"
	}
	form, local := "15:04 ", t.In(zone.Location())
	if local.Weekday() != t.UTC().Weekday() {
		form = "Mon 15:04 "
	}
	return local.Format(form) + zone.String()
}

// hard breaks a text where the width ends, before a word where that leaves the line
// half full, and keeps its spaces; what follows the first line is two columns
// shorter.
func hard(text string, width int) []string {
	var lines []string
	room := width
	line := ""
	for _, r := range text {
		if lipgloss.Width(line)+lipgloss.Width(string(r)) > max(room, 1) {
			rest := ""
			if at := strings.LastIndexByte(line, ' '); at > len(line)/2 && r != ' ' {
				line, rest = line[:at], line[at+1:]
			}
			lines, line, room = append(lines, line), strings.TrimLeft(rest, " "), width-2
		}
		if line != "" || r != ' ' || len(lines) == 0 {
			line += string(r)
		}
	}
	return append(lines, line)
}
