package ics

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxLength is the longest that one event may last: a longer one has a wrong year.
const maxLength = 400 * 24 * time.Hour

const day = 24 * time.Hour

// length is how long an event lasts. Days are those of the calendar, which have 23
// or 25 hours when summer starts or ends.
type length struct {
	days  time.Duration // on the calendar, of 24 hours each
	rest  time.Duration // after them, by the clock
	exact time.Duration // the same as it passes; 0 of dates
}

// total is how long it lasts about.
func (l length) total() time.Duration { return max(l.days+l.rest, l.exact) }

// end is when something ends that starts when a clock shows a time. Whether that is
// told by the clock or by what passes differs where summer starts or ends between
// them, and programs do not agree: the later counts, so that no freeze is too short.
func (l length) end(start, clock time.Time, zone *time.Location) time.Time {
	_, end := Times(clock.Add(l.days), zone)
	end = end.Add(l.rest)
	if exact := start.Add(l.exact); exact.After(end) {
		return exact
	}
	return end
}

// between is the length from one stamp to another.
func between(start, end stamp) (length, error) {
	var l length
	switch {
	case start.date && end.date:
		// The end is the day after the last; that of the same day stands for it in the
		// files of many programs.
		l.days = max(end.clock.Sub(start.clock), 0)
		if end.clock.Equal(start.clock) {
			l.days = day
		}
	case start.date != end.date:
		return l, errors.New("its start and end must both be dates or both be times")
	default:
		l.days, l.exact = end.in(start.zone).Sub(start.clock), end.at().Sub(start.at())
	}
	if (start.date && end.clock.Before(start.clock)) || (!start.date && end.at().Before(start.at())) {
		return l, errors.New("it ends before it starts")
	}
	return l.checked()
}

func (l length) checked() (length, error) {
	if l.total() > maxLength {
		return l, errors.New("it lasts more than 400 days")
	}
	return l, nil
}

var durationForm = regexp.MustCompile(`^\+?P(?:(\d{1,4})W)?(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$`)

// parseDuration reads a DURATION, such as P1DT12H.
func parseDuration(text string) (length, error) {
	m := durationForm.FindStringSubmatch(strings.ToUpper(strings.TrimSpace(text)))
	if m == nil || strings.Join(m[1:], "") == "" {
		return length{}, fmt.Errorf("its DURATION %q is invalid", text)
	}
	var l length
	for i, unit := range []time.Duration{7 * day, day, time.Hour, time.Minute, time.Second} {
		n, _ := strconv.Atoi("0" + m[i+1]) // a few digits
		if i < 2 {
			l.days += time.Duration(n) * unit
		} else {
			l.rest += time.Duration(n) * unit
		}
	}
	l.exact = l.days + l.rest
	return l.checked()
}
