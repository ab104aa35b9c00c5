package workflows_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

func TestACampaignIsOfferedOnlyActionsThatItWouldTake(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status fleet.Status
		want   []string
	}{
		"over":    {fleet.Status{Phase: fleet.Ended, Result: &fleet.Result{}}, nil},
		"planned": {fleet.Status{Phase: fleet.Planned}, []string{"abort"}},
		"stopped": {fleet.Status{Stopped: "aborted"}, []string{"abort"}},
		"at work": {fleet.Status{Counts: fleet.Counts{Total: 1, Running: 1}}, []string{"pause", "concurrency", "abort"}},
		"held": {
			fleet.Status{Counts: fleet.Counts{Total: 1, Held: 1}, Running: []fleet.Row{{State: fleet.Held, May: []string{"retry", "abort"}}}},
			[]string{"pause", "retry", "concurrency", "abort"},
		},
		"held at a step that can be left out": {
			fleet.Status{Counts: fleet.Counts{Total: 1, Held: 1}, Running: []fleet.Row{{State: fleet.Held, May: []string{"retry", "skip", "abort"}}}},
			[]string{"pause", "retry", "skip", "concurrency", "abort"},
		},
		"waiting": {fleet.Status{Counts: fleet.Counts{Total: 1, Waiting: 1}}, []string{"pause", "skip", "reschedule", "concurrency", "abort"}},
		"unavailable": {
			fleet.Status{Counts: fleet.Counts{Total: 1, Waiting: 1}, Unavailable: []fleet.Row{{Blocker: maintenance.BlockedByQuarantine}}},
			[]string{"pause", "retry", "skip", "reschedule", "concurrency", "abort"},
		},
		"paused":   {fleet.Status{Paused: "bob", Counts: fleet.Counts{Total: 1, Succeeded: 1}}, []string{"resume", "concurrency", "abort"}},
		"asking":   {fleet.Status{Approval: &fleet.Approval{Wave: 1}}, []string{"approve", "pause", "concurrency", "abort"}},
		"a failed": {fleet.Status{Counts: fleet.Counts{Total: 1, Failed: 1}}, []string{"pause", "retry", "skip", "concurrency", "abort"}},
	} {
		require.Equal(t, tc.want, api.CampaignMay(tc.status), name)
	}
}
