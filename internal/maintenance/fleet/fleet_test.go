package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/test/teststart"
)

// noon is of a Sunday, when the tests' windows open.
var noon = teststart.On(time.Sunday, 12)

func sundays() maintenance.Schedule {
	return maintenance.Schedule{Recurrence: maintenance.Weekly, Hour: 12}
}

// some is a fleet of n targets with one window, each of half an hour's work.
func some(n int, rollout maintenance.Rollout) fleet.Fleet {
	rollout.Forecast.Update = maintenance.Duration(30 * time.Minute)
	f := fleet.Fleet{
		Rollout: rollout.WithDefaults(),
		Rules:   maintenance.Rules{Length: 4 * time.Hour, Cutoff: 30 * time.Minute},
	}
	for i, wave := range f.Rollout.WaveOf(n) {
		f.Entries = append(f.Entries, fleet.Entry{
			Name: fmt.Sprintf("t%d", i), Wave: wave, Schedule: sundays(), Work: fleet.Work{Update: true}, State: fleet.Waiting,
		})
	}
	return f
}

// eachWave asks one person before each wave, at once.
func eachWave() maintenance.Approvals {
	month := maintenance.Duration(31 * 24 * time.Hour)
	return maintenance.Approvals{Count: 1, EachWave: true, Lead: month, TimeLimit: month}
}

func share(t require.TestingT, s string) maintenance.Share {
	parsed, err := maintenance.ParseShare(s)
	require.NoError(t, err)
	return parsed
}

