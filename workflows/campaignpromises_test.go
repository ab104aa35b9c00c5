package workflows_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/proto"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

func TestAnAbortReachesATargetThatIsJustBeingStarted(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env := under(t, noon.Add(-time.Hour), s)
	id, looks := api.GatewayWorkflowID(s.gateways[0].gateway.ID), 0
	aborted := &answer{}
	s.lookedUp = func(asked string) {
		if asked != id {
			return
		}
		if looks++; looks == 2 { // the last poll before it is started
			env.UpdateWorkflow(api.AbortUpdate, "abort", aborted, api.CampaignAction{Action: api.Action{By: "bob"}})
		}
	}
	result, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.Error(t, err)
	require.True(t, aborted.accepted)
	require.Equal(t, fleet.Aborted, result.State)
	require.Empty(t, s.triggered())
}

func TestACampaignThatIsAbortedWhileItDiscoversIsAborted(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(environment){
		"aborted":   func(env environment) { env.action(time.Second, api.AbortUpdate, api.CampaignAction{}) },
		"cancelled": func(env environment) { env.RegisterDelayedCallback(env.CancelWorkflow, time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(2)
			env := under(t, noon.Add(-time.Hour), s)
			end(env)
			p := s.plan()
			p.Targets = nil
			result, err := campaign(t, env, api.CampaignInput{Plan: p, More: 2})
			require.Error(t, err)
			require.Equal(t, fleet.Aborted, result.State)
			require.Empty(t, s.triggered())
		})
	}
}

func TestAStopEndsAListingThatIsNotAnswered(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	s.unlisted = true
	env := under(t, noon.Add(-time.Hour), s)
	env.action(5*time.Minute, api.AbortUpdate, api.CampaignAction{})
	p := s.plan()
	p.Targets, p.Selectors = nil, []plan.Selector{{Account: "prod", UpdateAvailable: true}}
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Equal(t, fleet.Aborted, result.State)
	require.Less(t, env.Now(), noon.Add(-54*time.Minute))
}

func TestAWindowThatOpensWhileInstructionsAreSentIsNotMissed(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[0].restart = 30 * time.Minute
	s.gateways[1].schedule.Minute = new(1)
	env := under(t, noon.Add(-time.Hour), s)
	env.meter.instructions = 90 * time.Second
	_, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.NoError(t, err)
	require.WithinRange(t, s.triggered()[1], noon.Add(time.Minute), noon.Add(10*time.Minute))
}

func TestAGatewayThatCouldNotBeReadAtFirstMayNotMatchItsSelector(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[1].gateway.NextUpdateAvailable = ""
	s.gateways[1].away = noon.Add(-30 * time.Minute)
	p := s.plan()
	p.Targets, p.Selectors = nil, []plan.Selector{{Account: "prod", UpdateAvailable: true}}
	env := under(t, noon.Add(-time.Hour), s)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 2, Succeeded: 1, UpToDate: 1}, result.Counts)
	require.NotContains(t, s.triggered(), 1)
}

// AWS returns the tags of a gateway that is offline: no campaign waits for one that they
// leave out.
func TestAnOfflineGatewayThatDoesNotMatchIsNoTarget(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[0].gateway.Tags = map[string]string{"env": "prod"}
	s.gateways[1].away = noon.Add(never)
	p := s.plan()
	p.Targets, p.Selectors = nil, []plan.Selector{{Account: "prod", Tags: map[string]string{"env": "prod"}}}
	env := under(t, noon.Add(-time.Hour), s)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 1, Succeeded: 1}, result.Counts)
}

func TestAGatewayThatCouldNotBeReadAtFirstIsConstrainedByItsLabels(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	for _, c := range s.gateways {
		c.gateway.Tags = map[string]string{"app": "till"}
		c.restart = 20 * time.Minute
	}
	s.gateways[2].gateway.Tags["app"] = "stock"
	s.gateways[1].away = noon.Add(-30 * time.Minute)
	p := s.plan()
	p.Targets, p.Selectors = nil, []plan.Selector{{Account: "prod", LabelsFromTags: []string{"app"}}}
	p.Rollout.ConstraintKey = "app"
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, s.gateways[1].gateway.ID, rows(t, env)[2].Name, "by its id, until it is read")
	}, 20*time.Minute)
	env.RegisterDelayedCallback(func() { require.Equal(t, nameOf(1), rows(t, env)[2].Name) }, 50*time.Minute)
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	at := s.triggered()
	require.WithinRange(t, at[2], noon, noon.Add(time.Minute))
	require.GreaterOrEqual(t, at[1].Sub(at[0]).Abs(), 20*time.Minute)
}

// carried is a campaign that has come so far and continues as new at once.
func carried(p plan.Plan, entries ...fleet.Entry) api.CampaignInput {
	p.Targets = nil
	return api.CampaignInput{
		Plan: p, Submitter: "alice", EventsPerRun: 1,
		Carried: &api.Carried{
			Progress: fleet.Progress{Life: fleet.Life{Phase: fleet.InProgress}, Entries: entries},
			Start:    noon, Batches: []string{"batch-0"},
		},
	}
}

