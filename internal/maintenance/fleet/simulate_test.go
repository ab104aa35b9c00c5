package fleet_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// step is what Simulate must be equal to: Decide, one turn after the other.
func step(f fleet.Fleet, now, limit time.Time, outcome func(fleet.Entry) fleet.State) (fleet.Fleet, fleet.Turn) {
	f.Entries = slices.Clone(f.Entries)
	end := func(e fleet.Entry) time.Time { return e.Started.Add(f.Forecast(e)) }
	first := now
	for {
		turn := fleet.Decide(f, now)
		for _, i := range turn.Start {
			f.Entries[i].State, f.Entries[i].Started, f.Entries[i].End = fleet.Running, now, time.Time{}
		}
		for _, a := range turn.Arm {
			e := &f.Entries[a.Entry]
			e.State, e.Started, e.Trigger, e.End = fleet.Running, a.Started, a.Trigger, time.Time{}
		}
		next := turn.Wake
		for _, e := range f.Entries {
			if e.State == fleet.Running && (next.IsZero() || end(e).Before(next)) {
				next = end(e)
			}
		}
		if next.IsZero() || next.After(limit) {
			return f, turn
		}
		if next.After(now) {
			now = next
		}
		for i, e := range f.Entries {
			if e.State == fleet.Running && !end(e).After(now) {
				at := end(e)
				if at.Before(first) {
					at = first
				}
				f.Entries[i].State, f.Entries[i].Trigger, f.Entries[i].End = outcome(e), time.Time{}, at
			}
		}
	}
}

func TestSimulateIsDecideStepByStep(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFleet(t)
		failing := rapid.IntRange(0, 4).Draw(t, "one in so many fails, 0 none")
		outcome := func() func(fleet.Entry) fleet.State {
			seen := 0
			return func(fleet.Entry) fleet.State {
				if seen++; failing > 0 && seen%(failing+1) == 0 {
					return fleet.Failed
				}
				return fleet.Succeeded
			}
		}
		limit := noon.AddDate(0, rapid.IntRange(0, 36).Draw(t, "months"), 0)
		want, wantLast := step(f, noon, limit, outcome())
		before := slices.Clone(f.Entries)
		got, gotLast := fleet.Simulate(f, noon, limit, outcome())
		require.Equal(t, want, got)
		require.Equal(t, wantLast, gotLast)
		require.Equal(t, before, f.Entries, "the fleet that was given is left alone")
	})
}

// TestTheTimetableIsWhatACampaignDoes: plan and run agree.
func TestTheTimetableIsWhatACampaignDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFleet(t)
		limit := noon.AddDate(2, 0, 0)
		run, last := step(f, noon, limit, func(fleet.Entry) fleet.State { return fleet.Succeeded })
		f.Life, f.Approvals = paused("alice: not yet"), eachWave()
		planned, kept := fleet.Timetable(f, noon, limit)
		require.Equal(t, run.Entries, planned.Entries)
		require.Equal(t, last, kept)
		require.Equal(t, f.Life, planned.Life)
		require.Equal(t, f.Approvals, planned.Approvals)
	})
}

// TestArmingMovesNothingThatNothingContendsFor: what does not compete for a place or a key starts and
// ends when it would without being armed.
func TestArmingMovesNothingThatNothingContendsFor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFleet(t)
		f.Rollout.MaxConcurrent = maintenance.MostConcurrent
		for i := range f.Entries {
			f.Entries[i].Keys = nil
		}
		limit := noon.AddDate(2, 0, 0)
		armed, _ := fleet.Timetable(f, noon, limit)
		f.Arming = fleet.Arming{}
		plain, _ := fleet.Timetable(f, noon, limit)
		require.Equal(t, plain.Entries, armed.Entries)
	})
}

func TestTheTimetableSaysWhatNeverStarts(t *testing.T) {
	t.Parallel()
	f := some(3, maintenance.Rollout{})
	quarantine(&f.Entries[0])
	f.Entries[1].Work.Proxies = 100
	planned, last := fleet.Timetable(f, noon.Add(-time.Hour), noon.Add(10*time.Minute))
	require.Equal(t, []maintenance.Blocker{maintenance.BlockedByQuarantine, maintenance.BlockedByForecast}, []maintenance.Blocker{last.Waits[0].Blocker, last.Waits[1].Blocker})
	e := planned.Entries[2]
	require.Equal(t, []time.Time{noon, noon.Add(30 * time.Minute)}, []time.Time{e.Started, e.End}, "what the limit finds running has an end all the same")
}