func TestWhatKeepsATarget(t *testing.T) {
	t.Parallel()
	two := maintenance.Rollout{Waves: []maintenance.Share{share(t, "1")}, Bake: maintenance.Duration(time.Hour)}
	ended := func(f fleet.Fleet, state fleet.State, at time.Time) {
		f.Entries[0].State, f.Entries[0].Started, f.Entries[0].End = state, at.Add(-30*time.Minute), at
	}
	for name, tc := range map[string]struct {
		rollout maintenance.Rollout
		arrange func(*fleet.Fleet)
		now     time.Time
		starts  []int
		blocker maintenance.Blocker // of the second target
		next    time.Time
		wake    time.Time
	}{
		"nothing":                          {now: noon, starts: []int{0, 1}},
		"the window":                       {now: noon.Add(-time.Hour), blocker: maintenance.BlockedByWindow, next: noon, wake: noon},
		"the cutoff":                       {now: noon.Add(3*time.Hour + 45*time.Minute), blocker: maintenance.BlockedByCutoff, next: noon.AddDate(0, 0, 7), wake: noon.AddDate(0, 0, 7)},
		"the forecast, until the next one": {now: noon.Add(3*time.Hour + time.Minute), blocker: maintenance.BlockedByForecast, next: noon.AddDate(0, 0, 7), wake: noon.AddDate(0, 0, 7)},
		"the forecast, permanently": {
			now: noon, starts: []int{0}, blocker: maintenance.BlockedByForecast,
			arrange: func(f *fleet.Fleet) { f.Entries[1].Work.Proxies = 30 },
		},
		"a freeze": {
			now: noon, blocker: maintenance.BlockedByFreeze, next: noon.Add(time.Hour), wake: noon.Add(time.Hour),
			arrange: func(f *fleet.Fleet) {
				f.Rules.Freezes = []maintenance.Freeze{{From: noon.Add(-time.Hour), To: noon.Add(time.Hour)}}
			},
		},
		"room before a freeze that is too small": {
			now: noon, blocker: maintenance.BlockedByForecast, next: noon.Add(time.Hour), wake: noon.Add(time.Hour),
			arrange: func(f *fleet.Fleet) {
				f.Rules.Freezes = []maintenance.Freeze{{From: noon.Add(20 * time.Minute), To: noon.Add(time.Hour)}}
			},
		},
		"a pause":       {now: noon, blocker: maintenance.BlockedByPause, arrange: func(f *fleet.Fleet) { f.Life = paused("alice: incident") }},
		"an approval":   {now: noon, blocker: maintenance.BlockedByApproval, arrange: func(f *fleet.Fleet) { f.Approvals = eachWave() }},
		"the wave":      {rollout: two, now: noon, starts: []int{0}, blocker: maintenance.BlockedByWave},
		"the bake":      {rollout: two, now: noon.Add(time.Hour), blocker: maintenance.BlockedByBake, next: noon.Add(90 * time.Minute), wake: noon.Add(90 * time.Minute), arrange: func(f *fleet.Fleet) { ended(*f, fleet.Succeeded, noon.Add(30*time.Minute)) }},
		"nothing more":  {rollout: two, now: noon.Add(90 * time.Minute), starts: []int{1}, arrange: func(f *fleet.Fleet) { ended(*f, fleet.Succeeded, noon.Add(30*time.Minute)) }},
		"a dead canary": {rollout: maintenance.Rollout{Waves: two.Waves, MaxFailures: share(t, "50%")}, now: noon.Add(time.Hour), blocker: maintenance.BlockedByBudget, arrange: func(f *fleet.Fleet) { ended(*f, fleet.Failed, noon.Add(30*time.Minute)) }},
		"the budget":    {now: noon.Add(time.Hour), blocker: maintenance.BlockedByBudget, arrange: func(f *fleet.Fleet) { ended(*f, fleet.Failed, noon.Add(30*time.Minute)) }},
		"a stop":        {now: noon, blocker: maintenance.BlockedByStop, arrange: func(f *fleet.Fleet) { f.Life = stopped("aborted by alice") }},
		"a wave with nothing to do": {
			rollout: two, now: noon, starts: []int{1},
			arrange: func(f *fleet.Fleet) { f.Entries[0].State, f.Entries[0].Work = fleet.UpToDate, fleet.Work{} },
		},
		"a quarantine":      {now: noon, starts: []int{0}, blocker: maintenance.BlockedByQuarantine, arrange: func(f *fleet.Fleet) { quarantine(&f.Entries[1]) }},
		"a requested start": {now: noon, starts: []int{0}, blocker: maintenance.BlockedByRequestedStart, next: noon.Add(2 * time.Hour), wake: noon.Add(2 * time.Hour), arrange: func(f *fleet.Fleet) { f.Entries[1].NotBefore = noon.Add(2 * time.Hour) }},
		"a constraint": {
			now: noon, starts: []int{0}, blocker: maintenance.BlockedByConstraint, next: noon,
			arrange: func(f *fleet.Fleet) {
				f.Entries[0].Keys, f.Entries[1].Keys = []string{"app=till"}, []string{"db=1", "app=till"}
			},
		},
		"the room": {rollout: maintenance.Rollout{MaxConcurrent: 1}, now: noon, starts: []int{0}, blocker: maintenance.BlockedByConcurrency, next: noon},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := some(2, tc.rollout)
			if tc.arrange != nil {
				tc.arrange(&f)
			}
			turn := fleet.Decide(f, tc.now)
			require.Equal(t, tc.starts, turn.Start)
			require.True(t, tc.wake.Equal(turn.Wake), "wakes %s", turn.Wake)
			if tc.blocker == "" {
				require.Empty(t, turn.Waits)
				return
			}
			last := turn.Waits[len(turn.Waits)-1]
			require.Equal(t, 1, last.Entry)
			require.Equal(t, tc.blocker, last.Blocker, last.Reason)
			require.NotEmpty(t, last.Reason)
			if tc.blocker != maintenance.BlockedByConstraint && tc.blocker != maintenance.BlockedByConcurrency {
				require.True(t, tc.next.Equal(last.Next), "next %s", last.Next)
			}
		})
	}
}

