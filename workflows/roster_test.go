package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
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

func TestARunningTargetOfALostRosterKeepsItsKeysUntilItsRunHasEnded(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string][]int{"learnt by an order": nil, "known from the run before": {0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(3)
			env := under(t, noon, s)
			env.meter.gone = "roster-0"
			entries := make([]fleet.Entry, 3)
			for i := range entries {
				entries[i] = fleet.Entry{
					Name: nameOf(i), Gateway: s.gateways[i].gateway.ID, Ref: i, State: fleet.Waiting, Work: fleet.Work{Update: true},
					Schedule: maintenance.Schedule{Recurrence: maintenance.Weekly, Hour: 12}, Keys: []string{"app=till"},
				}
			}
			entries[0].State, entries[0].Begun, entries[0].Attempts = fleet.Running, noon, 1
			entries[1].Keys = nil
			entries[2].Ref = 1000 // of the roster after it
			in := carried(s.plan(), entries...)
			in.EventsPerRun, in.Carried.Rosters, in.Carried.Lost = 0, []string{"roster-0", campaignID}, lost
			in.Plan.Rollout.MaxFailures = share(t, "100%")
			id := workflows.GatewayWorkflowID(entries[0].Gateway)
			s.set(id, true)
			env.RegisterDelayedCallback(func() {
				all := rows(t, env)
				require.Equal(t, fleet.Running, all[0].State)
				require.Equal(t, fleet.Failed, all[1].State)
				require.Equal(t, fleet.ByConstraint, all[2].Blocker)
				s.set(id, false)
			}, 10*time.Minute)
			env.RegisterDelayedCallback(func() {
				all := rows(t, env)
				require.Equal(t, fleet.Failed, all[0].State)
				require.Contains(t, all[0].Note, "its roster roster-0 was ended by somebody")
				require.Equal(t, fleet.Running, all[2].State)
				env.CancelWorkflow()
				env.SignalWorkflow("news", map[string]any{
					"roster": 1,
					"events": []map[string]any{{"line": 0, "kind": "ended", "attempt": 1, "state": "succeeded"}},
				})
			}, 15*time.Minute)
			_, err := campaign(t, env, in)
			require.Error(t, err)
		})
	}
}
