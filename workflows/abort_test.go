package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

// troubled is a fleet with all that an abort can meet: a target with a volume and three
// proxies, whose reads are shifted and the first of which is not well after its upgrade; one
// whose trigger shows no sign and is sent again; and one that still waits.
func troubled() (*sky, plan.Plan) {
	s := newSky(3)
	c := s.gateways[0].withProxies(3)
	c.gateway.Type = "CACHED"
	c.volumes = newCloud().volumes[:1]
	c.proxies[proxyIDs[0]].abnormal = true
	s.gateways[1].noEffect = true
	p := s.plan()
	p.Accounts.Huawei = []plan.HuaweiAccount{{Name: "prod"}}
	p.Rollout.MaxConcurrent = 2
	p.Policy.UpdateStart = maintenance.Duration(10 * time.Minute)
	p.Policy.OnFailure = maintenance.OnFailureHold
	p.Policy.Proxies.ShiftReads = true
	for _, id := range proxyIDs[:3] {
		p.Targets[0].Proxies = append(p.Targets[0].Proxies, maintenance.ProxyRef{Account: "prod", InstanceID: instanceID, ProxyID: id})
	}
	return s, p
}

// effects are those of every gateway.
func (s *sky) effects() (all [][]string) {
	for _, c := range s.gateways {
		all = append(all, c.done())
	}
	return all
}

// disruptive is true for an effect that does not start after an abort.
func disruptive(effect string) bool {
	return strings.HasPrefix(effect, "update ") || strings.HasPrefix(effect, "upgrade ") || strings.HasPrefix(effect, "trigger-") ||
		(strings.HasPrefix(effect, "weights ") && strings.HasSuffix(effect, " 0"))
}

// shifts is how many of the effects moved a proxy's reads, and how many put them back.
func shifts(effects []string) (away, back int) {
	for _, effect := range effects {
		switch {
		case !strings.HasPrefix(effect, "weights "):
		case strings.HasSuffix(effect, " 0"):
			away++
		default:
			back++
		}
	}
	return away, back
}

// A campaign is aborted at every stage of its targets. The ledger of effects says what started after that. No abort comes
// at the very second of the opening: this environment, unlike the server, answers for an activity that it cancels at
// once, while the activity still sends.
func TestNothingDisruptiveStartsAfterAnAbort(t *testing.T) {
	t.Parallel()
	var stages int
	for after := 59*time.Minute + 30*time.Second; after < 110*time.Minute; after += time.Minute {
		stages++
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			s, p := troubled()
			env := under(t, noon.Add(-time.Hour), s)
			var before [][]string
			first := env.action(after, api.AbortUpdate, api.CampaignAction{})
			first.onAccept = func() { before = s.effects() }
			result, err := campaign(t, env, api.CampaignInput{Plan: p})
			require.Error(t, err)
			require.True(t, first.accepted)
			require.Equal(t, fleet.Aborted, result.State)
			require.Zero(t, result.Counts.Running)
			for i, effects := range s.effects() {
				for _, effect := range effects[len(before[i]):] {
					require.False(t, disruptive(effect), "%s started after the abort, before it: %s, in all: %s", effect, before[i], effects)
				}
				away, back := shifts(effects)
				require.Equal(t, away, back, "reads are not as they were: %s", effects)
			}
			done := s.gateways[0].done()
			if !s.gateways[0].triggered.IsZero() {
				require.Contains(t, done, "snapshot vol-1122aabb", "nothing protects the gateway that was updated")
				require.NotContains(t, strings.Join(done, " "), "delete-snapshot")
			}
			if count(done, "upgrade "+proxyIDs[0]) > 0 {
				require.Contains(t, done, "restart "+proxyIDs[0], "a proxy that is not well is left so")
			}
		})
	}
	require.Greater(t, stages, 50)
}

func count(effects []string, effect string) (n int) {
	for _, e := range effects {
		if e == effect {
			n++
		}
	}
	return n
}

func TestASecondAbortSaysWhoWasFirstAndWhatIsInProgress(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	s.gateways[0].restart = 20 * time.Minute
	env := under(t, noon.Add(-time.Hour), s)
	env.action(time.Hour+2*time.Minute, api.AbortUpdate, api.CampaignAction{})
	again := env.action(time.Hour+5*time.Minute, api.AbortUpdate, api.CampaignAction{Action: api.Action{By: "carol", Why: "again"}})
	result, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.Error(t, err)
	require.True(t, again.accepted, again.refused)
	require.Contains(t, result.Summary, "aborted by bob (for the test)")
	require.Len(t, result.Decisions, 2)
	require.Equal(t, "it is stopped already: aborted by bob (for the test); still in progress: "+nameOf(0), result.Decisions[1].Note)
}

// The campaign's abort finds a restart in progress: the run remembers it, and starts no
// proxy's upgrade when the gateway runs again.
func TestARunPastThePointOfNoReturnRemembersTheAbortOfItsCampaign(t *testing.T) {
	t.Parallel()
	s, p := troubled()
	s.gateways[0].restart = 20 * time.Minute
	env := under(t, noon.Add(-time.Hour), s)
	env.action(time.Hour+2*time.Minute, api.AbortUpdate, api.CampaignAction{})
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Equal(t, []string{"update " + s.gateways[0].gateway.ID, "snapshot vol-1122aabb"}, s.gateways[0].done())
}

// An abort that comes while a retried step is about to fail by itself stands in the
// sentence that says how the run ended.
func TestTheSummaryHasAnAbortThatCameJustAfterARetry(t *testing.T) {
	t.Parallel()
	c := newCloud()
	c.volumes = nil
	c.gateway.Type = "FILE_S3"
	c.noEffect = true
	env := at(t, noon, c)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() { env.UpdateWorkflow(api.RetryUpdate, "retry", answers.accepted(), alice) }, 5*time.Hour)
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(api.AbortUpdate, "abort", answers.accepted(), alice)
	}, 5*time.Hour)
	result, err := maintain(t, env, c.input(maintenance.Policy{
		OnFailure: maintenance.OnFailureHold, WindowLength: maintenance.Duration(12 * time.Hour),
	}))
	require.Error(t, err)
	require.Equal(t, 2, answers.got)
	require.Contains(t, result.Summary, "the run was aborted by alice (CHG-1)")
}

// A window that someone moves while the canary is upgraded is seen before the next
// proxy, also where that is within the same minute.
func TestAWindowMovedWithinAMinuteOfAProxysUpgradeIsSeen(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(2)
	c.volumes, c.gateway.Type, c.gateway.NextUpdateAvailable = nil, "FILE_S3", ""
	c.proxies[proxyIDs[0]].lasts = 20 * time.Second
	c.moves = []move{{at: noon.Add(10 * time.Second), day: 25}}
	env := at(t, noon, c)
	result, err := maintain(t, env, c.input(maintenance.Policy{WindowPreference: maintenance.Monthly}))
	require.NoError(t, err, result.Summary)
	require.WithinRange(t, c.started["upgrade "+proxyIDs[0]], noon, noon.Add(10*time.Second))
	require.Equal(t, 25, c.started["upgrade "+proxyIDs[1]].Day())
}
