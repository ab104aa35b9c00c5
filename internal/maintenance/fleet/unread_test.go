package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

func quarantine(e *fleet.Entry) {
	e.Bar, e.Unavailable = maintenance.BlockedByQuarantine, "quarantined"
}

// unread is a target that cannot be read since a time.
func unread(e *fleet.Entry, since time.Time) {
	e.Bar, e.Unavailable, e.UnreadSince = maintenance.BlockedByUnread, "the gateway is not connected", since
}

// A target that cannot be read keeps nobody of its wave, and holds the waves after it
// for a day at most once nothing else of its own is left.
func TestATargetThatCannotBeReadIsGivenUpAfterTheRestOfItsWave(t *testing.T) {
	t.Parallel()
	const day = fleet.UnreadLimit
	for name, tc := range map[string]struct {
		arrange func(*fleet.Fleet)
		starts  []int
		gives   []int
		wake    time.Time
	}{
		"others of its wave start": {
			func(f *fleet.Fleet) { unread(&f.Entries[1], noon.Add(-48*time.Hour)) }, []int{2}, nil, time.Time{},
		},
		"others of its wave run": {
			func(f *fleet.Fleet) {
				unread(&f.Entries[1], noon.Add(-48*time.Hour))
				set(f, 2, fleet.Running, noon.Add(-time.Minute))
			}, nil, nil, time.Time{},
		},
		"others of its wave wait for a person": {
			func(f *fleet.Fleet) {
				unread(&f.Entries[1], noon.Add(-48*time.Hour))
				quarantine(&f.Entries[2])
			}, nil, nil, time.Time{},
		},
		"it is all that is left, and has time": {
			func(f *fleet.Fleet) {
				unread(&f.Entries[1], noon.Add(-time.Hour))
				set(f, 2, fleet.Succeeded, noon.Add(-time.Hour))
			}, nil, nil, noon.Add(day - time.Hour),
		},
		"it is being read": {
			func(f *fleet.Fleet) {
				f.Entries[1].Retry()
				set(f, 2, fleet.Succeeded, noon.Add(-time.Hour))
			}, nil, nil, time.Time{},
		},
		"two are, and one has time": {
			func(f *fleet.Fleet) {
				unread(&f.Entries[1], noon.Add(-48*time.Hour))
				unread(&f.Entries[2], noon.Add(-2*time.Hour))
			}, nil, nil, noon.Add(day - 2*time.Hour),
		},
		"its day is over": {
			func(f *fleet.Fleet) {
				unread(&f.Entries[1], noon.Add(-day))
				set(f, 2, fleet.Succeeded, noon.Add(-time.Hour))
			}, nil, []int{1}, time.Time{},
		},
		"its day is over, in a pause": {
			func(f *fleet.Fleet) {
				unread(&f.Entries[1], noon.Add(-day))
				set(f, 2, fleet.Succeeded, noon.Add(-time.Hour))
				f.Life = paused("alice")
			}, nil, nil, time.Time{},
		},
		"its day is over, and its wave is not open": {
			func(f *fleet.Fleet) {
				unread(&f.Entries[3], noon.Add(-day))
				unread(&f.Entries[4], noon.Add(-day))
			}, []int{1, 2}, nil, time.Time{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := threeWaves(t)
			f.Rollout.Bake = 0
			set(&f, 0, fleet.Succeeded, noon.Add(-2*time.Hour))
			tc.arrange(&f)
			turn := fleet.Decide(f, noon)
			require.Equal(t, tc.starts, turn.Start)
			require.Equal(t, tc.gives, turn.GiveUp)
			require.True(t, tc.wake.Equal(turn.Wake), turn.Wake)
		})
	}
}

// What was given up is a failure of the wave: its budget says whether the next opens.
func TestWhatIsGivenUpCountsAsFailed(t *testing.T) {
	t.Parallel()
	for failures, starts := range map[string][]int{"0": nil, "1": {3, 4}} {
		f := threeWaves(t)
		f.Rollout.Bake, f.Rollout.MaxFailures = 0, share(t, failures)
		set(&f, 0, fleet.Succeeded, noon.Add(-2*time.Hour))
		set(&f, 1, fleet.Succeeded, noon.Add(-2*time.Hour))
		unread(&f.Entries[2], noon.Add(-fleet.UnreadLimit))
		require.Equal(t, []int{2}, fleet.Decide(f, noon).GiveUp)
		f.Entries[2].GiveUp(noon)
		require.Equal(t, fleet.Failed, f.Entries[2].State)
		require.Equal(t, "given up: could not be read for 24h; nothing was done to it: the gateway is not connected", f.Entries[2].Note)
		require.Equal(t, starts, fleet.Decide(f, noon.Add(time.Second)).Start)
		// A person may have it read again, with a day of its own.
		f.Entries[2].Retry()
		unread(&f.Entries[2], noon.Add(time.Minute))
		require.Empty(t, fleet.Decide(f, noon.Add(2*time.Minute)).GiveUp)
	}
}

// Whatever else keeps them, and however far their wave is, those that are not available
// are named with what is the matter.
func TestWhatIsNotAvailableIsNamed(t *testing.T) {
	t.Parallel()
	f := threeWaves(t)
	f.Life = paused("alice")
	f.Entries[0].Retry()
	unread(&f.Entries[1], noon.Add(-time.Hour))
	unread(&f.Entries[3], noon.Add(-time.Hour))
	f.Entries[3].ReadAt = noon.Add(time.Hour)
	quarantine(&f.Entries[4])
	rows := f.Status(fleet.Decide(f, noon), noon).Unavailable
	type said struct {
		Name    string
		Blocker maintenance.Blocker
		Reason  string
	}
	var all []said
	for _, r := range rows {
		all = append(all, said{r.Name, r.Blocker, r.Reason})
	}
	since, next := noon.Add(-time.Hour).UTC().Format("2006-01-02 15:04 MST"), noon.Add(time.Hour).UTC().Format("2006-01-02 15:04 MST")
	require.Equal(t, []said{
		{"t1", maintenance.BlockedByUnread, "could not be read since " + since + "; retried continuously: the gateway is not connected"},
		{"t3", maintenance.BlockedByUnread, "could not be read since " + since + "; retried at " + next + ": the gateway is not connected"},
		{"t4", maintenance.BlockedByQuarantine, "quarantined"},
		{"t0", maintenance.BlockedByReading, "is being read"},
	}, all)
}
