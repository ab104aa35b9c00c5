package maintenance

import (
	"fmt"
	"time"
)

// RawSchedule is what DescribeMaintenanceStartTime answers, unjudged. A nil
// differs from a zero: 0 is a legal weekday, hour and minute.
type RawSchedule struct {
	DayOfWeek  *int   `json:"dayOfWeek,omitempty"`  // 0 (Sunday) to 6
	DayOfMonth *int   `json:"dayOfMonth,omitempty"` // 1 to 28
	Hour       *int   `json:"hour,omitempty"`       // 0 to 23
	Minute     *int   `json:"minute,omitempty"`     // 0 to 59
	Timezone   string `json:"timezone,omitempty"`   // GMT, GMT-4:00, GMT+5:30
	// AutomaticUpdates is AWS's policy: ALL_VERSIONS or EMERGENCY_VERSIONS_ONLY,
	// empty where AWS does not say.
	AutomaticUpdates AutomaticUpdatePolicy `json:"automaticUpdates,omitempty"`
}

// Recurrence is how often a gateway's window opens.
type Recurrence string

// AWS knows two recurrences; a gateway has one of them.
const (
	Weekly  Recurrence = "weekly"
	Monthly Recurrence = "monthly"
)

// Schedule is when a gateway's maintenance window opens, over and over. AWS
// gives a start only; the window's length is the plan's.
type Schedule struct {
	Recurrence Recurrence `json:"recurrence"`
	Day        int        `json:"day"`    // weekly: 0 (Sunday) to 6; monthly: 1 to 28
	Hour       int        `json:"hour"`   // 0 to 23
	Minute     int        `json:"minute"` // 0 to 59
	Zone       Zone       `json:"zone"`
}

// ParseSchedule judges AWS's answer. Where AWS gives a weekly and a monthly
// day at once, prefer says which one counts; without it the answer is
// ErrAmbiguousWindow. A missing or impossible part is ErrNoWindow.
func ParseSchedule(raw RawSchedule, prefer Recurrence) (Schedule, error) {
	if raw.Hour == nil || raw.Minute == nil || (raw.DayOfWeek == nil && raw.DayOfMonth == nil) {
		return Schedule{}, fmt.Errorf("%w: AWS gives no complete day, hour and minute (set one with UpdateMaintenanceStartTime)", ErrNoWindow)
	}
	zone, err := ParseZone(raw.Timezone)
	if err != nil {
		return Schedule{}, fmt.Errorf("%w: %w", ErrNoWindow, err)
	}
	recurrence, err := recurrenceOf(raw, prefer)
	if err != nil {
		return Schedule{}, err
	}
	s := Schedule{Recurrence: recurrence, Hour: *raw.Hour, Minute: *raw.Minute, Zone: zone}
	if recurrence == Weekly {
		s.Day = *raw.DayOfWeek
	} else {
		s.Day = *raw.DayOfMonth
	}
	if err := s.Validate(); err != nil {
		return Schedule{}, fmt.Errorf("%w: %w", ErrNoWindow, err)
	}
	return s, nil
}

func recurrenceOf(raw RawSchedule, prefer Recurrence) (Recurrence, error) {
	switch {
	case raw.DayOfMonth == nil:
		return Weekly, nil
	case raw.DayOfWeek == nil:
		return Monthly, nil
	case prefer == Weekly || prefer == Monthly:
		return prefer, nil
	}
	return "", fmt.Errorf("%w: AWS gives day of week %d and day of month %d; set windowPreference to weekly or monthly",
		ErrAmbiguousWindow, *raw.DayOfWeek, *raw.DayOfMonth)
}

// Validate reports the first part that lies outside AWS's ranges.
func (s Schedule) Validate() error {
	low, high := 0, 6
	if s.Recurrence == Monthly {
		low, high = 1, 28
	}
	for _, part := range []struct {
		name            string
		value, from, to int
	}{
		{"day", s.Day, low, high},
		{"hour", s.Hour, 0, 23},
		{"minute", s.Minute, 0, 59},
	} {
		if part.value < part.from || part.value > part.to {
			return Invalid(part.name, fmt.Sprint(part.value), fmt.Sprintf("%d to %d", part.from, part.to))
		}
	}
	if s.Recurrence != Weekly && s.Recurrence != Monthly {
		return Invalid("recurrence", string(s.Recurrence), "weekly or monthly")
	}
	return nil
}

// NextStart is the first time strictly after the given one at which a
// window opens, in UTC.
func (s Schedule) NextStart(after time.Time) time.Time {
	local := after.In(s.Zone.Location())
	year, month, day := local.Date()
	if s.Recurrence == Monthly {
		day = s.Day
	} else {
		day += s.Day - int(local.Weekday()) // of this week: it may be past
	}
	at := time.Date(year, month, day, s.Hour, s.Minute, 0, 0, local.Location())
	if !at.After(after) {
		at = s.following(at)
	}
	return at.UTC()
}

// following is the start one period later. Days end at 28, so every month has it.
func (s Schedule) following(start time.Time) time.Time {
	if s.Recurrence == Monthly {
		return start.AddDate(0, 1, 0)
	}
	return start.AddDate(0, 0, 7)
}

// WindowAt is the window that holds now, else the next one. It never ends
// before now.
func (s Schedule) WindowAt(now time.Time, length time.Duration) Window {
	start := s.NextStart(now.Add(-length))
	return Window{Start: start, End: start.Add(length)}
}

// String says the schedule as a person would.
func (s Schedule) String() string {
	when := "every " + time.Weekday(s.Day).String()
	if s.Recurrence == Monthly {
		when = fmt.Sprintf("every month on day %d", s.Day)
	}
	return fmt.Sprintf("%s at %02d:%02d %s", when, s.Hour, s.Minute, s.Zone)
}

// Window is the half-open interval [Start, End), UTC.
type Window struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// Contains is true from Start on and false from End on.
func (w Window) Contains(t time.Time) bool {
	return !t.Before(w.Start) && t.Before(w.End)
}
