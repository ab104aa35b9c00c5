package maintenance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestSlotsOfOneOpeningFollowEachOther(t *testing.T) {
	t.Parallel()
	var s maintenance.SendSlots
	for i := range 200 {
		at := s.Allot(fmt.Sprint(i), sunday(2, 0), 50*time.Millisecond)
		require.Equal(t, time.Duration(i)*50*time.Millisecond, at.Sub(sunday(2, 0)))
	}
	require.Equal(t, sunday(2, 0), s.Allot("0", sunday(3, 0), time.Second), "a trigger keeps its slot")
	s.Forget(sunday(2, 0).Add(time.Second))
	require.Len(t, s, 180)
	require.Equal(t, sunday(2, 0), s.Allot("new", sunday(2, 0), 50*time.Millisecond))
}

// Whatever is asked for in whatever order: no slot is before its time, no two are too close, and each
// is the first that there is.
func TestSlotsKeepTheirDistance(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s maintenance.SendSlots
		distance := time.Duration(rapid.IntRange(0, 10).Draw(t, "distance")) * time.Second
		for i := range rapid.IntRange(1, 40).Draw(t, "triggers") {
			from := sunday(2, 0).Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "from")) * time.Second)
			before := append(maintenance.SendSlots{}, s...)
			at := s.Allot(fmt.Sprint(i), from, distance)
			fits := func(at time.Time) bool {
				for _, taken := range before {
					if gap := at.Sub(taken.At).Abs(); gap < distance {
						return false
					}
				}
				return true
			}
			require.False(t, at.Before(from))
			require.True(t, fits(at), "%s among %v", at, before)
			for earlier := from; earlier.Before(at); earlier = earlier.Add(time.Second) {
				require.False(t, fits(earlier), "%s is free too", earlier)
			}
			for j := 1; j < len(s); j++ {
				require.False(t, s[j].At.Before(s[j-1].At), "in order")
			}
		}
	})
}
