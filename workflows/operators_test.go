package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

var alice = api.Action{By: "alice", Why: "CHG-1"}

// holding is a policy that asks when a step has failed.
var holding = maintenance.Policy{OnFailure: maintenance.OnFailureHold, Proxies: maintenance.ProxyPolicy{ShiftReads: true}}

// rejecting is a cloud in which only proxies are behind, and the second of two
// is rejected.
func rejecting() *cloud {
	c := newCloud().withProxies(2)
	c.gateway.NextUpdateAvailable = ""
	c.proxies[proxyIDs[1]].reject = "insufficient subnet ip"
	return c
}

func TestHeldStepIsRetriedSkippedOrAborted(t *testing.T) {
	t.Parallel()
	first := []string{"mark " + proxyIDs[0], "weights " + proxyIDs[0] + " 0", "upgrade " + proxyIDs[0], "weights " + proxyIDs[0] + " 100", "unmark " + proxyIDs[0]}
	turnedDown := []string{"mark " + proxyIDs[1], "weights " + proxyIDs[1] + " 0", "weights " + proxyIDs[1] + " 100", "unmark " + proxyIDs[1]}
	again := []string{"mark " + proxyIDs[1], "weights " + proxyIDs[1] + " 0", "upgrade " + proxyIDs[1], "weights " + proxyIDs[1] + " 100", "unmark " + proxyIDs[1]}
	for name, tc := range map[string]struct {
		action  string
		arrange func(*cloud) // before the action
		state   maintenance.EndState
		effects [][]string
		says    string
	}{
		"retried once the cause is gone": {
			action: api.RetryUpdate, arrange: func(c *cloud) { c.proxies[proxyIDs[1]].reject = "" },
			state: maintenance.StateCompleted, effects: [][]string{first, turnedDown, again},
		},
		"skipped": {
			action: api.SkipUpdate, state: maintenance.StatePartial, effects: [][]string{first, turnedDown},
			says: "was skipped by alice",
		},
		"aborted": {
			action: api.AbortUpdate, state: maintenance.StatePartial, effects: [][]string{first, turnedDown},
			says: "aborted by alice (CHG-1)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := rejecting()
			env := at(t, noon, c)
			answers := &answers{t: t}
			env.RegisterDelayedCallback(func() {
				s := status(t, env)
				require.True(t, s.Held)
				require.Equal(t, maintenance.BlockedByHold, s.Blocker)
				require.Contains(t, s.Reason, "insufficient subnet ip")
				if tc.arrange != nil {
					tc.arrange(c)
				}
				env.UpdateWorkflow(tc.action, "action", answers.accepted(), alice)
			}, time.Hour)
			result, err := maintain(t, env, c.input(holding))
			require.Equal(t, tc.state != maintenance.StateCompleted, err != nil)
			require.Equal(t, tc.state, result.State, result.Summary)
			require.Contains(t, result.Summary, tc.says)
			require.Equal(t, 1, answers.got)
			var want []string
			for _, effects := range tc.effects {
				want = append(want, effects...)
			}
			require.Equal(t, want, c.done())
			require.False(t, result.Quarantined, "a rejected upgrade changed nothing")
		})
	}
}

func TestActionsThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy maintenance.Policy
		after  time.Duration
		action string
		says   string
	}{
		"abort past the point of no return": {after: 2 * time.Minute, action: api.AbortUpdate, says: "point of no return"},
		"retry where nothing is held":       {after: 2 * time.Minute, action: api.RetryUpdate, says: "nothing is held"},
		"skip where nothing is held":        {after: 2 * time.Minute, action: api.SkipUpdate, says: "nothing is held"},
		"approve where none is needed":      {after: 2 * time.Minute, action: api.ApproveUpdate, says: "needs no approval"},
		"skip what all else builds on": {
			policy: maintenance.Policy{OnFailure: maintenance.OnFailureHold, UpdateDeadline: maintenance.Duration(20 * time.Minute)},
			after:  time.Hour, action: api.SkipUpdate, says: "await-running cannot be skipped",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			c.volumes = nil
			held := tc.policy.OnFailure == maintenance.OnFailureHold
			if held {
				c.restart = never
			}
			env := at(t, noon, c)
			answers := &answers{t: t}
			env.RegisterDelayedCallback(func() {
				env.UpdateWorkflow(tc.action, "nameless", answers.rejected("by is required"), api.Action{})
				env.UpdateWorkflow(tc.action, "action", answers.rejected(tc.says), alice)
			}, tc.after)
			env.RegisterDelayedCallback(env.CancelWorkflow, 2*time.Hour)
			_, err := maintain(t, env, c.input(tc.policy))
			require.Equal(t, held, err != nil)
			require.Equal(t, 2, answers.got)
			require.Equal(t, []string{"update " + gatewayID}, c.done())
		})
	}
}

func TestAbortAtEveryWaitLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		start   time.Time
		after   time.Duration
		policy  maintenance.Policy
		effects []string
		state   maintenance.EndState
	}{
		"waiting for an approval":     {start: noon, after: time.Hour, policy: maintenance.Policy{Approval: true}, state: maintenance.StateFailed},
		"waiting for the window":      {start: noon.Add(-72 * time.Hour), after: time.Hour, state: maintenance.StateFailed},
		"recovery point before it":    {start: noon, after: time.Minute, policy: maintenance.Policy{Snapshot: maintenance.SnapshotBefore}, state: maintenance.StateCompensated, effects: []string{"snapshot vol-1122aabb", "delete-snapshot snap-00000001"}},
		"snapshot after the update":   {start: noon, after: 12 * time.Minute, state: maintenance.StatePartial, effects: []string{"update " + gatewayID, "snapshot vol-1122aabb"}},
		"while the canary is at work": {start: noon, after: 19 * time.Minute, state: maintenance.StatePartial, effects: []string{"update " + gatewayID, "snapshot vol-1122aabb", "upgrade " + proxyIDs[0]}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(2)
			c.volumes = c.volumes[:1]
			env := at(t, tc.start, c)
			answers := &answers{t: t}
			env.RegisterDelayedCallback(func() {
				env.UpdateWorkflow(api.AbortUpdate, "action", answers.accepted(), alice)
			}, tc.after)
			result, err := maintain(t, env, c.input(tc.policy))
			require.Error(t, err)
			require.Equal(t, 1, answers.got)
			require.Equal(t, tc.state, result.State, result.Summary)
			require.Contains(t, result.Summary, "aborted by alice")
			require.Equal(t, append([]string{}, tc.effects...), c.done())
			require.Equal(t, api.AbortUpdate, result.Decisions[0].What)
		})
	}
}

// Assess is held like the other steps once it has read the gateway: before that it has not
// resolved the defaults of the plan.
func TestAFailedAssessIsHeldOnceTheGatewayWasRead(t *testing.T) {
	t.Parallel()
	c := rejecting()
	second := c.proxies[proxyIDs[1]]
	second.reject = ""
	delete(c.proxies, proxyIDs[1])
	in := c.input(holding)
	in.Target.Proxies = append(in.Target.Proxies, maintenance.ProxyRef{Account: "prod", InstanceID: instanceID, ProxyID: proxyIDs[1]})
	env := at(t, noon, c)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		s := status(t, env)
		require.True(t, s.Held)
		require.Contains(t, s.Reason, "assess failed: ")
		env.UpdateWorkflow(api.SkipUpdate, "skip", answers.rejected("assess cannot be skipped"), alice)
		c.proxies[proxyIDs[1]] = second
		env.UpdateWorkflow(api.RetryUpdate, "retry", answers.accepted(), alice)
	}, time.Hour)
	result, err := maintain(t, env, in)
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	require.Equal(t, 2, answers.got)
	require.Len(t, result.Proxies, 2)

	unread := newCloud()
	unread.away, unread.awayWith = noon.Add(never), maintenance.ErrDenied
	result, err = maintain(t, at(t, noon, unread), unread.input(holding))
	require.Error(t, err)
	require.Equal(t, maintenance.StateFailed, result.State, result.Summary)
	require.Empty(t, result.Steps[0].Failed, "it was not held")
}
