package maintenance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestADecisionSaysAllThatWasDecided(t *testing.T) {
	t.Parallel()
	for want, d := range map[string]maintenance.Decision{
		"concurrency: 20 at a time":                   {What: "concurrency", MaxConcurrent: 20},
		"reschedule: not before 2026-12-01 02:00:00Z": {What: "reschedule", Target: "files-1", NotBefore: time.Date(2026, 12, 1, 3, 0, 0, 0, time.FixedZone("", 3600))},
		"reschedule: no longer kept back":             {What: "reschedule", Target: "files-1"},
		"retry: " + string(maintenance.StepRunning):   {What: "retry", Step: maintenance.StepRunning},
		"approve: wave 2":                             {What: "approve", Wave: 2},
		"approve: wave 2, 1 of 2 given":               {What: "approve", Wave: 2, Note: "wave 2, 1 of 2 given"},
		"abort":                                       {What: "abort", Why: "enough", Note: "it is stopped already"},
	} {
		require.Equal(t, want, d.Text())
	}
}
