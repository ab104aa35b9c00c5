package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// Someone may have quarantined the gateway after tidegate looked, or started the
// run by other means: then the run itself refuses.
func TestARunThatRefusesAQuarantinedGatewayIsStatusFour(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	in := maintenance.Quarantine{Gateway: "sgw-22222222", WorkflowID: "gateway-sgw-22222222", RunID: "run-7", Reason: "it never came back", Since: time.Now()}
	start := func(id, name string, in any, memo map[string]any) {
		_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: api.TaskQueue, Memo: memo}, name, in)
		require.NoError(t, err)
	}
	start(api.QuarantineWorkflowID(in.Gateway), api.QuarantineName, in, map[string]any{api.QuarantineMemo: in})

	alone := w.tidegate("status", in.Gateway)
	require.Equal(t, 0, alone.status, "a quarantine is shown also when Temporal has forgotten its run")
	require.Contains(t, alone.out, "by run run-7 of gateway-sgw-22222222: it never came back")
	require.Contains(t, alone.out, "\n  tidegate release sgw-22222222 --why TEXT")
	require.NotContains(t, alone.out, "workflow  ")
	missing := w.tidegate("watch", in.Gateway)
	require.Equal(t, 2, missing.status)
	require.Contains(t, missing.errors, "no maintenance of sgw-22222222")

	target := maintenance.Target{Name: "one", Gateway: maintenance.GatewayRef{Account: "sim", ARN: arnPrefix + in.Gateway}}
	start(api.GatewayWorkflowID(in.Gateway), api.GatewayMaintenanceName, api.MaintenanceInput{Target: target}, nil)
	refused := w.tidegate("watch", in.Gateway, "--output", "json")
	require.Equal(t, 4, refused.status)
	got := refused.json(t)
	require.Equal(t, maintenance.StateFailed, got.Result.State)
	require.Equal(t, "run-7", got.Quarantine.RunID)
	require.Equal(t, []string{"release"}, got.May)
	require.Empty(t, own(w.kinds()))
}

func TestAnActionThatNoWorkerTakesIsReportedAsUnanswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	require.Equal(t, 4, w.tidegate(quick("sgw-11111111", "--detach")...).status, "no worker takes it up")
	lost := w.tidegate("abort", "sgw-11111111", "--why", "x")
	require.Equal(t, 1, lost.status)
	require.Contains(t, lost.errors, "abort sgw-11111111: no worker answers; start one (tidegate-worker --accounts FILE), or check the setup: tidegate doctor; it may be applied once one does")
}

// Nothing was reverted: a person has to know what is still changed.
func TestATerminatedRunsLedgerIsStillShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	require.Equal(t, 0, w.tidegate(quick("sgw-22222222", "--approval", "--automatic-updates", "hold", "--detach")...).status)
	require.Eventually(t, func() bool {
		return strings.Contains(w.tidegate("status", "sgw-22222222").out, "in force")
	}, time.Minute, 50*time.Millisecond)
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.NoError(t, c.TerminateWorkflow(t.Context(), api.GatewayWorkflowID("sgw-22222222"), "", "impatience"))
	ended := w.tidegate("status", "sgw-22222222")
	require.Equal(t, 1, ended.status)
	require.Contains(t, ended.out, "terminated")
	require.Regexp(t, `automatic updates of sgw-22222222 .*reversible +in force +set ALL_VERSIONS again`, ended.out)
	require.NotContains(t, ended.out, "next steps")
	require.Contains(t, ended.errors, "the run left no result")
}
