package fleet_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

func TestAForecastIsThePlansUntilEnoughIsMeasured(t *testing.T) {
	t.Parallel()
	f := fleet.Fleet{Rollout: maintenance.Rollout{}.WithDefaults()}
	e := fleet.Entry{Work: fleet.Work{Update: true, Snapshots: 2, Proxies: 3}}
	require.Equal(t, 20*time.Minute+2*30*time.Minute+3*10*time.Minute, f.Forecast(e))
	f.Measured.Update.Add(time.Hour)
	f.Measured.Update.Add(time.Minute)
	require.Equal(t, 110*time.Minute, f.Forecast(e), "two are too few")
	f.Measured.Update.Add(time.Minute)
	require.Equal(t, 150*time.Minute, f.Forecast(e))
	require.Zero(t, f.Forecast(fleet.Entry{Work: fleet.Work{Restore: true}}), "it takes no time, and is to be done")
	require.False(t, fleet.Work{Restore: true}.IsZero())
	require.Zero(t, f.Forecast(fleet.Entry{Work: fleet.Work{Snapshots: 1}}), "nothing is snapshotted where nothing is done")
}

func TestASampleForgetsAllButTheLast(t *testing.T) {
	t.Parallel()
	var s fleet.Sample
	for i := range 100 {
		s.Add(time.Duration(i) * time.Second)
	}
	require.Len(t, s.Last, 32)
	require.Equal(t, maintenance.Duration(68*time.Second), s.Last[0])
	require.Equal(t, maintenance.Duration(99*time.Second), s.Last[31])
	f := fleet.Fleet{Progress: fleet.Progress{Measured: fleet.Measured{Update: s}}}
	require.Equal(t, 96*time.Second, f.Forecast(fleet.Entry{Work: fleet.Work{Update: true}}), "29 of 32 took no longer")
	before := s
	s.Add(-time.Second)
	require.Equal(t, maintenance.Duration(68*time.Second), before.Last[0], "a copy keeps what it had")
	require.Zero(t, s.Last[31])
}

func TestMoreWorkNeverTakesLess(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		anyDuration := rapid.OneOf(rapid.Int64Range(0, int64(48*time.Hour)), rapid.Int64())
		f := fleet.Fleet{Rollout: maintenance.Rollout{Forecast: maintenance.Forecast{
			Update:   maintenance.Duration(anyDuration.Draw(t, "update")),
			Snapshot: maintenance.Duration(anyDuration.Draw(t, "snapshot")),
			Proxy:    maintenance.Duration(anyDuration.Draw(t, "proxy")),
		}}}
		for _, s := range []*fleet.Sample{&f.Measured.Update, &f.Measured.Snapshot, &f.Measured.Proxy} {
			for _, d := range rapid.SliceOfN(anyDuration, 0, 40).Draw(t, "measured") {
				s.Add(time.Duration(d))
			}
		}
		anyCount := rapid.OneOf(rapid.IntRange(-1, 5), rapid.Just(math.MaxInt))
		less := fleet.Work{Update: rapid.Bool().Draw(t, "update"), Snapshots: anyCount.Draw(t, "snapshots"), Proxies: anyCount.Draw(t, "proxies")}
		more := less
		switch rapid.IntRange(0, 2).Draw(t, "more") {
		case 0:
			more.Update = true
		case 1:
			more.Snapshots = max(more.Snapshots, anyCount.Draw(t, "more snapshots"))
		default:
			more.Proxies = max(more.Proxies, anyCount.Draw(t, "more proxies"))
		}
		low, high := f.Forecast(fleet.Entry{Work: less}), f.Forecast(fleet.Entry{Work: more})
		require.GreaterOrEqual(t, low, time.Duration(0))
		require.GreaterOrEqual(t, high, low)
	})
}

// TestWhatWasMeasuredKeepsNobodyOutForGood: else one slow gateway would end the
// campaign for all others, since none of them could show that it is faster.
func TestWhatWasMeasuredKeepsNobodyOutForGood(t *testing.T) {
	t.Parallel()
	f := fleet.Fleet{
		Rollout: maintenance.Rollout{MaxConcurrent: 1}.WithDefaults(),
		Rules:   maintenance.Rules{Length: 4 * time.Hour, Cutoff: 30 * time.Minute},
		Progress: fleet.Progress{Entries: []fleet.Entry{{
			Name: "a", Gateway: "sgw-1", State: fleet.Waiting, Work: fleet.Work{Update: true, Snapshots: 1},
			Schedule: maintenance.Schedule{Recurrence: maintenance.Weekly, Hour: 12},
		}}},
	}
	for _, took := range []time.Duration{5 * time.Minute, 5 * time.Minute, 225 * time.Minute} {
		f.Measured.Snapshot.Add(took)
	}
	require.Equal(t, 189*time.Minute, f.Forecast(f.Entries[0]), "nine tenths of what a window leaves")
	require.NotEmpty(t, fleet.Decide(f, noon.Add(10*time.Minute)).Start, "early in its window")
	late := fleet.Decide(f, noon.Add(time.Hour))
	require.Empty(t, late.Start)
	require.Equal(t, noon.AddDate(0, 0, 7), late.Waits[0].Next)

	f.Rollout.Forecast.Snapshot = maintenance.Duration(4 * time.Hour)
	require.Equal(t, 245*time.Minute, f.Forecast(f.Entries[0]), "the plan itself says that it does not fit")
}

// TestAForecastIsTheSumUpToTheLongestThereIs: one that came out below zero would fit into
// every window.
func TestAForecastIsTheSumUpToTheLongestThereIs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		snapshots, proxies            int
		update, snapshot, proxy, want time.Duration
	}{
		"the longest that two can be":    {2, 0, 1, math.MaxInt64 / 2, 0, math.MaxInt64},
		"two that are as long":           {2, 0, 0, math.MaxInt64 / 2, 0, math.MaxInt64 - 1},
		"three that would be too long":   {3, 0, 0, math.MaxInt64 / 2, 0, math.MaxInt64},
		"pieces that are the longest":    {1, 1, 0, math.MaxInt64 - 5, 5, math.MaxInt64},
		"pieces that are a bit less":     {1, 1, 0, math.MaxInt64 - 5, 4, math.MaxInt64 - 1},
		"pieces that would be too long":  {1, 1, 0, math.MaxInt64 - 5, 6, math.MaxInt64},
		"what is below zero is no piece": {2, 3, time.Hour, -time.Hour, -time.Minute, time.Hour},
	} {
		f := fleet.Fleet{Rollout: maintenance.Rollout{Forecast: maintenance.Forecast{
			Update: maintenance.Duration(tc.update), Snapshot: maintenance.Duration(tc.snapshot), Proxy: maintenance.Duration(tc.proxy),
		}}}
		require.Equal(t, tc.want, f.Forecast(fleet.Entry{Work: fleet.Work{Update: true, Snapshots: tc.snapshots, Proxies: tc.proxies}}), name)
	}
}