func pausedBy(who string) fleet.Life {
	return fleet.Life{Phase: fleet.InProgress, Halt: fleet.HaltedByPause, Why: who}
}

// nextRun is the payload of the run that a campaign continues as.
func nextRun(t *testing.T, env environment, in api.CampaignInput) *commonpb.Payloads {
	t.Helper()
	env.SetCurrentHistoryLength(1)
	env.ExecuteWorkflow(api.CampaignName, in)
	require.True(t, env.IsWorkflowCompleted())
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	return next.Input
}

func TestWhatACampaignCarriesFitsOnePayload(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	p.Rollout.MaxFailures = share(t, "100%")
	entries := make([]fleet.Entry, 10_000)
	for i := range entries {
		entries[i] = fleet.Entry{
			Name: fmt.Sprintf("store-%05d", i), Gateway: fmt.Sprintf("sgw-%08X", i), Ref: i, State: fleet.Failed,
			Started: noon, End: noon, Attempts: 1, Note: strings.Repeat("the update failed; ", 8), Keys: []string{"app=payments-of-europe"},
		}
	}
	entries[9_999].State = fleet.Waiting
	entries[9_999].Bar, entries[9_999].Unavailable = maintenance.BlockedByUnread, strings.Repeat("could not be read; ", 100)
	entries[9_999].UnreadSince = noon
	next := nextRun(t, under(t, noon, s), carried(p, entries...))
	require.Less(t, proto.Size(next), 2<<20)
	var in api.CampaignInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next, &in))
	require.Len(t, in.Carried.Entries, 10_000)
	require.Contains(t, in.Carried.Entries[0].Note, "the update failed")
}

func TestAQuarantineThatComesWhileATargetWaitsForItsWindowIsSeen(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(func() { s.set(api.QuarantineWorkflowID(s.gateways[0].gateway.ID), true) }, 30*time.Minute)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, maintenance.BlockedByQuarantine, rows(t, env)[0].Blocker)
	}, 90*time.Minute)
	env.action(100*time.Minute, api.SkipUpdate, api.CampaignAction{Target: nameOf(0)})
	_, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.Error(t, err, "a target was skipped")
	require.Empty(t, s.gateways[0].done())
	require.Equal(t, []string{"update " + s.gateways[1].gateway.ID}, s.gateways[1].done())
}

func TestTextsAreBounded(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	s.set(api.QuarantineWorkflowID(s.gateways[0].gateway.ID), true)
	env := under(t, noon.Add(-time.Hour), s)
	long := strings.Repeat("because ", 200)
	refused := env.action(10*time.Minute, api.SkipUpdate, api.CampaignAction{
		Action: api.Action{By: "bob", Why: long}, Target: nameOf(0),
	})
	env.action(20*time.Minute, api.SkipUpdate, api.CampaignAction{
		Action: api.Action{By: "bob", Why: long[:999]}, Target: nameOf(0),
	})
	env.RegisterDelayedCallback(func() { require.Less(t, len(rows(t, env)[0].Note), 200) }, 21*time.Minute)
	_, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.Error(t, err)
	require.Contains(t, refused.refused, "must be at most 1000")
}

func TestATargetWhoseProxiesOnlyAreUpgradedIsForecastNoSnapshots(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	first := s.gateways[0].withProxies(1)
	first.gateway.NextUpdateAvailable, first.gateway.Type = "", "CACHED"
	p := s.plan()
	p.Targets[0].Proxies = []maintenance.ProxyRef{{Account: "prod", InstanceID: instanceID, ProxyID: proxyIDs[0]}}
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, maintenance.Duration(10*time.Minute), rows(t, env)[0].Forecast)
	}, 30*time.Minute)
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Len(t, first.done(), 1, "%s", first.done())
}

func TestAnApprovalCountsForTheWaveThatAsksForIt(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	s.set(api.QuarantineWorkflowID(s.gateways[0].gateway.ID), true)
	p := s.plan()
	p.Rollout.Waves = []maintenance.Share{share(t, "1"), share(t, "1")}
	p.Approvals = maintenance.Approvals{Count: 1, EachWave: true, TimeLimit: maintenance.Duration(24 * time.Hour)}
	env := under(t, noon.Add(-2*time.Hour), s)
	by := func(after time.Duration, who string) *answer {
		return env.action(after, api.ApproveUpdate, api.CampaignAction{Action: api.Action{By: who}})
	}
	env.meter.instructions = 90 * time.Second
	env.action(10*time.Minute, api.RetryUpdate, api.CampaignAction{Target: nameOf(0)})
	first := by(10*time.Minute+20*time.Second, "bob")
	second := by(10*time.Minute+40*time.Second, "carol") // the campaign is still applying its action
	env.action(30*time.Minute, api.SkipUpdate, api.CampaignAction{Target: nameOf(0)})
	env.RegisterDelayedCallback(func() {
		require.Contains(t, campaignStatus(t, env).Approval.Line(), "wave 2 needs approval: 0 of 1 given; alice")
	}, 40*time.Minute)
	by(50*time.Minute, "bob")
	env.action(26*time.Hour, api.AbortUpdate, api.CampaignAction{})
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.True(t, first.accepted)
	require.Contains(t, second.refused, "wave 1 is approved already, by bob; the wave after it can be approved once it has ended")
}

