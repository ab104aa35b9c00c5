package ics

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"
)

// event is one event, or a series of them.
type event struct {
	source    *component
	uid       string
	summary   string
	cancelled bool
	start     stamp
	length    length
	rules     []rule
	further   []further // RDATE
	except    []stamp   // EXDATE, and what stands in place of an occurrence
	instead   *stamp    // RECURRENCE-ID: the occurrence in whose place it stands
	following bool      // and in that of all after it
	moved     []moved   // what stands in place of occurrences and all after them
	// unsure is the zone that is not known: UTC was taken in its place.
	unsure error
}

// further is an occurrence in addition to the rules', with its own length where it has one.
type further struct {
	stamp
	length *length
}

// moved are a series' occurrences from one on, as another event changes them.
type moved struct {
	from  time.Time // on the series' clock
	shift time.Duration
	by    *event
}

// reader reads the events of one VCALENDAR.
type reader struct {
	zone  *time.Location // of dates and times that name none
	zones *zones
}

// maxSummary bounds what every run of a campaign carries in its history.
const maxSummary = 200

// event reads a VEVENT. With an error the event still has its summary, to be named by.
func (r reader) event(c *component) (*event, error) {
	e := &event{source: c, cancelled: c.word("STATUS") == "CANCELLED", summary: unescape(c.text("SUMMARY"))}
	if len(e.summary) > maxSummary {
		e.summary = e.summary[:maxSummary]
	}
	e.summary = strings.ToValidUTF8(e.summary, "")
	if len(c.broken) > 0 {
		return e, fmt.Errorf("line %d in it cannot be read: %w", c.broken[0].line, c.broken[0].broken)
	}
	for _, name := range []string{"UID", "STATUS", "DTSTART", "DTEND", "DURATION", "RECURRENCE-ID"} {
		if n := len(c.all(name)); n > 1 {
			return e, fmt.Errorf("it has %s %d times: must be once", name, n)
		}
	}
	e.uid = c.text("UID")
	for _, read := range []func(*event, *component) error{r.readInstead, r.readTimes, r.readDates, readRules} {
		if err := read(e, c); err != nil {
			return e, err
		}
	}
	return e, nil
}

// readInstead reads whether an event stands in place of an occurrence of a series,
// which its UID names.
func (r reader) readInstead(e *event, c *component) error {
	var err error
	if e.instead, err = r.time(e, c, "RECURRENCE-ID"); err != nil || e.instead == nil {
		return err
	}
	if e.uid == "" {
		return errors.New("it has a RECURRENCE-ID and no UID: its series is unknown")
	}
	switch scope := strings.ToUpper(c.all("RECURRENCE-ID")[0].param("RANGE")); scope {
	case "":
	case "THISANDFUTURE":
		e.following = true
	default:
		return fmt.Errorf("its RECURRENCE-ID has the RANGE %s, which is not supported: split the series", scope)
	}
	return nil
}

// readTimes reads when an event starts, and how long it lasts.
func (r reader) readTimes(e *event, c *component) error {
	start, err := r.time(e, c, "DTSTART")
	switch {
	case err != nil:
		return err
	case start == nil && e.cancelled && e.instead != nil:
		e.start = *e.instead // of an occurrence that does not take place this is all there need be
		return nil
	case start == nil:
		return errors.New("it has no DTSTART")
	}
	e.start = *start
	e.length, err = r.lengthOf(e, c)
	return err
}

// lengthOf is how long an event lasts: by its DTEND or its DURATION, else a date the
// whole day and a time not at all.
func (r reader) lengthOf(e *event, c *component) (length, error) {
	end, err := r.time(e, c, "DTEND")
	lasts := c.all("DURATION")
	switch {
	case err != nil:
		return length{}, err
	case end != nil && len(lasts) > 0:
		return length{}, errors.New("it has DTEND and DURATION: must have one of them")
	case end != nil:
		return between(e.start, *end)
	case len(lasts) > 0:
		l, err := parseDuration(lasts[0].value)
		if e.start.date && l.rest == 0 {
			l.exact = 0
		}
		return l, err
	case e.start.date:
		return length{days: day}, nil
	}
	return length{}, nil
}

