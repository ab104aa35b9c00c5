package workflows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// testNamespace is that of the SDK's test environment.
const testNamespace = "default-test-namespace"

// leave is what a run leaves that was terminated while it held automatic updates.
func (c *cloud) leave(t *testing.T, namespace string) {
	t.Helper()
	m := maintenance.PolicyMark{
		Mark:  maintenance.Mark{WorkflowID: "gateway-" + gatewayID, RunID: "of-the-terminated", Namespace: namespace, Since: noon.Add(-8 * 24 * time.Hour)},
		Owner: maintenance.AllVersions, Set: maintenance.EmergencyVersionsOnly,
	}
	value, err := m.Value()
	require.NoError(t, err)
	c.tags = map[string]string{"owner": "storage", maintenance.AutomaticUpdatesTag: value}
	c.schedule.AutomaticUpdates = maintenance.EmergencyVersionsOnly
}

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

// setting is one that a run changes for a while, and marks.
type setting struct {
	cloud  func() *cloud // with nothing else to do than its effects
	leave  func(c *cloud, t *testing.T, namespace string)
	change maintenance.Policy // has a run change it
	tags   func(c *cloud) map[string]string
	now    func(c *cloud) string
}

// automaticUpdates are the gateway's, which a run holds.
func automaticUpdates() setting {
	return setting{
		cloud: func() *cloud {
			c := newCloud()
			c.volumes = c.volumes[:1]
			return c
		},
		leave: (*cloud).leave, change: maintenance.Policy{AutomaticUpdates: maintenance.AutomaticUpdatesHold},
		tags: func(c *cloud) map[string]string { return c.tags },
		now:  func(c *cloud) string { return string(c.schedule.AutomaticUpdates) },
	}
}

// readWeights are a proxy's, which a run moves to the primary.
func readWeights() setting {
	return setting{
		cloud: proxyAlone,
		leave: (*cloud).leaveReads, change: maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}},
		tags: func(c *cloud) map[string]string { return c.instanceTags },
		now:  func(c *cloud) string { return fmt.Sprint(c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].Weight) },
	}
}