// large is a fleet of ten thousand, a few hundred at a time, with windows all over
// the week, a freeze, waves and keys.
func large(tb testing.TB) fleet.Fleet {
	tb.Helper()
	f := some(10_000, maintenance.Rollout{
		MaxConcurrent: 300, Bake: maintenance.Duration(time.Hour), MaxFailures: share(tb, "5%"),
		Waves: []maintenance.Share{share(tb, "1"), share(tb, "5%"), share(tb, "30%")},
	})
	for days := range 20 {
		from := noon.AddDate(0, 0, 2+10*days)
		f.Rules.Freezes = append(f.Rules.Freezes, maintenance.Freeze{From: from, To: from.AddDate(0, 0, 2), Reason: "quarter end"})
	}
	for i := range f.Entries {
		e := &f.Entries[i]
		e.Gateway = fmt.Sprintf("sgw-%08X", i*7919)
		e.Ref = i
		e.Schedule = maintenance.Schedule{Recurrence: maintenance.Weekly, Day: i % 7, Hour: i * 31 % 24, Minute: i % 4 * 15}
		e.Work = fleet.Work{Update: i%10 > 0, Snapshots: 1, Proxies: i % 4}
		if e.Work.IsZero() {
			e.State = fleet.UpToDate
		}
		e.Keys = []string{fmt.Sprintf("app=a%d", i%2500)}
	}
	return f
}

// A decision is made in a workflow's task, which has to answer at once. The limit
// leaves room for the slowest of machines; the benchmarks measure.
func TestTenThousandAreDecidedAtOnce(t *testing.T) {
	t.Parallel()
	f := large(t)
	took := time.Hour
	for range 20 { // the best of them: whatever else the machine does takes only time
		start := time.Now() //nolint:forbidigo // how fast it is
		require.NotEmpty(t, fleet.Decide(f, noon).Start)
		took = min(took, time.Since(start)) //nolint:forbidigo // how fast it is
	}
	require.Less(t, took, time.Second)
	planned, last := fleet.Timetable(f, noon, noon.AddDate(2, 0, 0))
	require.Empty(t, last.Waits)
	require.Zero(t, planned.Counts(noon.AddDate(2, 0, 0)).Waiting)
}

func BenchmarkDecideTenThousand(b *testing.B) {
	f := large(b)
	f, _ = fleet.Simulate(f, noon, noon.AddDate(0, 0, 5), func(fleet.Entry) fleet.State { return fleet.Succeeded })
	for b.Loop() {
		fleet.Decide(f, noon.AddDate(0, 0, 5))
	}
}

func BenchmarkSimulateTenThousand(b *testing.B) {
	f := large(b)
	for b.Loop() {
		fleet.Timetable(f, noon, noon.AddDate(2, 0, 0))
	}
}

// The worst there is: one at a time, each in a window of its own.
func BenchmarkSimulateTenThousandOneByOne(b *testing.B) {
	f := large(b)
	f.Rollout.MaxConcurrent = 1
	for i := range f.Entries {
		f.Entries[i].Schedule.Minute = i % 60
	}
	for b.Loop() {
		fleet.Timetable(f, noon, noon.AddDate(20, 0, 0))
	}
}

func BenchmarkStatusTenThousand(b *testing.B) {
	f := large(b)
	turn := fleet.Decide(f, noon)
	for b.Loop() {
		f.Status(turn, noon)
	}
}

func TestAnEmptyFleetHasEnded(t *testing.T) {
	t.Parallel()
	planned, last := fleet.Timetable(fleet.Fleet{Rollout: maintenance.Rollout{}.WithDefaults()}, noon, noon.AddDate(0, 1, 0))
	require.Empty(t, planned.Entries)
	require.True(t, last.Over)
}

// TestWhatEndsAtOnceEndsInTheFleetsOrder, whichever started first: an outcome that counts
// gives the same for the same plan.
func TestWhatEndsAtOnceEndsInTheFleetsOrder(t *testing.T) {
	t.Parallel()
	f := some(3, maintenance.Rollout{})
	f.Entries[1].Schedule.Hour, f.Entries[2].Schedule.Hour = 11, 10
	var names []string
	fleet.Simulate(f, noon, noon.AddDate(0, 1, 0), func(e fleet.Entry) fleet.State {
		names = append(names, e.Name)
		return fleet.Succeeded
	})
	require.Equal(t, []int{2, 1, 0}, fleet.Decide(f, noon).Start)
	require.Equal(t, []string{"t0", "t1", "t2"}, names)
}
