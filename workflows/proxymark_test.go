package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// leaveReads is what a run leaves that was terminated while the reads of the first proxy
// were moved away.
func (c *cloud) leaveReads(t *testing.T, namespace string) {
	t.Helper()
	p := c.proxies[proxyIDs[0]]
	m := maintenance.NewProxyMark(maintenance.Mark{
		WorkflowID: "gateway-sgw-99999999", RunID: "of-the-terminated", Namespace: namespace, Since: noon.Add(-8 * 24 * time.Hour),
	}, p.proxy.Routing)
	tags, err := m.Tags(proxyIDs[0])
	require.NoError(t, err)
	tags["owner"] = "dba"
	c.instanceTags = tags
	p.proxy.Routing = p.proxy.Routing.Shifted()
}

// proxyAlone is a proxy with nothing to do at the gateway.
func proxyAlone() *cloud {
	c := newCloud().withProxies(1)
	c.gateway.NextUpdateAvailable = ""
	return c
}

func TestReadsThatARunLeftAreRestoredByTheNextOne(t *testing.T) {
	t.Parallel()
	mark, unmark := "mark "+proxyIDs[0], "unmark "+proxyIDs[0]
	upgrade, restore := "upgrade "+proxyIDs[0], "weights "+proxyIDs[0]+" 100"
	shift := maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}}
	current := func(c *cloud) { c.proxies[proxyIDs[0]].kernel.Current = "2.24.03.000" }
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		policy  maintenance.Policy
		effects []string
		weight  int // when all is done
		ledger  string
		note    string // of the step
	}{
		"after the upgrade where the plan moves reads": {
			policy: shift, effects: []string{mark, upgrade, restore, unmark}, weight: 100, ledger: "left at primary 0, replicas 0 by run gateway-sgw-99999999",
		},
		"before the upgrade where it does not": {
			effects: []string{restore, unmark, upgrade}, weight: 100, ledger: "of-the-terminated",
		},
		"though the proxy is up to date": {
			arrange: current, policy: shift, effects: []string{restore, unmark}, weight: 100, ledger: "of-the-terminated",
			note: "0 upgraded; of 1 more the read weights that a run had left were settled",
		},
		"not where the owner has set them since": {
			arrange: func(c *cloud) { c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].Weight = 70 },
			effects: []string{unmark, upgrade}, weight: 70, ledger: "they stay primary 0, replicas 70",
		},
		"nor where the proxy is up to date besides": {
			arrange: func(c *cloud) { current(c); c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].Weight = 70 },
			effects: []string{unmark}, weight: 70, ledger: "mark on read weights",
		},
		"though answers are lost": {
			arrange: func(c *cloud) { c.lose["mark"], c.lose["unmark"], c.lose["weights"] = 1, 2, 1 },
			policy:  shift, effects: []string{mark, upgrade, restore, unmark}, weight: 100, ledger: "of-the-terminated",
		},
		"though there is no room for a mark of its own": {
			arrange: func(c *cloud) { c.marking = fmt.Errorf("tag the instance: %w: 20 tags", maintenance.ErrInvalid) },
			policy:  shift, effects: []string{restore, unmark, upgrade}, weight: 100, ledger: "of-the-terminated",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := proxyAlone()
			c.leaveReads(t, testNamespace)
			if tc.arrange != nil {
				tc.arrange(c)
			}
			result, err := maintain(t, at(t, noon, c), c.input(tc.policy))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.Equal(t, tc.effects, c.done())
			require.Equal(t, tc.weight, c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].Weight)
			require.Equal(t, map[string]string{"owner": "dba"}, c.instanceTags)
			require.Contains(t, result.Ledger[0].What+result.Ledger[0].Undo, tc.ledger)
			require.Equal(t, maintenance.ChangeTakenBack, result.Ledger[0].State)
			require.Contains(t, result.Steps[5].Note, tc.note)
		})
	}
}

