package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestOpenWindowDoesTheWholeMaintenance(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(3)
	result, err := maintain(t, at(t, noon.Add(time.Minute), c), c.input(maintenance.Policy{}))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State)
	require.Equal(t, []string{
		"assess: done", "wait: done", "update: done", "await-running: done", "snapshot: done", "upgrade-proxies: done", "verify: done",
	}, notes(result))
	require.ElementsMatch(t, []string{
		"update " + gatewayID, "snapshot vol-1122aabb", "snapshot vol-3344ccdd",
		"upgrade " + proxyIDs[0], "upgrade " + proxyIDs[1], "upgrade " + proxyIDs[2],
	}, c.done())
	require.Equal(t, "update "+gatewayID, c.done()[0])
	require.Equal(t, "2.0.0", result.Gateway.After.SoftwareVersion)
	require.Equal(t, maintenance.CauseTidegate, result.Gateway.Cause)
	require.Equal(t, noon, result.Window.Start.UTC())
	require.Positive(t, result.Margin.Std())
	for _, s := range result.Snapshots {
		require.True(t, s.Completed)
	}
}

// Every step succeeds, and what is there at the end is something else.
func TestVerifyHoldsTheRunToWhatItReported(t *testing.T) {
	t.Parallel()
	proved := func(n int) bool { return n <= 4 } // the polls that prove the update, before verify's
	policy := maintenance.Policy{Snapshot: maintenance.SnapshotBoth}
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		says    string
	}{
		"the version is lower than before": {
			func(c *cloud) { c.updated = func(g *maintenance.Gateway, _ int) { g.SoftwareVersion = "0.9.9" } },
			"runs 0.9.9, which is older than 1.0.0 before the update",
		},
		"the old version is back": {
			func(c *cloud) {
				c.updated = func(g *maintenance.Gateway, n int) {
					if !proved(n) {
						g.SoftwareVersion = "1.0.0"
					}
				}
			},
			"runs 1.0.0 again, as before the update; it ran 2.0.0 after it",
		},
		"another, older version than the one that was proved": {
			func(c *cloud) {
				c.updated = func(g *maintenance.Gateway, n int) {
					if !proved(n) {
						g.SoftwareVersion = "1.5.0"
					}
				}
			},
			"runs 1.5.0, and ran 2.0.0 after the update",
		},
		"no version at all": {
			func(c *cloud) { c.updated = func(g *maintenance.Gateway, _ int) { g.SoftwareVersion = "" } },
			"reports no software version, and ran 1.0.0",
		},
		"the same version, and the same update still on offer": {
			func(c *cloud) {
				c.updated = func(g *maintenance.Gateway, _ int) {
					g.SoftwareVersion, g.NextUpdateAvailable = "1.0.0", c.gateway.NextUpdateAvailable
				}
			},
			"AWS still offers the same update",
		},
		"a volume is gone":         {func(c *cloud) { c.gone = 1 }, "volume vol-1122aabb is not listed any more"},
		"all volumes are gone":     {func(c *cloud) { c.gone = 2 }, "volume vol-3344ccdd is not listed any more"},
		"a volume is not attached": {func(c *cloud) { c.dropped = 1 }, "volume vol-1122aabb is DETACHED, and was AVAILABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			tc.arrange(c)
			result, err := maintain(t, at(t, noon, c), c.input(policy))
			require.Error(t, err)
			require.Equal(t, maintenance.StateVerificationFailed, result.State, result.Summary)
			require.Contains(t, result.Summary, tc.says)
			require.Contains(t, result.Summary, "inspect it by hand")
			require.True(t, result.Quarantined, "no later run touches what nobody understands")
		})
	}
}

// An update that changes the date and not the version is one, where AWS offers it no more.
func TestAnUpdateThatKeepsTheVersionIsReported(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.updated = func(g *maintenance.Gateway, _ int) { g.SoftwareVersion = "1.0.0" }
	result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{}))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State)
	require.Contains(t, result.Summary, "runs 1.0.0 as before, and AWS dates its last update "+c.triggered.UTC().Format("2006-01-02T"))
}