// TestAWaveThatUpdatedNothingIsNoCanary: the next one starts with one target.
func TestAWaveThatUpdatedNothingIsNoCanary(t *testing.T) {
	t.Parallel()
	const bake = time.Hour
	at := func(e *fleet.Entry, s fleet.State, end time.Time) { e.State, e.Started, e.End = s, noon, end }
	half := noon.Add(30 * time.Minute)
	for name, tc := range map[string]struct {
		arrange func(f *fleet.Fleet)
		now     time.Time
		starts  []int
		blocker maintenance.Blocker // of the last target
		reason  string
		next    time.Time
		wake    time.Time
	}{
		"its first starts alone": {
			now: noon, starts: []int{1}, blocker: maintenance.BlockedByCanary, next: half.Add(bake),
			reason: "t1 runs as the canary of wave 2: nothing was updated before it",
		},
		"a first wave that was skipped has proved nothing either": {
			arrange: func(f *fleet.Fleet) { at(&f.Entries[0], fleet.Skipped, noon.AddDate(0, 0, -1)) },
			now:     noon, starts: []int{1}, blocker: maintenance.BlockedByCanary, next: half.Add(bake),
			reason: "t1 runs as the canary of wave 2: nothing was updated before it",
		},
		"the rest waits while it runs": {
			arrange: func(f *fleet.Fleet) { at(&f.Entries[1], fleet.Running, time.Time{}) },
			now:     noon.Add(time.Minute), blocker: maintenance.BlockedByCanary, next: half.Add(bake),
			reason: "t1 runs as the canary of wave 2: nothing was updated before it",
		},
		"while it is held, for nobody knows how long": {
			arrange: func(f *fleet.Fleet) {
				at(&f.Entries[1], fleet.Held, time.Time{})
				f.Entries[1].Note = "update failed"
			},
			now: noon.Add(time.Minute), blocker: maintenance.BlockedByCanary,
			reason: "t1 is the canary of wave 2, and is held: nothing was updated before it",
		},
		"and while it bakes": {
			arrange: func(f *fleet.Fleet) { at(&f.Entries[1], fleet.Succeeded, half) },
			now:     half, blocker: maintenance.BlockedByCanary, next: half.Add(bake), wake: half.Add(bake),
			reason: "the canary of wave 2 bakes until " + half.Add(bake).Format("2006-01-02 15:04 MST") + ": nothing was updated before it",
		},
		"and then starts together": {
			arrange: func(f *fleet.Fleet) { at(&f.Entries[1], fleet.Succeeded, half) },
			now:     half.Add(bake), starts: []int{2, 3, 4},
		},
		"its failure is a canary's, whatever the budget": {
			arrange: func(f *fleet.Fleet) { at(&f.Entries[1], fleet.Failed, half) },
			now:     half, blocker: maintenance.BlockedByBudget,
			reason: "the canary of wave 2 failed; nothing else was updated",
		},
		"one that is skipped is followed by another": {
			arrange: func(f *fleet.Fleet) { at(&f.Entries[1], fleet.Skipped, half) },
			now:     half, starts: []int{2}, blocker: maintenance.BlockedByCanary, next: half.Add(30*time.Minute + bake),
			reason: "t2 runs as the canary of wave 2: nothing was updated before it",
		},
		"one with nothing to do too": {
			arrange: func(f *fleet.Fleet) { f.Entries[1].State = fleet.UpToDate },
			now:     noon, starts: []int{2}, blocker: maintenance.BlockedByCanary, next: half.Add(bake),
			reason: "t2 runs as the canary of wave 2: nothing was updated before it",
		},
		"a first wave of which one was updated is a canary": {
			arrange: func(f *fleet.Fleet) { at(&f.Entries[0], fleet.Succeeded, noon.AddDate(0, 0, -1)) },
			now:     noon, starts: []int{1, 2, 3, 4},
		},
		"who is unavailable says so": {
			arrange: func(f *fleet.Fleet) { quarantine(&f.Entries[4]) },
			now:     noon, starts: []int{1}, blocker: maintenance.BlockedByQuarantine, reason: "quarantined",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := some(5, maintenance.Rollout{
				Waves: []maintenance.Share{share(t, "1")}, Bake: maintenance.Duration(bake), MaxFailures: share(t, "100%"),
			})
			f.Entries[0].State, f.Entries[0].Work = fleet.UpToDate, fleet.Work{}
			if tc.arrange != nil {
				tc.arrange(&f)
			}
			turn := fleet.Decide(f, tc.now)
			require.Equal(t, tc.starts, turn.Start)
			require.True(t, tc.wake.Equal(turn.Wake), "wakes %s", turn.Wake)
			if tc.blocker == "" {
				require.Empty(t, turn.Waits)
				return
			}
			last := turn.Waits[len(turn.Waits)-1]
			require.Equal(t, tc.blocker, last.Blocker)
			require.Equal(t, tc.reason, last.Reason)
			require.True(t, tc.next.Equal(last.Next), "next %s", last.Next)
			require.Positive(t, f.Status(turn, tc.now).Blockers[tc.blocker])
		})
	}
}

// TestTheLastWaveMayHaveToStartWithACanaryToo: waves without work prove nothing.
func TestTheLastWaveMayHaveToStartWithACanaryToo(t *testing.T) {
	t.Parallel()
	f := some(6, maintenance.Rollout{Waves: []maintenance.Share{share(t, "1"), share(t, "2")}, Bake: maintenance.Duration(time.Hour)})
	for i := range 3 {
		f.Entries[i].State, f.Entries[i].Work = fleet.UpToDate, fleet.Work{}
	}
	planned, _ := fleet.Timetable(f, noon.Add(-time.Hour), noon.AddDate(0, 1, 0))
	require.Equal(t, []fleet.Canary{{Wave: 2, Entry: 3}}, planned.Canaries())
	rest := noon.Add(90 * time.Minute) // half an hour's work, and the bake
	require.Equal(t, []time.Time{noon, rest, rest}, []time.Time{planned.Entries[3].Started, planned.Entries[4].Started, planned.Entries[5].Started})
	f.Entries[0] = f.Entries[3]
	f.Entries[0].Wave = 0
	planned, _ = fleet.Timetable(f, noon.Add(-time.Hour), noon.AddDate(0, 1, 0))
	require.Empty(t, planned.Canaries(), "the first wave is one")
}

