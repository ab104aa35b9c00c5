package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// page is the input of a batch of the sky's targets. The environment's only
// workflow is the batch itself, which therefore takes the news that are meant for
// its campaign.
func (s *sky) page() api.BatchInput {
	p := s.plan()
	in := api.BatchInput{Campaign: campaignID, First: "first", Plan: p, Targets: p.Targets}
	in.Plan.Targets = nil
	return in
}

func TestABatchEndsWhenItsCampaignIsFoundGone(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	start := noon.Add(-50 * time.Hour)
	env := under(t, start, s)
	end := 30 * time.Hour // long after its first reading
	env.RegisterDelayedCallback(func() { s.set(campaignID, false) }, end)
	env.ExecuteWorkflow(api.BatchName, s.page())
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	require.WithinRange(t, env.Now(), start.Add(end), start.Add(end+time.Minute))
	require.Empty(t, s.triggered())
}

func TestABatchWhoseCampaignIsGoneWaitsForItsRunningTarget(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[1].restart = 20 * time.Minute
	env := under(t, noon.Add(-24*time.Hour).Add(10*time.Minute), s)
	env.RegisterDelayedCallback(func() {
		s.set(campaignID, false)
		env.SignalWorkflow("instructions", map[string]any{"start": []map[string]int{{"line": 1, "attempt": 1}}})
	}, 24*time.Hour-5*time.Minute)
	env.ExecuteWorkflow(api.BatchName, s.page())
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	require.WithinRange(t, env.Now(), noon.Add(25*time.Minute), noon.Add(35*time.Minute))
	require.Len(t, s.triggered(), 1)
	require.Len(t, s.gateways[1].done(), 1)
}

func TestARunningTargetOfALostBatchKeepsItsKeysUntilItsRunHasEnded(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string][]int{"learnt by an action": nil, "known from the run before": {0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(3)
			env := under(t, noon, s)
			env.meter.gone = "batch-0"
			entries := make([]fleet.Entry, 3)
			for i := range entries {
				entries[i] = fleet.Entry{
					Name: nameOf(i), Gateway: s.gateways[i].gateway.ID, Ref: i, State: fleet.Waiting, Work: fleet.Work{Update: true},
					Schedule: maintenance.Schedule{Recurrence: maintenance.Weekly, Hour: 12}, Keys: []string{"app=till"},
				}
			}
			entries[0].State, entries[0].Started, entries[0].Attempts = fleet.Running, noon, 1
			entries[1].Keys = nil
			entries[2].Ref = 1000 // of the batch after it
			in := carried(s.plan(), entries...)
			in.EventsPerRun, in.Carried.Batches, in.Carried.Lost = 0, []string{"batch-0", campaignID}, lost
			in.Plan.Rollout.MaxFailures = share(t, "100%")
			id := api.GatewayWorkflowID(entries[0].Gateway)
			s.set(id, true)
			env.RegisterDelayedCallback(func() {
				all := rows(t, env)
				require.Equal(t, fleet.Running, all[0].State)
				require.Equal(t, fleet.Failed, all[1].State)
				require.Equal(t, maintenance.BlockedByConstraint, all[2].Blocker)
				s.set(id, false)
			}, 10*time.Minute)
			env.RegisterDelayedCallback(func() {
				all := rows(t, env)
				require.Equal(t, fleet.Failed, all[0].State)
				require.Contains(t, all[0].Note, "its batch batch-0 is gone: a person has ended it")
				require.Equal(t, fleet.Running, all[2].State)
				env.CancelWorkflow()
				env.SignalWorkflow("events", map[string]any{
					"batch":  1,
					"events": []map[string]any{{"line": 0, "kind": "ended", "attempt": 1, "state": "succeeded"}},
				})
			}, 15*time.Minute)
			_, err := campaign(t, env, in)
			require.Error(t, err)
		})
	}
}

// The first digits of a run id are a clock: two campaigns of one name share them where
// one is started within 65 seconds of the other.
func TestTwoCampaignsOfOneMinuteHaveOtherBatches(t *testing.T) {
	t.Parallel()
	require.NotEqual(t,
		api.BatchWorkflowID("campaign-q4", "019e0c6a-1f00-7abc-8def-000000000001", 0),
		api.BatchWorkflowID("campaign-q4", "019e0c6a-9d10-7abc-8def-000000000002", 0))
}

