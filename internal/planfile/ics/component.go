package ics

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// component is what stands between a BEGIN and its END.
type component struct {
	name       string // in capital letters
	line       int    // of its BEGIN
	properties []property
	broken     []property // of an event, the lines in it that are no properties
	children   []*component
}

// maxDepth is far above what the standard nests: an alarm in an event in a calendar.
const maxDepth = 16

// errBlank is a file in which there is nothing.
var errBlank = errors.New("line 1: it is empty")

// calendars are the VCALENDARs of a text, each whole: what was cut off may have been
// a freeze.
func calendars(text []byte) ([]*component, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // the BOM of UTF-8, as Windows writes it
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return nil, errBlank
	case bytes.HasPrefix(text, []byte("\xfe\xff")), bytes.HasPrefix(text, []byte("\xff\xfe")),
		bytes.IndexByte(text[:min(len(text), 8)], 0) >= 0:
		return nil, errors.New("line 1: it is in UTF-16: must be UTF-8")
	}
	lines, err := properties(text)
	if err != nil {
		return nil, err
	}
	open := nesting{{}}
	for _, p := range lines {
		if err := open.take(p); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	if top := open.top(); len(open) > 1 {
		return nil, fmt.Errorf("line %d: it is incomplete: %s, started on line %d, has no END; check whether the file was cut off", lines[len(lines)-1].line, top.name, top.line)
	}
	return open.top().children, nil
}

// nesting are the components that have not ended, within one that stands for the file.
type nesting []*component

func (n nesting) top() *component { return n[len(n)-1] }

// take puts a line at its place.
func (n *nesting) take(p property) error {
	top := n.top()
	value := strings.ToUpper(strings.TrimSpace(p.value))
	switch {
	case p.broken != nil:
		return n.takeBroken(p)
	case p.name == "BEGIN":
		return n.start(&component{name: value, line: p.line})
	case len(*n) == 1:
		return fmt.Errorf("not an iCalendar file: %s found %s", p.name, placeOf(top))
	case p.name == "END" && value == top.name:
		*n = (*n)[:len(*n)-1]
	case p.name == "END":
		return fmt.Errorf("it is incomplete: END:%s found where %s, started on line %d, has not ended", value, top.name, top.line)
	default:
		top.properties = append(top.properties, p)
	}
	return nil
}

// takeBroken puts a line that is no property at its event, which may not matter any
// more; anywhere else nothing is known of the file.
func (n nesting) takeBroken(p property) error {
	at := slices.IndexFunc(n, func(c *component) bool { return c.name == "VEVENT" })
	if at < 0 {
		return fmt.Errorf("not an iCalendar file: %w", p.broken)
	}
	n[at].broken = append(n[at].broken, p)
	return nil
}

func (n *nesting) start(c *component) error {
	top := n.top()
	if (len(*n) == 1) != (c.name == "VCALENDAR") {
		return fmt.Errorf("not an iCalendar file: BEGIN:%s found %s", c.name, placeOf(top))
	}
	if len(*n) > maxDepth {
		return fmt.Errorf("its components are nested more than %d deep", maxDepth)
	}
	top.children = append(top.children, c)
	*n = append(*n, c)
	return nil
}

func placeOf(top *component) string {
	if top.name == "" {
		return "outside of BEGIN:VCALENDAR and END:VCALENDAR"
	}
	return "in " + top.name
}

// all are the properties of a name.
func (c *component) all(name string) []*property {
	var found []*property
	for i := range c.properties {
		if c.properties[i].name == name {
			found = append(found, &c.properties[i])
		}
	}
	return found
}

// text is the value of the first property of a name; empty where there is none.
func (c *component) text(name string) string {
	if found := c.all(name); len(found) > 0 {
		return strings.TrimSpace(found[0].value)
	}
	return ""
}

// word is text of a value that is case-insensitive.
func (c *component) word(name string) string { return strings.ToUpper(c.text(name)) }

var dateForm = regexp.MustCompile(`\d{8}`)

// ended is true of a component that had ended before a time whatever else it says,
// by the dates that it names: what cannot be understood of it does not matter any
// more. Where that is unknown it is false.
func (c *component) ended(before time.Time) bool {
	if slices.ContainsFunc(c.children, func(child *component) bool { return child.holdsEvent() && !child.ended(before) }) {
		return false
	}
	var dates []time.Time
	for _, name := range []string{"DTSTART", "DTEND", "DUE", "COMPLETED", "FREEBUSY", "RDATE", "RECURRENCE-ID"} {
		for _, p := range c.all(name) {
			found := datesIn(p.value)
			if len(found) == 0 {
				return false
			}
			dates = append(dates, found...)
		}
	}
	for _, p := range c.broken {
		dates = append(dates, datesIn(p.value)...)
	}
	if len(dates) == 0 {
		return false
	}
	first, last := slices.MinFunc(dates, time.Time.Compare), slices.MaxFunc(dates, time.Time.Compare)
	lasts := last.Sub(first) + 2*day // the day itself, and what zones differ by
	for _, p := range c.all("DURATION") {
		length, err := parseDuration(p.value)
		if err != nil {
			length.days = maxLength // no longer one is taken
		}
		lasts += length.total()
	}
	for _, p := range c.all("RRULE") {
		_, until, _ := strings.Cut(strings.ToUpper(p.value), "UNTIL=")
		found := datesIn(until)
		if len(found) == 0 {
			return false
		}
		if found[0].After(last) {
			last = found[0]
		}
	}
	return last.Add(lasts).Before(before)
}

// holdsEvent is true of an event, and of what has one in it.
func (c *component) holdsEvent() bool {
	return c.name == "VEVENT" || slices.ContainsFunc(c.children, (*component).holdsEvent)
}

func datesIn(text string) []time.Time {
	var dates []time.Time
	for _, digits := range dateForm.FindAllString(text, -1) {
		if t, err := time.Parse("20060102", digits); err == nil {
			dates = append(dates, t)
		}
	}
	return dates
}
