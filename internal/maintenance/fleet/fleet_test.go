package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// noon is Sunday the 22nd, when the tests' windows open.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func sundays() maintenance.Schedule {
	return maintenance.Schedule{Recurrence: maintenance.Weekly, Hour: 12}
}

// some is a fleet of n targets with one window, each of half an hour's work.
func some(n int, rollout maintenance.Rollout) fleet.Fleet {
	rollout.Forecast.Update = maintenance.Duration(30 * time.Minute)
	f := fleet.Fleet{
		Rollout: rollout.WithDefaults(), Approved: -1,
		Rules: maintenance.Rules{Length: 4 * time.Hour, Cutoff: 30 * time.Minute},
	}
	for i, wave := range f.Rollout.WaveOf(n) {
		f.Entries = append(f.Entries, fleet.Entry{
			Name: fmt.Sprintf("t%d", i), Wave: wave, Schedule: sundays(), Work: fleet.Work{Update: true}, State: fleet.Waiting,
		})
	}
	return f
}

func share(t *testing.T, s string) maintenance.Share {
	t.Helper()
	parsed, err := maintenance.ParseShare(s)
	require.NoError(t, err)
	return parsed
}

func TestWhatKeepsATarget(t *testing.T) {
	t.Parallel()
	two := maintenance.Rollout{Waves: []maintenance.Share{share(t, "1")}, Bake: maintenance.Duration(time.Hour)}
	ended := func(f fleet.Fleet, state fleet.State, at time.Time) {
		f.Entries[0].State, f.Entries[0].Begun, f.Entries[0].End = state, at.Add(-30*time.Minute), at
	}
	for name, tc := range map[string]struct {
		rollout maintenance.Rollout
		arrange func(*fleet.Fleet)
		now     time.Time
		begins  []int
		blocker maintenance.Blocker // of the second target
		next    time.Time
		wake    time.Time
	}{
		"nothing":                          {now: noon, begins: []int{0, 1}},
		"the window":                       {now: noon.Add(-time.Hour), blocker: maintenance.BlockedByWindow, next: noon, wake: noon},
		"the cutoff":                       {now: noon.Add(3*time.Hour + 45*time.Minute), blocker: maintenance.BlockedByCutoff, next: noon.AddDate(0, 0, 7), wake: noon.AddDate(0, 0, 7)},
		"the forecast, until the next one": {now: noon.Add(3*time.Hour + time.Minute), blocker: fleet.ByForecast, next: noon.AddDate(0, 0, 7), wake: noon.AddDate(0, 0, 7)},
		"the forecast, for ever": {
			now: noon, begins: []int{0}, blocker: fleet.ByForecast,
			arrange: func(f *fleet.Fleet) { f.Entries[1].Work.Proxies = 30 },
		},
		"a freeze": {
			now: noon, blocker: maintenance.BlockedByFreeze, next: noon.Add(time.Hour), wake: noon.Add(time.Hour),
			arrange: func(f *fleet.Fleet) {
				f.Rules.Freezes = []maintenance.Freeze{{From: noon.Add(-time.Hour), To: noon.Add(time.Hour)}}
			},
		},
		"room before a freeze that is too small": {
			now: noon, blocker: fleet.ByForecast, next: noon.Add(time.Hour), wake: noon.Add(time.Hour),
			arrange: func(f *fleet.Fleet) {
				f.Rules.Freezes = []maintenance.Freeze{{From: noon.Add(20 * time.Minute), To: noon.Add(time.Hour)}}
			},
		},
		"a pause":       {now: noon, blocker: fleet.ByPause, arrange: func(f *fleet.Fleet) { f.Paused = "alice: incident" }},
		"an approval":   {now: noon, blocker: maintenance.BlockedByApproval, arrange: func(f *fleet.Fleet) { f.Approved = 0 }},
		"the wave":      {rollout: two, now: noon, begins: []int{0}, blocker: fleet.ByWave},
		"the bake":      {rollout: two, now: noon.Add(time.Hour), blocker: fleet.ByBake, next: noon.Add(90 * time.Minute), wake: noon.Add(90 * time.Minute), arrange: func(f *fleet.Fleet) { ended(*f, fleet.Succeeded, noon.Add(30*time.Minute)) }},
		"nothing more":  {rollout: two, now: noon.Add(90 * time.Minute), begins: []int{1}, arrange: func(f *fleet.Fleet) { ended(*f, fleet.Succeeded, noon.Add(30*time.Minute)) }},
		"a dead canary": {rollout: maintenance.Rollout{Waves: two.Waves, MaxFailures: share(t, "50%")}, now: noon.Add(time.Hour), blocker: fleet.ByBudget, arrange: func(f *fleet.Fleet) { ended(*f, fleet.Failed, noon.Add(30*time.Minute)) }},
		"the budget":    {now: noon.Add(time.Hour), blocker: fleet.ByBudget, arrange: func(f *fleet.Fleet) { ended(*f, fleet.Failed, noon.Add(30*time.Minute)) }},
		"a quarantine":  {now: noon, begins: []int{0}, blocker: fleet.ByBar, arrange: func(f *fleet.Fleet) { f.Entries[1].Barred = "quarantined" }},
		"a wish":        {now: noon, begins: []int{0}, blocker: fleet.ByWish, next: noon.Add(2 * time.Hour), wake: noon.Add(2 * time.Hour), arrange: func(f *fleet.Fleet) { f.Entries[1].NotBefore = noon.Add(2 * time.Hour) }},
		"a constraint": {
			now: noon, begins: []int{0}, blocker: fleet.ByConstraint, next: noon,
			arrange: func(f *fleet.Fleet) {
				f.Entries[0].Keys, f.Entries[1].Keys = []string{"app=till"}, []string{"db=1", "app=till"}
			},
		},
		"the room": {rollout: maintenance.Rollout{MaxConcurrent: 1}, now: noon, begins: []int{0}, blocker: fleet.ByConcurrency, next: noon},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := some(2, tc.rollout)
			if tc.arrange != nil {
				tc.arrange(&f)
			}
			turn := fleet.Decide(f, tc.now)
			require.Equal(t, tc.begins, turn.Begin)
			require.True(t, tc.wake.Equal(turn.Wake), "wakes %s", turn.Wake)
			if tc.blocker == "" {
				require.Empty(t, turn.Waits)
				return
			}
			last := turn.Waits[len(turn.Waits)-1]
			require.Equal(t, 1, last.Entry)
			require.Equal(t, tc.blocker, last.Blocker, last.Reason)
			require.NotEmpty(t, last.Reason)
			if tc.blocker != fleet.ByConstraint && tc.blocker != fleet.ByConcurrency {
				require.True(t, tc.next.Equal(last.Next), "next %s", last.Next)
			}
		})
	}
}

