package planfile

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	ical "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"
)

// readEvent reads an event of a calendar. Beside an error the event has its
// reason, to be named by.
func readEvent(v *ical.VEvent, zone *time.Location) (event, error) {
	e := event{uid: v.Id(), cancelled: valueIn(v, ical.ComponentPropertyStatus) == "CANCELLED"}
	const maxReason = 200 // every run of a campaign carries it
	e.reason = valueIn(v, ical.ComponentPropertySummary)
	if len(e.reason) > maxReason {
		e.reason = strings.ToValidUTF8(e.reason[:maxReason], "")
	}
	start := v.GetProperty(ical.ComponentPropertyDtStart)
	if start == nil {
		return e, errors.New("it has no DTSTART")
	}
	stamps, err := readStamps(start, zone)
	if err != nil {
		return e, err
	}
	e.start = stamps[0]
	if e.length, err = readLength(v, e.start, zone); err != nil {
		return e, err
	}
	if e.further, err = allStamps(v, ical.ComponentPropertyRdate, zone); err != nil {
		return e, err
	}
	if e.except, err = allStamps(v, ical.ComponentPropertyExdate, zone); err != nil {
		return e, err
	}
	if instead := v.GetProperty(ical.ComponentPropertyRecurrenceId); instead != nil {
		if len(instead.ICalParameters["RANGE"]) > 0 {
			return e, errors.New("its RECURRENCE-ID has a RANGE, which is not supported: split the series")
		}
		if stamps, err = readStamps(instead, zone); err != nil {
			return e, err
		}
		e.instead = &stamps[0]
	}
	if rules := v.GetProperties(ical.ComponentPropertyRrule); len(rules) > 1 {
		return e, errors.New("it has several RRULEs: want one")
	} else if len(rules) == 1 {
		e.rule, err = readRule(rules[0].Value, e.start)
	}
	return e, err
}

func valueIn(v *ical.VEvent, property ical.ComponentProperty) string {
	if p := v.GetProperty(property); p != nil {
		return p.Value
	}
	return ""
}

func allStamps(v *ical.VEvent, property ical.ComponentProperty, zone *time.Location) ([]stamp, error) {
	var all []stamp
	for _, p := range v.GetProperties(property) {
		stamps, err := readStamps(p, zone)
		if err != nil {
			return nil, err
		}
		all = append(all, stamps...)
	}
	return all, nil
}

// readStamps reads the dates or times of a property, in its own zone or else in
// the given one.
func readStamps(p *ical.IANAProperty, zone *time.Location) ([]stamp, error) {
	if id := p.ICalParameters["TZID"]; len(id) > 0 {
		var err error
		if zone, err = loadZone(id[0]); err != nil {
			return nil, fmt.Errorf("the TZID %q of its %s is no IANA zone: export the calendar with names such as Europe/Berlin", id[0], p.IANAToken)
		}
	}
	var all []stamp
	for text := range strings.SplitSeq(p.Value, ",") {
		s := stamp{zone: zone}
		layout := "20060102T150405"
		switch {
		case strings.HasSuffix(text, "Z"):
			layout, s.zone = "20060102T150405Z", time.UTC
		case len(text) == len("20060102"):
			layout, s.date = "20060102", true
		}
		var err error
		if s.clock, err = time.Parse(layout, text); err != nil || s.clock.Year() < 1 {
			return nil, fmt.Errorf("its %s %q is no date and no time", p.IANAToken, text)
		}
		all = append(all, s)
	}
	return all, nil
}

// readLength is how long an event lasts: by its DTEND or its DURATION, else a
// date the whole day.
func readLength(v *ical.VEvent, start stamp, zone *time.Location) (time.Duration, error) {
	const day = 24 * time.Hour
	length := time.Duration(0)
	if start.date {
		length = day
	}
	end, lasts := v.GetProperty(ical.ComponentPropertyDtEnd), v.GetProperty(ical.ComponentPropertyDuration)
	switch {
	case end != nil:
		stamps, err := readStamps(end, zone)
		if err != nil {
			return 0, err
		}
		length = stamps[0].at().Sub(start.at())
		if start.date {
			length = stamps[0].clock.Sub(start.clock)
		}
	case lasts != nil:
		var err error
		if length, err = parseLength(lasts.Value); err != nil {
			return 0, err
		}
	}
	switch {
	case length <= 0:
		return 0, errors.New("it has no end after its beginning")
	case length > maxFreeze:
		return 0, errors.New("it lasts more than 400 days")
	}
	return length, nil
}

var lengthForm = regexp.MustCompile(`^\+?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$`)

// parseLength reads a DURATION, such as P1DT12H.
func parseLength(text string) (time.Duration, error) {
	m := lengthForm.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("its DURATION %q is none", text)
	}
	var length time.Duration
	for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
		if m[i+1] == "" {
			continue
		}
		n, err := strconv.Atoi(m[i+1])
		if err != nil {
			return 0, fmt.Errorf("its DURATION %q is none: %w", text, err)
		}
		length += time.Duration(n) * unit
	}
	return length, nil
}

// readRule reads a recurrence, to be followed on the clock of the event's zone.
func readRule(text string, start stamp) (*rrule.ROption, error) {
	rule, err := rrule.StrToROption(text)
	if err != nil {
		return nil, fmt.Errorf("its RRULE %q: %w", text, err)
	}
	if rule.Freq > rrule.DAILY {
		return nil, fmt.Errorf("its RRULE %q recurs more than once a day, which is no freeze", text)
	}
	rule.Dtstart = start.clock
	for part := range strings.SplitSeq(text, ";") {
		until, ok := strings.CutPrefix(part, "UNTIL=")
		switch {
		case ok && strings.HasSuffix(until, "Z"):
			rule.Until = shown(rule.Until, start.zone)
		case ok && len(until) == len("20060102"):
			rule.Until = rule.Until.Add(24*time.Hour - time.Second)
		}
	}
	return rule, nil
}
