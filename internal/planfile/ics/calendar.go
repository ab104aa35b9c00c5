// Package ics reads iCalendar files (RFC 5545), as calendar programs export them: which intervals
// their events cover within a span of time. Anything that could be an event and is not understood
// is an error or a warning, never ignored. It writes no calendars. Start at Read and Calendar.
package ics

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Event is an interval that an event covers.
type Event struct {
	From, To time.Time
	Summary  string // may be empty
}

// Options say what is read of a calendar.
type Options struct {
	// Zone is that of dates and times that name none.
	Zone *time.Location
	// From and Until are the span in which events matter. What has ended before it is
	// judged by its dates alone.
	From, Until time.Time
}

// Calendar is what a file holds.
type Calendar struct {
	// Events are those in the span, by their beginning.
	Events []Event
	// Count is how many events the file has, in the span or not, also cancelled ones.
	Count int
	// Warnings are what was left out and could have been meant as an event, each with
	// its line.
	Warnings []string
	// Blank is true of a file in which there is nothing at all.
	Blank bool
}

// MaxEvents bounds how many intervals a calendar comes to.
const MaxEvents = 5000

// Read reads a file. Its error names what is wrong, with its lines. Cancelled events
// are none; those that are marked as free time are.
func Read(text []byte, o Options) (Calendar, error) {
	all, err := calendars(text)
	if errors.Is(err, errBlank) {
		return Calendar{Blank: true}, nil
	}
	if err != nil {
		return Calendar{}, err
	}
	f := file{span: span{from: o.From, until: o.Until}, series: seriesOf(all)}
	for _, c := range all {
		f.calendar(c, reader{zone: o.Zone, zones: newZones(c, o.Until, &f.budget)})
	}
	f.resolve()
	if err := f.err(); err != nil {
		return Calendar{}, err
	}
	slices.SortStableFunc(f.found, func(a, b Event) int {
		return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To), strings.Compare(a.Summary, b.Summary))
	})
	return Calendar{
		Events: slices.CompactFunc(f.found, func(a, b Event) bool {
			return a.From.Equal(b.From) && a.To.Equal(b.To) && a.Summary == b.Summary
		}),
		Count: f.count, Warnings: list(f.warnings),
	}, nil
}

// remark is something about a place in the file.
type remark struct {
	line int
	text string
}

// file is what is being read.
type file struct {
	span     span
	series   map[string][]*component // by their UIDs, what changes of single occurrences may belong to
	events   []*event
	found    []Event
	count    int
	budget   budget
	wrongs   []remark
	warnings []remark
}

// seriesOf are the events that stand in place of no occurrence, by their UIDs.
func seriesOf(calendars []*component) map[string][]*component {
	series := map[string][]*component{}
	for _, c := range calendars {
		for _, child := range c.children {
			if child.name == "VEVENT" && len(child.all("RECURRENCE-ID")) == 0 {
				series[child.text("UID")] = append(series[child.text("UID")], child)
			}
		}
	}
	return series
}

// over is true of an event that does not matter any more, whatever it says: what
// changes all that follow in a series is over when the series is.
func (f *file) over(c *component) bool {
	goesOn := func(series *component) bool { return !series.ended(f.span.from) }
	for _, p := range c.all("RECURRENCE-ID") {
		if p.param("RANGE") != "" && slices.ContainsFunc(f.series[c.text("UID")], goesOn) {
			return false
		}
	}
	return c.ended(f.span.from)
}

// wrong notes what is wrong with an event.
func (f *file) wrong(e *event, err error) {
	f.wrongs = append(f.wrongs, remark{e.source.line, fmt.Sprintf("event %q: %v", e.summary, err)})
}

func (f *file) warn(line int, format string, args ...any) {
	f.warnings = append(f.warnings, remark{line, fmt.Sprintf(format, args...)})
}

// calendar reads a VCALENDAR.
func (f *file) calendar(c *component, r reader) {
	if !f.readable(c) {
		return
	}
	f.unknown(c, inCalendars, "the calendar")
	for _, child := range c.children {
		switch child.name {
		case "VTIMEZONE":
		case "VEVENT":
			f.count++
			f.nested(child)
			f.event(child, r)
		default:
			if !child.ended(f.span.from) {
				f.warn(child.line, "%s%s is not supported and freezes nothing", child.name, named(child))
			}
		}
	}
}

// readable is true of a calendar in the form that this package knows.
func (f *file) readable(c *component) bool {
	if version := c.text("VERSION"); version != "" && version != "2.0" {
		f.wrongs = append(f.wrongs, remark{c.line, fmt.Sprintf("the calendar has version %s: export it as iCalendar 2.0",
			version)})
		return false
	}
	if scale := c.word("CALSCALE"); scale != "" && scale != "GREGORIAN" {
		f.wrongs = append(f.wrongs, remark{c.line, fmt.Sprintf("the calendar has CALSCALE %s: must be GREGORIAN", scale)})
		return false
	}
	switch method := c.word("METHOD"); method {
	case "", "PUBLISH", "REQUEST", "ADD":
	default:
		f.warn(c.line, "it is an iCalendar message (METHOD:%s), not a calendar: its events count as if they took place", method)
	}
	return true
}

// nested looks at the components of an event.
func (f *file) nested(c *component) {
	for _, child := range c.children {
		switch {
		case (inEvents(child.name) && !child.holdsEvent()) || child.ended(f.span.from):
		case child.name == "VEVENT":
			f.wrongs = append(f.wrongs, remark{child.line, "an event is nested in an event: add the missing END:VEVENT before it"})
		default:
			f.warn(child.line, "%s in an event is not supported", child.name)
		}
	}
}