func TestWhatARunLeftIsRestoredByTheNextOne(t *testing.T) {
	t.Parallel()
	const restores, holds = "automatic-updates ALL_VERSIONS", "automatic-updates EMERGENCY_VERSIONS_ONLY"
	update := []string{"update " + gatewayID, "snapshot vol-1122aabb"}
	mark, unmark := "mark "+proxyIDs[0], "unmark "+proxyIDs[0]
	upgrade, restore := "upgrade "+proxyIDs[0], "weights "+proxyIDs[0]+" 100"
	current := func(c *cloud) { c.proxies[proxyIDs[0]].kernel.Current = "2.24.03.000" }
	updates, reads := automaticUpdates(), readWeights()
	for name, tc := range map[string]struct {
		of      setting
		arrange func(*cloud)
		change  bool // the next run changes it too
		effects []string
		now     string // when all is done
		note    string // of the step that restores it
		ledger  string
	}{
		"and by one that holds them itself": {
			of: updates, change: true, effects: slices.Concat([]string{restores, unmarks, marks, holds}, update, []string{restores, unmarks}),
			now: "ALL_VERSIONS", note: "automatic updates are ALL_VERSIONS again", ledger: "left at EMERGENCY_VERSIONS_ONLY by run gateway-" + gatewayID,
		},
		"and by one that does not": {
			of: updates, effects: append([]string{restores, unmarks}, update...), now: "ALL_VERSIONS", note: "automatic updates are ALL_VERSIONS again", ledger: "of-the-terminated",
		},
		"and by one that has nothing else to do": {
			of: updates, arrange: func(c *cloud) { c.gateway.NextUpdateAvailable = "" },
			change: true, effects: []string{restores, unmarks}, now: "ALL_VERSIONS", note: "no update is on offer", ledger: "of-the-terminated",
		},
		"not where the owner has restored it": {
			of: updates, arrange: func(c *cloud) { c.schedule.AutomaticUpdates = maintenance.AllVersions },
			effects: append([]string{unmarks}, update...), now: "ALL_VERSIONS", note: "automatic updates are ALL_VERSIONS again", ledger: "mark on automatic updates",
		},
		"not where the owner wishes something else": {
			of: updates, arrange: func(c *cloud) { c.schedule.AutomaticUpdates = "NO_VERSIONS" },
			effects: append([]string{unmarks}, update...), now: "NO_VERSIONS", note: "automatic updates stay NO_VERSIONS", ledger: "they stay NO_VERSIONS",
		},
		"though answers are lost": {
			of: updates, arrange: func(c *cloud) { c.lose["automatic-updates"], c.lose["untag"], c.lose["tag"] = 2, 2, 1 },
			change:  true,
			effects: slices.Concat([]string{restores, unmarks, marks, holds}, update, []string{restores, unmarks}),
			now:     "ALL_VERSIONS", note: "automatic updates are ALL_VERSIONS again", ledger: "of-the-terminated",
		},
		"reads: after the upgrade where the plan moves reads": {
			of: reads, change: true, effects: []string{mark, upgrade, restore, unmark}, now: "100", ledger: "left at primary 0, replicas 0 by run gateway-sgw-99999999",
		},
		"reads: before the upgrade where it does not": {
			of: reads, effects: []string{restore, unmark, upgrade}, now: "100", ledger: "of-the-terminated",
		},
		"reads: though the proxy is up to date": {
			of: reads, arrange: current, change: true, effects: []string{restore, unmark}, now: "100", ledger: "of-the-terminated",
			note: "0 upgraded; the read weights that an earlier run had left on 1 more were settled",
		},
		"reads: not where the owner has set them since": {
			of: reads, arrange: func(c *cloud) { c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].Weight = 70 },
			effects: []string{unmark, upgrade}, now: "70", ledger: "they stay primary 0, replicas 70",
		},
		"reads: nor where the proxy is up to date besides": {
			of: reads, arrange: func(c *cloud) { current(c); c.proxies[proxyIDs[0]].proxy.Routing.ReadWeights[0].Weight = 70 },
			effects: []string{unmark}, now: "70", ledger: "mark on read weights",
		},
		"reads: though answers are lost": {
			of: reads, arrange: func(c *cloud) { c.lose["mark"], c.lose["unmark"], c.lose["weights"] = 1, 2, 1 },
			change: true, effects: []string{mark, upgrade, restore, unmark}, now: "100", ledger: "of-the-terminated",
		},
		"reads: though there is no room for a mark of its own": {
			of: reads, arrange: func(c *cloud) { c.marking = fmt.Errorf("tag the instance: %w: 20 tags", maintenance.ErrInvalid) },
			change: true, effects: []string{restore, unmark, upgrade}, now: "100", ledger: "of-the-terminated",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tc.of.cloud()
			tc.of.leave(c, t, testNamespace)
			owned := map[string]string{"owner": tc.of.tags(c)["owner"]}
			if tc.arrange != nil {
				tc.arrange(c)
			}
			var policy maintenance.Policy
			if tc.change {
				policy = tc.of.change
			}
			result, err := maintain(t, at(t, noon, c), c.input(policy))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.Equal(t, tc.effects, c.done())
			require.Equal(t, tc.now, tc.of.now(c))
			require.Equal(t, owned, tc.of.tags(c))
			require.Contains(t, result.Steps[0].Note+result.Steps[5].Note, tc.note)
			require.Contains(t, result.Ledger[0].What+result.Ledger[0].Undo, tc.ledger)
			require.Equal(t, maintenance.ChangeTakenBack, result.Ledger[0].State)
			require.True(t, result.RestoredLeftovers())
		})
	}
}

