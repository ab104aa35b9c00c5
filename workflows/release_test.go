package workflows_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

const day = 24 * time.Hour

// release makes another build of the worker current after a while.
func (e environment) release(after time.Duration) {
	e.RegisterDelayedCallback(func() { e.SetTargetWorkerDeploymentVersionChanged(true) }, after)
}

// moved is what a run leaves to the one in which it goes on; nil where it went on
// by itself.
func moved(t *testing.T, env environment) *api.MaintenanceInput {
	t.Helper()
	err := env.GetWorkflowError()
	var next *workflow.ContinueAsNewError
	if !errors.As(err, &next) {
		return nil
	}
	require.Equal(t, api.GatewayMaintenanceName, next.WorkflowType.Name)
	require.EqualValues(t, workflow.ContinueAsNewVersioningBehaviorAutoUpgrade, next.InitialVersioningBehavior)
	var in api.MaintenanceInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &in))
	return &in
}

func TestASleepingRunGoesOnInTheNewBuildWithWhatWasDecided(t *testing.T) {
	t.Parallel()
	start := noon.Add(-6 * day)
	c := newCloud().withProxies(1)
	c.volumes = c.volumes[:1]
	env := at(t, start, c)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(api.ApproveUpdate, "", answers.accepted(), api.Action{By: "alice", Why: "CHG-1"})
	}, time.Hour)
	env.release(50 * time.Hour)
	policy := maintenance.Policy{Approval: true, AutomaticUpdates: maintenance.AutomaticUpdatesHold}
	env.ExecuteWorkflow(api.GatewayMaintenanceName, c.input(policy))
	in := moved(t, env)
	require.NotNil(t, in, env.GetWorkflowError())
	require.WithinRange(t, env.Now(), start.Add(50*time.Hour), start.Add(74*time.Hour))
	require.Equal(t, []string{marks, "automatic-updates EMERGENCY_VERSIONS_ONLY", "automatic-updates ALL_VERSIONS", unmarks}, c.done(), "it holds nothing while it moves")
	require.Equal(t, start, in.Carried.Start.UTC())
	require.Equal(t, "1.0.0", in.Carried.Gateway.SoftwareVersion)
	require.Equal(t, maintenance.Duration(day), in.Policy.WindowRecheck, "a default of the build that read it")
	require.Equal(t, "2.24.03.000", in.Target.Proxies[0].Version, "what latest meant")

	c.proxies[proxyIDs[0]].kernel.Latest = "2.25.00.000"
	result, err := maintain(t, at(t, env.Now(), c), *in)
	require.NoError(t, err)
	require.Equal(t, start, result.Start.UTC())
	require.Equal(t, "alice", result.Decisions[0].By)
	require.Equal(t, "2.24.03.000", result.Proxies[0].To)
	require.WithinRange(t, c.triggered, noon, noon.Add(time.Minute))
	require.Equal(t, []string{
		marks, "automatic-updates EMERGENCY_VERSIONS_ONLY", "automatic-updates ALL_VERSIONS", unmarks,
		marks, "automatic-updates EMERGENCY_VERSIONS_ONLY", "update " + gatewayID, "snapshot vol-1122aabb",
		"upgrade " + proxyIDs[0], "automatic-updates ALL_VERSIONS", unmarks,
	}, c.done())
}

// The approval that is waited for is asked for in the new build.
func TestARunThatWaitsForAnApprovalMoves(t *testing.T) {
	t.Parallel()
	c := newCloud()
	env := at(t, noon, c)
	env.release(time.Hour)
	env.ExecuteWorkflow(api.GatewayMaintenanceName, c.input(maintenance.Policy{Approval: true}))
	in := moved(t, env)
	require.NotNil(t, in, env.GetWorkflowError())
	require.True(t, in.Policy.Approval)
	require.Empty(t, in.Carried.Decisions)
}

