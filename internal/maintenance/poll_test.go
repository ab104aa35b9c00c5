package maintenance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestTheNextLookComesLaterTheLongerTheWait(t *testing.T) {
	t.Parallel()
	pace := defaults().Pace
	for elapsed, want := range map[time.Duration]time.Duration{
		-time.Hour: 5 * time.Second, 0: 5 * time.Second, 50 * time.Second: 5 * time.Second, 100 * time.Second: 10 * time.Second,
		10 * time.Minute: time.Minute, time.Hour: time.Minute, 400 * 24 * time.Hour: time.Minute,
	} {
		require.Equal(t, want, pace.NextLook(elapsed, 0.5), "%s", elapsed)
		require.Equal(t, want*4/5, pace.NextLook(elapsed, 0), "%s", elapsed)
		require.Equal(t, want*6/5, pace.NextLook(elapsed, 1), "%s", elapsed)
	}
}

func TestTheNextLookKeepsThePace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "min")
		high := rapid.Int64Range(low, int64(time.Hour)).Draw(t, "max")
		pace := maintenance.Pace{Min: maintenance.Duration(low), Max: maintenance.Duration(high)}
		elapsed := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(400*24*time.Hour)).Draw(t, "elapsed"))
		jitter := rapid.Float64Range(0, 1).Draw(t, "jitter")

		wait := pace.NextLook(elapsed, jitter)

		// A nanosecond of leeway for the float.
		require.GreaterOrEqual(t, wait, time.Duration(float64(low)*0.8)-1)
		require.LessOrEqual(t, wait, time.Duration(float64(high)*1.2)+1)
		require.GreaterOrEqual(t, pace.NextLook(elapsed+time.Hour, jitter), wait, "never sooner after a longer wait")
	})
}
