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

// threeWaves has one target, two, and the last two.
func threeWaves(t *testing.T) fleet.Fleet {
	t.Helper()
	f := some(5, maintenance.Rollout{
		Waves: []maintenance.Share{share(t, "1"), share(t, "2")}, Bake: maintenance.Duration(time.Hour), MaxFailures: share(t, "50%"),
	})
	for i := range f.Entries {
		f.Entries[i].Gateway = fmt.Sprintf("sgw-0000000%X", 10+i)
	}
	return f
}

func set(f *fleet.Fleet, i int, state fleet.State, started time.Time) {
	e := &f.Entries[i]
	e.State, e.Started, e.Attempts = state, started, 1
	if state.Ended() {
		e.End = started.Add(30 * time.Minute)
	}
}

func TestTheStateOfEachWave(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(*fleet.Fleet)
		want    []string
	}{
		"at first":       {func(*fleet.Fleet) {}, []string{fleet.WaveOpen, fleet.WaveWaiting, fleet.WaveWaiting}},
		"not approved":   {func(f *fleet.Fleet) { f.Approvals = eachWave() }, []string{fleet.WaveWaiting, fleet.WaveWaiting, fleet.WaveWaiting}},
		"paused":         {func(f *fleet.Fleet) { f.Life = paused("alice") }, []string{fleet.WaveOpen, fleet.WaveWaiting, fleet.WaveWaiting}},
		"it bakes":       {func(f *fleet.Fleet) { set(f, 0, fleet.Succeeded, noon) }, []string{fleet.WaveBaking, fleet.WaveWaiting, fleet.WaveWaiting}},
		"it has baked":   {func(f *fleet.Fleet) { set(f, 0, fleet.Succeeded, noon.Add(-time.Hour)) }, []string{fleet.WaveEnded, fleet.WaveOpen, fleet.WaveWaiting}},
		"no canary":      {func(f *fleet.Fleet) { f.Entries[0].State = fleet.UpToDate }, []string{fleet.WaveEnded, fleet.WaveOpen, fleet.WaveWaiting}},
		"it was skipped": {func(f *fleet.Fleet) { f.Entries[0].State, f.Entries[0].End = fleet.Skipped, noon }, []string{fleet.WaveEnded, fleet.WaveOpen, fleet.WaveWaiting}},
		"a dead canary":  {func(f *fleet.Fleet) { set(f, 0, fleet.Failed, noon) }, []string{fleet.WaveStopped, fleet.WaveWaiting, fleet.WaveWaiting}},
		"aborted":        {func(f *fleet.Fleet) { f.Life = stopped("aborted"); set(f, 0, fleet.Succeeded, noon) }, []string{fleet.WaveBaking, fleet.WaveStopped, fleet.WaveStopped}},
		"nothing is left to open": {func(f *fleet.Fleet) {
			set(f, 0, fleet.Succeeded, noon)
			for i := range 4 {
				f.Entries[i+1].State = fleet.UpToDate
			}
		}, []string{fleet.WaveEnded, fleet.WaveEnded, fleet.WaveEnded}},
		"too many of all": {func(f *fleet.Fleet) {
			f.Rollout.MaxFailures = maintenance.Share{}
			set(f, 0, fleet.Succeeded, noon.Add(-3*time.Hour))
			set(f, 1, fleet.Failed, noon.Add(-time.Hour))
		}, []string{fleet.WaveEnded, fleet.WaveStopped, fleet.WaveWaiting}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := threeWaves(t)
			tc.arrange(&f)
			var got []string
			for n, line := range f.WaveLines(noon.Add(45 * time.Minute)) {
				got = append(got, line.State)
				require.Equal(t, n+1, line.Wave)
				require.Equal(t, line.State == fleet.WaveBaking, !line.Until.IsZero())
			}
			require.Equal(t, tc.want, got)
		})
	}
	require.Empty(t, fleet.Fleet{Rollout: maintenance.Rollout{}.WithDefaults()}.WaveLines(noon))
}

