package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// arming is the usual one.
func arming() fleet.Arming {
	return fleet.Arming{Before: maintenance.Duration(2 * time.Minute), Delay: maintenance.Duration(time.Minute)}
}

// TestWhenATargetIsArmed: before the first time of an opening, where its run would wait for it by itself.
func TestWhenATargetIsArmed(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	freeze := func(from, to time.Duration) func(*fleet.Fleet) {
		return func(f *fleet.Fleet) {
			f.Rules.Freezes = []maintenance.Freeze{{From: noon.Add(from), To: noon.Add(to)}}
		}
	}
	notBefore := func(d time.Duration) func(*fleet.Fleet) {
		return func(f *fleet.Fleet) { f.Entries[0].NotBefore = noon.Add(d) }
	}
	for name, tc := range map[string]struct {
		arrange          func(*fleet.Fleet)
		at               time.Duration // after noon
		starts           bool
		started, trigger time.Duration // if it is armed; 0: it is not
		wake             time.Duration
	}{
		"too early":                  {at: -2*minute - time.Second, wake: -2 * minute},
		"in the lead":                {at: -2 * minute, trigger: minute},
		"just before":                {at: -time.Second, trigger: minute},
		"AWS goes first":             {at: 30 * time.Second, started: 30 * time.Second, trigger: minute},
		"in the window":              {at: minute, starts: true},
		"no update, so no delay":     {at: 30*minute - time.Second, arrange: func(f *fleet.Fleet) { f.Entries[0].Work, f.Entries[0].Schedule.Minute = fleet.Work{Proxies: 1}, 30 }, started: 30 * minute, trigger: 30 * minute},
		"nothing is armed":           {at: -time.Second, arrange: func(f *fleet.Fleet) { f.Arming.Before = 0 }, wake: 0},
		"after a freeze":             {at: 58 * minute, arrange: freeze(-time.Hour, time.Hour), started: 60 * minute, trigger: 60 * minute},
		"too early after a freeze":   {at: 57 * minute, arrange: freeze(-time.Hour, time.Hour), wake: 58 * minute},
		"its gate is open":           {at: 19 * minute, arrange: freeze(20*minute, 21*minute), wake: 20 * minute},
		"its gate was open":          {at: 20 * minute, arrange: freeze(20*minute, 21*minute), started: 21 * minute, trigger: 21 * minute},
		"its requested start":        {at: 59 * minute, arrange: notBefore(60 * minute), wake: 60 * minute},
		"a requested start in time":  {at: -minute, arrange: notBefore(0), trigger: minute},
		"a requested start before":   {at: -minute, arrange: notBefore(-30 * time.Second), trigger: minute},
		"a pause":                    {at: -minute, arrange: func(f *fleet.Fleet) { f.Life = paused("alice: incident") }, wake: -1},
		"an approval that is needed": {at: -minute, arrange: func(f *fleet.Fleet) { f.Approvals = eachWave() }, wake: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := some(1, maintenance.Rollout{})
			f.Arming = arming()
			if tc.arrange != nil {
				tc.arrange(&f)
			}
			turn := fleet.Decide(f, noon.Add(tc.at))
			switch {
			case tc.starts:
				require.Equal(t, []int{0}, turn.Start)
				require.Empty(t, turn.Arm)
			case tc.trigger > 0:
				require.Equal(t, []fleet.Arm{{Entry: 0, Started: noon.Add(tc.started), Trigger: noon.Add(tc.trigger)}}, turn.Arm)
				require.Empty(t, turn.Start)
				require.Empty(t, turn.Waits)
			default:
				require.Empty(t, turn.Arm)
				require.Len(t, turn.Waits, 1)
				if tc.wake == -1 {
					require.Zero(t, turn.Wake)
				} else {
					require.Equal(t, noon.Add(tc.wake), turn.Wake)
				}
			}
		})
	}
}

// TestWhatCanStartNowGoesFirst: no place stands empty for two minutes while another target could use it.
func TestWhatCanStartNowGoesFirst(t *testing.T) {
	t.Parallel()
	for _, order := range []maintenance.Order{maintenance.OrderByWindow, maintenance.OrderAsListed} {
		f := some(3, maintenance.Rollout{MaxConcurrent: 2, Order: order})
		f.Arming = arming()
		f.Rules.Cutoff = 0
		f.Entries[1].Schedule.Hour = 11 // its window ends first
		f.Entries[2].Schedule = maintenance.Schedule{Recurrence: maintenance.Weekly, Hour: 11, Minute: 30}
		turn := fleet.Decide(f, noon.Add(-time.Minute))
		require.Equal(t, []int{1, 2}, turn.Start)
		require.Empty(t, turn.Arm)
		require.Equal(t, maintenance.BlockedByConcurrency, turn.Waits[0].Blocker)
		f.Entries[2].Keys, f.Entries[1].Keys = []string{"app=till"}, []string{"app=till"}
		turn = fleet.Decide(f, noon.Add(-time.Minute))
		require.Equal(t, []int{1}, turn.Start)
		require.Equal(t, []fleet.Arm{{Entry: 0, Started: noon, Trigger: noon.Add(time.Minute)}}, turn.Arm)
	}
}