// While the run moved, AWS has updated the gateway: the new build tells it by what
// the old one saw.
func TestWhatAWSUpdatesDuringTheMoveIsSeen(t *testing.T) {
	t.Parallel()
	start := noon.Add(-6 * day)
	c := newCloud()
	c.volumes = c.volumes[:1]
	env := at(t, start, c)
	env.release(time.Hour)
	env.ExecuteWorkflow(api.GatewayMaintenanceName, c.input(maintenance.Policy{}))
	in := moved(t, env)
	require.NotNil(t, in, env.GetWorkflowError())
	c.awsAt = env.Now().Add(-time.Minute) // and it restarts for five
	result, err := maintain(t, at(t, env.Now(), c), *in)
	require.NoError(t, err)
	require.Equal(t, maintenance.CauseAWS, result.Gateway.Cause)
	require.Equal(t, []string{"snapshot vol-1122aabb"}, c.done())
}

func TestARunStaysOnItsBuild(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		start   time.Time
		release time.Duration
		arrange func(*cloud)
		policy  maintenance.Policy
	}{
		"once the window is near": {
			start: noon.Add(-day - 40*time.Minute), release: 23 * time.Hour, arrange: func(*cloud) {},
		},
		"once it has started something, also while it waits for the next window": {
			start: noon, release: time.Hour, arrange: func(c *cloud) { c.restart = 20 * time.Minute },
			policy: maintenance.Policy{WindowLength: maintenance.Duration(15 * time.Minute), Cutoff: new(maintenance.Duration(5 * time.Minute))},
		},
		"with a recovery point taken, while it waits for the next window": {
			start: noon, release: time.Hour, arrange: func(c *cloud) { c.pending = 20 * time.Minute },
			policy: maintenance.Policy{
				WindowLength: maintenance.Duration(15 * time.Minute), Cutoff: new(maintenance.Duration(5 * time.Minute)), Snapshot: maintenance.SnapshotBefore,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(1)
			tc.arrange(c)
			env := at(t, tc.start, c)
			env.release(tc.release)
			result, err := maintain(t, env, c.input(tc.policy))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State)
		})
	}
}

// What cannot be put back keeps the run where it is, until it can.
func TestARunThatCannotLetGoMovesLater(t *testing.T) {
	t.Parallel()
	start := noon.Add(-6 * day)
	c := newCloud()
	env := at(t, start, c)
	env.release(time.Hour)
	env.RegisterDelayedCallback(func() { c.refuse["automatic-updates"] = 1 << 30 }, time.Hour)
	env.RegisterDelayedCallback(func() { c.refuse["automatic-updates"] = 0 }, 60*time.Hour)
	env.ExecuteWorkflow(api.GatewayMaintenanceName, c.input(maintenance.Policy{
		AutomaticUpdates: maintenance.AutomaticUpdatesHold, CompensationDeadline: maintenance.Duration(time.Hour),
	}))
	require.NotNil(t, moved(t, env), env.GetWorkflowError())
	require.WithinRange(t, env.Now(), start.Add(60*time.Hour), start.Add(90*time.Hour))
	require.Equal(t, maintenance.AllVersions, c.schedule.AutomaticUpdates)
}

// Who aborts a run while it lets go has aborted it.
func TestARunThatIsAbortedWhileItLetsGoDoesNotMove(t *testing.T) {
	t.Parallel()
	c := newCloud()
	env := at(t, noon.Add(-6*day), c)
	answers := &answers{t: t}
	env.release(time.Hour)
	env.RegisterDelayedCallback(func() { c.refuse["automatic-updates"] = 1 << 30 }, time.Hour)
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(api.AbortUpdate, "", answers.accepted(), api.Action{By: "alice", Why: "CHG-1"})
		c.refuse["automatic-updates"] = 0
	}, 3*day+time.Minute)
	result, err := maintain(t, env, c.input(maintenance.Policy{AutomaticUpdates: maintenance.AutomaticUpdatesHold}))
	require.Error(t, err)
	require.Equal(t, maintenance.StateCompensated, result.State, result.Summary)
	require.Equal(t, "alice", result.Decisions[0].By)
	require.Equal(t, maintenance.AllVersions, c.schedule.AutomaticUpdates)
}
