package aws

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// checker collects faults.
type checker struct {
	faults FieldErrors
}

func (c *checker) wrong(path, value, want string) {
	c.faults = append(c.faults, FieldError{Path: path, Value: value, Want: want})
}

func (c *checker) require(path, value string) {
	if value == "" {
		c.wrong(path, "", "a value")
	}
}

func (c *checker) form(path, value string, form *regexp.Regexp, want string) {
	if !form.MatchString(value) {
		c.wrong(path, value, want)
	}
}

func (c *checker) oneOf(path, value string, allowed ...string) {
	if slices.Contains(allowed, value) {
		return
	}
	named := slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" })
	c.wrong(path, value, "one of "+strings.Join(named, ", "))
}

func (c *checker) unique(path, value string, seen map[string]bool) {
	if value != "" && seen[value] {
		c.wrong(path, value, "a value that no other entry has")
	}
	seen[value] = true
}

func (c *checker) notNegative(path string, d time.Duration) {
	if d < 0 {
		c.wrong(path, d.String(), "a duration such as 45s, not below zero")
	}
}

func (c *checker) inRange(path string, value *int, low, high int) {
	if value != nil && (*value < low || *value > high) {
		c.wrong(path, fmt.Sprint(*value), fmt.Sprintf("%d to %d", low, high))
	}
}

func (c *checker) volumeStatus(path, value string) {
	if n := len(value); n > 0 && (n < 3 || n > 50) {
		c.wrong(path, value, "3 to 50 characters, such as AVAILABLE or PASS THROUGH, or empty")
	}
}

func (t Timing) check(c *checker, path string) {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"gap", t.Gap},
		{"restart", t.Restart},
		{"oldVersion", t.OldVersion},
		{"flap", t.Flap},
		{"bootstrap", t.Bootstrap},
		{"snapshot", t.Snapshot},
		{"visibleById", t.VisibleByID},
		{"visibleByFilter", t.VisibleByFilter},
	} {
		c.notNegative(path+"."+d.name, d.value)
	}
	c.inRange(path+".gapPolls", t.GapPolls, 0, 1000)
	c.inRange(path+".oldVersionPolls", t.OldVersionPolls, 0, 1000)
}

func (w Window) check(c *checker, path string) {
	c.inRange(path+".hourOfDay", w.HourOfDay, 0, 23)
	c.inRange(path+".minuteOfHour", w.MinuteOfHour, 0, 59)
	c.inRange(path+".dayOfWeek", w.DayOfWeek, 0, 6)
	c.inRange(path+".dayOfMonth", w.DayOfMonth, 1, 28)
	c.notNegative(path+".opensIn", w.OpensIn)
	c.notNegative(path+".openedAgo", w.OpenedAgo)
	if w.Malformed || w.NotSupported || w.empty() {
		return
	}
	ways := 0
	for _, way := range []bool{w.absolute(), w.OpensIn != 0, w.OpenedAgo != 0} {
		if way {
			ways++
		}
	}
	switch {
	case ways > 1:
		c.wrong(path, "several ways at once", "one of: hourOfDay with minuteOfHour and a day; opensIn; openedAgo")
	case w.absolute() && !w.whole():
		c.wrong(path, "an incomplete schedule", "hourOfDay and minuteOfHour and either dayOfWeek or dayOfMonth (or malformed: true)")
	}
}

// absolute has a part of AWS's own schedule.
func (w Window) absolute() bool {
	return w.HourOfDay != nil || w.MinuteOfHour != nil || w.DayOfWeek != nil || w.DayOfMonth != nil
}

// whole is a schedule that AWS's write call takes.
func (w Window) whole() bool {
	return w.HourOfDay != nil && w.MinuteOfHour != nil && (w.DayOfWeek != nil) != (w.DayOfMonth != nil)
}

// empty is a window that says nothing.
func (w Window) empty() bool {
	return w == Window{}
}
