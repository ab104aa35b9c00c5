package reload_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/config/reload"
)

func TestAValueFollowsItsFilesAndSurvivesBrokenOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		made, n, broken := 0, 1, error(nil)
		v, err := reload.New(func() (int, error) { made++; return n, broken })
		require.NoError(t, err)
		n = 2
		require.Equal(t, 1, v.Get(), "it was made a moment ago")
		<-time.After(reload.Interval)
		require.Equal(t, 2, v.Get())
		require.Equal(t, 2, v.Get())
		require.Equal(t, 2, made)

		n, broken = 3, errors.New("broken")
		<-time.After(reload.Interval)
		require.Equal(t, 2, v.Get(), "the last good one stays")
		require.ErrorIs(t, v.Refresh(), broken)
		broken = nil
		require.NoError(t, v.Refresh())
		require.Equal(t, 3, v.Get(), "at once, where that was asked for")
	})
	broken := errors.New("broken")
	_, err := reload.New(func() (int, error) { return 0, broken })
	require.ErrorIs(t, err, broken)
}
