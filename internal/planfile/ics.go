package planfile

import (
	"fmt"
	"slices"
	"time"

	ical "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// events are the events of an iCalendar file (RFC 5545) that lie in a span, as
// freezes. A cancelled event is none; one that is marked as free time is. The
// zone is that of events that name none.
func events(text []byte, zone *time.Location, s span) ([]maintenance.Freeze, error) {
	source := &lines{text: text}
	calendar, err := ical.ParseCalendar(source)
	if err != nil {
		return nil, source.refusal(err)
	}
	wrong := wrongs{lines: eventLines(text)}
	series := make([]event, 0, len(calendar.Components))
	for i, component := range calendar.Events() {
		e, err := readEvent(component, zone)
		wrong.add(i, e.reason, err)
		series = append(series, e)
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	exclude(series)
	var all []maintenance.Freeze
	for i, e := range series {
		freezes, err := e.freezes(s)
		wrong.add(i, e.reason, err)
		all = append(all, freezes...)
	}
	if err := wrong.err(); err != nil {
		return nil, err
	}
	return all, nil
}

// exclude takes from each series the occurrences in whose place another event of
// it stands.
func exclude(series []event) {
	for _, other := range series {
		if other.instead == nil {
			continue
		}
		for i, e := range series {
			if e.uid == other.uid && e.instead == nil {
				series[i].except = append(series[i].except, *other.instead)
			}
		}
	}
}

// event is one event, or a series of them.
type event struct {
	uid, reason string
	cancelled   bool
	start       stamp
	length      time.Duration // of a date: whole days
	rule        *rrule.ROption
	further     []stamp // RDATE
	except      []stamp // EXDATE, and what stands in place of an occurrence
	instead     *stamp  // RECURRENCE-ID: the occurrence in whose place it stands
}

// stamp is a date or a time as a clock in a zone shows it.
type stamp struct {
	moment
	zone *time.Location
}

// at is the instant of a stamp.
func (s stamp) at() time.Time { return s.earliest(s.zone) }

// in is the stamp's time as a clock in another zone shows it; a date is the same
// everywhere.
func (s stamp) in(zone *time.Location) time.Time {
	if s.date {
		return s.clock
	}
	return shown(s.at(), zone)
}

// shown is what calendar and clock in a zone show at an instant.
func shown(t time.Time, zone *time.Location) time.Time { return t.UTC().Add(offset(t, zone)) }

// freezes are the occurrences that lie in a span.
func (e event) freezes(s span) ([]maintenance.Freeze, error) {
	if e.cancelled {
		return nil, nil
	}
	clocks, err := e.clocks(s)
	if err != nil {
		return nil, err
	}
	var all []maintenance.Freeze
	for _, clock := range clocks {
		from, to := e.occurrence(clock)
		if !e.excepted(clock) && to.After(s.from) && from.Before(s.until) {
			all = append(all, maintenance.Freeze{From: from, To: to, Reason: e.reason})
		}
	}
	return all, nil
}

// occurrence is the interval of an occurrence: days by the calendar, times by
// their exact length.
func (e event) occurrence(clock time.Time) (from, to time.Time) {
	from, _ = instants(clock, e.start.zone)
	if !e.start.date {
		return from, from.Add(e.length)
	}
	_, to = instants(clock.Add(e.length), e.start.zone)
	return from, to
}

// excepted is true where an occurrence is taken out: its very instant, or its day.
func (e event) excepted(clock time.Time) bool {
	return slices.ContainsFunc(e.except, func(x stamp) bool {
		if x.date || e.start.date {
			return x.in(e.start.zone).Format(time.DateOnly) == clock.Format(time.DateOnly)
		}
		return x.in(e.start.zone).Equal(clock)
	})
}

// clocks are the occurrences' beginnings up to a span's end, as clocks in the
// event's zone show them. The rule is followed on the clock, in which every day
// has 24 hours, and so knows nothing of summer time.
func (e event) clocks(s span) ([]time.Time, error) {
	clocks := []time.Time{e.start.clock}
	for _, x := range e.further {
		clocks = append(clocks, x.in(e.start.zone))
	}
	if e.rule == nil {
		return clocks, nil
	}
	end := shown(s.until, e.start.zone)
	begin := shown(s.from, e.start.zone).Add(-e.length)
	recurring, err := follow(*e.rule, begin, end)
	clocks = append(clocks, recurring...)
	slices.SortFunc(clocks, time.Time.Compare)
	return slices.CompactFunc(clocks, time.Time.Equal), err
}

// follow is when a rule has something begin, in [begin, end).
func follow(o rrule.ROption, begin, end time.Time) (clocks []time.Time, err error) {
	text := o.RRuleString()
	defer func() { // the library panics at the ninth Monday of a month
		if recover() != nil {
			err = fmt.Errorf("its RRULE %q cannot be followed: is there such a day?", text)
		}
	}()
	if o.Until.IsZero() || o.Until.After(end) {
		o.Until = end // without one the library gives up 292 years after the beginning, or at once
	}
	// The library takes the zero time for none given, and begins now. It drops what is below a second.
	o.Dtstart = o.Dtstart.Add(time.Nanosecond)
	rule, err := rrule.NewRRule(o)
	if err != nil {
		return nil, fmt.Errorf("its RRULE: %w", err)
	}
	next := rule.Iterator()
	for clock, more := next(); more && clock.Before(end); clock, more = next() {
		if clock.Before(begin) {
			continue
		}
		if clocks = append(clocks, clock); len(clocks) > 2*maxFreezes {
			return nil, fmt.Errorf("it recurs more than %d times in 400 days", 2*maxFreezes)
		}
	}
	return clocks, nil
}
