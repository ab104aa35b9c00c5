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
	require.Equal(t, []int{2}, turn.Begin, "there is one place left")
	require.Equal(t, maintenance.BlockedByConstraint, turn.Waits[0].Blocker)
}

func TestATargetIsHeldUntilItsRunSaysOtherwise(t *testing.T) {
	t.Parallel()
	var e fleet.Entry
	e.Begin(2, noon)
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
