package planfile

import (
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/planfile/ics"
)

// timestamp is a date or a time as a person writes it.
type timestamp struct {
	// clock is what calendar and clock show, as if they stood in UTC; of a fixed
	// one the time itself.
	clock time.Time
	fixed bool // it names its offset, so that no zone is needed
	date  bool // it is a whole day
}

// parseTimestamp reads a date (2026-12-24), a time (2026-12-24T18:00, with seconds or
// without, T or a space), or a time with its offset (2026-12-24T18:00:00+01:00).
// Years go from 2000 to 2199: others are slips.
func parseTimestamp(text string) (timestamp, bool) {
	text = strings.Replace(text, " ", "T", 1)
	for _, form := range []struct {
		layout      string
		fixed, date bool
	}{
		{time.DateOnly, false, true},
		{"2006-01-02T15:04", false, false},
		{"2006-01-02T15:04:05", false, false},
		{"2006-01-02T15:04Z07:00", true, false},
		{time.RFC3339, true, false},
	} {
		if t, err := time.Parse(form.layout, text); err == nil {
			return timestamp{clock: t.UTC(), fixed: form.fixed, date: form.date}, t.Year() >= 2000 && t.Year() < 2200
		}
	}
	return timestamp{}, false
}

// earliest is the first time at which clocks in the zone show it.
func (m timestamp) earliest(zone *time.Location) time.Time {
	if m.fixed {
		return m.clock
	}
	first, _ := ics.Times(m.clock, zone)
	return first
}

// end is the last time at which clocks in the zone show it; of a date
// the end of the day.
func (m timestamp) end(zone *time.Location) time.Time {
	if m.fixed {
		return m.clock
	}
	clock := m.clock
	if m.date {
		clock = clock.AddDate(0, 0, 1)
	}
	_, last := ics.Times(clock, zone)
	return last
}
