package maintenance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	weekly  = maintenance.Weekly
	monthly = maintenance.Monthly
)

func TestParseScheduleReadsWhatAWSGives(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		raw    maintenance.RawSchedule
		prefer maintenance.Recurrence
		want   maintenance.Schedule
	}{
		"weekly": {
			raw:  maintenance.RawSchedule{DayOfWeek: new(6), Hour: new(23), Minute: new(59), Timezone: "GMT-4:00"},
			want: maintenance.Schedule{Recurrence: weekly, Day: 6, Hour: 23, Minute: 59, Zone: zone(t, "GMT-4:00")},
		},
		"all zeros are legal": {
			raw:  maintenance.RawSchedule{DayOfWeek: new(0), Hour: new(0), Minute: new(0), Timezone: "GMT"},
			want: maintenance.Schedule{Recurrence: weekly},
		},
		"monthly": {
			raw:  maintenance.RawSchedule{DayOfMonth: new(28), Hour: new(2), Minute: new(15), Timezone: "GMT+5:30"},
			want: maintenance.Schedule{Recurrence: monthly, Day: 28, Hour: 2, Minute: 15, Zone: zone(t, "GMT+5:30")},
		},
		"a preference changes nothing where one day is set": {
			raw:    maintenance.RawSchedule{DayOfMonth: new(1), Hour: new(2), Minute: new(15), Timezone: "GMT"},
			prefer: weekly,
			want:   maintenance.Schedule{Recurrence: monthly, Day: 1, Hour: 2, Minute: 15},
		},
		"both days, weekly preferred": {
			raw:    maintenance.RawSchedule{DayOfWeek: new(0), DayOfMonth: new(28), Hour: new(2), Minute: new(15), Timezone: "GMT"},
			prefer: weekly,
			want:   maintenance.Schedule{Recurrence: weekly, Day: 0, Hour: 2, Minute: 15},
		},
		"both days, monthly preferred": {
			raw:    maintenance.RawSchedule{DayOfWeek: new(0), DayOfMonth: new(28), Hour: new(2), Minute: new(15), Timezone: "GMT"},
			prefer: monthly,
			want:   maintenance.Schedule{Recurrence: monthly, Day: 28, Hour: 2, Minute: 15},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := maintenance.ParseSchedule(tc.raw, tc.prefer)
			require.NoError(t, err)
			require.Equal(t, tc.want, got)
		})
	}
}

