package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// While a gateway is away the run says for what it waits, since when and until when; of
// what has ended, and of a wait for a window, it says nothing of the kind.
func TestARunSaysWhatItTriesAndUntilWhen(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.restart = 30 * time.Minute
	env := at(t, noon.Add(-2*time.Hour), c)
	var waiting, away maintenance.Status
	var shown string
	env.RegisterDelayedCallback(func() { waiting = status(t, env) }, time.Hour)
	env.RegisterDelayedCallback(func() { away, shown = status(t, env), details(t, env) }, 2*time.Hour+20*time.Minute)
	_, err := maintain(t, env, c.input(maintenance.Policy{UpdateDeadline: maintenance.Duration(time.Hour)}))
	require.NoError(t, err)
	require.Equal(t, maintenance.BlockedByWindow, waiting.Blocker)
	require.Empty(t, waiting.Calls)
	require.Len(t, away.Calls, 1)
	call := away.Calls[0]
	require.Equal(t, "wait until the gateway runs the new software", call.What)
	require.NotEmpty(t, call.ID)
	require.Equal(t, time.Hour, call.Until.Sub(call.Since))
	day := noon.Format("01-02")
	require.Contains(t, shown, "Now: wait until the gateway runs the new software, since "+day+" 12:00:00Z, tried until "+day+" 13:00:00Z.")
	require.Empty(t, status(t, env).Calls, "the run has ended")
}
