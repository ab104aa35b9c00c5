package campaign_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/workflows/api"
)

// holding starts a maintenance that holds automatic updates.
func (l *lab) holding(approval bool) client.WorkflowRun {
	l.t.Helper()
	policy := impatient()
	policy.AutomaticUpdates, policy.Approval = maintenance.AutomaticUpdatesHold, approval
	run, err := l.client.ExecuteWorkflow(l.t.Context(), client.StartWorkflowOptions{
		ID: api.GatewayWorkflowID(gatewayOf(inOther)), TaskQueue: api.TaskQueue,
	}, api.GatewayMaintenanceName, api.MaintenanceInput{
		Target: maintenance.Target{Name: nameOf(inOther), Gateway: refOf(inOther)}, Policy: policy,
	})
	require.NoError(l.t, err)
	return run
}

// settings are the changes of the gateway's settings in the clouds' ledger, in their order.
func (l *lab) settings() (all []string) {
	for _, e := range l.sim.Effects() {
		operation, ours := strings.CutPrefix(e.Kind, "storagegateway:")
		switch operation {
		case "AddTagsToResource", "RemoveTagsFromResource":
			all = append(all, operation)
		case "UpdateMaintenanceStartTime":
			all = append(all, e.Detail["automaticUpdatePolicy"])
		case "UpdateGatewaySoftwareNow", "CreateSnapshot":
			if ours {
				all = append(all, operation)
			}
		}
	}
	return all
}

func TestWhatATerminatedRunHeldIsRestoredByTheNextOne(t *testing.T) {
	t.Parallel()
	const mark, hold, release, unmark = "AddTagsToResource", "EMERGENCY_VERSIONS_ONLY", "ALL_VERSIONS", "RemoveTagsFromResource"
	l := newLab(t, simcloud.Scenario{AWS: aws.Scenario{Timing: seconds(), Gateways: []aws.Gateway{gateway(inOther)}}})
	before := l.sim.AWS().State().Gateways[0]
	first := l.holding(true)
	require.Eventually(t, func() bool { return len(l.settings()) == 2 }, time.Minute, 50*time.Millisecond, "it holds, and waits for an approval")
	require.NoError(t, l.client.TerminateWorkflow(t.Context(), first.GetID(), first.GetRunID(), "for the test"))
	left := l.sim.AWS().State().Gateways[0]
	require.Equal(t, hold, left.AutomaticUpdatePolicy)
	require.Contains(t, left.Tags[maintenance.AutomaticUpdatesTag], first.GetRunID())

	var result maintenance.Result
	require.NoError(t, l.holding(false).Get(t.Context(), &result))
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	require.True(t, result.RestoredLeftovers())
	require.Contains(t, result.Ledger[0].What, first.GetRunID())
	changes := []string{mark, hold, release, unmark, mark, hold, "UpdateGatewaySoftwareNow"}
	for range before.Volumes {
		changes = append(changes, "CreateSnapshot")
	}
	require.Equal(t, append(changes, release, unmark), l.settings())
	after := l.sim.AWS().State().Gateways[0]
	require.Equal(t, release, after.AutomaticUpdatePolicy)
	require.Equal(t, before.Tags, after.Tags)
}
