package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// heldBy lets another run hold the DB instance until then.
func (c *cloud) heldBy(env environment, until time.Time) {
	c.holder = maintenance.InstanceHold{
		InstanceID: instanceID, Target: "till-9", WorkflowID: "gateway-sgw-99999999", Campaign: "tills", Since: noon.Add(-time.Hour),
	}
	c.heldUntil = until
	env.meter.taken = c.instanceTaken
}

func TestRunWaitsForTheRunThatHoldsItsInstance(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(2)
	c.gateway.NextUpdateAvailable = "" // the proxies alone
	env := at(t, noon, c)
	free := noon.Add(40 * time.Minute)
	c.heldBy(env, free)
	var seen maintenance.Status
	env.RegisterDelayedCallback(func() { seen = status(t, env) }, 20*time.Minute)
	result, err := maintain(t, env, c.input(maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}}))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State)
	require.Equal(t, maintenance.BlockedByInstance, seen.Blocker)
	for _, words := range []string{instanceID, "gateway-sgw-99999999", "campaign tills", "target till-9"} {
		require.Contains(t, seen.Reason, words)
	}
	for effect, when := range c.started {
		require.False(t, when.Before(free), "%s at %s, and the other run held the instance until %s", effect, when, free)
	}
	require.Contains(t, c.started, "upgrade "+proxyIDs[1])
}

// What is held past the window's end is waited for as everything else: in the next window,
// or by the campaign.
func TestInstanceHeldPastTheWindowLeavesTheProxiesForAnotherWindow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		campaign string
		state    maintenance.EndState
	}{
		"a single run goes on in its next window": {"", maintenance.StateCompleted},
		"a campaign's is deferred":                {"tills-2", maintenance.StateDeferred},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(1)
			c.gateway.NextUpdateAvailable = ""
			env := at(t, noon, c)
			c.heldBy(env, noon.Add(24*time.Hour))
			in := c.input(maintenance.Policy{})
			in.Campaign = tc.campaign
			result, err := maintain(t, env, in)
			require.NoError(t, err)
			require.Equal(t, tc.state, result.State, result.Summary)
			if tc.campaign == "" {
				next := noon.Add(7 * 24 * time.Hour)
				require.Equal(t, next, c.started["upgrade "+proxyIDs[0]].UTC())
				return
			}
			require.Empty(t, c.done())
		})
	}
}

// Of two runs that need two instances in opposite order each would hold what the other
// waits for.
func TestRunHoldsNoInstanceWhileItWaitsForAnother(t *testing.T) {
	t.Parallel()
	const other = "fedcba9876543210fedcba9876543210in07"
	c := newCloud().withProxies(2)
	c.gateway.NextUpdateAvailable = ""
	c.proxies[proxyIDs[1]].instance = other
	env := at(t, noon, c)
	free := noon.Add(2 * time.Hour)
	c.heldBy(env, free)
	c.holder.InstanceID = other
	released := map[string]time.Time{}
	env.SetOnChildWorkflowCanceledListener(func(info *workflow.Info) {
		if id := info.WorkflowExecution.ID; released[id].IsZero() {
			released[id] = env.Now()
		}
	})
	in := c.input(maintenance.Policy{})
	in.Target.Proxies[1].InstanceID = other
	result, err := maintain(t, env, in)
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	first := c.started["upgrade "+proxyIDs[0]]
	require.True(t, first.Before(free), "the instance that nobody held is worked on at once, not at %s", first)
	require.False(t, c.started["upgrade "+proxyIDs[1]].Before(free))
	at := released[api.InstanceHoldWorkflowID(instanceID)]
	require.False(t, at.IsZero(), "the instance was kept: %v", released)
	require.True(t, at.After(first) && at.Before(free), "released at %s, of an upgrade at %s", at, first)
}

// A person may take days to say what to do.
func TestHeldRunHoldsNoInstance(t *testing.T) {
	t.Parallel()
	c := rejecting()
	env := at(t, noon, c)
	var released time.Time
	env.SetOnChildWorkflowCanceledListener(func(*workflow.Info) { released = env.Now() })
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		require.True(t, status(t, env).Held)
		require.False(t, released.IsZero(), "it is kept while a person is asked")
		env.UpdateWorkflow(api.AbortUpdate, "abort", answers.accepted(), alice)
	}, 2*time.Hour)
	_, err := maintain(t, env, c.input(holding))
	require.Error(t, err)
}

func TestAbortEndsTheWaitForAnInstance(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(1)
	c.gateway.NextUpdateAvailable = ""
	env := at(t, noon, c)
	c.heldBy(env, noon.Add(24*time.Hour))
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() { env.UpdateWorkflow(api.AbortUpdate, "abort", answers.accepted(), alice) }, 10*time.Minute)
	result, err := maintain(t, env, c.input(maintenance.Policy{}))
	require.Error(t, err)
	require.Equal(t, maintenance.StateFailed, result.State)
	require.Empty(t, c.done())
	require.Less(t, result.End.Sub(noon), 11*time.Minute)
	require.NotContains(t, result.Summary, "canceled")
}