func TestParseScheduleRefusesAnIncompleteOrImpossibleWindow(t *testing.T) {
	t.Parallel()
	whole := func(change func(*maintenance.RawSchedule)) maintenance.RawSchedule {
		raw := maintenance.RawSchedule{DayOfWeek: new(0), Hour: new(2), Minute: new(15), Timezone: "GMT"}
		change(&raw)
		return raw
	}
	for name, tc := range map[string]struct {
		raw    maintenance.RawSchedule
		prefer maintenance.Recurrence
		is     error
		says   string
	}{
		"nothing":      {raw: maintenance.RawSchedule{}, is: maintenance.ErrNoWindow, says: "no complete day, hour and minute"},
		"neither day":  {raw: whole(func(r *maintenance.RawSchedule) { r.DayOfWeek = nil }), is: maintenance.ErrNoWindow, says: "UpdateMaintenanceStartTime"},
		"no hour":      {raw: whole(func(r *maintenance.RawSchedule) { r.Hour = nil }), is: maintenance.ErrNoWindow, says: "no complete"},
		"no minute":    {raw: whole(func(r *maintenance.RawSchedule) { r.Minute = nil }), is: maintenance.ErrNoWindow, says: "no complete"},
		"no zone":      {raw: whole(func(r *maintenance.RawSchedule) { r.Timezone = "" }), is: maintenance.ErrNoWindow, says: `timezone is required`},
		"wrong zone":   {raw: whole(func(r *maintenance.RawSchedule) { r.Timezone = "CET" }), is: maintenance.ErrNoWindow, says: `timezone: invalid value "CET"`},
		"weekday 7":    {raw: whole(func(r *maintenance.RawSchedule) { r.DayOfWeek = new(7) }), is: maintenance.ErrNoWindow, says: `day: invalid value "7": must be 0 to 6`},
		"weekday -1":   {raw: whole(func(r *maintenance.RawSchedule) { r.DayOfWeek = new(-1) }), is: maintenance.ErrNoWindow, says: `day: invalid value "-1"`},
		"hour 24":      {raw: whole(func(r *maintenance.RawSchedule) { r.Hour = new(24) }), is: maintenance.ErrNoWindow, says: `hour: invalid value "24": must be 0 to 23`},
		"hour -1":      {raw: whole(func(r *maintenance.RawSchedule) { r.Hour = new(-1) }), is: maintenance.ErrNoWindow, says: `hour: invalid value "-1"`},
		"minute 60":    {raw: whole(func(r *maintenance.RawSchedule) { r.Minute = new(60) }), is: maintenance.ErrNoWindow, says: `minute: invalid value "60": must be 0 to 59`},
		"minute -1":    {raw: whole(func(r *maintenance.RawSchedule) { r.Minute = new(-1) }), is: maintenance.ErrNoWindow, says: `minute: invalid value "-1"`},
		"month day 0":  {raw: whole(func(r *maintenance.RawSchedule) { r.DayOfWeek, r.DayOfMonth = nil, new(0) }), is: maintenance.ErrNoWindow, says: `day: invalid value "0": must be 1 to 28`},
		"month day 29": {raw: whole(func(r *maintenance.RawSchedule) { r.DayOfWeek, r.DayOfMonth = nil, new(29) }), is: maintenance.ErrNoWindow, says: `day: invalid value "29"`},
		"both days":    {raw: whole(func(r *maintenance.RawSchedule) { r.DayOfMonth = new(28) }), is: maintenance.ErrAmbiguousWindow, says: "day of week 0 and day of month 28; set windowPreference to weekly or monthly"},
		"both days, a preference that is none": {
			raw: whole(func(r *maintenance.RawSchedule) { r.DayOfMonth = new(28) }), prefer: "daily",
			is: maintenance.ErrAmbiguousWindow, says: "windowPreference",
		},
		"both days, the preferred one wrong": {
			raw: whole(func(r *maintenance.RawSchedule) { r.DayOfMonth = new(31) }), prefer: monthly,
			is: maintenance.ErrNoWindow, says: `day: invalid value "31"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := maintenance.ParseSchedule(tc.raw, tc.prefer)
			require.ErrorIs(t, err, tc.is)
			require.ErrorContains(t, err, tc.says)
		})
	}
}

func TestValidateWantsARecurrence(t *testing.T) {
	t.Parallel()
	requireFields(t, maintenance.Schedule{}.Validate(), map[string]string{"recurrence": ""})
	requireFields(t, maintenance.Schedule{Recurrence: "daily"}.Validate(), map[string]string{"recurrence": "daily"})
}

// 2026-11-22 is a Sunday, 2026-12-31 a Thursday, 2028 a leap year.
func TestNextStartIsTheFirstOneStrictlyAfter(t *testing.T) {
	t.Parallel()
	sunday0215 := maintenance.Schedule{Recurrence: weekly, Day: 0, Hour: 2, Minute: 15, Zone: zone(t, "GMT-4:00")}
	day28 := maintenance.Schedule{Recurrence: monthly, Day: 28, Hour: 2}
	day1 := maintenance.Schedule{Recurrence: monthly, Day: 1, Hour: 0}
	for name, tc := range map[string]struct {
		schedule maintenance.Schedule
		after    time.Time
		want     time.Time
	}{
		"weekly: the day before":               {sunday0215, utc(2026, 11, 21, 12, 0), utc(2026, 11, 22, 6, 15)},
		"weekly: the day after wraps":          {sunday0215, utc(2026, 11, 23, 12, 0), utc(2026, 11, 29, 6, 15)},
		"weekly: earlier that day":             {sunday0215, utc(2026, 11, 22, 0, 0), utc(2026, 11, 22, 6, 15)},
		"weekly: later that day wraps":         {sunday0215, utc(2026, 11, 22, 7, 0), utc(2026, 11, 29, 6, 15)},
		"weekly: exactly at the start":         {sunday0215, utc(2026, 11, 22, 6, 15), utc(2026, 11, 29, 6, 15)},
		"weekly: a nanosecond before":          {sunday0215, utc(2026, 11, 22, 6, 15).Add(-1), utc(2026, 11, 22, 6, 15)},
		"weekly: a nanosecond after":           {sunday0215, utc(2026, 11, 22, 6, 15).Add(1), utc(2026, 11, 29, 6, 15)},
		"weekly: over New Year":                {maintenance.Schedule{Recurrence: weekly, Day: 4, Hour: 23}, utc(2026, 12, 31, 23, 0), utc(2027, 1, 7, 23, 0)},
		"weekly: over a leap day":              {maintenance.Schedule{Recurrence: weekly, Day: 3, Hour: 1}, utc(2028, 2, 24, 0, 0), utc(2028, 3, 1, 1, 0)},
		"weekly: asked in another zone":        {sunday0215, utc(2026, 11, 22, 6, 14).In(zone(t, "GMT+14:00").Location()), utc(2026, 11, 22, 6, 15)},
		"weekly GMT-4:00: Monday in GMT":       {maintenance.Schedule{Recurrence: weekly, Day: 0, Hour: 23, Minute: 30, Zone: zone(t, "GMT-4:00")}, utc(2026, 11, 23, 3, 29), utc(2026, 11, 23, 3, 30)},
		"weekly GMT+14:00: Sunday in GMT":      {maintenance.Schedule{Recurrence: weekly, Day: 1, Hour: 1, Zone: zone(t, "GMT+14:00")}, utc(2026, 11, 22, 10, 59), utc(2026, 11, 22, 11, 0)},
		"weekly GMT-12:00: Sunday in GMT":      {maintenance.Schedule{Recurrence: weekly, Day: 6, Hour: 23, Zone: zone(t, "GMT-12:00")}, utc(2026, 11, 22, 10, 59), utc(2026, 11, 22, 11, 0)},
		"weekly GMT+5:30: Tuesday in GMT":      {maintenance.Schedule{Recurrence: weekly, Day: 3, Zone: zone(t, "GMT+5:30")}, utc(2026, 11, 24, 18, 29), utc(2026, 11, 24, 18, 30)},
		"monthly: earlier that month":          {day28, utc(2026, 11, 21, 12, 0), utc(2026, 11, 28, 2, 0)},
		"monthly: later that month wraps":      {day28, utc(2026, 11, 29, 0, 0), utc(2026, 12, 28, 2, 0)},
		"monthly: exactly at the start":        {day28, utc(2026, 11, 28, 2, 0), utc(2026, 12, 28, 2, 0)},
		"monthly: a nanosecond before":         {day28, utc(2026, 11, 28, 2, 0).Add(-1), utc(2026, 11, 28, 2, 0)},
		"monthly: a nanosecond after":          {day28, utc(2026, 11, 28, 2, 0).Add(1), utc(2026, 12, 28, 2, 0)},
		"monthly: over New Year":               {day28, utc(2026, 12, 28, 2, 0), utc(2027, 1, 28, 2, 0)},
		"monthly: from a 31st to February":     {day28, utc(2027, 1, 31, 12, 0), utc(2027, 2, 28, 2, 0)},
		"monthly: February 28 of a leap year":  {day28, utc(2028, 2, 28, 1, 59), utc(2028, 2, 28, 2, 0)},
		"monthly: from a leap day":             {day28, utc(2028, 2, 29, 2, 0), utc(2028, 3, 28, 2, 0)},
		"monthly: after February 28":           {day1, utc(2027, 2, 28, 23, 59), utc(2027, 3, 1, 0, 0)},
		"monthly: after a leap day":            {day1, utc(2028, 2, 29, 23, 59), utc(2028, 3, 1, 0, 0)},
		"monthly GMT+5:30: last year in GMT":   {maintenance.Schedule{Recurrence: monthly, Day: 1, Minute: 30, Zone: zone(t, "GMT+5:30")}, utc(2026, 12, 31, 18, 59), utc(2026, 12, 31, 19, 0)},
		"monthly GMT+5:30: 31 days later":      {maintenance.Schedule{Recurrence: monthly, Day: 1, Minute: 30, Zone: zone(t, "GMT+5:30")}, utc(2026, 12, 31, 19, 0), utc(2027, 1, 31, 19, 0)},
		"monthly GMT-12:00: the 29th in GMT":   {maintenance.Schedule{Recurrence: monthly, Day: 28, Hour: 23, Zone: zone(t, "GMT-12:00")}, utc(2027, 2, 28, 12, 0), utc(2027, 3, 1, 11, 0)},
		"monthly GMT+14:00: a leap day in GMT": {maintenance.Schedule{Recurrence: monthly, Day: 1, Zone: zone(t, "GMT+14:00")}, utc(2028, 2, 29, 9, 59), utc(2028, 2, 29, 10, 0)},
		"monthly GMT-4:00: next year in GMT":   {maintenance.Schedule{Recurrence: monthly, Day: 28, Hour: 22, Zone: zone(t, "GMT-4:00")}, utc(2026, 12, 29, 2, 0), utc(2027, 1, 29, 2, 0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, tc.schedule.NextStart(tc.after))
		})
	}
}

func TestWindowAtHoldsNowElseIsTheNextOne(t *testing.T) {
	t.Parallel()
	s := maintenance.Schedule{Recurrence: weekly, Day: 0, Hour: 2}
	length := 4 * time.Hour
	first, second := utc(2026, 11, 22, 2, 0), utc(2026, 11, 29, 2, 0)
	for name, tc := range map[string]struct{ now, start time.Time }{
		"a nanosecond before": {first.Add(-1), first},
		"at the start":        {first, first},
		"inside":              {first.Add(time.Hour), first},
		"a nanosecond left":   {first.Add(length - 1), first},
		"at the end":          {first.Add(length), second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, maintenance.Window{Start: tc.start, End: tc.start.Add(length)}, s.WindowAt(tc.now, length))
		})
	}
}

func TestAWindowIsHalfOpen(t *testing.T) {
	t.Parallel()
	w := maintenance.Window{Start: utc(2026, 11, 22, 2, 0), End: utc(2026, 11, 22, 6, 0)}
	require.False(t, w.Contains(w.Start.Add(-1)))
	require.True(t, w.Contains(w.Start))
	require.True(t, w.Contains(w.End.Add(-1)))
	require.False(t, w.Contains(w.End))
}

func TestScheduleReadsAsAPersonWouldSayIt(t *testing.T) {
	t.Parallel()
	require.Equal(t, "every Sunday at 02:05 GMT-4:00", maintenance.Schedule{Recurrence: weekly, Hour: 2, Minute: 5, Zone: zone(t, "GMT-4:00")}.String())
	require.Equal(t, "every month on day 28 at 23:00 GMT", maintenance.Schedule{Recurrence: monthly, Day: 28, Hour: 23}.String())
}

const month = 31 * 24 * time.Hour

func TestTheNextWindowIsNeverPastAndNeverMoreThan31DaysAhead(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule().Draw(t, "schedule")
		length := time.Duration(rapid.Int64Range(1, int64(24*time.Hour)).Draw(t, "length"))
		now := timeNear(s, length, 0).Draw(t, "now")

		w := s.WindowAt(now, length)

		require.True(t, w.End.After(now), "it ends before now: %v", w)
		require.LessOrEqual(t, w.Start.Sub(now), month, "%v", w)
		require.Equal(t, length, w.End.Sub(w.Start))
		require.Equal(t, time.UTC, w.Start.Location())
		require.Equal(t, w.Contains(now), !now.Before(w.Start))
	})
}

func TestConsecutiveWindowsAreOnePeriodApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule().Draw(t, "schedule")
		first := s.NextStart(anyTime().Draw(t, "after"))

		second := s.NextStart(first)

		if s.Recurrence == weekly {
			require.Equal(t, 7*24*time.Hour, second.Sub(first))
			return
		}
		local := first.In(s.Zone.Location())
		require.True(t, local.AddDate(0, 1, 0).Equal(second), "%v, then %v", first, second)
		require.Equal(t, s.Day, second.In(s.Zone.Location()).Day())
	})
}

// slowNextStart reads every day, in the most obvious way.
func slowNextStart(s maintenance.Schedule, after time.Time) time.Time {
	local := after.In(s.Zone.Location())
	for ahead := -1; ; ahead++ {
		at := time.Date(local.Year(), local.Month(), local.Day()+ahead, s.Hour, s.Minute, 0, 0, s.Zone.Location())
		right := at.Day() == s.Day
		if s.Recurrence == weekly {
			right = int(at.Weekday()) == s.Day
		}
		if right && at.After(after) {
			return at.UTC()
		}
	}
}

func TestNextStartAgreesWithASearchDayByDay(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule().Draw(t, "schedule")
		after := timeNear(s, time.Hour, 0).Draw(t, "after")
		require.Equal(t, slowNextStart(s, after), s.NextStart(after))
	})
}
