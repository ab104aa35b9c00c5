package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// Timetable is what plan prints. Its fields are added to, and never renamed. All
// times are in UTC.
type Timetable struct {
	Plan   string    `json:"plan"`   // its name
	Digest string    `json:"digest"` // SHA-256 of the plan file
	Now    time.Time `json:"now"`    // from when
	Until  time.Time `json:"until"`  // and up to when the campaign was played
	// Summary is the whole in numbers.
	Summary  timetableSummary `json:"summary"`
	Warnings []string         `json:"warnings,omitempty"` // about the plan file
	Calendar []calendarDay    `json:"calendar,omitempty"`
	Targets  []plannedTarget  `json:"targets"` // in the plan's order
	// Health are the answers to the plan's health checks when they were asked, whatever Now is; nil: it has none.
	Health *Health `json:"health,omitempty"`
}

// timetableSummary is a plan in numbers.
type timetableSummary struct {
	Text     string    `json:"text"`             // one sentence
	Updated  int       `json:"updated"`          // targets that would be maintained
	Windows  int       `json:"windows"`          // in so many different windows
	End      time.Time `json:"end,omitzero"`     // until then
	UpToDate int       `json:"upToDate"`         // targets up to date
	Blocked  int       `json:"blocked"`          // targets that would not start
	Why      []string  `json:"why,omitempty"`    // their blockers, each with its count
	Unread   int       `json:"unread,omitempty"` // of those, targets that could not be read
	Odd      int       `json:"odd,omitempty"`    // targets with anomalies
}

// calendarDay is what happens on one day in one wave.
type calendarDay struct {
	Date    string    `json:"date"`    // in UTC
	Wave    int       `json:"wave"`    // from 1 on
	Targets int       `json:"targets"` // that start
	Start   time.Time `json:"start"`   // of the first
	End     time.Time `json:"end"`     // of the last
	Names   []string  `json:"names"`
}

// plannedTarget is one target.
type plannedTarget struct {
	Name    string `json:"name"`
	Gateway string `json:"gateway"`
	Account string `json:"account,omitempty"`
	Wave    int    `json:"wave"` // from 1 on
	// State is planned, up-to-date or blocked.
	State string `json:"state"`
	// Version is the gateway's software; Offered is the date from which AWS offers
	// an update, which has no version. Empty: none is offered.
	Version  string                `json:"version,omitempty"`
	Offered  string                `json:"offered,omitempty"`
	Proxies  []api.SurveyedProxy   `json:"proxies,omitempty"`
	Schedule *maintenance.Schedule `json:"schedule,omitempty"` // in the gateway's zone; none: it was never read
	Window   *maintenance.Window   `json:"window,omitempty"`   // in which it would start, else its next one
	Forecast maintenance.Duration  `json:"forecast"`
	Start    time.Time             `json:"start,omitzero"`
	End      time.Time             `json:"end,omitzero"`
	// Blocker is what blocks the target, and Reason says it in words. For a planned target:
	// what it waits for in addition to its window.
	Blocker maintenance.Blocker `json:"blocker,omitempty"`
	Reason  string              `json:"reason,omitempty"`
	Next    time.Time           `json:"next,omitzero"`
	// Anomalies are what a person should know before.
	Anomalies []string `json:"anomalies,omitempty"`
}

// The states of a planned target.
const (
	isPlanned  = "planned"
	isUpToDate = "up-to-date"
	isBlocked  = "blocked"
)

