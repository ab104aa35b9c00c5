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

func TestWhatARunLeftIsRestoredByTheNextOne(t *testing.T) {
	t.Parallel()
	const restores, holds = "automatic-updates ALL_VERSIONS", "automatic-updates EMERGENCY_VERSIONS_ONLY"
	update := []string{"update " + gatewayID, "snapshot vol-1122aabb"}
	hold := maintenance.Policy{AutomaticUpdates: maintenance.AutomaticUpdatesHold}
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		policy  maintenance.Policy
		effects []string
		now     maintenance.AutomaticUpdatePolicy // when all is done
		says    string                            // of assess
		ledger  string
	}{
		"and by one that holds them itself": {
			policy: hold, effects: slices.Concat([]string{restores, unmarks, marks, holds}, update, []string{restores, unmarks}),
			now: maintenance.AllVersions, says: "automatic updates are ALL_VERSIONS again", ledger: "left at EMERGENCY_VERSIONS_ONLY by run gateway-" + gatewayID,
		},
		"and by one that does not": {
			effects: append([]string{restores, unmarks}, update...), now: maintenance.AllVersions, says: "automatic updates are ALL_VERSIONS again", ledger: "of-the-terminated",
		},
		"and by one that has nothing else to do": {
			arrange: func(c *cloud) { c.gateway.NextUpdateAvailable = "" },
			policy:  hold, effects: []string{restores, unmarks}, now: maintenance.AllVersions, says: "no update is on offer", ledger: "of-the-terminated",
		},
		"not where the owner has restored it": {
			arrange: func(c *cloud) { c.schedule.AutomaticUpdates = maintenance.AllVersions },
			effects: append([]string{unmarks}, update...), now: maintenance.AllVersions, says: "automatic updates are ALL_VERSIONS again", ledger: "mark on automatic updates",
		},
		"not where the owner wishes something else": {
			arrange: func(c *cloud) { c.schedule.AutomaticUpdates = "NO_VERSIONS" },
			effects: append([]string{unmarks}, update...), now: "NO_VERSIONS", says: "automatic updates stay NO_VERSIONS", ledger: "they stay NO_VERSIONS",
		},
		"though answers are lost": {
			arrange: func(c *cloud) { c.lose["automatic-updates"], c.lose["untag"], c.lose["tag"] = 2, 2, 1 },
			policy:  hold,
			effects: slices.Concat([]string{restores, unmarks, marks, holds}, update, []string{restores, unmarks}),
			now:     maintenance.AllVersions, says: "automatic updates are ALL_VERSIONS again", ledger: "of-the-terminated",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			c.volumes = c.volumes[:1]
			c.leave(t, testNamespace)
			if tc.arrange != nil {
				tc.arrange(c)
			}
			result, err := maintain(t, at(t, noon, c), c.input(tc.policy))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.Equal(t, tc.effects, c.done())
			require.Equal(t, tc.now, c.schedule.AutomaticUpdates)
			require.Equal(t, map[string]string{"owner": "storage"}, c.tags)
			require.Contains(t, result.Steps[0].Note, tc.says)
			require.Contains(t, result.Ledger[0].What+result.Ledger[0].Undo, tc.ledger)
			require.Equal(t, maintenance.ChangeTakenBack, result.Ledger[0].State)
			require.True(t, result.RestoredLeftovers())
		})
	}
}

func TestAMarkThatMayBeSomebodysIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		says    []string
	}{
		"of another namespace": {
			arrange: func(c *cloud) { c.leave(t, "elsewhere") },
			says:    []string{"namespace elsewhere", "of-the-terminated", "remove the tag tidegate:automatic-updates"},
		},
		"of a run in progress": {
			arrange: func(c *cloud) { c.leave(t, testNamespace); c.inProgress = "gateway-" + gatewayID },
			says:    []string{"held at EMERGENCY_VERSIONS_ONLY", "of-the-terminated"},
		},
		"that cannot be read": {
			arrange: func(c *cloud) { c.tags = map[string]string{maintenance.AutomaticUpdatesTag: "held by ann"} },
			says:    []string{"held by ann", gatewayID, "remove the tag"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			tc.arrange(c)
			before := fmt.Sprint(c.tags)
			result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{AutomaticUpdates: maintenance.AutomaticUpdatesHold}))
			require.Error(t, err)
			require.Equal(t, maintenance.StateFailed, result.State)
			require.False(t, result.Quarantined)
			for _, words := range tc.says {
				require.Contains(t, result.Summary, words)
			}
			require.Empty(t, c.done())
			require.Equal(t, before, fmt.Sprint(c.tags))
		})
	}
}

func TestWithoutRoomForAMarkAutomaticUpdatesAreNotHeld(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		says    string
	}{
		"fifty tags": {
			arrange: func(c *cloud) {
				c.tags = map[string]string{}
				for i := range maintenance.MaxTags {
					c.tags[fmt.Sprint(i)] = ""
				}
			},
			says: "remove one",
		},
		"tagging is not permitted": {
			arrange: func(c *cloud) {
				c.tagging = fmt.Errorf("set the tag: %w: AccessDeniedException", maintenance.ErrDenied)
			},
			says: "AccessDeniedException",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			c.volumes = nil
			tc.arrange(c)
			result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{AutomaticUpdates: maintenance.AutomaticUpdatesHold}))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.Equal(t, []string{"update " + gatewayID}, c.done())
			require.Equal(t, maintenance.ChangeNotMade, result.Ledger[0].State)
			for _, told := range []string{result.Steps[0].Note, result.Ledger[0].Why} {
				require.Contains(t, told, "automatic updates stay ALL_VERSIONS")
				require.Contains(t, told, tc.says)
			}
		})
	}
}

// A leftover that cannot be restored is not walked past.
func TestALeftoverThatCannotBeRestoredEndsTheRun(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.leave(t, testNamespace)
	c.refuse["automatic-updates"] = 1 << 30
	result, err := maintain(t, at(t, noon, c), c.input(maintenance.Policy{CompensationDeadline: maintenance.Duration(time.Hour)}))
	require.Error(t, err)
	require.Equal(t, maintenance.StateCompensationFailed, result.State, result.Summary)
	require.Empty(t, c.done())
	require.Contains(t, c.tags, maintenance.AutomaticUpdatesTag)
	require.True(t, result.Quarantined)
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
// nothing; one whose mark may be somebody's waits.
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
	require.Equal(t, fleet.Counts{Total: 3, Succeeded: 2, Current: 1}, result.Counts)
	require.Equal(t, []string{"automatic-updates ALL_VERSIONS", unmarks}, left.done())
	require.Equal(t, maintenance.AllVersions, left.schedule.AutomaticUpdates)
	require.Contains(t, elsewhere.done(), marks)
	require.NotContains(t, full.done(), "automatic-updates EMERGENCY_VERSIONS_ONLY")
}

var _ activities.GatewayTags = (*cloud)(nil)