func TestAMarkThatMayBeSomebodysIsLeftAlone(t *testing.T) {
	t.Parallel()
	updates, reads := automaticUpdates(), readWeights()
	for name, tc := range map[string]struct {
		of      setting
		arrange func(*cloud)
		says    []string
	}{
		"of another namespace": {
			of:      updates,
			arrange: func(c *cloud) { c.leave(t, "elsewhere") },
			says:    []string{"namespace elsewhere", "of-the-terminated", "remove the tag tidegate:automatic-updates"},
		},
		"of a run in progress": {
			of:      updates,
			arrange: func(c *cloud) { c.leave(t, testNamespace); c.inProgress = "gateway-" + gatewayID },
			says:    []string{"held at EMERGENCY_VERSIONS_ONLY", "of-the-terminated"},
		},
		"that cannot be read": {
			of:      updates,
			arrange: func(c *cloud) { c.tags = map[string]string{maintenance.AutomaticUpdatesTag: "held by ann"} },
			says:    []string{"held by ann", gatewayID, "remove the tag"},
		},
		"reads: of another namespace": {
			of:      reads,
			arrange: func(c *cloud) { c.leaveReads(t, "elsewhere") },
			says:    []string{"namespace elsewhere", "of-the-terminated", "remove the tag tg0-" + proxyIDs[0][:32]},
		},
		"reads: of a run in progress that does not hold the instance": {
			of:      reads,
			arrange: func(c *cloud) { c.leaveReads(t, testNamespace); c.inProgress = "gateway-sgw-99999999" },
			says:    []string{"held at primary 0, replicas 0", "of-the-terminated"},
		},
		"reads: that cannot be read": {
			of:      reads,
			arrange: func(c *cloud) { c.instanceTags = map[string]string{"tg1-" + proxyIDs[0][:32]: "by-ann"} },
			says:    []string{"tg1-" + proxyIDs[0][:32], proxyIDs[0], "remove the tags"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tc.of.cloud()
			tc.arrange(c)
			before := fmt.Sprint(tc.of.tags(c))
			result, err := maintain(t, at(t, noon, c), c.input(tc.of.change))
			require.Error(t, err)
			require.Equal(t, maintenance.StateFailed, result.State)
			require.False(t, result.Quarantined)
			for _, words := range tc.says {
				require.Contains(t, result.Summary, words)
			}
			require.Empty(t, c.done())
			require.Equal(t, before, fmt.Sprint(tc.of.tags(c)))
		})
	}
}

func TestWithoutRoomForAMarkNothingIsChangedForAWhile(t *testing.T) {
	t.Parallel()
	updates, reads := automaticUpdates(), readWeights()
	for name, tc := range map[string]struct {
		of      setting
		arrange func(*cloud)
		says    string
	}{
		"fifty tags": {
			of: updates,
			arrange: func(c *cloud) {
				c.tags = map[string]string{}
				for i := range maintenance.MaxTags {
					c.tags[fmt.Sprint(i)] = ""
				}
			},
			says: "remove one",
		},
		"tagging is not permitted": {
			of: updates,
			arrange: func(c *cloud) {
				c.tagging = fmt.Errorf("set the tag: %w: AccessDeniedException", maintenance.ErrDenied)
			},
			says: "AccessDeniedException",
		},
		"reads: nineteen tags": {
			of: reads,
			arrange: func(c *cloud) {
				c.instanceTags = map[string]string{}
				for i := range maintenance.MaxInstanceTags - 1 {
					c.instanceTags[fmt.Sprint(i)] = ""
				}
			},
			says: "it has 19 tags, TaurusDB allows 20",
		},
		"reads: tagging is not permitted": {
			of:      reads,
			arrange: func(c *cloud) { c.marking = fmt.Errorf("tag the instance: %w", maintenance.ErrDenied) },
			says:    "refused for lack of permission",
		},
		"reads: reads are balanced by load": {
			of:      reads,
			arrange: func(c *cloud) { c.proxies[proxyIDs[0]].proxy.Routing.Mode = 1 },
			says:    "route mode 1, which has no weights",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := tc.of.cloud()
			c.volumes = nil
			tc.arrange(c)
			result, err := maintain(t, at(t, noon, c), c.input(tc.of.change))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			if len(result.Proxies) > 0 {
				require.Equal(t, []string{"upgrade " + proxyIDs[0]}, c.done())
				require.Contains(t, result.Proxies[0].Note, "its reads stay where they are")
				require.Contains(t, result.Proxies[0].Note, tc.says)
				return
			}
			require.Equal(t, []string{"update " + gatewayID}, c.done())
			require.Equal(t, maintenance.ChangeNotMade, result.Ledger[0].State)
			for _, text := range []string{result.Steps[0].Note, result.Ledger[0].Why} {
				require.Contains(t, text, "automatic updates stay ALL_VERSIONS")
				require.Contains(t, text, tc.says)
			}
		})
	}
}