func TestAStatusSaysWhatGoesOn(t *testing.T) {
	t.Parallel()
	f := threeWaves(t)
	set(&f, 0, fleet.Succeeded, noon.Add(-2*time.Hour))
	set(&f, 1, fleet.Failed, noon.Add(-time.Hour))
	f.Entries[1].Note = "it was rejected"
	set(&f, 2, fleet.Running, noon)
	f.Measured.Update.Add(30 * time.Minute)
	f.Rollout.MaxFailures = share(t, "3")
	now := noon.Add(time.Minute)
	s := f.Status(fleet.Decide(f, now), now)
	require.Equal(t, fleet.Counts{Total: 5, Waiting: 2, Running: 1, Succeeded: 1, Failed: 1}, s.Counts)
	require.Equal(t, []fleet.Counts{{Total: 1, Succeeded: 1}, {Total: 2, Running: 1, Failed: 1}, {Total: 2, Waiting: 2}},
		[]fleet.Counts{s.Waves[0].Counts, s.Waves[1].Counts, s.Waves[2].Counts})
	require.Equal(t, map[maintenance.Blocker]int{maintenance.BlockedByWave: 2}, s.Blockers)
	require.Equal(t, []fleet.Row{{
		Name: "t2", Gateway: "sgw-0000000C", Wave: 2, State: fleet.Running, Schedule: sundays(), Forecast: maintenance.Duration(30 * time.Minute),
		Started: noon, End: noon.Add(30 * time.Minute), Attempts: 1,
	}}, s.Running)
	require.Len(t, s.Failures, 1)
	require.Equal(t, "it was rejected", s.Failures[0].Note)
	require.Equal(t, f.Measured, s.Measured)
	require.Equal(t, 5, s.MaxConcurrent)
	require.Empty(t, s.Held, "something runs")
	require.Empty(t, s.Upcoming)
	require.Zero(t, s.Next, "nobody knows how the wave ends")
}

func TestAStatusSaysWhatComesNext(t *testing.T) {
	t.Parallel()
	f := some(100, maintenance.Rollout{MaxConcurrent: 500})
	for i := range f.Entries {
		f.Entries[i].Schedule.Hour = 23 - i%10
	}
	f.Entries[7].State = fleet.Skipped
	now := noon.Add(time.Hour)
	turn := fleet.Decide(f, now)
	s := f.Status(turn, now)
	require.Len(t, s.Upcoming, 20)
	require.Equal(t, "t9", s.Upcoming[0].Name)
	require.Equal(t, noon.Add(2*time.Hour), s.Upcoming[0].Next)
	require.Equal(t, maintenance.BlockedByWindow, s.Upcoming[0].Blocker)
	require.Equal(t, noon.Add(3*time.Hour), s.Upcoming[10].Next)
	require.Equal(t, s.Upcoming[0].Next, s.Next)
	require.Equal(t, 99, s.Blockers[maintenance.BlockedByWindow])

	f.Entries[9].State = fleet.Running // since the turn
	s = f.Status(turn, now)
	require.Equal(t, "t19", s.Upcoming[0].Name)
	require.Equal(t, 98, s.Blockers[maintenance.BlockedByWindow])

	f = some(1, maintenance.Rollout{})
	s = f.Status(fleet.Decide(f, noon), noon)
	require.Equal(t, noon, s.Upcoming[0].Next, "it starts now")
	require.Empty(t, s.Held)
}

func TestListsOfAStatusAreShort(t *testing.T) {
	t.Parallel()
	f := some(300, maintenance.Rollout{MaxConcurrent: 500})
	for i := range f.Entries {
		set(&f, i, []fleet.State{fleet.Running, fleet.Failed}[i%2], noon.Add(-time.Duration(i)*time.Minute))
	}
	s := f.Status(fleet.Decide(f, noon), noon)
	require.Len(t, s.Running, 50)
	require.Equal(t, "t298", s.Running[0].Name, "what ends soonest comes first")
	require.Len(t, s.Failures, 50)
	require.Equal(t, "t1", s.Failures[0].Name, "what failed last comes first")
}

