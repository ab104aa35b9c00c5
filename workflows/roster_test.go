package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/workflows"
)

// page is the input of a roster of the sky's targets. The environment's only
// workflow is the roster itself, which therefore takes the news that are meant for
// its campaign.
func (s *sky) page() workflows.RosterInput {
	p := s.plan()
	in := workflows.RosterInput{Campaign: campaignID, First: "first", Plan: p, Targets: p.Targets}
	in.Plan.Targets = nil
	return in
}

func TestARosterEndsWhenItsCampaignIsFoundGone(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	start := noon.Add(-50 * time.Hour)
	env := under(t, start, s)
	env.RegisterDelayedCallback(func() { s.set(campaignID, false) }, 30*time.Hour)
	env.ExecuteWorkflow(workflows.RosterName, s.page())
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	require.WithinRange(t, env.Now(), start.Add(48*time.Hour), start.Add(49*time.Hour))
	require.Empty(t, s.triggered())
}

func TestARosterWhoseCampaignIsGoneSeesItsRunningTargetHome(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[1].restart = 20 * time.Minute
	env := under(t, noon.Add(-24*time.Hour).Add(10*time.Minute), s)
	env.RegisterDelayedCallback(func() {
		s.set(campaignID, false)
		env.SignalWorkflow("orders", map[string]any{"begin": []map[string]int{{"line": 1, "attempt": 1}}})
	}, 24*time.Hour-5*time.Minute)
	env.ExecuteWorkflow(workflows.RosterName, s.page())
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	require.WithinRange(t, env.Now(), noon.Add(25*time.Minute), noon.Add(35*time.Minute))
	require.Len(t, s.triggered(), 1)
	require.Len(t, s.gateways[1].done(), 1)
}
