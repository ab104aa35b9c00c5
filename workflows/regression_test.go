package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// After the update, a wait for the next window must not take the update for news
// at every poll.
func TestSpillToTheNextWindowCostsNoHistory(t *testing.T) {
	t.Parallel()
	c := newCloud().monthly(22).withProxies(2)
	c.volumes = nil
	c.restart = 20 * time.Minute
	env := at(t, the22nd, c)
	result, err := maintain(t, env, c.input(maintenance.Policy{
		WindowLength: maintenance.Duration(15 * time.Minute), Cutoff: new(maintenance.Duration(5 * time.Minute)),
		WindowRecheck: maintenance.Duration(time.Minute),
	}))
	require.NoError(t, err)
	require.Equal(t, the22nd.AddDate(0, 1, 0), result.Window.Start.UTC())
	require.Less(t, env.meter.events, 250)
}

// A proxy that waits for its turn or its window does not start once another one
// has failed, however long that takes.
func TestFailureEndsTheWaitsOfTheOtherProxies(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(3)
	c.gateway.NextUpdateAvailable = ""
	c.proxies[proxyIDs[1]].stuck = true
	in := c.input(maintenance.Policy{
		WindowLength: maintenance.Duration(15 * time.Minute), Cutoff: new(maintenance.Duration(5 * time.Minute)),
	})
	other := []byte(instanceID)
	other[0] = 'f'
	in.Target.Proxies[2].InstanceID = string(other) // a lane of its own,
	c.proxies[proxyIDs[2]].instance = string(other)
	c.proxies[proxyIDs[2]].busy = noon.Add(30 * time.Minute) // which misses this window
	result, err := maintain(t, at(t, noon, c), in)
	require.Error(t, err)
	require.Equal(t, maintenance.ProxyNotStarted, result.Proxies[2].State)
	require.NotContains(t, c.done(), "upgrade "+proxyIDs[2])
	require.Less(t, result.End.Sub(result.Start), 2*time.Hour)
}

// What is put back is what was there when the reads were shifted, not what was
// there when the run started to wait.
func TestWeightsChangedWhileWaitingAreKept(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(1)
	c.gateway.NextUpdateAvailable = ""
	env := at(t, noon.Add(-24*time.Hour), c)
	env.RegisterDelayedCallback(func() {
		c.proxies[proxyIDs[0]].proxy.Routing = maintenance.ProxyRouting{ReadWeights: []maintenance.NodeWeight{{ID: "replica-1", Weight: 700}}}
	}, time.Hour)
	_, err := maintain(t, env, c.input(maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}}))
	require.NoError(t, err)
	require.Equal(t, []string{"mark " + proxyIDs[0], "weights " + proxyIDs[0] + " 0", "upgrade " + proxyIDs[0], "weights " + proxyIDs[0] + " 700", "unmark " + proxyIDs[0]}, c.done())
}

// Weights that could not be put back once are tried again, and a run that a
// person has completed is not quarantined for what has been fixed.
func TestARevertThatFailedIsRepeatedAtTheEnd(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(1)
	c.gateway.NextUpdateAvailable = ""
	c.resist = 1
	result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}}))
	require.Error(t, err, "the step failed")
	require.Equal(t, maintenance.StatePartial, result.State, result.Summary)
	require.Equal(t, maintenance.ProxyUpgraded, result.Proxies[0].State)
	require.Equal(t, []string{"weights " + proxyIDs[0] + " 100", "unmark " + proxyIDs[0]}, c.done()[len(c.done())-2:])
	require.False(t, result.Quarantined)
}

func TestRetriedProxyClearsTheDoubt(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(1)
	c.gateway.NextUpdateAvailable = ""
	c.proxies[proxyIDs[0]].fail = "disk full"
	env := at(t, noon, c)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		c.proxies[proxyIDs[0]].fail = ""
		env.UpdateWorkflow(api.RetryUpdate, "action", answers.accepted(), alice)
	}, time.Hour)
	result, err := maintain(t, env, c.input(holding))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State)
	require.False(t, result.Quarantined)
}

func TestAbortOfAHeldRunKeepsTheFailureInTheRecord(t *testing.T) {
	t.Parallel()
	c := rejecting()
	env := at(t, noon, c)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(api.AbortUpdate, "action", answers.accepted(), alice)
	}, time.Hour)
	result, err := maintain(t, env, c.input(holding))
	require.Error(t, err)
	require.Contains(t, result.Summary, "aborted by alice")
	require.Contains(t, result.Summary, "insufficient subnet ip")
}

// Between a trigger without effect and the next window's second one there is a
// return: the gateway runs as before.
func TestAbortBetweenTwoTriggers(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.noEffect = true
	env := at(t, noon, c)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		require.False(t, status(t, env).PastNoReturn)
		env.UpdateWorkflow(api.AbortUpdate, "action", answers.accepted(), alice)
	}, time.Hour)
	result, err := maintain(t, env, c.input(maintenance.Policy{
		WindowLength: maintenance.Duration(15 * time.Minute), Cutoff: new(maintenance.Duration(5 * time.Minute)),
	}))
	require.Error(t, err)
	require.Equal(t, 1, answers.got)
	require.Equal(t, maintenance.StateFailed, result.State, result.Summary)
	require.Contains(t, result.Summary, "runs 1.0.0 as before")
}

// One refused poll in a month of waiting ends nothing.
func TestRefusedPollWhileWaitingIsNoFailure(t *testing.T) {
	t.Parallel()
	c := newCloud().monthly(20)
	c.refused = the22nd.Add(10 * 24 * time.Hour)
	_, err := maintain(t, at(t, the22nd, c), c.input(maintenance.Policy{}))
	require.NoError(t, err)
}

func TestUpgradeThatIsNotOfferedIsNotSent(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(1)
	c.gateway.NextUpdateAvailable = ""
	c.proxies[proxyIDs[0]].kernel.CanUpgrade = false
	result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{}))
	require.Error(t, err)
	require.Equal(t, maintenance.ProxyRejected, result.Proxies[0].State)
	require.Contains(t, result.Summary, "can_upgrade")
	require.Empty(t, c.done())
}
