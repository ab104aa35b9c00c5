package ics

import "time"

// Times are the first and the last time at which a clock in the zone shows what
// the given one, as if it stood in UTC, does. They differ in the hour that is
// repeated when summer ends; in the one that is left out when it starts, they stand
// before and after the gap. A freeze that starts at the first and ends at the last is
// never too short.
func Times(clock time.Time, zone *time.Location) (first, last time.Time) {
	const day = 24 * time.Hour
	before, after := offset(clock.Add(-day), zone), offset(clock.Add(day), zone)
	a, b := clock.Add(-before), clock.Add(-after)
	switch aShows, bShows := shows(a, clock, zone), shows(b, clock, zone); {
	case aShows && !bShows:
		return a, a
	case bShows && !aShows:
		return b, b
	case a.After(b):
		return b, a
	}
	return a, b
}

// offset is how far clocks in the zone are ahead of UTC.
func offset(t time.Time, zone *time.Location) time.Duration {
	_, seconds := t.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

func shows(t, clock time.Time, zone *time.Location) bool {
	return t.Add(offset(t, zone)).Equal(clock)
}

// shown is what calendar and clock in a zone show at a time.
func shown(t time.Time, zone *time.Location) time.Time { return t.UTC().Add(offset(t, zone)) }

// stamp is a date or a time as a clock in a zone shows it.
type stamp struct {
	clock time.Time // as if it stood in UTC
	date  bool      // it is a whole day
	zone  *time.Location
}

// at is the first time at which the clock shows it.
func (s stamp) at() time.Time {
	first, _ := Times(s.clock, s.zone)
	return first
}

// in is what a clock in another zone shows then; a date is the same everywhere.
func (s stamp) in(zone *time.Location) time.Time {
	if s.date {
		return s.clock
	}
	return shown(s.at(), zone)
}

// day is the date that is meant: of a time in a zone of its own that zone's, as
// Exchange writes the days of whole-day series; of one in UTC that of the given zone,
// unless it is midnight in UTC alone, as others write them.
func (s stamp) day(zone *time.Location) time.Time {
	clock := s.clock.Truncate(day)
	if there := s.in(zone); s.zone == time.UTC && (there.Equal(there.Truncate(day)) || !clock.Equal(s.clock)) {
		clock = there.Truncate(day)
	}
	return clock
}