// time is the one time of a property; nil where there is none.
func (r reader) time(e *event, c *component, name string) (*stamp, error) {
	found := c.all(name)
	if len(found) == 0 {
		return nil, nil //nolint:nilnil // none is no error
	}
	stamps, err := r.stamps(e, found[0])
	if err == nil && len(stamps) != 1 {
		err = fmt.Errorf("its %s must be one time", name)
	}
	if err != nil {
		return nil, err
	}
	return &stamps[0], nil
}

// readDates reads what is added to a series, and taken from it.
func (r reader) readDates(e *event, c *component) error {
	for _, p := range c.all("EXDATE") {
		stamps, err := r.stamps(e, p)
		if err != nil {
			return err
		}
		e.except = append(e.except, stamps...)
	}
	for _, p := range c.all("RDATE") {
		if strings.EqualFold(p.param("VALUE"), "PERIOD") {
			if err := r.readPeriods(e, p); err != nil {
				return err
			}
			continue
		}
		stamps, err := r.stamps(e, p)
		if err != nil {
			return err
		}
		for _, s := range stamps {
			e.further = append(e.further, further{stamp: s})
		}
	}
	return nil
}

// readPeriods reads the intervals of an RDATE: their beginnings with their ends or
// lengths.
func (r reader) readPeriods(e *event, p *property) error {
	zone := r.zoneOf(e, p)
	for _, text := range p.list() {
		first, end, isPeriod := strings.Cut(text, "/")
		start, err := parseStamp(first, zone)
		var l length
		switch {
		case err != nil || !isPeriod:
		case strings.HasPrefix(end, "P"), strings.HasPrefix(end, "+"):
			l, err = parseDuration(end)
		default:
			var until stamp
			if until, err = parseStamp(end, zone); err == nil {
				l, err = between(start, until)
			}
		}
		if err != nil || !isPeriod {
			return fmt.Errorf("its RDATE %q is not a period", text)
		}
		e.further = append(e.further, further{stamp: start, length: &l})
	}
	return nil
}

func readRules(e *event, c *component) error {
	for _, p := range c.all("RRULE") {
		rule, err := parseRule(p.value, e.start)
		if err != nil {
			return err
		}
		e.rules = append(e.rules, rule)
	}
	return nil
}

// zoneOf is the zone of a property's times that are not in UTC.
func (r reader) zoneOf(e *event, p *property) *time.Location {
	id := p.param("TZID")
	if id == "" {
		return r.zone
	}
	zone := r.zones.zone(id)
	if zone == nil {
		e.unsure = cmp.Or(e.unsure, fmt.Errorf("the TZID %q of its %s is not an IANA or Windows zone, and the calendar does not define it", id, p.name))
		return time.UTC
	}
	return zone
}

// stamps reads the dates or times of a property.
func (r reader) stamps(e *event, p *property) ([]stamp, error) {
	zone := r.zoneOf(e, p)
	var all []stamp
	for _, text := range p.list() {
		s, err := parseStamp(text, zone)
		kind := strings.ToUpper(p.param("VALUE"))
		if err != nil || (kind == "DATE" && !s.date) || (kind == "DATE-TIME" && s.date) {
			return nil, fmt.Errorf("its %s %q is not a date or time", p.name, text)
		}
		all = append(all, s)
	}
	return all, nil
}

// list are the values of a property that may have several; an empty one is none.
func (p *property) list() []string {
	var all []string
	for text := range strings.SplitSeq(strings.ToUpper(p.value), ",") {
		if text = strings.TrimSpace(text); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// parseStamp reads a date or a time; the zone is that of one that is not in UTC.
func parseStamp(text string, zone *time.Location) (stamp, error) {
	s := stamp{zone: zone}
	form := "20060102T150405"
	switch {
	case strings.HasSuffix(text, "Z"):
		form, s.zone = "20060102T150405Z", time.UTC
	case len(text) == len("20060102"):
		form, s.date = "20060102", true
	}
	var err error
	s.clock, err = time.Parse(form, text)
	if err == nil && s.clock.Year() < 1 {
		err = errors.New("year 0")
	}
	return s, err
}

// excepted is true for a time on the series' clock whose occurrence is removed:
// by its very time, or by its day.
func (e *event) excepted() func(clock time.Time) bool {
	times, days := map[time.Time]bool{}, map[time.Time]bool{}
	for _, x := range e.except {
		if x.date || e.start.date {
			days[x.day(e.start.zone)] = true
		} else {
			times[x.in(e.start.zone)] = true
		}
	}
	return func(clock time.Time) bool { return times[clock] || days[clock.Truncate(day)] }
}
