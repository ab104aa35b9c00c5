package ics

import (
	"bytes"
	"encoding/binary"
	"regexp"
	"slices"
	"strconv"
	"time"
)

// transition is when a zone's offset changes.
type transition struct {
	at       time.Time
	from, to time.Duration // offsets
}

// definedZone is the zone that a VTIMEZONE defines (RFC 5545, 3.6.5), with its changes
// up to a time; nil where that cannot be understood.
func definedZone(c *component, until time.Time, b *budget) *time.Location {
	var changes []transition
	for _, observance := range c.children {
		if observance.name != "STANDARD" && observance.name != "DAYLIGHT" {
			continue
		}
		more, ok := observe(observance, until.Add(366*day), b)
		if !ok {
			return nil
		}
		changes = append(changes, more...)
	}
	if len(changes) == 0 || len(changes) > maxTransitions {
		return nil
	}
	slices.SortStableFunc(changes, func(a, b transition) int { return a.at.Compare(b.at) })
	zone, err := time.LoadLocationFromTZData(c.text("TZID"), tzData(changes))
	if err != nil {
		return nil
	}
	return zone
}

// maxTransitions is far above two a year since 1601, from when on Windows counts.
const maxTransitions = 5000

// observe is when one of a zone's observances starts.
func observe(c *component, until time.Time, b *budget) ([]transition, bool) {
	from, fromOK := parseOffset(c.text("TZOFFSETFROM"))
	to, toOK := parseOffset(c.text("TZOFFSETTO"))
	start, err := parseStamp(c.text("DTSTART"), time.UTC)
	if !fromOK || !toOK || err != nil || start.date {
		return nil, false
	}
	clocks := []time.Time{start.clock}
	for _, p := range c.all("RDATE") {
		for _, text := range p.list() {
			s, err := parseStamp(text, time.UTC)
			if err != nil {
				return nil, false
			}
			clocks = append(clocks, s.clock)
		}
	}
	for _, p := range c.all("RRULE") {
		// UNTIL is in UTC here, and the clock is that before the change.
		rule, err := parseRule(p.value, stamp{clock: start.clock, zone: time.FixedZone("", int(from/time.Second))})
		if err != nil {
			return nil, false
		}
		recurring, err := rule.between(start.clock, until, maxTransitions, b)
		if err != nil {
			return nil, false
		}
		clocks = append(clocks, recurring...)
	}
	changes := make([]transition, len(clocks))
	for i, clock := range clocks {
		changes[i] = transition{at: clock.Add(-from), from: from, to: to}
	}
	return changes, true
}

var offsetForm = regexp.MustCompile(`^([+-])(\d\d)(\d\d)(\d\d)?$`)

// parseOffset reads a UTC-OFFSET, such as +0100.
func parseOffset(text string) (time.Duration, bool) {
	m := offsetForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	var parts [3]time.Duration
	for i := range parts {
		n, _ := strconv.Atoi("0" + m[2+i]) // two digits
		parts[i] = time.Duration(n)
	}
	d := parts[0]*time.Hour + parts[1]*time.Minute + parts[2]*time.Second
	if m[1] == "-" {
		d = -d
	}
	return d, d.Abs() < day
}

// tzData are changes in the form of the IANA database's files (RFC 9636), which is
// the only way to make a zone of changes.
func tzData(changes []transition) []byte {
	offsets := []time.Duration{changes[0].from} // the first, which no change leads to, is that of the time before
	for _, c := range changes {
		if !slices.Contains(offsets[1:], c.to) {
			offsets = append(offsets, c.to)
		}
	}
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			_ = binary.Write(&b, binary.BigEndian, v) // a buffer takes it
		}
	}
	header := func(changes, kinds, letters int) {
		b.WriteString("TZif2")
		b.Write(make([]byte, 15))
		put(int32(0), int32(0), int32(0), int32(changes), int32(kinds), int32(letters)) //nolint:gosec // a few thousand
	}
	header(0, 0, 0) // the old form of 32 bits, which nobody reads
	header(len(changes), len(offsets), 2)
	for _, c := range changes {
		put(c.at.Unix())
	}
	for _, c := range changes {
		put(uint8(1 + slices.Index(offsets[1:], c.to))) //nolint:gosec // a handful
	}
	for _, o := range offsets {
		put(int32(o/time.Second), uint8(0), uint8(0)) //nolint:gosec // less than a day
	}
	b.WriteString("-\x00\n\n")
	return b.Bytes()
}
