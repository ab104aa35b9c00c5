package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// holdingSky has a gateway whose first update has no effect, so that its maintenance is
// held at await-running.
func holdingSky(t *testing.T) (*sky, environment, api.CampaignInput) {
	t.Helper()
	s := newSky(1)
	p := s.plan()
	p.Policy.OnFailure = maintenance.OnFailureHold
	p.Policy.UpdateStart = maintenance.Duration(10 * time.Minute)
	s.gateways[0].noEffect = true
	return s, under(t, noon.Add(-time.Hour), s), api.CampaignInput{Plan: p}
}

// start lets the campaign find its target's run.
func (s *sky) start(t *testing.T, env environment) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parents = map[string]string{api.GatewayWorkflowID(s.gateways[0].gateway.ID): campaignStatus(t, env).Batches[0]}
}

func (s *sky) mend() { s.gateways[0].noEffect, s.gateways[0].triggered = false, time.Time{} }

func TestAHeldTargetIsHeldInItsCampaign(t *testing.T) {
	t.Parallel()
	s, env, in := holdingSky(t)
	env.RegisterDelayedCallback(func() {
		row, status := rows(t, env)[0], campaignStatus(t, env)
		require.Equal(t, fleet.Held, row.State)
		require.Contains(t, row.Note, "await-running failed")
		require.Equal(t, maintenance.StepRunning, row.Step)
		require.Equal(t, []string{"retry", "abort"}, row.May, "what everything after it builds on cannot be skipped")
		require.Equal(t, fleet.Counts{Total: 1, Held: 1}, status.Counts)
		require.Equal(t, []fleet.Row{row}, status.HeldRows())
		require.Equal(t, "files-000 is held: retry or skip the failed step, or abort it", status.Held)
		require.Contains(t, status.May, "retry")
		require.NotContains(t, status.May, "skip")
		s.mend()
		err := env.UpdateWorkflowByID(api.GatewayWorkflowID(s.gateways[0].gateway.ID), api.RetryUpdate, "retry", &answer{},
			api.Action{By: "bob", Why: "fixed"})
		require.NoError(t, err)
		env.RegisterDelayedCallback(func() { require.Equal(t, fleet.Running, rows(t, env)[0].State) }, time.Second)
	}, 2*time.Hour)
	result, err := campaign(t, env, in)
	require.NoError(t, err)
	require.Equal(t, 1, result.Counts.Succeeded)
}

func TestWhatOnlyARunCanTakeIsPassedOnToIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		update string
		says   string // of the refusal; empty: it is taken
		counts fleet.Counts
	}{
		"retry":                   {update: api.RetryUpdate, counts: fleet.Counts{Total: 1, Succeeded: 1}},
		"abort":                   {update: api.AbortUpdate, counts: fleet.Counts{Total: 1, Failed: 1}},
		"skip what all builds on": {update: api.SkipUpdate, says: "its maintenance refuses it: await-running cannot be skipped", counts: fleet.Counts{Total: 1, Succeeded: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, env, in := holdingSky(t)
			env.RegisterDelayedCallback(func() { s.start(t, env) }, 2*time.Hour)
			// So that the refused ones end too.
			env.RegisterDelayedCallback(s.mend, 2*time.Hour+time.Second)
			given := env.action(2*time.Hour+2*time.Second, tc.update, api.CampaignAction{Target: nameOf(0)})
			last := env.action(3*time.Hour, api.RetryUpdate, api.CampaignAction{Target: nameOf(0)})
			result, err := campaign(t, env, in)
			require.Equal(t, tc.counts.Failed > 0, err != nil)
			require.Equal(t, tc.counts, result.Counts)
			if tc.says != "" {
				require.Contains(t, given.refused, tc.says)
				require.Empty(t, last.refused)
				require.Len(t, result.Decisions, 1, "a refused one decides nothing")
				return
			}
			require.Empty(t, given.refused)
			require.Len(t, result.Decisions, 1)
			d := result.Decisions[0]
			require.Equal(t, []string{tc.update, nameOf(0), "bob", "for the test"}, []string{d.What, d.Target, d.By, d.Why})
			if tc.update == api.RetryUpdate {
				require.Len(t, s.triggered(), 1)
			}
		})
	}
}

func TestAnAbortOfOneTargetLeavesItsCampaignAlone(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[1].schedule.DayOfWeek = new(2)
	env := under(t, noon.Add(-time.Hour), s)
	waits := env.action(time.Minute, api.AbortUpdate, api.CampaignAction{Target: nameOf(1)})
	result, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.NoError(t, err)
	require.Contains(t, waits.refused, "files-001 is waiting: no maintenance of it runs that could be aborted")
	require.Equal(t, 2, result.Counts.Succeeded)
}

func TestAHeldStepKeepsItsFailedAttempts(t *testing.T) {
	t.Parallel()
	c := rejecting()
	env := at(t, noon, c)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		step := status(t, env).Steps[5]
		require.Equal(t, maintenance.StepHeld, step.State)
		require.Len(t, step.Failed, 1)
		require.Nil(t, step.Failed[0].Until)
		env.UpdateWorkflow(api.RetryUpdate, "first", answers.accepted(), alice)
	}, time.Hour)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, maintenance.StepHeld, status(t, env).Steps[5].State)
		c.proxies[proxyIDs[1]].reject = ""
		env.UpdateWorkflow(api.RetryUpdate, "second", answers.accepted(), alice)
	}, 90*time.Minute)
	in := c.input(holding)
	in.HeldChannels = []string{"oncall"}
	result, err := maintain(t, env, in)
	require.NoError(t, err)
	step := result.Steps[5]
	require.Equal(t, maintenance.StepDone, step.State)
	require.Len(t, step.Failed, 2)
	for _, f := range step.Failed {
		require.Contains(t, f.Why, "insufficient subnet ip")
		require.Equal(t, []string{"oncall"}, f.Asked)
		require.Equal(t, "retry", f.Decision.What)
		require.Equal(t, "alice", f.Decision.By)
		require.Equal(t, f.Decision.At, *f.Until)
	}
	require.Equal(t, noon.Add(time.Hour), *step.Failed[0].Until)
	held := step.Held(result.End)
	require.Greater(t, held, time.Hour)
	require.Equal(t, step.End.Sub(*step.Start)-held, step.Took(), "held time is no work")
	require.Less(t, step.Took(), time.Hour)
}
