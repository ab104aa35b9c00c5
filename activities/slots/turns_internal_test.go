package slots

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Triggers that are due go before the other activities of their account.
func TestTriggersThatAreDueGoFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turns Turns
		start := time.Now() //nolint:forbidigo // the bubble's clock
		release := turns.Claim("prod", start.Add(3*time.Second))
		at := func(d time.Duration) time.Time { return start.Add(d) }
		require.False(t, turns.soon("prod", at(2*time.Second)))
		require.True(t, turns.soon("prod", at(2*time.Second+1)))
		require.True(t, turns.soon("prod", at(time.Minute)), "it is late")
		require.False(t, turns.soon("lab", at(3*time.Second)))
		release()
		require.False(t, turns.soon("prod", at(3*time.Second)))
	})
}

// Those that have waited leave at the account's rate, and so do those that come meanwhile.
func TestThoseThatHaveWaitedLeaveOneByOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turns Turns
		of, ok := turns.Of("prod", 20).(*turnOf)
		require.True(t, ok)
		start := time.Now() //nolint:forbidigo // the bubble's clock
		release := turns.Claim("prod", start)
		left := make(chan time.Duration, 300)
		for i := range 300 {
			go func() {
				time.Sleep(time.Duration(i) * 50 * time.Millisecond) //nolint:forbidigo // Temporal gives them out at the rate
				if of.wait(t.Context(), turnLimit) == nil {
					left <- time.Since(start) //nolint:forbidigo // the bubble's clock
				}
			}()
		}
		time.Sleep(10 * time.Second) //nolint:forbidigo // as above
		release()
		last := 10*time.Second - of.distance
		for range 300 {
			at := <-left
			require.GreaterOrEqual(t, at-last, of.distance)
			last = at
		}
		require.Less(t, last, 26*time.Second)
	})
}

// Where no trigger is due nobody waits, and after turnLimit nobody waits any more.
func TestAnActivityWaitsForTriggersAndNotForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var turns Turns
		of, ok := turns.Of("prod", 0.5).(*turnOf)
		require.True(t, ok)
		start := time.Now() //nolint:forbidigo // the bubble's clock
		for range 3 {
			require.NoError(t, of.wait(t.Context(), turnLimit))
		}
		require.Zero(t, time.Since(start)) //nolint:forbidigo // as above
		turns.Claim("prod", start)
		require.NoError(t, of.wait(t.Context(), turnLimit))
		require.Equal(t, turnLimit, time.Since(start)) //nolint:forbidigo // as above
	})
}