// A campaign learns within a minute that a batch is gone, also one that an earlier run
// of it started, while there is nothing to send to that batch. Its targets are named, and
// those that have ended are counted as they ended.
func TestABatchThatIsGoneIsNoticedWithinAMinute(t *testing.T) {
	t.Parallel()
	s := newSky(4)
	env := under(t, noon, s)
	entries := make([]fleet.Entry, 4)
	for i := range entries {
		entries[i] = fleet.Entry{
			Name: nameOf(i), Gateway: s.gateways[i].gateway.ID, Ref: i, State: fleet.Running, Started: noon, Attempts: 1, Work: fleet.Work{Update: true},
			Schedule: maintenance.Schedule{Recurrence: maintenance.Weekly, Hour: 12},
		}
		s.set(api.GatewayWorkflowID(entries[i].Gateway), true)
	}
	entries[3].State = fleet.Waiting
	in := carried(s.plan(), entries...)
	in.EventsPerRun, in.Carried.Batches, in.Carried.Swept = 0, []string{"batch-0"}, noon
	in.Plan.Rollout.MaxFailures = share(t, "100%")
	in.Plan.Rollout.MaxConcurrent = 3
	env.meter.gone = "batch-0" // for actions; it gets none before it is gone
	ends := []maintenance.EndState{maintenance.StateCompleted, maintenance.StatePartial, maintenance.StateDeferred}
	env.RegisterDelayedCallback(func() {
		s.end("batch-0", maintenance.Result{})
		for i, state := range ends {
			s.end(api.GatewayWorkflowID(entries[i].Gateway), maintenance.Result{State: state, Summary: "so it ended", Gateway: maintenance.GatewayOutcome{Updated: true}})
		}
	}, 40*time.Minute)
	result, err := campaign(t, env, in)
	require.Error(t, err)
	require.WithinRange(t, result.End, noon.Add(40*time.Minute), noon.Add(41*time.Minute))
	require.Equal(t, fleet.Counts{Total: 4, Succeeded: 1, Failed: 3}, result.Counts)
	require.Less(t, env.meter.events, 100)
	all := rows(t, env)
	require.Equal(t, fleet.Succeeded, all[0].State)
	require.Contains(t, all[1].Note, "PARTIAL: so it ended")
	require.Contains(t, all[2].Note, "nothing is left to start the rest of it")
	require.Contains(t, all[3].Note, "its batch batch-0 is gone: a person has ended it")
}

// A target whose batch is gone reports to its campaign itself that it is held.
func TestAHeldTargetWithoutItsBatchIsShownAsHeld(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env := under(t, noon, s)
	gateway := s.gateways[0].gateway.ID
	in := carried(s.plan(), fleet.Entry{Name: nameOf(0), Gateway: gateway, State: fleet.Running, Started: noon, Attempts: 1})
	in.EventsPerRun, in.Carried.Batches, in.Carried.Lost, in.Carried.Swept = 0, []string{"batch-0"}, []int{0}, noon
	env.meter.gone = "batch-0"
	s.set(api.GatewayWorkflowID(gateway), true)
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow("held", map[string]string{"gateway": gateway, "reason": "update failed"})
	}, 10*time.Minute)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, "update failed", rows(t, env)[0].Note)
		s.end(api.GatewayWorkflowID(gateway), maintenance.Result{State: maintenance.StateCompleted, Gateway: maintenance.GatewayOutcome{Updated: true}})
	}, 11*time.Minute)
	result, err := campaign(t, env, in)
	require.NoError(t, err)
	require.Equal(t, 1, result.Counts.Succeeded)
}

// A decision in the run of a target whose batch is gone is in the campaign's record once, though
// both the run's signal and its own record have it.
func TestADecisionWithoutABatchReachesItsCampaign(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env := under(t, noon, s)
	gateway := s.gateways[0].gateway.ID
	in := carried(s.plan(), fleet.Entry{Name: nameOf(0), Gateway: gateway, State: fleet.Running, Started: noon, Attempts: 1})
	in.EventsPerRun, in.Carried.Batches, in.Carried.Lost, in.Carried.Swept = 0, []string{"batch-0"}, []int{0}, noon
	env.meter.gone = "batch-0"
	s.set(api.GatewayWorkflowID(gateway), true)
	retried := maintenance.Decision{What: "retry", Step: maintenance.StepRunning, By: "carol", Why: "fixed", At: noon.Add(9 * time.Minute)}
	passed := maintenance.Decision{What: "abort", By: "bob", At: noon.Add(10 * time.Minute), Campaign: "default-test-workflow-id"}
	env.RegisterDelayedCallback(func() {
		env.SignalWorkflow("decided", map[string]any{"gateway": gateway, "decision": retried})
	}, 10*time.Minute)
	env.RegisterDelayedCallback(func() {
		retried.Target = nameOf(0)
		require.Equal(t, []maintenance.Decision{retried}, campaignStatus(t, env).Decisions)
		record := maintenance.Result{State: maintenance.StateCompleted, Gateway: maintenance.GatewayOutcome{Updated: true}, Decisions: []maintenance.Decision{retried, passed}}
		record.Decisions[0].Target = ""
		s.end(api.GatewayWorkflowID(gateway), record)
	}, 11*time.Minute)
	result, err := campaign(t, env, in)
	require.NoError(t, err)
	require.Equal(t, []maintenance.Decision{retried}, result.Decisions)
}

// The text that Temporal's SDK has for a terminated run does not say what to do.
func TestATargetWhoseRunWasTerminatedSaysWhatThatMeans(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterWorkflowWithOptions(func(workflow.Context, api.MaintenanceInput) (maintenance.Result, error) {
		return maintenance.Result{}, &temporal.TerminatedError{}
	}, workflow.RegisterOptions{Name: api.GatewayMaintenanceName, DisableAlreadyRegisteredCheck: true})
	result, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.Error(t, err)
	require.Len(t, result.Failures, 1)
	require.Equal(t, "left no record of what it did: check the gateway before you retry it: it was terminated in Temporal", result.Failures[0].Note)
}