func TestWhatHasLeastTimeGoesFirst(t *testing.T) {
	t.Parallel()
	f := some(3, maintenance.Rollout{MaxConcurrent: 1})
	f.Entries[2].Schedule.Hour = 10 // its window ends two hours before the others'
	require.Equal(t, []int{2}, fleet.Decide(f, noon).Begin)
	f.Rollout.Order = maintenance.OrderAsListed
	require.Equal(t, []int{0}, fleet.Decide(f, noon).Begin)
}

// anyFleet draws a fleet of every kind of trouble.
func anyFleet(t *rapid.T) fleet.Fleet {
	rollout := maintenance.Rollout{
		MaxConcurrent: rapid.IntRange(1, 5).Draw(t, "maxConcurrent"),
		Bake:          maintenance.Duration(rapid.SampledFrom([]time.Duration{0, time.Hour, 30 * time.Hour}).Draw(t, "bake")),
		Order:         rapid.SampledFrom([]maintenance.Order{maintenance.OrderByWindow, maintenance.OrderAsListed}).Draw(t, "order"),
	}
	for _, s := range rapid.SampledFrom([][]string{nil, {"1"}, {"1", "10%", "50%"}}).Draw(t, "waves") {
		wave, err := maintenance.ParseShare(s)
		require.NoError(t, err)
		rollout.Waves = append(rollout.Waves, wave)
	}
	failures, err := maintenance.ParseShare(rapid.SampledFrom([]string{"0", "2", "20%", "100%"}).Draw(t, "maxFailures"))
	require.NoError(t, err)
	rollout.MaxFailures = failures
	n := rapid.IntRange(1, 25).Draw(t, "targets")
	f := some(n, rollout)
	f.Rules.Length = rapid.SampledFrom([]time.Duration{time.Hour, 4 * time.Hour, 24 * time.Hour}).Draw(t, "length")
	for range rapid.IntRange(0, 3).Draw(t, "freezes") {
		from := noon.Add(time.Duration(rapid.IntRange(-100, 1500).Draw(t, "freeze from")) * time.Hour)
		f.Rules.Freezes = append(f.Rules.Freezes, maintenance.Freeze{From: from, To: from.Add(time.Duration(rapid.IntRange(1, 200).Draw(t, "freeze hours")) * time.Hour)})
	}
	for i := range f.Entries {
		e := &f.Entries[i]
		e.Schedule = maintenance.Schedule{Recurrence: maintenance.Weekly, Day: rapid.IntRange(0, 6).Draw(t, "day"), Hour: rapid.IntRange(0, 23).Draw(t, "hour")}
		e.Work = rapid.SampledFrom([]fleet.Work{{}, {Proxies: 1}, {Update: true}, {Update: true, Snapshots: 2, Proxies: 3}}).Draw(t, "work")
		if e.Work.IsZero() {
			e.State = fleet.Current
		}
		if rapid.Bool().Draw(t, "keyed") {
			e.Keys = []string{rapid.SampledFrom([]string{"app=a", "app=b"}).Draw(t, "key")}
		}
	}
	return f
}

