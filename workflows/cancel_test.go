package workflows_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// A cancelled run leaves nothing behind, and watches to its end what it has
// set going.
func TestCancelAtEveryWait(t *testing.T) {
	t.Parallel()
	hold := maintenance.Policy{
		AutomaticUpdates: maintenance.AutomaticUpdatesHold,
		Proxies:          maintenance.ProxyPolicy{ShiftReads: true},
	}
	asking := hold
	asking.Approval = true
	held := []string{marks, "automatic-updates EMERGENCY_VERSIONS_ONLY"}
	restored := []string{"automatic-updates ALL_VERSIONS", unmarks}
	for name, tc := range map[string]struct {
		policy  maintenance.Policy
		start   time.Time
		once    string        // the effect after which the run is cancelled; its start where empty
		after   time.Duration // that effect
		arrange func(*cloud)
		state   maintenance.EndState
		effects []string // between holding and restoring the automatic updates
	}{
		"waiting for an approval": {policy: asking, start: noon, after: time.Hour, state: maintenance.StateCompensated},
		"waiting for the window": {
			policy: hold, start: noon.Add(-3 * 24 * time.Hour), after: 2 * 24 * time.Hour, state: maintenance.StateCompensated,
		},
		"waiting for the window, under a day": {
			policy: hold, start: noon.Add(-time.Hour), after: 30 * time.Minute, state: maintenance.StateCompensated,
		},
		"just triggered": {
			policy: hold, start: noon, once: "update " + gatewayID, after: 10 * time.Second, state: maintenance.StatePartial,
			effects: []string{"update " + gatewayID},
		},
		"while the gateway restarts": {
			policy: hold, start: noon, once: "update " + gatewayID, after: 2 * time.Minute, state: maintenance.StatePartial,
			effects: []string{"update " + gatewayID},
		},
		"while the snapshot is pending": {
			policy: hold, start: noon, once: "snapshot vol-1122aabb", after: 4 * time.Minute, state: maintenance.StatePartial,
			effects: []string{"update " + gatewayID, "snapshot vol-1122aabb", "delete-snapshot snap-00000001"},
		},
		"before EC2 shows the snapshot": {
			policy: hold, start: noon, once: "snapshot vol-1122aabb", after: time.Minute, state: maintenance.StatePartial,
			arrange: func(c *cloud) { c.unseen = 3 * time.Minute },
			effects: []string{"update " + gatewayID, "snapshot vol-1122aabb", "delete-snapshot snap-00000001"},
		},
		"while the second proxy's reads are shifted": {
			policy: hold, start: noon, once: "weights " + proxyIDs[1] + " 0", state: maintenance.StatePartial,
			arrange: func(c *cloud) { c.volumes = nil; c.restart = 12 * time.Minute },
			effects: []string{
				"update " + gatewayID, "mark " + proxyIDs[0], "weights " + proxyIDs[0] + " 0", "upgrade " + proxyIDs[0], "weights " + proxyIDs[0] + " 100", "unmark " + proxyIDs[0],
				"mark " + proxyIDs[1], "weights " + proxyIDs[1] + " 0", "weights " + proxyIDs[1] + " 100", "unmark " + proxyIDs[1],
			},
		},
		"while the first proxy is upgraded": {
			policy: hold, start: noon, once: "upgrade " + proxyIDs[0], after: time.Minute, state: maintenance.StatePartial,
			arrange: func(c *cloud) { c.volumes = nil; c.restart = 12 * time.Minute },
			effects: []string{
				"update " + gatewayID, "mark " + proxyIDs[0], "weights " + proxyIDs[0] + " 0", "upgrade " + proxyIDs[0], "weights " + proxyIDs[0] + " 100", "unmark " + proxyIDs[0],
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(2)
			c.volumes = c.volumes[:1]
			if tc.arrange != nil {
				tc.arrange(c)
			}
			env := at(t, tc.start, c)
			env.when(func() bool { return tc.once == "" || slices.Contains(c.done(), tc.once) }, func() {
				env.RegisterDelayedCallback(env.CancelWorkflow, tc.after)
			})
			result, err := maintain(t, env, c.input(tc.policy))
			var cancelled *temporal.CanceledError
			require.ErrorAs(t, err, &cancelled)
			require.Equal(t, tc.state, result.State, result.Summary)
			require.Contains(t, result.Summary, "cancelled")
			want := slices.Concat(held, tc.effects, restored)
			require.Equal(t, want, c.done())
			require.Empty(t, c.tags)
			if c.triggered.IsZero() {
				return
			}
			require.Equal(t, "2.0.0", result.Gateway.After.SoftwareVersion, "the update was not watched to its end")
		})
	}
}

// A change that is cancelled waits for the end of its attempt, and Temporal repeats none then. So the error of an
// attempt that sent nothing is no failure: the run ends as cancelled.
func TestACancelWhileAChangeIsThrottled(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]maintenance.Policy{
		"HoldAutomaticUpdates": {AutomaticUpdates: maintenance.AutomaticUpdatesHold},
		"CreateSnapshot":       {},
		"MarkProxy":            {Proxies: maintenance.ProxyPolicy{ShiftReads: true}},
		"SetReadWeights":       {Proxies: maintenance.ProxyPolicy{ShiftReads: true}},
		"UpgradeProxy":         {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(1)
			env := at(t, noon, c)
			env.meter.cancelled = map[string]error{name: temporal.NewApplicationError("Rate exceeded", names.TypeThrottled)}
			env.when(func() bool { return env.meter.inFlight }, env.CancelWorkflow)
			result, err := maintain(t, env, c.input(policy))
			var cancelled *temporal.CanceledError
			require.ErrorAs(t, err, &cancelled, result.Summary)
			require.NotContains(t, result.Summary, "Rate exceeded")
			require.NotContains(t, c.done(), "upgrade "+proxyIDs[0])
			for _, p := range result.Proxies {
				require.NotEqual(t, maintenance.ProxyFailed, p.State)
			}
		})
	}
}