// NewTimetable plays the campaign from now on.
func NewTimetable(p plan.Plan, digest string, s Survey, now, until time.Time) Timetable {
	played, last := fleet.Timetable(s.Fleet, now, until)
	waits := map[int]fleet.Wait{}
	for _, w := range last.Waits {
		waits[w.Entry] = w
	}
	t := Timetable{
		Plan: p.Name, Digest: digest, Warnings: p.Warnings, Now: now, Until: until,
		Targets: make([]plannedTarget, 0, len(played.Entries)),
	}
	for i, e := range played.Entries {
		p := plannedTarget{
			Name: e.Name, Gateway: e.Gateway, Wave: e.Wave + 1,
			Forecast: maintenance.Duration(played.Forecast(e)), Start: e.Started, End: e.End,
		}
		p.read(s.Targets[e.Gateway])
		p.judge(e, waits[i])
		p.place(e, played.Rules, now)
		t.Targets = append(t.Targets, p)
	}
	t.nameCanaries(played)
	t.Calendar = calendarOf(t.Targets)
	t.Summary = summarize(t.Targets)
	return t
}

// nameCanaries says what starts later, since it waits for the canary of its wave.
func (t *Timetable) nameCanaries(played fleet.Fleet) {
	for _, c := range played.Canaries() {
		first := &t.Targets[c.Entry]
		first.Reason = fmt.Sprintf("starts alone as the canary of wave %d: nothing else is updated before it ends", first.Wave)
		for i := range t.Targets {
			if p := &t.Targets[i]; p.Wave == first.Wave && p.State == isPlanned && i != c.Entry {
				p.Blocker = maintenance.BlockedByCanary
				p.Reason = fmt.Sprintf("starts once %s, the canary of wave %d, has succeeded and baked", first.Name, first.Wave)
			}
		}
	}
}

// read takes over what a batch has read.
func (p *plannedTarget) read(s api.Surveyed) {
	p.Account, p.Version, p.Offered = s.Target.Gateway.Account, s.Gateway.SoftwareVersion, s.Gateway.NextUpdateAvailable
	p.Proxies, p.Anomalies = s.Proxies, s.Anomalies
}

// judge says what becomes of the target.
func (p *plannedTarget) judge(e fleet.Entry, w fleet.Wait) {
	switch {
	case e.State == fleet.UpToDate:
		p.State = isUpToDate
	case !e.Started.IsZero():
		p.State = isPlanned
		if e.End.IsZero() { // what the last turn started
			p.End = e.Started.Add(p.Forecast.Std())
		}
	case e.Bar != maintenance.NotBlocked:
		// This comes before any other blocker: a person should know it in advance.
		p.State, p.Blocker, p.Reason = isBlocked, e.Bar, e.Unavailable
		if e.Bar == maintenance.BlockedByUnread {
			p.Reason = "could not be read: " + e.Unavailable
		}
	default:
		p.State, p.Blocker, p.Reason, p.Next = isBlocked, w.Blocker, w.Reason, w.Next
	}
}

// place says in which window the target starts; of one that does not, which is
// its next.
func (p *plannedTarget) place(e fleet.Entry, rules maintenance.Rules, now time.Time) {
	if e.Schedule.Validate() != nil {
		return // it was never read
	}
	from := now
	if !e.Started.IsZero() {
		from = e.Started
	}
	window := e.Schedule.WindowAt(from, rules.Length)
	p.Schedule, p.Window = &e.Schedule, &window
}

// calendarOf sums up what starts, by day and wave.
func calendarOf(targets []plannedTarget) []calendarDay {
	type key struct {
		date string
		wave int
	}
	days := map[key]*calendarDay{}
	for _, t := range targets {
		if t.State != isPlanned {
			continue
		}
		k := key{t.Start.UTC().Format(time.DateOnly), t.Wave}
		day := days[k]
		if day == nil {
			day = &calendarDay{Date: k.date, Wave: k.wave, Start: t.Start, End: t.End}
			days[k] = day
		}
		day.Targets++
		day.Names = append(day.Names, t.Name)
		if t.Start.Before(day.Start) {
			day.Start = t.Start
		}
		if t.End.After(day.End) {
			day.End = t.End
		}
	}
	all := make([]calendarDay, 0, len(days))
	for _, day := range days {
		all = append(all, *day)
	}
	slices.SortFunc(all, func(a, b calendarDay) int {
		return cmp.Or(strings.Compare(a.Date, b.Date), cmp.Compare(a.Wave, b.Wave))
	})
	return all
}

