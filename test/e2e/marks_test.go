package e2e_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// settings are the first proxy's read weights, and the tags of its DB instance.
func (l *lab) settings() (weights []int, tags map[string]string) {
	l.t.Helper()
	recorder := httptest.NewRecorder()
	l.sim.ServeHTTP(recorder, httptest.NewRequestWithContext(l.t.Context(), http.MethodGet, "/_sim/state", http.NoBody))
	var state struct {
		Huawei struct {
			Instances []struct {
				Tags    map[string]string
				Proxies []struct{ ReadWeights []int }
			}
		}
	}
	require.NoError(l.t, json.Unmarshal(recorder.Body.Bytes(), &state))
	return state.Huawei.Instances[0].Proxies[0].ReadWeights, state.Huawei.Instances[0].Tags
}

// forget deletes a run that has ended, as a Temporal with another database does not know it.
func (l *lab) forget(run client.WorkflowRun) {
	l.t.Helper()
	_, err := l.client.WorkflowService().DeleteWorkflowExecution(l.t.Context(), &workflowservice.DeleteWorkflowExecutionRequest{
		Namespace: engine.GetDefaultNamespace(), WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: run.GetID(), RunId: run.GetRunID()},
	})
	require.NoError(l.t, err)
	require.Eventually(l.t, func() bool {
		_, err := l.client.DescribeWorkflowExecution(l.t.Context(), run.GetID(), run.GetRunID())
		_, gone := errors.AsType[*serviceerror.NotFound](err)
		return gone
	}, time.Minute, 50*time.Millisecond)
}

// What a run leaves that someone terminates is not the owner's wish: the next run
// restores what was there before.
func TestReadsThatATerminatedRunLeftAreRestored(t *testing.T) {
	t.Parallel()
	for name, forgotten := range map[string]bool{"Temporal knows the run": false, "Temporal does not know the run": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := fleet()
			scenario.AWS.Gateways[0].NextVersion, scenario.AWS.Gateways[0].Volumes = "", nil
			scenario.Huawei.Instances[0].Tags = map[string]string{"owner": "dba"}
			l := newLab(t, scenario)
			before, _ := l.settings()
			require.NoError(t, l.sim.Inject(fault.Rule{Operation: "taurusdb:UpgradeProxyVersion", Kind: fault.HangBefore, Times: 1}))
			in := input(1)
			in.Policy.Attempt = maintenance.Duration(10 * time.Second) // a call hangs for two
			run := l.start(in)
			require.Eventually(t, func() bool {
				now, _ := l.settings()
				return slices.Equal(now, []int{0, 0})
			}, time.Minute, 10*time.Millisecond)
			require.NoError(t, l.client.TerminateWorkflow(t.Context(), run.GetID(), run.GetRunID(), "lost"))
			if forgotten {
				l.forget(run)
			}
			left, marked := l.settings()
			require.Equal(t, []int{0, 0}, left)
			require.NotEmpty(t, maintenance.ProxyMarkKeys(proxyIDs[0], marked))

			result, _ := l.maintain(in)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.Contains(t, result.Ledger[0].What, "left at primary 0, replicas 0 and 0 by run "+run.GetID()+" ("+run.GetRunID()+")")
			after, tags := l.settings()
			require.Equal(t, before, after)
			require.Equal(t, map[string]string{"owner": "dba"}, tags)
			require.Equal(t, []string{
				tagged, weights + proxyIDs[0], // and the run was terminated
				tagged, upgraded + proxyIDs[0], weights + proxyIDs[0], tagged,
			}, l.effects())
		})
	}
}