func TestWhyACampaignIsHeld(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(*fleet.Fleet)
		want    string
	}{
		"by nothing":     {func(*fleet.Fleet) {}, ""},
		"by time":        {func(f *fleet.Fleet) { f.Entries[0].NotBefore = noon.Add(time.Hour) }, ""},
		"by a bake":      {func(f *fleet.Fleet) { set(f, 0, fleet.Succeeded, noon.Add(-30*time.Minute)) }, ""},
		"by a pause":     {func(f *fleet.Fleet) { f.Life = paused("alice (incident)") }, "paused by alice (incident): resume the campaign"},
		"by an approval": {func(f *fleet.Fleet) { f.Approvals = eachWave() }, "wave 1 needs approval (0 of 1 given): approve it, or abort the campaign"},
		"by a failure": {
			func(f *fleet.Fleet) { set(f, 0, fleet.Failed, noon.Add(-time.Hour)) },
			"1 of wave 1 failed, max failures 0: retry or skip what failed, or abort the campaign",
		},
		"for good": {
			func(f *fleet.Fleet) { f.Life = stopped("aborted by alice") },
			"nothing more starts (aborted by alice): start another campaign for the 5 that wait",
		},
		"by a quarantine": {
			func(f *fleet.Fleet) { quarantine(&f.Entries[0]) },
			"t0 cannot start: end the run or the quarantine that blocks it, or skip it (quarantined)",
		},
		"by a run of it": {
			func(f *fleet.Fleet) {
				set(f, 0, fleet.Held, noon.Add(-time.Hour))
				f.Entries[0].Note = "snapshot failed"
			},
			"t0 is held: retry or skip the failed step, or abort it",
		},
		"by a run of it, which keeps the only other": {
			func(f *fleet.Fleet) {
				f.Entries, f.Rollout.MaxConcurrent = f.Entries[:2], 1
				f.Entries[1].Wave = 0
				set(f, 0, fleet.Held, noon.Add(-time.Hour))
			},
			"t0 is held: retry or skip the failed step, or abort it",
		},
		"by two things": {
			func(f *fleet.Fleet) {
				f.Entries[0].State = fleet.UpToDate
				quarantine(&f.Entries[1])
				f.Entries[2].Work.Proxies = 30
			},
			"t1 cannot start: end the run or the quarantine that blocks it, or skip it; " +
				"t2 cannot start: give it longer windows or shorter freezes, or skip it " +
				"(t1: quarantined; t2: needs 5h30m, and no window of the next two years is that long)",
		},
		"by the same thing twice": {
			func(f *fleet.Fleet) {
				f.Entries[0].State = fleet.UpToDate
				quarantine(&f.Entries[1])
				quarantine(&f.Entries[2])
			},
			"t1 and 1 more cannot start: end the run or the quarantine that blocks it, or skip it (quarantined)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := threeWaves(t)
			tc.arrange(&f)
			s := f.Status(fleet.Decide(f, noon), noon)
			require.Equal(t, tc.want, s.Held)
			require.Equal(t, s.Blockers[maintenance.BlockedByApproval] > 0, s.Asks())
		})
	}
}

