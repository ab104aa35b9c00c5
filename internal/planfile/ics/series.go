package ics

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// span is the time in which events matter.
type span struct{ from, until time.Time }

// wider is a span for an event whose zone is not known: it matters where it would in
// any zone.
func (s span) wider() span {
	const zones = 26 * time.Hour // from the first of them to the last
	return span{from: s.from.Add(-zones), until: s.until.Add(zones)}
}

// occurrence is one of an event's, on the clock of its zone.
type occurrence struct {
	clock   time.Time
	zone    *time.Location
	length  length
	summary string
}

func (o occurrence) event() Event {
	from, _ := Times(o.clock, o.zone)
	return Event{From: from, To: o.length.end(from, o.clock, o.zone), Summary: o.summary}
}

// maxOccurrences bounds how often one event recurs in the span.
const maxOccurrences = 1000

// within are an event's occurrences that lie in a span.
func (e *event) within(s span, b *budget) ([]Event, error) {
	if e.cancelled {
		return nil, nil
	}
	all, err := e.occurrences(s, b)
	if err != nil {
		return nil, err
	}
	var events []Event
	for _, o := range all {
		if x := o.event(); x.To.After(s.from) && x.From.Before(s.until) {
			events = append(events, x)
		}
	}
	return events, nil
}

// occurrences are the event's own, and those that its rules and dates add, without
// what is taken out and as what stands in their place has changed them.
func (e *event) occurrences(s span, b *budget) ([]occurrence, error) {
	clocks, err := e.recurring(s, b)
	if err != nil {
		return nil, err
	}
	var all []occurrence
	excepted := e.excepted()
	add := func(o occurrence) {
		if excepted(o.clock) {
			return
		}
		if o, takesPlace := e.placed(o); takesPlace {
			all = append(all, o)
		}
	}
	for _, clock := range clocks {
		add(occurrence{clock: clock, zone: e.start.zone, length: e.length, summary: e.summary})
	}
	for _, f := range e.further {
		o := occurrence{clock: f.in(e.start.zone), zone: e.start.zone, length: e.length, summary: e.summary}
		switch {
		case f.length != nil:
			o.length = *f.length
		case f.date && !e.start.date:
			o.zone, o.length = f.zone, length{days: day}
		case e.start.date:
			o.clock = f.day(e.start.zone)
		}
		add(o)
	}
	return all, nil
}

// recurring is when the event starts, and when its rules have it begin in a span.
func (e *event) recurring(s span, b *budget) ([]time.Time, error) {
	clocks := []time.Time{e.start.clock}
	reach, shift := e.length.total(), time.Duration(0)
	for _, m := range e.moved {
		reach, shift = max(reach, m.by.length.total()), max(shift, m.shift.Abs())
	}
	start, end := shown(s.from, e.start.zone).Add(-reach-shift-day), shown(s.until, e.start.zone).Add(shift+day)
	for _, rule := range e.rules {
		more, err := rule.between(start, end, maxOccurrences, b)
		if err != nil {
			return nil, err
		}
		clocks = append(clocks, more...)
	}
	slices.SortFunc(clocks, time.Time.Compare)
	return slices.CompactFunc(clocks, time.Time.Equal), nil
}

// placed is an occurrence as it takes place; false where it does not.
func (e *event) placed(o occurrence) (occurrence, bool) {
	for _, m := range slices.Backward(e.moved) {
		if o.clock.Before(m.from) {
			continue
		}
		o.clock, o.length, o.summary = o.clock.Add(m.shift), m.by.length, m.by.summary
		return o, !m.by.cancelled
	}
	return o, true
}

// replace takes from each series the occurrences in whose place another event of its
// UID stands. An error belongs to the event that it is returned with.
func replace(events []*event) map[*event]error {
	wrong := map[*event]error{}
	series := map[string][]*event{}
	for _, e := range events {
		if e.instead == nil {
			series[e.uid] = append(series[e.uid], e)
		}
	}
	for _, other := range events {
		if other.instead == nil || other.unsure != nil {
			continue
		}
		of := series[other.uid]
		if len(of) > 1 {
			wrong[other] = fmt.Errorf("it has a RECURRENCE-ID, and %d events have its UID: which one it changes is unknown", len(of))
			continue
		}
		for _, e := range of {
			if err := e.give(other); err != nil {
				wrong[other] = err
			}
		}
	}
	for _, e := range events {
		slices.SortStableFunc(e.moved, func(a, b moved) int { return a.from.Compare(b.from) })
	}
	return wrong
}

// give has another event stand in place of one of a series, or of all from one on.
func (e *event) give(other *event) error {
	if !other.following {
		e.except = append(e.except, *other.instead)
		return nil
	}
	if other.start.date != e.start.date {
		return errors.New("it changes the following occurrences from whole days to times, or back, which is not supported: split the series")
	}
	m := moved{from: other.instead.in(e.start.zone), by: other}
	if e.start.date {
		m.from = other.instead.day(e.start.zone)
	}
	m.shift = other.start.in(e.start.zone).Sub(m.from)
	e.moved = append(e.moved, m)
	return nil
}
