package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows"
)

func TestAnAbortReachesATargetThatIsJustBeingStarted(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env := under(t, noon.Add(-time.Hour), s)
	id, looks := workflows.GatewayWorkflowID(s.gateways[0].gateway.ID), 0
	aborted := &answer{}
	s.looked = func(asked string) {
		if asked != id {
			return
		}
		if looks++; looks == 2 { // the last look before it is started
			env.UpdateWorkflow(workflows.AbortUpdate, "abort", aborted, workflows.CampaignOrder{Order: workflows.Order{By: "bob"}})
		}
	}
	result, err := campaign(t, env, workflows.CampaignInput{Plan: s.plan()})
	require.Error(t, err)
	require.True(t, aborted.accepted)
	require.Equal(t, fleet.Aborted, result.State)
	require.Empty(t, s.triggered())
}

func TestACampaignThatIsAbortedWhileItGathersIsAborted(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(environment){
		"aborted":   func(env environment) { env.order(time.Second, workflows.AbortUpdate, workflows.CampaignOrder{}) },
		"cancelled": func(env environment) { env.RegisterDelayedCallback(env.CancelWorkflow, time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(2)
			env := under(t, noon.Add(-time.Hour), s)
			end(env)
			p := s.plan()
			p.Targets = nil
			result, err := campaign(t, env, workflows.CampaignInput{Plan: p, More: 2})
			require.Error(t, err)
			require.Equal(t, fleet.Aborted, result.State)
			require.Empty(t, s.triggered())
		})
	}
}

func TestAWindowThatOpensWhileOrdersAreGivenIsNotMissed(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[0].restart = 30 * time.Minute
	s.gateways[1].schedule.Minute = new(1)
	env := under(t, noon.Add(-time.Hour), s)
	env.meter.orders = 90 * time.Second
	_, err := campaign(t, env, workflows.CampaignInput{Plan: s.plan()})
	require.NoError(t, err)
	require.WithinRange(t, s.triggered()[1], noon.Add(time.Minute), noon.Add(10*time.Minute))
}

func TestAGatewayThatCouldNotBeReadAtFirstMayTurnOutNotToBeChosen(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[0].gateway.Tags = map[string]string{"env": "prod"}
	s.gateways[1].away = noon.Add(-30 * time.Minute)
	p := s.plan()
	p.Targets, p.Selectors = nil, []plan.Selector{{Account: "prod", Tags: map[string]string{"env": "prod"}}}
	env := under(t, noon.Add(-time.Hour), s)
	result, err := campaign(t, env, workflows.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 2, Succeeded: 1, Current: 1}, result.Counts)
	require.NotContains(t, s.triggered(), 1)
}

func TestAGatewayThatCouldNotBeReadAtFirstIsBoundByItsLabels(t *testing.T) {
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
	_, err := campaign(t, env, workflows.CampaignInput{Plan: p})
	require.NoError(t, err)
	at := s.triggered()
	require.WithinRange(t, at[2], noon, noon.Add(time.Minute))
	require.GreaterOrEqual(t, at[1].Sub(at[0]).Abs(), 20*time.Minute)
}
