package maintenance_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func FuzzParseZone(f *testing.F) {
	for _, seed := range []string{"GMT", "GMT-4:00", "GMT+5:30", "GMT+14:00", "GMT-12:00", "GMT+14:01", "GMT-0:00", "Etc/GMT+4", "", "GMT+4:60", "GMT+٤:00", "GMT\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		z, err := maintenance.ParseZone(text)
		if err != nil {
			requireFields(t, err, map[string]string{"timezone": text})
			return
		}
		require.Equal(t, z, zone(t, z.String()), "what it writes, it reads")
		_, offset := time.Unix(0, 0).In(z.Location()).Zone()
		require.LessOrEqual(t, offset, 14*3600)
		require.GreaterOrEqual(t, offset, -14*3600)
	})
}

// FuzzParseSchedule takes AWS's answer apart: given says which of the four numbers
// are there at all.
func FuzzParseSchedule(f *testing.F) {
	f.Add(uint8(0b1111), 0, 28, 2, 15, "GMT-4:00", "weekly", int64(1795348800))
	f.Add(uint8(0b1111), 7, 31, 24, 60, "CET", "", int64(0))
	f.Add(uint8(0b1101), 6, 0, 23, 59, "GMT+14:00", "", int64(1_795_348_799))
	f.Add(uint8(0b1110), 0, 1, 0, 0, "GMT-14:00", "monthly", int64(951_782_400))
	f.Add(uint8(0b1100), -1, 29, -1, -1, "", "daily", int64(-1))
	f.Add(uint8(0), 0, 0, 0, 0, "GMT", "", int64(4_107_542_400))
	f.Fuzz(func(t *testing.T, given uint8, dayOfWeek, dayOfMonth, hour, minute int, timezone, prefer string, second int64) {
		raw := maintenance.RawSchedule{Timezone: timezone}
		for i, part := range []struct {
			value int
			into  **int
		}{{dayOfWeek, &raw.DayOfWeek}, {dayOfMonth, &raw.DayOfMonth}, {hour, &raw.Hour}, {minute, &raw.Minute}} {
			if given&(1<<i) != 0 {
				*part.into = &part.value
			}
		}
		s, err := maintenance.ParseSchedule(raw, maintenance.Recurrence(prefer))
		if err != nil {
			require.Equal(t, maintenance.Schedule{}, s, "a schedule in spite of %s", err)
			requireRefused(t, err)
			return
		}
		require.NoError(t, s.Validate())
		requireOpens(t, s, time.Unix(second%(1<<36), 0))
	})
}

// requireRefused says that an error is one that callers can tell from others, and
// that a part that it names is named with what would be right.
func requireRefused(t *testing.T, err error) {
	t.Helper()
	require.True(t, errors.Is(err, maintenance.ErrNoWindow) || errors.Is(err, maintenance.ErrAmbiguousWindow), "%s", err)
	if field, ok := errors.AsType[*maintenance.FieldError](err); ok {
		require.NotEmpty(t, field.Field)
		require.NotEmpty(t, field.Want)
	}
}

// requireOpens says that a schedule that was accepted has windows.
func requireOpens(t *testing.T, s maintenance.Schedule, now time.Time) {
	t.Helper()
	next := s.NextStart(now)
	require.True(t, next.After(now), "it opens %s, not after %s", next, now)
	require.LessOrEqual(t, next.Sub(now), 31*24*time.Hour)
	local := next.In(s.Zone.Location())
	require.Equal(t, []int{s.Hour, s.Minute}, []int{local.Hour(), local.Minute()})
	if s.Recurrence == monthly {
		require.Equal(t, s.Day, local.Day())
	} else {
		require.Equal(t, time.Weekday(s.Day), local.Weekday())
	}
	require.True(t, s.WindowAt(now, 4*time.Hour).End.After(now))
}
