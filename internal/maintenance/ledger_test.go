package maintenance_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	intended  = maintenance.ChangeIntended
	inForce   = maintenance.ChangeInForce
	kept      = maintenance.ChangeKept
	takenBack = maintenance.ChangeTakenBack
	stuck     = maintenance.ChangeStuck
	expires   = maintenance.ChangeExpires
	notMade   = maintenance.ChangeNotMade
)

// forward is a change that cannot be reverted, back one that can.
func forward(state maintenance.ChangeState) maintenance.Change {
	return maintenance.Change{What: "software", State: state}
}

func back(state maintenance.ChangeState) maintenance.Change {
	return maintenance.Change{What: "weights", Reversible: true, State: state}
}

func TestConclude(t *testing.T) {
	t.Parallel()
	type ledger = []maintenance.Change
	for name, tc := range map[string]struct {
		failed bool
		ledger ledger
		want   maintenance.EndState
	}{
		"nothing to do":               {false, nil, maintenance.StateCompleted},
		"done":                        {false, ledger{forward(kept), back(takenBack), back(kept)}, maintenance.StateCompleted},
		"done, and it was not needed": {false, ledger{forward(notMade)}, maintenance.StateCompleted},
		"done, but something could not be undone":  {false, ledger{forward(kept), back(stuck)}, maintenance.StateCompensationFailed},
		"failed before anything":                   {true, nil, maintenance.StateFailed},
		"failed, nothing took effect":              {true, ledger{forward(notMade), back(notMade)}, maintenance.StateFailed},
		"failed, all reverted":                     {true, ledger{forward(notMade), back(takenBack)}, maintenance.StateCompensated},
		"failed, a finished snapshot stays":        {true, ledger{back(kept), forward(notMade)}, maintenance.StateCompensated},
		"failed after the update":                  {true, ledger{forward(kept)}, maintenance.StatePartial},
		"failed, the update was perhaps made":      {true, ledger{forward(intended)}, maintenance.StatePartial},
		"failed, the update is under way":          {true, ledger{forward(inForce)}, maintenance.StatePartial},
		"failed after the update, weights back":    {true, ledger{forward(kept), back(takenBack)}, maintenance.StatePartial},
		"weights back, then failed after the rest": {true, ledger{back(takenBack), forward(kept)}, maintenance.StatePartial},
		"done, and something ends by itself":       {false, ledger{forward(kept), back(expires)}, maintenance.StateCompleted},
		"failed, and something ends by itself":     {true, ledger{back(expires)}, maintenance.StateCompensated},
		"failed, and could not be undone":          {true, ledger{back(stuck)}, maintenance.StateCompensationFailed},
		"stuck outweighs partial":                  {true, ledger{forward(kept), back(stuck)}, maintenance.StateCompensationFailed},
		"stuck first, then partial":                {true, ledger{back(stuck), forward(kept)}, maintenance.StateCompensationFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tc.want, maintenance.Conclude(tc.failed, tc.ledger))
		})
	}
}

func TestConcludeIgnoresTheOrder(t *testing.T) {
	t.Parallel()
	change := rapid.Custom(func(t *rapid.T) maintenance.Change {
		state := rapid.SampledFrom([]maintenance.ChangeState{intended, inForce, kept, takenBack, stuck, expires, notMade}).Draw(t, "state")
		return maintenance.Change{Reversible: rapid.Bool().Draw(t, "reversible"), State: state}
	})
	rapid.Check(t, func(t *rapid.T) {
		ledger := rapid.SliceOfN(change, 0, 5).Draw(t, "ledger")
		failed := rapid.Bool().Draw(t, "failed")
		end := maintenance.Conclude(failed, ledger)
		require.Equal(t, end, maintenance.Conclude(failed, rapid.Permutation(ledger).Draw(t, "mixed")))
		if end == maintenance.StateCompleted {
			require.False(t, failed)
		}
	})
}