// A leftover that cannot be restored is not walked past.
func TestALeftoverThatCannotBeRestoredEndsTheRun(t *testing.T) {
	t.Parallel()
	for name, of := range map[string]setting{"updates": automaticUpdates(), "reads": readWeights()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := of.cloud()
			of.leave(c, t, testNamespace)
			marked := fmt.Sprint(of.tags(c))
			c.refuse["automatic-updates"], c.resist = 1<<30, 1<<30
			result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{CompensationDeadline: maintenance.Duration(time.Hour)}))
			require.Error(t, err)
			require.Equal(t, maintenance.StateCompensationFailed, result.State, result.Summary)
			require.Empty(t, c.done())
			require.Equal(t, marked, fmt.Sprint(of.tags(c)))
			require.True(t, result.Quarantined)
		})
	}
}

// A mark that is there again when all is verified is no success.
func TestAMarkThatIsThereAtTheEndIsADifference(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.updated = func(*maintenance.Gateway, int) {
		if c.effects[len(c.effects)-1] == unmarks {
			c.leave(t, testNamespace)
			c.schedule.AutomaticUpdates = maintenance.AllVersions
		}
	}
	result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{AutomaticUpdates: maintenance.AutomaticUpdatesHold}))
	require.Error(t, err)
	require.Equal(t, maintenance.StateVerificationFailed, result.State, result.Summary)
	require.Contains(t, result.Summary, "the tag tidegate:automatic-updates, which the run removed, is there")
}

// A target on which a run has left its change is not up to date, though AWS offers it
// nothing; one whose mark may be someone's waits.
func TestACampaignRestoresWhatARunLeft(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	left, elsewhere, full := s.gateways[0], s.gateways[1], s.gateways[2]
	left.gateway.NextUpdateAvailable = ""
	left.leave(t, testNamespace)
	elsewhere.leave(t, "elsewhere")
	full.tags = map[string]string{}
	for i := range maintenance.MaxTags {
		full.tags[fmt.Sprint(i)] = ""
	}
	p := s.plan()
	p.Policy.AutomaticUpdates = maintenance.AutomaticUpdatesHold
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(func() {
		rows := rows(t, env)
		require.Contains(t, rows[0].Note, "left at EMERGENCY_VERSIONS_ONLY")
		require.Contains(t, rows[1].Reason, "namespace elsewhere")
		require.NotContains(t, rows[1].Reason, "could not be read")
	}, 30*time.Minute)
	env.RegisterDelayedCallback(func() {
		require.Empty(t, elsewhere.done())
		elsewhere.tags, elsewhere.schedule.AutomaticUpdates = nil, maintenance.AllVersions // as the runbook says
	}, 70*time.Minute)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 3, Succeeded: 2, UpToDate: 1}, result.Counts)
	require.Equal(t, []string{"automatic-updates ALL_VERSIONS", unmarks}, left.done())
	require.Equal(t, maintenance.AllVersions, left.schedule.AutomaticUpdates)
	require.Contains(t, elsewhere.done(), marks)
	require.NotContains(t, full.done(), "automatic-updates EMERGENCY_VERSIONS_ONLY")
}

// A proxy whose reads a run has left at the primary is not up to date, though it runs its
// version; one that has no space for a mark is reported beforehand.
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
	require.Equal(t, fleet.Counts{Total: 1, UpToDate: 1}, result.Counts)
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

var _ activities.GatewayTags = (*cloud)(nil)