// armed is a fleet of four, of which two are armed and one runs.
func armed() fleet.Fleet {
	f := some(4, maintenance.Rollout{MaxConcurrent: 3})
	f.Arming = arming()
	f.Entries[0].Start(1, noon.Add(-time.Hour), time.Time{})
	f.Entries[1].Start(1, noon, noon.Add(time.Minute))
	f.Entries[2].Start(1, noon, noon.Add(time.Minute))
	return f
}

func TestWhatMustNotGoOnIsDisarmed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(*fleet.Fleet)
		at      time.Duration
		disarms []int
		why     string
	}{
		"nothing":               {arrange: func(*fleet.Fleet) {}},
		"a pause":               {arrange: func(f *fleet.Fleet) { f.Life = paused("alice: incident") }, disarms: []int{2, 1}, why: "paused by alice: incident"},
		"an abort":              {arrange: func(f *fleet.Fleet) { f.Life = stopped("aborted by alice") }, disarms: []int{2, 1}, why: "aborted by alice"},
		"the budget":            {arrange: func(f *fleet.Fleet) { f.Entries[3].State = fleet.Failed }, disarms: []int{2, 1}, why: "1 target failed, max failures 0"},
		"one place less":        {arrange: func(f *fleet.Fleet) { f.Rollout.MaxConcurrent = 2 }, disarms: []int{2}, why: "max concurrent 2"},
		"what starts last":      {arrange: func(f *fleet.Fleet) { f.Rollout.MaxConcurrent = 2; f.Entries[1].Started = noon.Add(time.Minute) }, disarms: []int{1}, why: "max concurrent 2"},
		"what runs is not":      {arrange: func(f *fleet.Fleet) { f.Rollout.MaxConcurrent = 0 }, disarms: []int{2, 1}, why: "max concurrent 0"},
		"its rate may delay it": {arrange: func(f *fleet.Fleet) { f.Life = paused("alice: incident") }, at: 2 * time.Minute, disarms: []int{2, 1}, why: "paused by alice: incident"},
		"it may be away":        {arrange: func(f *fleet.Fleet) { f.Life = paused("alice: incident") }, at: 45 * time.Minute, disarms: []int{2, 1}, why: "paused by alice: incident"},
		"its place is taken":    {arrange: func(f *fleet.Fleet) { f.Rollout.MaxConcurrent = 2 }, at: time.Minute},
		"one has said so": {
			arrange: func(f *fleet.Fleet) {
				f.Life = paused("alice: incident")
				f.Entries[1].Learn(fleet.Event{Kind: fleet.KindGoesOn, Attempt: 1}, noon)
			}, disarms: []int{2}, why: "paused by alice: incident",
		},
		"one is held": {
			arrange: func(f *fleet.Fleet) {
				f.Life = paused("alice: incident")
				f.Entries[1].Learn(fleet.Event{Kind: fleet.KindHeld, Attempt: 1, Hold: fleet.Hold{Step: maintenance.StepUpdate, Since: noon}}, noon)
			}, disarms: []int{2}, why: "paused by alice: incident",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := armed()
			tc.arrange(&f)
			require.Equal(t, fleet.Disarm{Entries: tc.disarms, Why: tc.why}, fleet.Decide(f, noon.Add(tc.at)).Disarm)
		})
	}
}

// TestADisarmedTargetWaitsAgain, and is armed again once nothing keeps it.
func TestADisarmedTargetWaitsAgain(t *testing.T) {
	t.Parallel()
	f := armed()
	e := &f.Entries[1]
	require.False(t, e.Learn(fleet.Event{Kind: fleet.KindDisarmed, Attempt: 2}, noon), "of another attempt")
	require.True(t, e.Learn(fleet.Event{Kind: fleet.KindDisarmed, Attempt: 1}, noon))
	require.Equal(t, fleet.Entry{Name: "t1", Schedule: sundays(), Work: fleet.Work{Update: true}, State: fleet.Waiting, Attempts: 1}, *e)
	require.Equal(t, 1, fleet.Decide(f, noon.Add(-time.Minute)).Arm[0].Entry)

	e = &f.Entries[2]
	require.True(t, e.Learn(fleet.Event{Kind: fleet.KindGoesOn, Attempt: 1}, noon))
	require.Equal(t, fleet.Running, e.StateAt(noon.Add(-time.Hour)))
	require.False(t, e.MayDisarm())
}

func TestAnArmedTargetSaysWhenItTriggers(t *testing.T) {
	t.Parallel()
	f := armed()
	before := noon.Add(-time.Second)
	s := f.Status(fleet.Decide(f, before), before)
	require.Equal(t, fleet.Counts{Total: 4, Waiting: 1, Armed: 2, Running: 1}, s.Counts)
	rows := f.Rows(fleet.Decide(f, before), fleet.Page{Count: 9, States: []fleet.State{fleet.Armed}}, before)
	require.Len(t, rows, 2)
	require.Equal(t, []time.Time{noon, noon.Add(time.Minute), noon.Add(30 * time.Minute)}, []time.Time{rows[0].Started, rows[0].Trigger, rows[0].End})
	require.Equal(t, fleet.Armed, rows[0].State)
	then := noon.Add(time.Minute)
	require.Equal(t, 3, f.Status(fleet.Decide(f, then), then).Counts.Running)
	row := f.Rows(fleet.Turn{}, fleet.Page{Count: 1, Target: "t1"}, then)[0]
	require.Equal(t, fleet.Running, row.State)
	require.Zero(t, row.Trigger)
}