// event reads a VEVENT. One that is cancelled, and no part of a series, needs no
// understanding; nor does one that has ended.
func (f *file) event(c *component, r reader) {
	if c.word("STATUS") == "CANCELLED" && len(c.all("RECURRENCE-ID")) == 0 && len(c.all("STATUS")) == 1 &&
		len(c.broken) == 0 {
		return
	}
	e, err := r.event(c)
	switch {
	case err == nil:
		f.events = append(f.events, e)
	case !f.over(c):
		f.wrong(e, err)
	}
}

// resolve finds the intervals of the events.
func (f *file) resolve() {
	for e, err := range replace(f.events) {
		if !f.over(e.source) {
			f.wrong(e, err)
		}
	}
	for _, e := range f.events {
		found, err := f.within(e)
		switch {
		case errors.Is(err, errEffort):
			f.wrongs = append(f.wrongs, remark{e.source.line, err.Error()})
			return
		case err != nil && !f.over(e.source):
			f.wrong(e, err)
		}
		if f.found = append(f.found, found...); len(f.found) > MaxEvents {
			f.wrongs = append(f.wrongs, remark{e.source.line, fmt.Sprintf("its events expand to more than %d intervals",
				MaxEvents)})
			return
		}
	}
}

// within are the intervals of one event, with warnings about what else it has.
func (f *file) within(e *event) ([]Event, error) {
	if e.unsure != nil {
		wide, bare := f.span.wider(), *e
		bare.except, bare.moved = nil, nil // as far as they are known
		found, err := bare.within(wide, &f.budget)
		instead := e.instead != nil && e.instead.at().Add(e.length.total()+day).After(wide.from) &&
			e.instead.at().Before(wide.until)
		shifts := e.following && !f.over(e.source) // what follows in its series
		if err == nil && (len(found) > 0 || instead || shifts) {
			err = e.unsure
		}
		return nil, err
	}
	shown := *e
	empty := e.length == length{}
	if empty {
		shown.length.exact = time.Nanosecond // what takes no time lies in no span
	}
	found, err := shown.within(f.span, &f.budget)
	if len(found) == 0 {
		return nil, err
	}
	f.unknown(e.source, inEvents, fmt.Sprintf("event %q", e.summary))
	if empty {
		f.warn(e.source.line, "event %q ends when it starts and freezes nothing", e.summary)
		return slices.DeleteFunc(found, func(x Event) bool { return x.To.Sub(x.From) <= time.Nanosecond }), err
	}
	return found, err
}

// unknown warns about the properties that are not known.
func (f *file) unknown(c *component, known func(string) bool, of string) {
	for _, p := range c.properties {
		if !known(p.name) {
			f.warn(p.line, "%s has %s, which is not supported", of, p.name)
		}
	}
}

// named is the summary of a component, where it has one.
func named(c *component) string {
	if summary := unescape(c.text("SUMMARY")); summary != "" {
		return fmt.Sprintf(" %q", strings.ToValidUTF8(summary[:min(len(summary), maxSummary)], ""))
	}
	return ""
}

// inCalendars is true of the properties that may stand in a calendar (RFC 5545, 7986).
func inCalendars(name string) bool {
	switch name {
	case "PRODID", "VERSION", "CALSCALE", "METHOD",
		"UID", "NAME", "DESCRIPTION", "CATEGORIES", "COLOR", "IMAGE", "LAST-MODIFIED", "REFRESH-INTERVAL", "SOURCE", "URL":
		return true
	}
	return strings.HasPrefix(name, "X-")
}

// inEvents is true of the properties and components that may stand in an event and are
// read, or have no say in when it is (RFC 5545, 7986, 9073, 9253).
func inEvents(name string) bool {
	switch name {
	case "UID", "SUMMARY", "STATUS", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "RRULE", "RDATE", "EXDATE",
		"ATTACH", "ATTENDEE", "CALENDAR-ADDRESS", "CATEGORIES", "CLASS", "COLOR", "COMMENT", "CONCEPT", "CONFERENCE",
		"CONTACT", "CREATED",
		"DESCRIPTION", "DTSTAMP", "GEO", "IMAGE", "LAST-MODIFIED", "LINK", "LOCATION", "ORGANIZER", "PRIORITY", "REFID",
		"RELATED-TO",
		"REQUEST-STATUS", "RESOURCES", "SEQUENCE", "STRUCTURED-DATA", "STYLED-DESCRIPTION", "TRANSP", "URL",
		"VALARM", "PARTICIPANT", "VLOCATION", "VRESOURCE":
		return true
	}
	return strings.HasPrefix(name, "X-")
}

// err is what is wrong, the first few; nil where nothing is.
func (f *file) err() error {
	if len(f.wrongs) == 0 {
		return nil
	}
	return errors.New(strings.Join(list(f.wrongs), "; "))
}

// list are the first few remarks, by their lines.
func list(all []remark) []string {
	const most = 5
	slices.SortStableFunc(all, func(a, b remark) int { return cmp.Compare(a.line, b.line) })
	var texts []string
	for _, r := range all[:min(len(all), most)] {
		texts = append(texts, fmt.Sprintf("line %d: %s", r.line, r.text))
	}
	if more := len(all) - most; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more like these", more))
	}
	return texts
}