func TestReadsThatMayBeSomebodysAreLeftAlone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		says    []string
	}{
		"of another namespace": {
			arrange: func(c *cloud) { c.leaveReads(t, "elsewhere") },
			says:    []string{"namespace elsewhere", "of-the-terminated", "remove the tag tg0-" + proxyIDs[0][:32]},
		},
		"of a run in progress that does not hold the instance": {
			arrange: func(c *cloud) { c.leaveReads(t, testNamespace); c.inProgress = "gateway-sgw-99999999" },
			says:    []string{"held at primary 0, replicas 0", "of-the-terminated"},
		},
		"that cannot be read": {
			arrange: func(c *cloud) { c.instanceTags = map[string]string{"tg1-" + proxyIDs[0][:32]: "by-ann"} },
			says:    []string{"tg1-" + proxyIDs[0][:32], proxyIDs[0], "remove the tags"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := proxyAlone()
			tc.arrange(c)
			before := fmt.Sprint(c.instanceTags)
			result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}}))
			require.Error(t, err)
			require.Equal(t, maintenance.StateFailed, result.State)
			require.False(t, result.Quarantined)
			for _, words := range tc.says {
				require.Contains(t, result.Summary, words)
			}
			require.Empty(t, c.done())
			require.Equal(t, before, fmt.Sprint(c.instanceTags))
		})
	}
}

func TestWithoutRoomForAMarkReadsAreNotMoved(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		says    string
	}{
		"nineteen tags": {
			arrange: func(c *cloud) {
				c.instanceTags = map[string]string{}
				for i := range maintenance.MaxInstanceTags - 1 {
					c.instanceTags[fmt.Sprint(i)] = ""
				}
			},
			says: "it has 19 tags, TaurusDB allows 20",
		},
		"tagging is not permitted": {
			arrange: func(c *cloud) { c.marking = fmt.Errorf("tag the instance: %w", maintenance.ErrDenied) },
			says:    "refused for lack of permission",
		},
		"reads are balanced by load": {
			arrange: func(c *cloud) { c.proxies[proxyIDs[0]].proxy.Routing.Mode = 1 },
			says:    "route mode 1, which has no weights",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := proxyAlone()
			tc.arrange(c)
			result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}}))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.Equal(t, []string{"upgrade " + proxyIDs[0]}, c.done())
			require.Contains(t, result.Proxies[0].Note, "its reads stay where they are")
			require.Contains(t, result.Proxies[0].Note, tc.says)
		})
	}
}

// A leftover that cannot be restored is not walked past.
func TestReadsThatCannotBeRestoredEndTheRun(t *testing.T) {
	t.Parallel()
	c := proxyAlone()
	c.leaveReads(t, testNamespace)
	c.resist = 1 << 30
	result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{}))
	require.Error(t, err)
	require.Equal(t, maintenance.StateCompensationFailed, result.State, result.Summary)
	require.Empty(t, c.done())
	require.NotEmpty(t, maintenance.ProxyMarkKeys(proxyIDs[0], c.instanceTags))
	require.True(t, result.Quarantined)
}

// A proxy whose reads a run has left at the primary is not up to date, though it runs its
// version; one that has no room for a mark is told of beforehand.
func TestACampaignRestoresTheReadsThatARunLeft(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	c := s.gateways[0]
	c.gateway.NextUpdateAvailable = ""
	c.withProxies(2)
	for _, id := range proxyIDs[:2] {
		c.proxies[id].kernel.Current = "2.24.03.000"
	}
	c.leaveReads(t, testNamespace)
	p := s.plan()
	for _, id := range proxyIDs[:2] {
		p.Targets[0].Proxies = append(p.Targets[0].Proxies, maintenance.ProxyRef{Account: "prod", InstanceID: instanceID, ProxyID: id})
	}
	p.Policy.Proxies.ShiftReads = true
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(func() { require.Contains(t, rows(t, env)[0].Note, "left at primary 0, replicas 0") }, 30*time.Minute)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 1, Current: 1}, result.Counts)
	require.Equal(t, []string{"weights " + proxyIDs[0] + " 100", "unmark " + proxyIDs[0]}, c.done())
	require.Equal(t, map[string]string{"owner": "dba"}, c.instanceTags)
	require.False(t, c.started["weights "+proxyIDs[0]+" 100"].Before(noon), "outside the window")
}

func TestExamineFindsTheReadsThatARunLeft(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	c := s.gateways[0].withProxies(2)
	c.leaveReads(t, testNamespace)
	c.instanceTags["tg1-"+proxyIDs[1][:32]] = "by-ann"
	env := under(t, noon, s)
	env.ExecuteWorkflow(api.ExamineName, api.ExamineInput{Probes: []api.Probe{{Account: "prod", Huawei: true, Instance: instanceID}}})
	var out api.ExamineOutput
	require.NoError(t, env.GetWorkflowResult(&out))
	require.Len(t, out.Probes[0].Marks, 1)
	require.Equal(t, maintenance.MarkLeft, out.Probes[0].Marks[0].Standing)
	require.Len(t, out.Probes[0].Unmarked, 1)
	require.Contains(t, out.Probes[0].Unmarked[0], "tg1-")
}
