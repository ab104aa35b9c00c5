package fleet_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

func TestAHeldTargetKeepsItsPlaceAndItsKeys(t *testing.T) {
	t.Parallel()
	f := some(3, maintenance.Rollout{MaxConcurrent: 2})
	for i := range f.Entries {
		f.Entries[i].Keys = []string{"app=till"}
	}
	set(&f, 0, fleet.Held, noon)
	f.Entries[2].Keys = nil
	turn := fleet.Decide(f, noon)
	require.Equal(t, []int{2}, turn.Start, "there is one place left")
	require.Equal(t, maintenance.BlockedByConstraint, turn.Waits[0].Blocker)
}

func TestATargetIsHeldUntilItsRunSaysOtherwise(t *testing.T) {
	t.Parallel()
	var e fleet.Entry
	e.Start(2, noon, time.Time{})
	hold := fleet.Hold{Step: maintenance.StepSnapshot, Since: noon}
	held := fleet.Event{Kind: fleet.KindHeld, Attempt: 2, Note: "snapshot failed", Hold: hold}
	old := held
	old.Attempt = 1
	require.False(t, e.Learn(old, noon), "an earlier attempt was held")
	require.True(t, e.Learn(held, noon))
	require.Equal(t, []any{fleet.Held, "snapshot failed", hold}, []any{e.State, e.Note, e.Hold})
	require.True(t, e.Learn(fleet.Event{Kind: fleet.KindHeld, Attempt: 2}, noon))
	require.Equal(t, []any{fleet.Running, "", fleet.Hold{}}, []any{e.State, e.Note, e.Hold})
	require.True(t, e.Learn(held, noon))
	require.True(t, e.Learn(fleet.Event{Kind: fleet.KindEnded, Attempt: 2, State: fleet.Failed, Note: "PARTIAL", At: noon.Add(time.Hour)}, noon))
	require.Equal(t, []any{fleet.Failed, "PARTIAL", fleet.Hold{}}, []any{e.State, e.Note, e.Hold})
}

// TestOnlyWhatHasNotStartedIsRead: a reading that comes late changes nothing.
func TestOnlyWhatHasNotStartedIsRead(t *testing.T) {
	t.Parallel()
	for state, learns := range map[fleet.State]bool{
		fleet.Waiting: true, fleet.UpToDate: true,
		fleet.Running: false, fleet.Held: false, fleet.Succeeded: false, fleet.Failed: false, fleet.Skipped: false,
	} {
		for _, kind := range []fleet.Kind{fleet.KindRead, fleet.KindNotFound} {
			e := fleet.Entry{Name: "files-1", Gateway: "sgw-1", State: state}
			before := e
			read := fleet.Entry{Name: "files-2", State: fleet.Waiting, Note: "read"}
			require.Equal(t, learns, e.Learn(fleet.Event{Kind: kind, Entry: &read}, noon), "%s %s", state, kind)
			require.Equal(t, learns, e.Note != before.Note, "%s %s", state, kind)
		}
	}
}

func TestAReadingNamesWhatHadNoName(t *testing.T) {
	t.Parallel()
	read := fleet.Entry{Name: "files-1", Keys: []string{"app=till"}, State: fleet.Waiting}
	found := fleet.Entry{Name: "sgw-1", Gateway: "sgw-1", State: fleet.Waiting}
	require.True(t, found.Unnamed())
	require.True(t, found.Learn(fleet.Event{Kind: fleet.KindRead, Entry: &read}, noon))
	require.False(t, found.Unnamed())
	require.Equal(t, []string{"app=till"}, found.Keys)
	listed := fleet.Entry{Name: "shop", Gateway: "sgw-1", Keys: []string{"app=shop"}, State: fleet.Waiting}
	require.True(t, listed.Learn(fleet.Event{Kind: fleet.KindRead, Entry: &read}, noon))
	require.Equal(t, "shop", listed.Name, "the plan has named it")
	require.Equal(t, []string{"app=shop"}, listed.Keys)
}

// TestAFailureIsNotMadeGoodByAReading that finds nothing left to do.
func TestAFailureIsNotMadeGoodByAReading(t *testing.T) {
	t.Parallel()
	const why = "snapshot failed"
	for name, tc := range map[string]struct {
		attempts int
		note     string
		read     fleet.State
		state    fleet.State
		says     string
		end      time.Time
	}{
		"it failed, and nothing is left":        {1, why, fleet.UpToDate, fleet.Failed, why, noon},
		"it failed, and something is left":      {1, why, fleet.Waiting, fleet.Waiting, why, time.Time{}},
		"it never started":                      {0, why, fleet.UpToDate, fleet.UpToDate, "up to date", time.Time{}},
		"it started, and did not fail":          {1, "", fleet.UpToDate, fleet.UpToDate, "up to date", time.Time{}},
		"it never started, and nothing is said": {0, "", fleet.Waiting, fleet.Waiting, "up to date", time.Time{}},
	} {
		e := fleet.Entry{Name: "files-1", Gateway: "sgw-1", State: fleet.Waiting, Attempts: tc.attempts, Note: tc.note}
		read := fleet.Entry{State: tc.read, Note: "up to date"}
		require.True(t, e.Learn(fleet.Event{Kind: fleet.KindRead, Entry: &read}, noon), name)
		require.Equal(t, []any{tc.state, tc.says, tc.end}, []any{e.State, e.Note, e.End}, name)
	}
}

// TestATargetThatFoundItsWindowShutIsLeftAloneForLongerEachTime.
func TestATargetThatFoundItsWindowShutIsLeftAloneForLongerEachTime(t *testing.T) {
	t.Parallel()
	for attempt := 1; attempt <= 3; attempt++ {
		var e fleet.Entry
		e.Start(attempt, noon, time.Time{})
		require.True(t, e.Learn(fleet.Event{Kind: fleet.KindDeferred, Attempt: attempt, Entry: &fleet.Entry{State: fleet.Waiting}}, noon))
		require.Equal(t, noon.Add(time.Duration(attempt)*time.Minute), e.NotBefore)
		require.Equal(t, fleet.Waiting, e.State)
		require.Zero(t, e.Started)
	}
}
