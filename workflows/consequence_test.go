package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// firstBytes are those that the tightest place keeps: a target's note in its campaign.
const firstBytes = 400

// What it means that a run ended so, and what to do, stands before what the cloud said,
// and within what the tightest place shows.
func TestTheConsequenceStandsBeforeTheCloudsWords(t *testing.T) {
	t.Parallel()
	words := ": " + strings.Repeat("CLOUD ", 5000/len("CLOUD "))
	const quarantined = gatewayID + " is quarantined ("
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		policy  maintenance.Policy
		proxies int
		abort   bool // by a person, while the step is held
		state   maintenance.EndState
		says    []string
	}{
		"nothing was changed": {
			arrange: func(c *cloud) { c.away = noon.Add(never) },
			state:   maintenance.StateFailed,
			says:    []string{"Nothing was changed."},
		},
		"the gateway does not come back": {
			arrange: func(c *cloud) { c.restart = never },
			state:   maintenance.StatePartial,
			says:    []string{quarantined, "inspect it, then release it; until then no run touches it.", "upgrades only go forward", "Now: the update of " + gatewayID + " was triggered"},
		},
		"aborted while held": {
			arrange: func(c *cloud) { c.restart = never },
			policy:  maintenance.Policy{OnFailure: maintenance.OnFailureHold},
			abort:   true,
			state:   maintenance.StatePartial,
			says:    []string{quarantined, "inspect it, then release it; until then no run touches it.", "upgrades only go forward"},
		},
		"the first proxy is rejected": {
			arrange: func(c *cloud) { c.gateway.NextUpdateAvailable = ""; c.proxies[proxyIDs[0]].reject = "no address" },
			policy:  maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}},
			proxies: 2,
			state:   maintenance.StateCompensated,
			says:    []string{"Every change that can be reverted was reverted.", "proxies rejected: 1"},
		},
		"a proxy's job failed": {
			arrange: func(c *cloud) {
				c.gateway.NextUpdateAvailable = ""
				c.proxies[proxyIDs[1]].fail = "disk full" + c.words
			},
			proxies: 2,
			state:   maintenance.StatePartial,
			says:    []string{quarantined, "inspect it, then release it; until then no run touches it.", "upgrades only go forward"},
		},
		"the weights cannot be put back": {
			arrange: func(c *cloud) { c.gateway.NextUpdateAvailable = ""; c.resist = 1000 },
			policy:  maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}},
			proxies: 1,
			state:   maintenance.StateCompensationFailed,
			says:    []string{quarantined, "A change could not be reverted: see the ledger, and revert it by hand."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(tc.proxies)
			c.volumes, c.words = nil, words
			tc.arrange(c)
			env := at(t, noon, c)
			if tc.abort {
				env.RegisterDelayedCallback(func() {
					require.True(t, status(t, env).Held)
					env.UpdateWorkflow(api.AbortUpdate, "abort", (&answers{t: t}).accepted(), alice)
				}, 12*time.Hour)
			}
			result, err := maintain(t, env, c.input(tc.policy))
			require.Error(t, err)
			require.Equal(t, tc.state, result.State, result.Summary)
			require.Contains(t, result.Summary, "CLOUD", "the cloud is quoted")
			first, _, _ := strings.Cut(result.Summary[:firstBytes], "CLOUD")
			for _, says := range tc.says {
				require.Contains(t, first, says)
			}
			shown := details(t, env)
			require.Contains(t, strings.ReplaceAll(shown, `\`, ""), tc.says[0])
		})
	}
}
