package maintenance_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestADurationIsWrittenInItsShortestForm(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", time.Nanosecond: "1ns", time.Millisecond: "1ms", 30 * time.Second: "30s", 90 * time.Second: "1m30s", time.Minute: "1m", 10 * time.Minute: "10m",
		time.Hour: "1h", 4 * time.Hour: "4h", 10 * time.Hour: "10h", 90 * time.Minute: "1h30m", 100 * time.Minute: "1h40m", time.Hour + time.Second: "1h0m1s",
		-4 * time.Hour: "-4h", -90 * time.Minute: "-1h30m", 1500 * time.Millisecond: "1.5s", 168 * time.Hour: "168h",
	} {
		require.Equal(t, want, maintenance.Duration(d).String())
		require.Equal(t, d, maintenance.Duration(d).Std())
	}
}

func TestADurationReadsWhatItWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := rapid.OneOf(
			rapid.Int64(),
			rapid.Map(rapid.Int64Range(-100_000, 100_000), func(s int64) int64 { return s * int64(time.Second) }),
			rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64}),
		).Draw(t, "duration")
		text, err := json.Marshal(maintenance.Duration(d))
		require.NoError(t, err)
		var back maintenance.Duration
		require.NoError(t, json.Unmarshal(text, &back))
		require.Equal(t, maintenance.Duration(d), back)
	})
}

func TestAWrongDurationSaysWhatWouldBeRight(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "4", "4 h", "h", "four hours", "4d", "1e3s", "99999999h"} {
		d := maintenance.Duration(time.Minute)
		err := d.UnmarshalText([]byte(text))
		require.ErrorContains(t, err, "invalid duration \""+text+"\": must be a number with a unit, such as 90s, 30m or 4h")
		require.Equal(t, maintenance.Duration(time.Minute), d)
	}
	require.Error(t, json.Unmarshal([]byte(`4`), new(maintenance.Duration)), "a bare number has no unit")
}
