package demo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/simcloud"
)

func TestWhatWaitsIsDecidedOnceAfterItWasSeen(t *testing.T) {
	t.Parallel()
	clock := now
	s := newScript(nil, nil, false)
	s.now = func() time.Time { return clock }
	require.False(t, s.due("refused"), "it was not seen yet")
	clock = clock.Add(showFirst - 1)
	require.False(t, s.due("refused"), "too early")
	require.False(t, s.due("rejected-proxy"), "each for itself")
	clock = clock.Add(1)
	require.True(t, s.due("refused"))
	require.False(t, s.due("refused"), "once")
}

func TestWhoAsksIsLeftTheApproval(t *testing.T) {
	t.Parallel()
	s := newScript(nil, nil, true)
	clock := now
	s.now = func() time.Time { clock = clock.Add(time.Hour); return clock }
	for range 3 { // else an order would be sent, and there is nowhere to send it
		require.NoError(t, s.approve(t.Context(), observation{campaign: fleet.Status{Approval: &fleet.Approval{Wave: 1, Wanted: 1, Asked: now}}}))
	}
}

func TestATargetThatShouldNotFailEndsTheDemo(t *testing.T) {
	t.Parallel()
	s := newScript(nil, nil, false)
	held := waiting(maintenance.BlockedByHold, 0)
	err := s.decide(t.Context(), observation{runs: map[string]maintenance.Status{"canary": held}})
	require.EqualError(t, err, "canary is held, which it should not be: because")
}

func TestTheWindowsAreMovedOnceAllThatWaitHaveRoom(t *testing.T) {
	t.Parallel()
	world, err := simcloud.Parse("scenario.yaml", scenario)
	require.NoError(t, err)
	clouds, err := simcloud.New(world, simcloud.Options{})
	require.NoError(t, err)
	s := newScript(nil, clouds.AWS(), false)
	at := func(waiting, running int) observation {
		return observation{campaign: fleet.Status{MaxConcurrent: 10, Counts: fleet.Counts{Total: 22, Waiting: waiting, Running: running}}}
	}
	for _, early := range []observation{{}, at(16, 0), at(6, 10), at(3, 8)} {
		require.NoError(t, s.moveWindows(early))
		require.Empty(t, clouds.Effects())
	}
	for range 2 {
		require.NoError(t, s.moveWindows(at(3, 6)))
	}
	var moved []string
	for _, e := range clouds.Effects() {
		require.Equal(t, "admin:Window", e.Kind)
		moved = append(moved, maintenance.GatewayID(e.Resource))
	}
	require.Equal(t, []string{"sgw-1A2B3C11", "sgw-1A2B3C12"}, moved, "each once")
}