// TestNoFleetBreaksARule plays random fleets to their end in virtual time.
func TestNoFleetBreaksARule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFleet(t)
		failing := rapid.IntRange(0, 4).Draw(t, "one in so many fails, 0 none")
		seen := 0
		outcome := func(fleet.Entry) fleet.State {
			if seen++; failing > 0 && seen%(failing+1) == 0 {
				return fleet.Failed
			}
			return fleet.Succeeded
		}
		end, last := fleet.Simulate(f, noon.Add(-time.Hour), noon.AddDate(3, 0, 0), outcome)
		for i, e := range end.Entries {
			if e.State == fleet.Waiting {
				requireBlocked(t, last, i)
				continue
			}
			if e.State == fleet.Current {
				continue
			}
			requireFits(t, end, e)
			for _, other := range end.Entries[:i] {
				if len(e.Keys) > 0 && len(other.Keys) > 0 && e.Keys[0] == other.Keys[0] && !other.Begun.IsZero() {
					require.False(t, overlap(e, other), "%s and %s share %s", e.Name, other.Name, e.Keys[0])
				}
			}
		}
		requireRoom(t, end)
		requireBudget(t, end)
	})
}

func requireBlocked(t *rapid.T, last fleet.Turn, entry int) {
	for _, w := range last.Waits {
		if w.Entry == entry {
			require.NotEmpty(t, w.Blocker)
			require.NotEmpty(t, w.Reason)
			return
		}
	}
	require.Fail(t, "neither ended nor blocked", "target %d", entry)
}

// requireFits says that a target began inside its window, in no freeze, and was
// expected to end before the cutoff.
func requireFits(t *rapid.T, f fleet.Fleet, e fleet.Entry) {
	verdict, err := maintenance.Decide(e.Begun, e.Schedule, f.Rules)
	require.NoError(t, err)
	require.True(t, verdict.Open(), "%s began %s: %s", e.Name, e.Begun, verdict.Reason)
	require.False(t, e.Begun.Add(f.Forecast(e)).After(verdict.Opening.Until), "%s does not fit", e.Name)
}

func overlap(a, b fleet.Entry) bool { return a.Begun.Before(b.End) && b.Begun.Before(a.End) }

// requireRoom says that never more ran than may.
func requireRoom(t *rapid.T, f fleet.Fleet) {
	for _, e := range f.Entries {
		running := 0
		for _, other := range f.Entries {
			if !e.Begun.IsZero() && !other.Begun.IsZero() && !other.Begun.After(e.Begun) && other.End.After(e.Begun) {
				running++
			}
		}
		require.LessOrEqual(t, running, f.Rollout.MaxConcurrent)
	}
}

// requireBudget says that nothing began once more had failed than may: the rest
// of the failures ran when the budget was spent.
func requireBudget(t *rapid.T, f fleet.Fleet) {
	for _, e := range f.Entries {
		failed := 0
		for _, other := range f.Entries {
			if other.State == fleet.Failed && !other.End.After(e.Begun) {
				failed++
			}
		}
		if !e.Begun.IsZero() {
			require.LessOrEqual(t, failed, f.Rollout.MaxFailures.Within(len(f.Entries)))
		}
	}
}

func BenchmarkDecideTenThousand(b *testing.B) {
	f := some(10_000, maintenance.Rollout{MaxConcurrent: 300})
	for b.Loop() {
		fleet.Decide(f, noon.Add(-time.Hour))
	}
}