func TestAWaveThatIsUpToDateNeedsNoApproval(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[0].gateway.NextUpdateAvailable = ""
	p := s.plan()
	p.Rollout.Waves = []maintenance.Share{share(t, "1")}
	p.Approvals = maintenance.Approvals{Count: 2, EachWave: true, TimeLimit: maintenance.Duration(24 * time.Hour)}
	env := under(t, noon.Add(-time.Hour), s)
	by := func(after time.Duration, who string) *answer {
		return env.action(after, api.ApproveUpdate, api.CampaignAction{Action: api.Action{By: who}})
	}
	by(10*time.Minute, "bob")
	again, submitter := by(20*time.Minute, " Bob"), by(25*time.Minute, "ALICE")
	by(30*time.Minute, "carol")
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, 1, result.Counts.Succeeded)
	require.Contains(t, again.refused, "Bob has approved wave 2 already")
	require.Contains(t, submitter.refused, "ALICE started the campaign and may not approve")
}

func TestAnActionThatWouldHaveNoEffectIsRefused(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	env := under(t, noon.Add(-time.Hour), s)
	planned := env.action(time.Minute, api.PauseUpdate, api.CampaignAction{})
	_, err := campaign(t, env, api.CampaignInput{Plan: p, PlanOnly: true})
	require.NoError(t, err)
	require.Contains(t, planned.refused, "only plans")

	env = under(t, noon.Add(-time.Hour), s)
	env.action(time.Hour+2*time.Minute, api.AbortUpdate, api.CampaignAction{})
	var late []*answer
	for _, o := range []string{api.ResumeUpdate, api.PauseUpdate, api.ConcurrencyUpdate} {
		late = append(late, env.action(time.Hour+3*time.Minute, o, api.CampaignAction{MaxConcurrent: 3}))
	}
	_, err = campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	for _, a := range late {
		require.Contains(t, a.refused, "it is stopped already: aborted by bob")
	}
}

// TestATargetThatIsDeferredAgainAndAgainIsLeftForLonger: a batch's history has an
// end.
func TestATargetThatIsDeferredAgainAndAgainIsLeftForLonger(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env := under(t, noon.Add(-time.Hour), s)
	started := 0
	env.RegisterWorkflowWithOptions(func(workflow.Context, api.MaintenanceInput) (maintenance.Result, error) {
		started++
		return maintenance.Result{State: maintenance.StateDeferred}, nil
	}, workflow.RegisterOptions{Name: api.GatewayMaintenanceName, DisableAlreadyRegisteredCheck: true})
	env.action(4*time.Hour, api.AbortUpdate, api.CampaignAction{})
	_, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.Error(t, err)
	require.Greater(t, started, 3)
	require.Less(t, started, 20)
}

func TestARunningTargetIsAskedAfterThoughOthersReport(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env := under(t, noon, s)
	for at := 20 * time.Minute; at < 6*time.Hour; at += 20 * time.Minute {
		env.RegisterDelayedCallback(func() {
			env.SignalWorkflow("events", map[string]any{"events": []string{}})
		}, at)
	}
	env.meter.gone = "batch-0" // and no signal says so
	in := carried(s.plan(), fleet.Entry{
		Name: nameOf(0), Gateway: s.gateways[0].gateway.ID, State: fleet.Running, Started: noon, Attempts: 1,
	})
	in.Carried.Swept = noon
	result, err := campaign(t, env, in)
	require.Error(t, err)
	require.Equal(t, fleet.Partial, result.State)
	require.WithinRange(t, result.End, noon.Add(time.Hour), noon.Add(2*time.Hour))
}

func TestAnAbortedCampaignTriggersNothingASecondTime(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	s.gateways[0].noEffect = true
	p := s.plan()
	p.Policy.UpdateStart = maintenance.Duration(10 * time.Minute)
	env := under(t, noon.Add(-time.Hour), s)
	env.action(time.Hour+2*time.Minute, api.AbortUpdate, api.CampaignAction{})
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Equal(t, fleet.Aborted, result.State)
	require.Len(t, s.gateways[0].done(), 1, "%s", s.gateways[0].done())
}

func TestACampaignWhoseBatchEndsWhileItDiscoversEnds(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	env := under(t, noon.Add(-time.Hour), s)
	env.SetTestTimeout(5 * time.Second)
	env.RegisterWorkflowWithOptions(func(workflow.Context, api.BatchInput) error { return nil },
		workflow.RegisterOptions{Name: api.BatchName, DisableAlreadyRegisteredCheck: true})
	_, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.ErrorContains(t, err, "batch-000 has ended before it had read its targets")
}
