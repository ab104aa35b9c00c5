package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/workflows/api"
)

// timetable prints a plan for people.
func printTimetable(p show.Printer, t timetable) {
	p.Linef("plan      %s, from %s on", t.Plan, show.Clock(&t.Now))
	p.Linef("")
	p.Linef("%s", t.Summary.Text)
	show.Section(p, t.Warnings, []string{"WARNINGS ABOUT THE PLAN FILE"}, func(w string) []string { return []string{w} })
	show.Section(p, t.Targets, []string{"TARGET", "GATEWAY", "WAVE", "SOFTWARE", "PROXIES", "WINDOW", "WINDOW (UTC)", "FORECAST", "START", "END", "NOTE"}, targetCells)
	type upgrade struct {
		target string
		api.SurveyedProxy
	}
	var upgrades []upgrade
	type anomaly struct{ target, text string }
	var anomalies []anomaly
	for _, x := range t.Targets {
		for _, proxy := range x.Proxies {
			upgrades = append(upgrades, upgrade{x.Name, proxy})
		}
		for _, text := range x.Anomalies {
			anomalies = append(anomalies, anomaly{x.Name, text})
		}
	}
	show.Section(p, upgrades, []string{"PROXY", "TARGET", "FROM", "TO"}, func(u upgrade) []string {
		return []string{u.ProxyID, u.target, u.From, u.To}
	})
	show.Section(p, anomalies, []string{"ANOMALY OF", ""}, func(a anomaly) []string { return []string{a.target, a.text} })
	show.Section(p, t.Calendar, []string{"DAY (UTC)", "WAVE", "TARGETS", "FROM", "TO", ""}, calendarCells)
}

func targetCells(t plannedTarget) []string {
	zone, utc := windowTexts(t)
	return []string{
		t.Name, t.Gateway, strconv.Itoa(t.Wave), softwareText(t), proxiesText(t.Proxies), zone, utc, t.Forecast.String(),
		minuteText(t.Start), minuteText(t.End), noteText(t),
	}
}

// softwareText is a gateway's version and what AWS offers, which has no version.
func softwareText(t plannedTarget) string {
	switch {
	case t.Offered == "":
		return t.Version
	case t.Version == "":
		return "update of " + dayOf(t.Offered)
	}
	return t.Version + " → update of " + dayOf(t.Offered)
}

// dayOf is the day of AWS's date, whose zone is not told.
func dayOf(offered string) string {
	day, _, _ := strings.Cut(offered, "T")
	return day
}

// proxiesText is how many proxies would be upgraded, of how many.
func proxiesText(proxies []api.SurveyedProxy) string {
	if len(proxies) == 0 {
		return "-"
	}
	n := 0
	for _, x := range proxies {
		if x.From != x.To {
			n++
		}
	}
	return fmt.Sprintf("%d of %d", n, len(proxies))
}

// windowTexts are a window in the gateway's zone and in UTC.
func windowTexts(t plannedTarget) (zone, utc string) {
	if t.Window == nil {
		return "-", "-"
	}
	return span(*t.Window, t.Schedule.Zone.Location()) + " " + t.Schedule.Zone.String(), span(*t.Window, time.UTC)
}

// span is a window with its day; a window is at most a day long.
func span(w maintenance.Window, in *time.Location) string {
	return w.Start.In(in).Format("Mon 2006-01-02 15:04") + w.End.In(in).Format("-15:04")
}

// noteText is what keeps a target that does not begin.
func noteText(t plannedTarget) string {
	switch t.State {
	case isCurrent:
		return "nothing to be done"
	case isPlanned:
		var notes []string
		if t.Blocker != maintenance.NotBlocked {
			notes = append(notes, fmt.Sprintf("(%s) %s", t.Blocker, t.Reason))
		} else if t.Reason != "" {
			notes = append(notes, t.Reason)
		}
		if len(t.Anomalies) > 0 {
			notes = append(notes, "see below")
		}
		return strings.Join(notes, "; ")
	}
	text := fmt.Sprintf("(%s) %s", t.Blocker, t.Reason)
	if !t.Next.IsZero() {
		text += ", not before " + minuteText(t.Next)
	}
	return text
}

// mostNames is how many of a day's targets the calendar names.
const mostNames = 5

func calendarCells(d calendarDay) []string {
	names := strings.Join(d.Names[:min(len(d.Names), mostNames)], ", ")
	if more := len(d.Names) - mostNames; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	return []string{d.Date, strconv.Itoa(d.Wave), strconv.Itoa(d.Targets), minuteText(d.Start), minuteText(d.End), names}
}

func minuteText(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}
