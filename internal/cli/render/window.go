package render

import (
	"strconv"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/printer"
)

// WindowTimes is one window as it is printed.
type WindowTimes struct {
	Start     time.Time `json:"start"`
	End       time.Time `json:"end"`
	LastStart time.Time `json:"lastStart"`
}

// PrintWindows prints a gateway's next windows, a row each.
func PrintWindows(p printer.Printer, windows []WindowTimes, s maintenance.Schedule, now time.Time) {
	rows := make([][]string, 0, len(windows))
	for i, w := range windows {
		note := ""
		if !now.Before(w.Start) && now.Before(w.End) {
			note = "open"
		}
		local := w.Start.In(s.Zone.Location()).Format("Mon 2006-01-02 15:04")
		rows = append(rows, []string{strconv.Itoa(i + 1), local, stamp(w.Start), stamp(w.LastStart), stamp(w.End), note})
	}
	p.Table([]string{"#", "START (" + s.Zone.String() + ")", "START", "LAST START", "END", ""}, rows)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