func TestWhatHasLeastTimeGoesFirst(t *testing.T) {
	t.Parallel()
	f := some(3, maintenance.Rollout{MaxConcurrent: 1})
	f.Entries[2].Schedule.Hour = 10 // its window ends two hours before the others'
	require.Equal(t, []int{2}, fleet.Decide(f, noon).Start)
	f.Rollout.Order = maintenance.OrderAsListed
	require.Equal(t, []int{0}, fleet.Decide(f, noon).Start)
}

func TestOfEqualTimeTheFirstListedGoesFirst(t *testing.T) {
	t.Parallel()
	f := some(4, maintenance.Rollout{MaxConcurrent: 3})
	f.Entries[0].Work.Proxies, f.Entries[2].Work.Proxies = 1, 1
	require.Equal(t, []int{0, 1, 2}, fleet.Decide(f, noon).Start)
}

func TestWhenWhatIsKeptMayStart(t *testing.T) {
	t.Parallel()
	runs := func(e *fleet.Entry, started time.Time) { e.State, e.Started = fleet.Running, started }
	bakes := maintenance.Rollout{Waves: []maintenance.Share{share(t, "1")}, Bake: maintenance.Duration(time.Hour)}
	for name, tc := range map[string]struct {
		rollout maintenance.Rollout
		arrange func(*fleet.Fleet)
		now     time.Time
		next    time.Time // of the last target
	}{
		"when the first that runs is expected to end": {
			rollout: maintenance.Rollout{MaxConcurrent: 2}, now: noon.Add(20 * time.Minute), next: noon.Add(30 * time.Minute),
			arrange: func(f *fleet.Fleet) {
				runs(&f.Entries[0], noon.Add(10*time.Minute))
				runs(&f.Entries[1], noon)
			},
		},
		"when enough have ended, where too many run": {
			rollout: maintenance.Rollout{MaxConcurrent: 1}, now: noon.Add(20 * time.Minute), next: noon.Add(40 * time.Minute),
			arrange: func(f *fleet.Fleet) {
				runs(&f.Entries[0], noon.Add(10*time.Minute))
				runs(&f.Entries[1], noon)
			},
		},
		"nobody knows, where what runs is late": {
			rollout: maintenance.Rollout{MaxConcurrent: 1}, now: noon.Add(40 * time.Minute),
			arrange: func(f *fleet.Fleet) { runs(&f.Entries[0], noon) },
		},
		"in the next window, where this one has shut by then": {
			rollout: maintenance.Rollout{MaxConcurrent: 1}, now: noon.Add(2*time.Hour + 50*time.Minute), next: noon.AddDate(0, 0, 7),
			arrange: func(f *fleet.Fleet) { runs(&f.Entries[0], noon.Add(2*time.Hour+40*time.Minute)) },
		},
		"when the holder of its key is expected to end": {
			now: noon.Add(10 * time.Minute), next: noon.Add(30 * time.Minute),
			arrange: func(f *fleet.Fleet) {
				runs(&f.Entries[0], noon)
				f.Entries[0].Keys, f.Entries[2].Keys = []string{"app=till"}, []string{"app=till"}
			},
		},
		"in its first window after the bake": {
			rollout: bakes, now: noon.Add(time.Hour), next: noon.AddDate(0, 0, 1),
			arrange: func(f *fleet.Fleet) {
				f.Entries[0].State, f.Entries[0].Started, f.Entries[0].End = fleet.Succeeded, noon, noon.Add(time.Hour)
				f.Entries[2].Schedule.Day = 1
			},
		},
		"as it was wished, after the bake": {
			rollout: bakes, now: noon.Add(time.Hour), next: noon.Add(150 * time.Minute),
			arrange: func(f *fleet.Fleet) {
				f.Entries[0].State, f.Entries[0].Started, f.Entries[0].End = fleet.Succeeded, noon, noon.Add(time.Hour)
				f.Entries[2].NotBefore = noon.Add(150 * time.Minute)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := some(3, tc.rollout)
			tc.arrange(&f)
			turn := fleet.Decide(f, tc.now)
			last := turn.Waits[len(turn.Waits)-1]
			require.Equal(t, 2, last.Entry)
			require.Equal(t, tc.next, last.Next, last.Reason)
		})
	}
}