func TestWeightsAndPolicyAreVerified(t *testing.T) {
	t.Parallel()
	policy := maintenance.Policy{AutomaticUpdates: maintenance.AutomaticUpdatesHold, Proxies: maintenance.ProxyPolicy{ShiftReads: true}}
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		says    string
	}{
		"someone moved the reads again": {
			func(c *cloud) { c.meddle = func() { c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].Weight = 7 } },
			"does not have the read weights that were restored",
		},
		"someone held automatic updates again": {
			func(c *cloud) { c.meddle = func() { c.schedule.AutomaticUpdates = maintenance.EmergencyVersionsOnly } },
			"automatic updates are EMERGENCY_VERSIONS_ONLY, and were ALL_VERSIONS before the run",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(1)
			tc.arrange(c)
			result, err := maintain(t, at(t, noon, c), c.input(policy))
			require.Error(t, err)
			require.Equal(t, maintenance.StateVerificationFailed, result.State, result.Summary)
			require.Contains(t, result.Summary, tc.says)
		})
	}
}

func TestMaintenanceOutcomes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		policy  maintenance.Policy
		proxies int
		state   maintenance.EndState
		effects []string
		says    string // in the summary
	}{
		"no update on offer, nothing is done": {
			arrange: func(c *cloud) { c.gateway.NextUpdateAvailable = "" },
			state:   maintenance.StateCompleted,
			says:    "runs 1.0.0 as before",
		},
		"AWS took the offer back between assess and trigger": {
			arrange: func(c *cloud) { c.noEffect, c.withdraw = true, true },
			state:   maintenance.StateCompleted,
			effects: []string{"trigger-without-effect " + gatewayID},
			says:    "runs 1.0.0 as before",
		},
		"a 200 without effect is triggered once more and then given up": {
			arrange: func(c *cloud) { c.noEffect = true },
			state:   maintenance.StateFailed,
			effects: []string{"trigger-without-effect " + gatewayID, "trigger-without-effect " + gatewayID},
			says:    "Nothing was changed",
		},
		"an update that shows between the first trigger and a second one counts": {
			arrange: func(c *cloud) {
				c.noEffect, c.volumes = true, c.volumes[:1]
				c.onRead = func(n int) { // the second reading is the one before the second trigger
					if n == 2 {
						c.awsAt = c.now().Add(-time.Hour)
					}
				}
			},
			state:   maintenance.StateCompleted,
			effects: []string{"trigger-without-effect " + gatewayID, "snapshot vol-1122aabb"},
			says:    "runs 2.0.0 (was 1.0.0)",
		},
		"a gateway that never comes back is triggered once": {
			arrange: func(c *cloud) { c.restart = never },
			state:   maintenance.StatePartial,
			effects: []string{"update " + gatewayID},
			says:    "not connected",
		},
		"a restart that takes longer than updateStart is not triggered again": {
			arrange: func(c *cloud) { c.restart, c.stale, c.volumes = 20*time.Minute, 10*time.Minute, nil },
			state:   maintenance.StateCompleted,
			effects: []string{"update " + gatewayID},
		},
		"a snapshot that stays pending is deleted": {
			arrange: func(c *cloud) { c.pending = never; c.volumes = c.volumes[:1] },
			state:   maintenance.StatePartial,
			effects: []string{"update " + gatewayID, "snapshot vol-1122aabb", "delete-snapshot snap-00000001"},
			says:    "timed out",
		},
		"finished snapshots of a failed run are deleted where the policy says so": {
			arrange: func(c *cloud) {
				c.volumes = c.volumes[:1]
				c.proxies[proxyIDs[0]].reject = "no"
			},
			policy:  maintenance.Policy{FailedSnapshots: maintenance.FailedSnapshotsDelete},
			proxies: 1,
			state:   maintenance.StatePartial,
			effects: []string{"update " + gatewayID, "snapshot vol-1122aabb", "delete-snapshot snap-00000001"},
			says:    "snapshots deleted: 1",
		},
		"without a recovery point before it the update is refused": {
			arrange: func(c *cloud) { c.pending = never; c.volumes = c.volumes[:1] },
			policy:  maintenance.Policy{Snapshot: maintenance.SnapshotBefore},
			state:   maintenance.StateCompensated,
			effects: []string{"snapshot vol-1122aabb", "delete-snapshot snap-00000001"},
			says:    "refused",
		},
		"recovery points on both sides": {
			arrange: func(c *cloud) { c.volumes = c.volumes[:1] },
			policy:  maintenance.Policy{Snapshot: maintenance.SnapshotBoth},
			state:   maintenance.StateCompleted,
			effects: []string{"snapshot vol-1122aabb", "update " + gatewayID, "snapshot vol-1122aabb"},
		},
		"the trigger's answer is lost and the update is not sent twice": {
			arrange: func(c *cloud) { c.lose["update"] = 1; c.volumes = nil },
			state:   maintenance.StateCompleted,
			effects: []string{"update " + gatewayID},
		},
		"the trigger is lost before it was done and sent again": {
			arrange: func(c *cloud) { c.refuse["update"] = 1; c.volumes = nil },
			state:   maintenance.StateCompleted,
			effects: []string{"update " + gatewayID},
		},
		"the trigger is lost twice before it was done and sent again": {
			arrange: func(c *cloud) { c.refuse["update"] = 2; c.volumes = nil },
			state:   maintenance.StateCompleted,
			effects: []string{"update " + gatewayID},
		},
		"a trigger that is always lost is given up": {
			arrange: func(c *cloud) { c.refuse["update"] = 100 },
			state:   maintenance.StateFailed,
			says:    "Nothing was changed",
		},
		"a snapshot's answer is lost and it is adopted": {
			arrange: func(c *cloud) { c.lose["snapshot"] = 1; c.volumes = c.volumes[:1] },
			state:   maintenance.StateCompleted,
			effects: []string{"update " + gatewayID, "snapshot vol-1122aabb"},
		},
		"a snapshot is lost before it was made and made again": {
			arrange: func(c *cloud) { c.refuse["snapshot"] = 1; c.volumes = c.volumes[:1] },
			state:   maintenance.StateCompleted,
			effects: []string{"update " + gatewayID, "snapshot vol-1122aabb"},
		},
		"a snapshot whose answer is lost is not forgotten if it cannot be searched for": {
			arrange: func(c *cloud) {
				c.lose["snapshot"], c.blind["snapshot"], c.pending, c.volumes = 1, 1, never, c.volumes[:1]
			},
			state:   maintenance.StatePartial,
			effects: []string{"update " + gatewayID, "snapshot vol-1122aabb", "delete-snapshot snap-00000001"},
			says:    "could not be found out",
		},
		"a detached volume is left alone": {
			arrange: func(c *cloud) { c.volumes[1].Status = "DETACHED" },
			state:   maintenance.StateCompleted,
			effects: []string{"update " + gatewayID, "snapshot vol-1122aabb"},
		},
		"automatic updates are held and put back": {
			arrange: func(c *cloud) { c.volumes = nil },
			policy:  maintenance.Policy{AutomaticUpdates: maintenance.AutomaticUpdatesHold},
			state:   maintenance.StateCompleted,
			effects: []string{marks, "automatic-updates EMERGENCY_VERSIONS_ONLY", "update " + gatewayID, "automatic-updates ALL_VERSIONS", unmarks},
		},
		"a file gateway has nothing to snapshot": {
			arrange: func(c *cloud) { c.gateway.Type = "FILE_S3" },
			state:   maintenance.StateCompleted,
			effects: []string{"update " + gatewayID},
		},
		"one proxy of three rejected stops the fan-out and puts its weights back": {
			arrange: func(c *cloud) {
				c.gateway.NextUpdateAvailable = ""
				c.proxies[proxyIDs[1]].reject = "Upgrade failed due to insufficient subnet ip"
			},
			policy:  maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}},
			proxies: 3,
			state:   maintenance.StatePartial,
			effects: []string{
				"mark " + proxyIDs[0], "weights " + proxyIDs[0] + " 0", "upgrade " + proxyIDs[0], "weights " + proxyIDs[0] + " 100", "unmark " + proxyIDs[0],
				"mark " + proxyIDs[1], "weights " + proxyIDs[1] + " 0", "weights " + proxyIDs[1] + " 100", "unmark " + proxyIDs[1],
			},
			says: "insufficient subnet ip",
		},
		"the canary rejected: nothing but its weights was touched": {
			arrange: func(c *cloud) {
				c.gateway.NextUpdateAvailable = ""
				c.proxies[proxyIDs[0]].reject = "Upgrade failed due to insufficient subnet ip"
			},
			policy:  maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}},
			proxies: 2,
			state:   maintenance.StateCompensated,
			effects: []string{"mark " + proxyIDs[0], "weights " + proxyIDs[0] + " 0", "weights " + proxyIDs[0] + " 100", "unmark " + proxyIDs[0]},
			says:    "proxies not started: 1",
		},
		"a proxy's job failed": {
			arrange: func(c *cloud) { c.gateway.NextUpdateAvailable = ""; c.proxies[proxyIDs[1]].fail = "disk full" },
			proxies: 3,
			state:   maintenance.StatePartial,
			effects: []string{"upgrade " + proxyIDs[0], "upgrade " + proxyIDs[1]},
			says:    "disk full",
		},
		"a proxy that is stuck runs out of time": {
			arrange: func(c *cloud) { c.gateway.NextUpdateAvailable = ""; c.proxies[proxyIDs[0]].stuck = true },
			proxies: 1,
			state:   maintenance.StatePartial,
			effects: []string{"upgrade " + proxyIDs[0]},
			says:    "timed out",
		},
		"a proxy that is abnormal after its upgrade is restarted once": {
			arrange: func(c *cloud) { c.gateway.NextUpdateAvailable = ""; c.proxies[proxyIDs[0]].abnormal = true },
			proxies: 1,
			state:   maintenance.StateCompleted,
			effects: []string{"upgrade " + proxyIDs[0], "restart " + proxyIDs[0]},
		},
		"a restart that was lost before it was done is sent again": {
			arrange: func(c *cloud) {
				c.gateway.NextUpdateAvailable, c.proxies[proxyIDs[0]].abnormal, c.refuse["restart"] = "", true, 1
			},
			proxies: 1,
			state:   maintenance.StateCompleted,
			effects: []string{"upgrade " + proxyIDs[0], "restart " + proxyIDs[0]},
		},
		"a restart whose answer is lost is not sent twice": {
			arrange: func(c *cloud) {
				c.gateway.NextUpdateAvailable, c.proxies[proxyIDs[0]].abnormal, c.lose["restart"] = "", true, 1
			},
			proxies: 1,
			state:   maintenance.StateCompleted,
			effects: []string{"upgrade " + proxyIDs[0], "restart " + proxyIDs[0]},
		},
		"a proxy upgrade whose answer is lost is not denied if it cannot be searched for": {
			arrange: func(c *cloud) {
				c.gateway.NextUpdateAvailable, c.lose["upgrade"], c.blind["upgrade"] = "", 1, 1
			},
			proxies: 1,
			state:   maintenance.StatePartial,
			effects: []string{"upgrade " + proxyIDs[0]},
			says:    "could not be found out",
		},
		"a proxy upgrade's answer is lost and it is not sent twice": {
			arrange: func(c *cloud) { c.gateway.NextUpdateAvailable = ""; c.lose["upgrade"] = 1 },
			proxies: 1,
			state:   maintenance.StateCompleted,
			effects: []string{"upgrade " + proxyIDs[0]},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(tc.proxies)
			tc.arrange(c)
			result, err := maintain(t, at(t, noon.Add(time.Minute), c), c.input(tc.policy))
			require.Equal(t, tc.state, result.State, result.Summary)
			require.Equal(t, tc.state != maintenance.StateCompleted, err != nil)
			require.Equal(t, append([]string{}, tc.effects...), c.done())
			require.Contains(t, result.Summary, tc.says)
		})
	}
}

func TestUnknownGatewayFailsAndTouchesNothing(t *testing.T) {
	t.Parallel()
	c := newCloud()
	in := c.input(maintenance.Policy{})
	in.Target.Gateway.ARN = "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-DEADBEEF"
	result, err := maintain(t, at(t, noon, c), in)
	require.Error(t, err)
	require.Equal(t, maintenance.StateFailed, result.State)
	require.Contains(t, result.Summary, "not known to the cloud")
	require.Contains(t, result.Summary, "Nothing was changed")
	require.Empty(t, c.done())
}

func TestWrongInputNamesEveryField(t *testing.T) {
	t.Parallel()
	c := newCloud()
	in := c.input(maintenance.Policy{Snapshot: "sometimes"})
	in.Target.Name = "Payments 1"
	result, err := maintain(t, at(t, noon, c), in)
	require.Error(t, err)
	require.Equal(t, maintenance.StateFailed, result.State)
	require.Contains(t, result.Summary, "policy.snapshot")
	require.Contains(t, result.Summary, "target.name")
}
