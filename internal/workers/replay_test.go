package workers_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// A held run goes on in another worker, which replays what the first one did: each step is counted by the worker that
// took it, and once.
func TestWhatIsReplayedIsNotCountedAgain(t *testing.T) {
	t.Parallel()
	w := &watched{newStage(t, freeAddress(t)), map[string]func(){}}
	w.hire()
	target := maintenance.Target{Name: "files-2", Gateway: maintenance.GatewayRef{
		Account: "sim", ARN: "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-22222222",
	}}
	soon := maintenance.Duration(20 * time.Millisecond)
	run, err := w.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: api.GatewayWorkflowID("sgw-22222222"), TaskQueue: api.TaskQueue, TypedSearchAttributes: webui.StartAttributes(target),
	}, api.GatewayMaintenanceName, api.MaintenanceInput{Target: target, Policy: maintenance.Policy{
		OnFailure: maintenance.OnFailureHold, SteadyFor: soon, UpdateDelay: new(maintenance.Duration(0)),
		Pace: maintenance.Pace{Min: soon, Max: 5 * soon},
	}})
	require.NoError(t, err)
	const assessed = `tidegate_step_duration_seconds_count{state="done",step="assess"}`
	w.eventually(assessed, 1)
	w.eventually("tidegate_maintenances_held", 1) // its cloud refuses the update, once
	for address := range w.workers {
		w.kill(address)
	}
	w.hire()
	update, err := w.client.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), UpdateName: api.RetryUpdate, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{api.Action{By: "bob", Why: "for the test"}},
	})
	require.NoError(t, err)
	require.NoError(t, update.Get(t.Context(), nil))
	require.NoError(t, run.Get(t.Context(), nil))
	w.eventually(`tidegate_maintenances_total{state="COMPLETED"}`, 1)
	require.Zero(t, w.sum(assessed), "the worker that was killed has taken this step")
	require.InDelta(t, 1, w.sum(`tidegate_step_duration_seconds_count{state="done",step="update"}`), 0)
}