func TestPagesOfTargets(t *testing.T) {
	t.Parallel()
	f := some(2500, maintenance.Rollout{})
	for i := range f.Entries {
		f.Entries[i].Gateway = fmt.Sprintf("sgw-%08X", 0xABC000+i)
		if i%2 == 0 {
			set(&f, i, fleet.Succeeded, noon.Add(-time.Hour))
		}
	}
	turn := fleet.Decide(f, noon.Add(-10*time.Minute))
	names := func(p fleet.Page) (names []string) {
		for _, r := range f.Rows(turn, p, noon) {
			names = append(names, r.Name)
		}
		return names
	}
	require.Equal(t, []string{"t3", "t4"}, names(fleet.Page{From: 3, Count: 2}))
	require.Equal(t, []string{"t7", "t9"}, names(fleet.Page{From: 3, Count: 2, States: []fleet.State{fleet.Waiting, fleet.Failed}}))
	require.Equal(t, []string{"t10"}, names(fleet.Page{Count: 5, Target: "t10"}))
	require.Equal(t, []string{"t10"}, names(fleet.Page{Target: "SGW-00abc00a"}))
	require.Len(t, f.Rows(turn, fleet.Page{Count: 5000}, noon), 1000)
	require.Len(t, f.Rows(turn, fleet.Page{From: -1}, noon), 1)
	require.Len(t, f.Rows(turn, fleet.Page{From: 2499, Count: 9}, noon), 1)
	require.Equal(t, []fleet.Row{}, f.Rows(turn, fleet.Page{From: 2500, Count: 9}, noon), "an empty page, not none")

	rows := f.Rows(turn, fleet.Page{Count: 2}, noon)
	require.Equal(t, fleet.Row{
		Name: "t0", Gateway: "sgw-00ABC000", Wave: 1, State: fleet.Succeeded, Schedule: sundays(), Forecast: maintenance.Duration(30 * time.Minute),
		Started: noon.Add(-time.Hour), End: noon.Add(-30 * time.Minute), Attempts: 1,
	}, rows[0])
	require.Equal(t, fleet.Row{
		Name: "t1", Gateway: "sgw-00ABC001", Wave: 1, State: fleet.Waiting, Schedule: sundays(), Forecast: maintenance.Duration(30 * time.Minute),
		Blocker: maintenance.BlockedByWindow, Reason: turn.Waits[0].Reason, Next: noon,
	}, rows[1])
}

// TestAStatusOfAnyFleetHolds says of any fleet what people rely on.
func TestAStatusOfAnyFleetHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := anyFleet(t)
		f.Approvals, f.Consents = anyApprovals(t)
		f.Life = rapid.SampledFrom([]fleet.Life{{}, {}, paused("alice")}).Draw(t, "life")
		for i := range f.Entries {
			if rapid.SampledFrom([]bool{false, false, true}).Draw(t, "quarantined") {
				quarantine(&f.Entries[i])
			}
		}
		turn := fleet.Decide(f, noon)
		s := f.Status(turn, noon)
		sum := 0
		for _, line := range s.Waves {
			sum += line.Counts.Total
		}
		require.Equal(t, len(f.Entries), sum)
		require.Len(t, f.Rows(turn, fleet.Page{Count: 1000}, noon), len(f.Entries))
		waits := 0
		for _, n := range s.Blockers {
			waits += n
		}
		require.Equal(t, s.Counts.Waiting, waits+len(turn.Start)+len(turn.Arm))
		if s.Held != "" {
			require.Zero(t, s.Next)
			require.Zero(t, turn.Wake)
			require.Zero(t, s.Counts.Running)
		}
		if s.Counts.Waiting > 0 && s.Held == "" {
			require.True(t, s.Counts.Running+s.Counts.Armed > 0 || !s.Next.IsZero() || !turn.Wake.IsZero(), "neither held nor going on")
		}
	})
}

func TestASentenceLeavesOutWhatNoTargetDid(t *testing.T) {
	t.Parallel()
	require.Equal(t, "3 of 3 targets succeeded", fleet.Counts{Total: 3, Succeeded: 3}.Line())
	require.Equal(t, "20 of 26 targets succeeded, 1 was up to date, 1 failed, 2 were skipped, 2 were not started",
		fleet.Counts{Total: 26, Succeeded: 20, UpToDate: 1, Failed: 1, Skipped: 2, Waiting: 2}.Line())
	require.Equal(t, "0 of 2 targets succeeded, 1 was skipped, 1 was not started", fleet.Counts{Total: 2, Skipped: 1, Waiting: 1}.Line())
}

