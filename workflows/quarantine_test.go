package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows"
	"github.com/tidegate/tidegate/workflows/api"
)

func TestFailedForwardOnlyStepQuarantinesTheGateway(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange     func(*cloud)
		quarantined bool
		says        string
	}{
		"the gateway never came back":        {func(c *cloud) { c.restart = never }, true, "not seen to run the new software"},
		"a proxy's job failed":               {func(c *cloud) { c.proxies[proxyIDs[0]].fail = "disk full" }, true, "upgrade of proxy " + proxyIDs[0]},
		"a proxy is stuck":                   {func(c *cloud) { c.proxies[proxyIDs[0]].stuck = true }, true, "upgrade of proxy " + proxyIDs[0]},
		"a rejected proxy is as it was":      {func(c *cloud) { c.proxies[proxyIDs[0]].reject = "no" }, false, ""},
		"a refused upgrade is as it was":     {func(c *cloud) { c.proxies[proxyIDs[0]].refusal = maintenance.ErrDenied }, false, ""},
		"an upgrade of unknown outcome":      {func(c *cloud) { c.lose["upgrade"], c.blind["upgrade"] = 1, 1 }, true, "upgrade of proxy " + proxyIDs[0]},
		"a trigger without effect":           {func(c *cloud) { c.noEffect = true }, false, ""},
		"a snapshot that fails is no update": {func(c *cloud) { c.pending = never }, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(1)
			tc.arrange(c)
			result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{}))
			require.Error(t, err)
			require.Equal(t, tc.quarantined, result.Quarantined, result.Summary)
			if tc.quarantined {
				require.Contains(t, result.Summary, "is quarantined")
				require.Contains(t, result.Summary, tc.says)
			}
		})
	}
}

// A reason for a quarantine that a retried step has removed is none any more.
func TestVolumesThatAreBackQuarantineNothing(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(1)
	c.gone, c.proxies[proxyIDs[0]].reject = 1, "insufficient subnet ip"
	env := at(t, noon, c)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		require.Contains(t, status(t, env).Reason, "is not listed any more")
		c.gone = 0
		env.UpdateWorkflow(api.RetryUpdate, "retry", answers.accepted(), alice)
	}, 2*time.Hour)
	env.RegisterDelayedCallback(func() {
		require.Contains(t, status(t, env).Reason, "insufficient subnet ip")
		env.UpdateWorkflow(api.AbortUpdate, "abort", answers.accepted(), alice)
	}, 4*time.Hour)
	result, err := maintain(t, env, c.input(holding))
	require.Error(t, err)
	require.Equal(t, 2, answers.got)
	require.Equal(t, maintenance.StatePartial, result.State, result.Summary)
	require.False(t, result.Quarantined, result.Summary)
}

func TestAQuarantineGivesEachOfItsReasons(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(3)
	c.proxies[proxyIDs[1]].fail, c.proxies[proxyIDs[2]].fail = "disk full", "disk full"
	result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{Proxies: maintenance.ProxyPolicy{Parallel: 2}}))
	require.Error(t, err)
	for _, id := range proxyIDs[1:3] {
		require.Contains(t, result.Summary, "the upgrade of proxy "+id+" failed", result.Summary)
	}
}

func TestQuarantinedGatewayIsRefusedAndTheRunNamed(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.quarantined = &maintenance.Quarantine{WorkflowID: "gateway-sgw-1", RunID: "run-7", Reason: "it never came back", Since: noon}
	result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{}))
	require.Error(t, err)
	require.Equal(t, maintenance.StateFailed, result.State)
	for _, words := range []string{"run-7", "it never came back", "tidegate release " + gatewayID, "Nothing was changed"} {
		require.Contains(t, result.Summary, words)
	}
	require.Empty(t, c.done())
	require.False(t, result.Quarantined, "the quarantine is the other run's")
}

func TestQuarantineLastsUntilItIsReleasedWithAReason(t *testing.T) {
	t.Parallel()
	env := started(t, noon)
	workflows.Register(env)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(api.ReleaseUpdate, "nameless", answers.rejected("by is required"), api.Action{Why: "x"})
		env.UpdateWorkflow(api.ReleaseUpdate, "groundless", answers.rejected("why is required"), api.Action{By: "alice"})
		env.UpdateWorkflow(api.ReleaseUpdate, "release", answers.accepted(), api.Action{By: "alice", Why: "replaced the host"})
	}, 100*24*time.Hour)
	env.ExecuteWorkflow(api.QuarantineName, maintenance.Quarantine{Gateway: gatewayID, Since: noon})
	require.NoError(t, env.GetWorkflowError())
	var decision maintenance.Decision
	require.NoError(t, env.GetWorkflowResult(&decision))
	require.Equal(t, "replaced the host", decision.Why)
	require.Equal(t, 3, answers.got)
}
