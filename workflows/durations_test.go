package workflows_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/internal/maintenance/polling"
)

// alone is Temporal for a worker that can neither tell others what it saw nor ask them.
type alone struct{}

func (alone) SignalWithStartWorkflow(
	context.Context, string, string, any, client.StartWorkflowOptions, any, ...any,
) (client.WorkflowRun, error) {
	return nil, errors.New("unavailable")
}

func (alone) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	return nil, errors.New("unavailable")
}

// How long changes took is there for the runs of later years, and two workers tell of it.
func TestDurationsAreKept(t *testing.T) {
	t.Parallel()
	env := at(t, noon, newCloud())
	seen := func(minutes int) polling.Memory {
		took := time.Duration(minutes) * time.Minute
		return polling.Memory{"update CACHED": {{Started: noon, Took: polling.SpanOf(took-10*time.Second, took)}}}
	}
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow(durations.SeenSignal, seen(10))
		env.SignalWorkflow(durations.SeenSignal, seen(20))
	}, time.Hour)
	env.RegisterDelayedCallback(func() {
		answer, err := env.QueryWorkflow(durations.Query)
		require.NoError(t, err)
		var known polling.Memory
		require.NoError(t, answer.Get(&known))
		require.Len(t, known["update CACHED"], 3, "one was carried, two were sent")
		env.SetContinueAsNewSuggested(true)
		env.SignalWorkflow(durations.SeenSignal, seen(30))
	}, 400*24*time.Hour)
	env.ExecuteWorkflow(durations.WorkflowName, seen(5))
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	var carried polling.Memory
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &carried))
	require.Len(t, carried["update CACHED"], 4)
}
