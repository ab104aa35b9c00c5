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
		"reschedule: no longer delayed":               {What: "reschedule", Target: "files-1"},
		"retry: " + string(maintenance.StepRunning):   {What: "retry", Step: maintenance.StepRunning},
		"approve: wave 2":                             {What: "approve", Wave: 2},
		"approve: wave 2, 1 of 2 given":               {What: "approve", Wave: 2, Note: "wave 2, 1 of 2 given"},
		"abort":                                       {What: "abort", Why: "enough", Note: "it is stopped already"},
	} {
		require.Equal(t, want, d.Text())
	}
}

func TestAnAttemptSaysWhoWasAskedAndWhatWasDecided(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	until := at.Add(90*time.Minute + 400*time.Millisecond)
	skip := &maintenance.Decision{What: maintenance.HoldSkip, By: "bob"}
	why := &maintenance.Decision{What: maintenance.HoldRetry, By: "bob", Why: "disk replaced"}
	for want, f := range map[string]maintenance.FailedAttempt{
		"no notification was configured; not decided yet":                                         {At: at},
		"notified ops; not decided yet":                                                           {At: at, Asked: []string{"ops"}},
		"notified ops, pager; held for 1h30m, then the run was cancelled":                         {At: at, Asked: []string{"ops", "pager"}, Until: &until},
		"no notification was configured; skip by bob after being held for 1h30m":                  {At: at, Decision: skip, Until: &until},
		"no notification was configured; retry by bob (disk replaced) after being held for 1h30m": {At: at, Decision: why, Until: &until},
	} {
		require.Equal(t, want, f.Summary())
	}
}

func TestAnAttemptIsHeldUntilItIsDecided(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)
	until := at.Add(time.Hour)
	require.Equal(t, 3*time.Hour, maintenance.FailedAttempt{At: at}.Held(at.Add(3*time.Hour)))
	require.Equal(t, time.Hour, maintenance.FailedAttempt{At: at, Until: &until}.Held(at.Add(3*time.Hour)), "then it is no longer held")
	require.Zero(t, maintenance.FailedAttempt{At: at}.Held(at.Add(-time.Second)), "a clock that was set back")
}
