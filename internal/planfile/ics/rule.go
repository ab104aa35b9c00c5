package ics

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// rule is a recurrence (RFC 5545, 3.3.10), followed on the clock of its event's zone,
// in which every day has 24 hours: it knows nothing of summer time.
type rule struct{ rrule.ROption }

// maxADay bounds how often something recurs within a day: more often is no freeze.
const maxADay = 24

// parseRule reads a recurrence of what starts first at a start.
func parseRule(text string, start stamp) (rule, error) {
	parts, err := ruleParts(text)
	if err != nil {
		return rule{}, fmt.Errorf("its RRULE %q %w", text, err)
	}
	var kept []string
	for name, value := range parts {
		// What a recurrence means in other calendars, and where a date is left out there.
		if (name != "RSCALE" || value != "GREGORIAN") && (name != "SKIP" || value != "OMIT") {
			kept = append(kept, name+"="+value)
		}
	}
	slices.Sort(kept) // so that an error is always the same
	option, err := rrule.StrToROption(strings.Join(kept, ";"))
	if err != nil {
		return rule{}, fmt.Errorf("its RRULE %q is invalid: %w", text, err)
	}
	r := rule{*option}
	if err := r.check(parts); err != nil {
		return rule{}, fmt.Errorf("its RRULE %q %w", text, err)
	}
	if start.date {
		r.Byhour, r.Byminute, r.Bysecond = nil, nil, nil
	}
	switch until := parts["UNTIL"]; {
	case strings.HasSuffix(until, "Z"):
		clock := shown(r.Until, start.zone)
		if start.date && r.Until.After(clock) {
			clock = r.Until // some write a day as its midnight in UTC: the later counts, so that no freeze is too short
		}
		r.Until = clock
	case len(until) == len("20060102"):
		r.Until = r.Until.Add(day - time.Second)
	}
	// The library takes the zero time for none given, and starts now. It drops what is below a second.
	r.Dtstart = start.clock.Add(time.Nanosecond)
	return r, nil
}

// ruleParts are the parts of a recurrence by their names.
func ruleParts(text string) (map[string]string, error) {
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.ToUpper(text), ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if name == "" && value == "" { // a semicolon too much
			continue
		}
		if _, twice := parts[name]; twice {
			return nil, fmt.Errorf("has %s twice", name)
		}
		parts[name] = value
	}
	return parts, nil
}

// check refuses what no freeze does, and what the library takes in its own way.
func (r rule) check(parts map[string]string) error {
	_, counted := parts["COUNT"]
	_, ends := parts["UNTIL"]
	_, spaced := parts["INTERVAL"]
	switch {
	case r.Freq > rrule.DAILY, max(1, len(r.Byhour))*max(1, len(r.Byminute))*max(1, len(r.Bysecond)) > maxADay:
		return errors.New("recurs within a day, which is not supported")
	case counted && ends:
		return errors.New("has COUNT and UNTIL: must have one of them")
	case (counted && r.Count < 1) || (spaced && r.Interval < 1):
		return errors.New("has COUNT or INTERVAL below 1")
	}
	return nil
}

// budget bounds how long all rules of a calendar may be followed: some have nothing
// recur in thousands of years.
type budget struct{ spent time.Duration }

// maxEffort is far above what a calendar takes: a daily event of a hundred years takes
// a millisecond.
const maxEffort = 3 * time.Second

var errEffort = errors.New("the calendar's recurrences take too long to expand: leave out series that ended long ago")

// between is when a rule has something begin, in [begin, end), at most so often.
func (r rule) between(start, end time.Time, most int, b *budget) (clocks []time.Time, err error) {
	if b.spent > maxEffort {
		return nil, errEffort // a rule without any day takes a while until it says so
	}
	started := time.Now()
	defer func() { b.spent += time.Since(started) }()
	defer func() { // the library panics at the ninth Monday of a month
		if recover() != nil {
			err = fmt.Errorf("its RRULE %q matches no day", r.RRuleString())
		}
	}()
	next, err := r.from(start, end)
	if err != nil {
		return nil, err
	}
	clock, more := next()
	for ; more && clock.Before(end) && b.spent+time.Since(started) <= maxEffort; clock, more = next() {
		if clock.Before(start) {
			continue
		}
		if clocks = append(clocks, clock); len(clocks) > most {
			return nil, fmt.Errorf("it recurs more than %d times in the next 400 days", most)
		}
	}
	if b.spent+time.Since(started) > maxEffort {
		return nil, errEffort
	}
	return clocks, nil
}

// from follows a rule that matters from a beginning on, up to an end.
func (r rule) from(start, end time.Time) (rrule.Next, error) {
	o := r.ROption
	switch {
	case o.Until.IsZero(), o.Until.After(end):
		o.Until = end // without one the library gives up 292 years after the beginning
	case o.Until.Before(start):
		return func() (t time.Time, more bool) { return t, false }, nil
	}
	series, err := rrule.NewRRule(o)
	if err != nil {
		return nil, fmt.Errorf("its RRULE: %w", err)
	}
	return series.Iterator(), nil
}
