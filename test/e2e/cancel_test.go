package e2e_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/workflows/api"
)

// The SDK's test environment answers a cancelled activity at once; the server
// waits for what was sent. So this is shown here: the person who stops a run while its
// trigger is under way gets a run that still watches the restart to its end.
func TestStoppedWhileTheTriggerIsUnderWay(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*lab, string){
		"cancel": func(l *lab, id string) { require.NoError(l.t, l.client.CancelWorkflow(l.t.Context(), id, "")) },
		"abort": func(l *lab, id string) {
			l.refused(id, api.AbortUpdate, api.Action{By: "alice", Why: "CHG-1"}, "past the point of no return")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario := fleet()
			scenario.AWS.Gateways[0].Volumes = nil
			l := newLab(t, scenario)
			require.NoError(t, l.sim.Inject(fault.Rule{Operation: "storagegateway:UpdateGatewaySoftwareNow", Kind: fault.HangAfter, Times: 1}))
			in := input(1)
			in.Policy.Attempt = maintenance.Duration(10 * time.Second) // a call hangs for two
			run := l.start(in)
			require.Eventually(t, func() bool { return slices.Contains(l.effects(), updated) }, time.Minute, 10*time.Millisecond)
			stop(l, run.GetID())
			result, _ := l.end(run)
			want := maintenance.StatePartial
			if name == "abort" {
				want = maintenance.StateCompleted // it is answered once it is known that the update was triggered
			}
			require.Equal(t, want, result.State, result.Summary)
			require.Equal(t, "1.3.0", result.Gateway.After.SoftwareVersion, "nobody watched the restart")
			require.False(t, result.Quarantined)
			require.Equal(t, 1, count(l.effects())[updated])
		})
	}
}