// TestTheFleetsBudgetIsForAllWavesTogether, each of which may be within its own.
func TestTheFleetsBudgetIsForAllWavesTogether(t *testing.T) {
	t.Parallel()
	f := threeWaves(t)
	f.Rollout.MaxFailures = share(t, "1")
	set(&f, 0, fleet.Succeeded, noon.Add(-3*time.Hour))
	set(&f, 1, fleet.Failed, noon.Add(-2*time.Hour))
	set(&f, 2, fleet.Succeeded, noon.Add(-2*time.Hour))
	require.Equal(t, []int{3, 4}, fleet.Decide(f, noon).Start)
	set(&f, 3, fleet.Failed, noon.Add(-30*time.Minute))
	turn := fleet.Decide(f, noon)
	require.Empty(t, turn.Start)
	require.Equal(t, maintenance.BlockedByBudget, turn.Waits[0].Blocker)
	require.Equal(t, "2 targets failed, max failures 1", turn.Waits[0].Reason)
}

// TestWhyThereIsNoRoom names those that are held: when one of them ends, nobody knows.
func TestWhyThereIsNoRoom(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		states []fleet.State // of the first, which started at noon, one minute after the other
		may    int
		reason string
		next   time.Time
	}{
		"one runs":     {[]fleet.State{fleet.Running}, 1, "1 target runs, max concurrent 1", noon.Add(30 * time.Minute)},
		"two run":      {[]fleet.State{fleet.Running, fleet.Running}, 2, "2 targets run, max concurrent 2", noon.Add(30 * time.Minute)},
		"one is held":  {[]fleet.State{fleet.Held, fleet.Running}, 2, "2 targets run, max concurrent 2, 1 of them held", noon.Add(31 * time.Minute)},
		"all are held": {[]fleet.State{fleet.Held, fleet.Held}, 2, "2 targets run, max concurrent 2, 2 of them held", time.Time{}},
		"too many run, one of them held": {
			[]fleet.State{fleet.Running, fleet.Held, fleet.Running}, 2, "3 targets run, max concurrent 2, 1 of them held", noon.Add(32 * time.Minute),
		},
		"none may": {nil, 0, "0 targets run, max concurrent 0", time.Time{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := some(len(tc.states)+1, maintenance.Rollout{})
			f.Rollout.MaxConcurrent = tc.may
			for i, s := range tc.states {
				set(&f, i, s, noon.Add(time.Duration(i)*time.Minute))
			}
			turn := fleet.Decide(f, noon.Add(10*time.Minute))
			require.Empty(t, turn.Start)
			require.Len(t, turn.Waits, 1)
			require.Equal(t, fleet.Wait{Entry: len(tc.states), Blocker: maintenance.BlockedByConcurrency, Reason: tc.reason, Next: tc.next}, turn.Waits[0])
		})
	}
}

func TestFreezesThatLeaveNoWindowAreNamed(t *testing.T) {
	t.Parallel()
	f := some(1, maintenance.Rollout{})
	f.Rules.Freezes = []maintenance.Freeze{{From: noon.AddDate(0, 0, -1), To: noon.AddDate(3, 0, 0)}}
	turn := fleet.Decide(f, noon)
	require.Equal(t, []fleet.Wait{{Blocker: maintenance.BlockedByFreeze, Reason: "needs 30m, and freezes leave no window for it in the next two years"}}, turn.Waits)
	f.Entries[0].Work.Proxies = 30
	turn = fleet.Decide(f, noon)
	require.Equal(t, []fleet.Wait{{Blocker: maintenance.BlockedByForecast, Reason: "needs 5h30m, and no window of the next two years is that long"}}, turn.Waits)
}

func TestALaterWaveSaysWhichOneItWaitsFor(t *testing.T) {
	t.Parallel()
	f := threeWaves(t)
	set(&f, 0, fleet.Succeeded, noon.Add(-2*time.Hour))
	waits := fleet.Decide(f, noon).Waits
	require.Equal(t, "wave 2 has not ended", waits[len(waits)-1].Reason)
	set(&f, 1, fleet.Succeeded, noon)
	set(&f, 2, fleet.Succeeded, noon)
	waits = fleet.Decide(f, noon.Add(45*time.Minute)).Waits
	baked := noon.Add(90 * time.Minute).Format("2006-01-02 15:04 MST")
	require.Equal(t, "wave 2 bakes until "+baked, waits[len(waits)-1].Reason)
}
