package maintenance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestARunThatWaitsForAPersonOrForLongIsAskedSeldom(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 2, 0, 0, 0, time.UTC)
	far, near := now.Add(time.Hour), now.Add(time.Second)
	for name, tc := range map[string]struct {
		status maintenance.Status
		want   bool
	}{
		"works":         {maintenance.Status{}, false},
		"for a person":  {maintenance.Status{Blocker: maintenance.BlockedByApproval}, true},
		"for long":      {maintenance.Status{Blocker: maintenance.BlockedByWindow, Next: &far}, true},
		"not much more": {maintenance.Status{Blocker: maintenance.BlockedByWindow, Next: &near}, false},
	} {
		require.Equal(t, tc.want, tc.status.Patient(now), name)
	}
}
