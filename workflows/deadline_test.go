package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// A deadline of 20 s was given up after 90, the length of one attempt.
func TestADeadlineShorterThanAnAttemptIsKept(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.gap, c.restart = 0, never
	result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{
		UpdateStart: maintenance.Duration(10 * time.Second), UpdateDeadline: maintenance.Duration(20 * time.Second),
	}))
	require.Error(t, err)
	for _, step := range result.Steps {
		if step.Step == maintenance.StepRunning {
			require.Equal(t, maintenance.StepFailed, step.State)
			require.LessOrEqual(t, step.End.Sub(*step.Start), 25*time.Second)
		}
	}
}
