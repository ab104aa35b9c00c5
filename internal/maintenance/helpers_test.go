package maintenance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// utc is a time to the minute.
func utc(year int, month time.Month, day, hour, minute int) time.Time {
	return time.Date(year, month, day, hour, minute, 0, 0, time.UTC)
}

func zone(t require.TestingT, s string) maintenance.Zone {
	z, err := maintenance.ParseZone(s)
	require.NoError(t, err)
	return z
}

// fieldErrors takes joined errors apart.
func fieldErrors(t *testing.T, err error) map[string]*maintenance.FieldError {
	t.Helper()
	found := map[string]*maintenance.FieldError{}
	var collect func(error)
	collect = func(err error) {
		var field *maintenance.FieldError
		switch e := err.(type) { //nolint:errorlint // the tree itself is walked
		case interface{ Unwrap() []error }:
			for _, each := range e.Unwrap() {
				collect(each)
			}
		default:
			require.ErrorAs(t, err, &field)
			require.NotContains(t, found, field.Field, "a field is named twice")
			found[field.Field] = field
		}
	}
	if err != nil {
		collect(err)
	}
	return found
}

// requireFields says which fields an error names, and that it says of each what
// it holds and what would be right.
func requireFields(t *testing.T, err error, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for name, field := range fieldErrors(t, err) {
		got[name] = field.Value
		require.NotEmpty(t, field.Want, name)
		require.ErrorContains(t, err, field.Error())
	}
	require.Equal(t, want, got)
}

// anyZone draws from all offsets, whole hours and the ends more often.
func anyZone() *rapid.Generator[maintenance.Zone] {
	return rapid.Custom(func(t *rapid.T) maintenance.Zone {
		minutes := rapid.OneOf(rapid.IntRange(-14*60, 14*60), rapid.SampledFrom([]int{-14 * 60, -12 * 60, -4 * 60, 0, 330, 345, 14 * 60})).Draw(t, "offset")
		return zone(t, zoneText(minutes))
	})
}

func anySchedule() *rapid.Generator[maintenance.Schedule] {
	return rapid.Custom(func(t *rapid.T) maintenance.Schedule {
		s := maintenance.Schedule{
			Recurrence: rapid.SampledFrom([]maintenance.Recurrence{maintenance.Weekly, maintenance.Monthly}).Draw(t, "recurrence"),
			Hour:       rapid.IntRange(0, 23).Draw(t, "hour"),
			Minute:     rapid.IntRange(0, 59).Draw(t, "minute"),
			Zone:       anyZone().Draw(t, "zone"),
		}
		if s.Recurrence == maintenance.Weekly {
			s.Day = rapid.IntRange(0, 6).Draw(t, "day of week")
		} else {
			s.Day = rapid.IntRange(1, 28).Draw(t, "day of month")
		}
		require.NoError(t, s.Validate())
		return s
	})
}

// anyTime is a time of this century, to the nanosecond.
func anyTime() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		from, to := utc(2001, 1, 1, 0, 0).Unix(), utc(2100, 12, 31, 23, 59).Unix()
		return time.Unix(rapid.Int64Range(from, to).Draw(t, "second"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanosecond")).UTC()
	})
}

// timeNear is any time, or one at or alongside an edge of a window.
func timeNear(s maintenance.Schedule, length, cutoff time.Duration) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		now := anyTime().Draw(t, "time")
		if rapid.Bool().Draw(t, "anywhere") {
			return now
		}
		edge := rapid.SampledFrom([]time.Duration{0, length - cutoff, length, length / 2}).Draw(t, "edge")
		return s.NextStart(now).Add(edge).Add(rapid.SampledFrom([]time.Duration{-1, 0, 1}).Draw(t, "alongside"))
	})
}
