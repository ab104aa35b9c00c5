// Package teststart gives the start time of tests in virtual time. A test's result must not depend
// on the day on which it runs, so the day is given, and CI gives several, also years ahead. It is
// no clock. Start at On.
package teststart

import (
	"cmp"
	"fmt"
	"os"
	"time"
)

// Variable names the environment variable with the time, in RFC 3339, from
// which suites of virtual time look for their start.
const Variable = "TIDEGATE_TEST_START"

// usual is where they look when the environment does not say: a Monday.
const usual = "2026-11-16T00:00:00Z"

// On is the first such day of the week, at a full hour, from the given time on.
func On(day time.Weekday, hour int) time.Time {
	return first(hour, func(t time.Time) bool { return t.Weekday() == day })
}

// OnDay is the first such day of a month, 1 to 28, at a full hour, from the given
// time on.
func OnDay(day, hour int) time.Time {
	return first(hour, func(t time.Time) bool { return t.Day() == day })
}

func first(hour int, holds func(time.Time) bool) time.Time {
	from := given()
	start := time.Date(from.Year(), from.Month(), from.Day(), hour, 0, 0, 0, time.UTC)
	for start.Before(from) || !holds(start) {
		start = start.AddDate(0, 0, 1)
	}
	return start
}

// given is the time that the environment gives. A wrong one ends the test run:
// nothing would tell that the usual one had been taken.
func given() time.Time {
	text := cmp.Or(os.Getenv(Variable), usual)
	from, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(fmt.Sprintf("%s=%q: want a time in RFC 3339, such as 2031-03-01T00:00:00Z: %v", Variable, text, err)) //nolint:forbidigo // it is called where globals are set
	}
	return from.UTC()
}