func TestACampaignThatWaitsForAPersonOrForLongIsAskedSeldom(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		status fleet.Status
		want   bool
	}{
		"discovers":     {fleet.Status{Phase: fleet.Discovering}, false},
		"paused":        {fleet.Status{Phase: fleet.InProgress}, true},
		"runs":          {fleet.Status{Phase: fleet.InProgress, Counts: fleet.Counts{Running: 1}}, false},
		"for long":      {fleet.Status{Phase: fleet.InProgress, Next: now.Add(maintenance.Soon + 1)}, true},
		"not much more": {fleet.Status{Phase: fleet.InProgress, Next: now.Add(maintenance.Soon)}, false},
	} {
		require.Equal(t, tc.want, tc.status.Patient(now), name)
	}
}

// What is shown of many is cut off: those that wait for a person must be in it.
func TestWhatIsHeldIsShownFirst(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	var f fleet.Fleet
	for i := range 60 {
		f.Entries = append(f.Entries, fleet.Entry{Ref: i, Name: fmt.Sprint("files-", i), State: fleet.Running, Started: now.Add(-time.Duration(60-i) * time.Minute)})
	}
	f.Entries[59].State, f.Entries[59].Note = fleet.Held, "a step failed"
	require.Equal(t, "files-59", f.Status(fleet.Turn{}, now).Running[0].Name)
}

func TestEveryStateIsCounted(t *testing.T) {
	t.Parallel()
	f := some(36, maintenance.Rollout{})
	states := []fleet.State{fleet.Waiting, fleet.Running, fleet.Held, fleet.Succeeded, fleet.Failed, fleet.Skipped, fleet.UpToDate, fleet.Armed}
	next := 0
	for n, s := range states {
		for range n + 1 {
			f.Entries[next].State = s
			if s == fleet.Armed {
				f.Entries[next].Start(1, noon, noon.Add(time.Second))
			}
			next++
		}
	}
	c := f.Counts(noon)
	require.Equal(t, fleet.Counts{Total: 36, Waiting: 1, Armed: 8, Running: 2, Held: 3, Succeeded: 4, Failed: 5, Skipped: 6, UpToDate: 7}, c)
	require.Equal(t, 13, c.InProgress())
	require.Equal(t, 22, c.Ended())
	var held []string
	for _, r := range f.Status(fleet.Decide(f, noon), noon).HeldRows() {
		held = append(held, r.Name)
	}
	require.Equal(t, []string{"t3", "t4", "t5"}, held)
}

func TestAStatusSaysWhatWaitsWhileItsWindowCloses(t *testing.T) {
	t.Parallel()
	end := noon.Add(4 * time.Hour)
	now := noon.Add(time.Hour)
	for name, tc := range map[string]struct {
		arrange func(*fleet.Fleet)
		want    *fleet.Closing
	}{
		"all start":   {func(f *fleet.Fleet) { f.Rollout.MaxConcurrent = 5 }, nil},
		"some do not": {func(*fleet.Fleet) {}, &fleet.Closing{At: end, Waiting: 3}},
		"paused":      {func(f *fleet.Fleet) { f.Life = paused("alice") }, &fleet.Closing{At: end, Waiting: 5}},
		"some close earlier": {func(f *fleet.Fleet) {
			for i := range 3 { // what has the least time left starts first
				f.Entries[i].Schedule.Hour--
			}
		}, &fleet.Closing{At: end.Add(-time.Hour), Waiting: 3}},
		"stopped":                  {func(f *fleet.Fleet) { f.Life = stopped("alice") }, nil},
		"their windows are closed": {laterWindows, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := some(5, maintenance.Rollout{MaxConcurrent: 2})
			tc.arrange(&f)
			turn := fleet.Decide(f, now)
			for _, i := range turn.Start {
				f.Entries[i].Start(1, now, time.Time{})
			}
			require.Equal(t, tc.want, f.Status(turn, now).Closing)
		})
	}
	f := threeWaves(t)
	require.Nil(t, f.Status(fleet.Decide(f, now), now).Closing, "later waves are not late")
}

func laterWindows(f *fleet.Fleet) {
	for i := range f.Entries {
		f.Entries[i].Schedule.Hour += 6
	}
}