// summarize is the whole in numbers.
func summarize(targets []plannedTarget) timetableSummary {
	var s timetableSummary
	windows := map[maintenance.Window]bool{}
	blockers := map[string]int{}
	for _, t := range targets {
		switch t.State {
		case isPlanned:
			s.Updated++
			windows[*t.Window] = true
			if t.End.After(s.End) {
				s.End = t.End
			}
		case isUpToDate:
			s.UpToDate++
		default:
			s.Blocked++
			blockers[string(t.Blocker)]++
			if t.Blocker == maintenance.BlockedByUnread || t.Blocker == maintenance.BlockedByReading {
				s.Unread++
			}
		}
		if len(t.Anomalies) > 0 {
			s.Odd++
		}
	}
	s.Windows = len(windows)
	for _, b := range slices.Sorted(maps.Keys(blockers)) {
		s.Why = append(s.Why, fmt.Sprintf("%d %s", blockers[b], cmp.Or(b, "still running")))
	}
	s.Text = s.line()
	return s
}

func (s timetableSummary) line() string {
	text := "nothing would be updated"
	if s.Updated > 0 {
		text = fmt.Sprintf("%d would be updated in %s until %s", s.Updated,
			maintenance.Counted(s.Windows, "window", "windows"), printer.Clock(&s.End))
	}
	if s.UpToDate > 0 {
		text += fmt.Sprintf("; %d %s up to date", s.UpToDate, isAre(s.UpToDate))
	}
	if s.Blocked > 0 {
		text += fmt.Sprintf("; %d cannot start: %s", s.Blocked, strings.Join(s.Why, ", "))
	}
	if s.Unread > 0 {
		text += fmt.Sprintf("; THIS PLAN IS INCOMPLETE: %s could not be read",
			maintenance.Counted(s.Unread, "target", "targets"))
	}
	if s.Odd > 0 {
		text += fmt.Sprintf("; review the anomalies of %s", maintenance.Counted(s.Odd, "target", "targets"))
	}
	return text
}

func isAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// Survey is a campaign as it was read: nothing has started.
type Survey struct {
	Fleet   fleet.Fleet
	Targets map[string]api.Surveyed // by gateway
}

// PrintTimetable prints a plan for people.
func PrintTimetable(p printer.Printer, t Timetable) {
	p.Linef("plan      %s, from %s", t.Plan, printer.Clock(&t.Now))
	p.Linef("")
	p.Linef("%s", t.Summary.Text)
	if t.Health != nil {
		p.Linef("%s", t.Health.Text())
		printer.Section(p, t.Health.Failing(), healthHead(), healthCells)
	}
	printer.Section(p, t.Warnings, []string{"WARNINGS ABOUT THE PLAN FILE"},
		func(w string) []string { return []string{w} })
	printer.Section(p, t.Targets, []string{
		"TARGET", "GATEWAY", "WAVE", "SOFTWARE", "PROXIES", "WINDOW", "WINDOW (UTC)",
		"FORECAST", "START", "END", "NOTE",
	}, targetCells)
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
	printer.Section(p, upgrades, []string{"PROXY", "TARGET", "FROM", "TO"}, func(u upgrade) []string {
		return []string{u.ProxyID, u.target, u.From, u.To}
	})
	printer.Section(p, anomalies, []string{"TARGET", "ANOMALY"},
		func(a anomaly) []string { return []string{a.target, a.text} })
	printer.Section(p, t.Calendar, []string{"DAY (UTC)", "WAVE", "TARGETS", "FROM", "TO", ""}, calendarCells)
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

// dayOf is the day of AWS's date, whose zone is unknown.
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

// noteText says why a target does not start, or what to know of one that does.
func noteText(t plannedTarget) string {
	switch t.State {
	case isUpToDate:
		return "up to date"
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
