package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

func TestAPausedCampaignStartsNothingUntilItIsResumed(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	p := s.plan()
	p.Rollout.MaxConcurrent = 1
	env := under(t, noon.Add(-time.Hour), s)
	paused := env.action(time.Hour+2*time.Minute, api.PauseUpdate, api.CampaignAction{})
	again := env.action(time.Hour+3*time.Minute, api.PauseUpdate, api.CampaignAction{})
	env.RegisterDelayedCallback(func() {
		require.Contains(t, campaignStatus(t, env).Paused, "bob: for the test")
		require.Equal(t, maintenance.BlockedByPause, rows(t, env)[1].Blocker)
	}, time.Hour+4*time.Minute)
	resumed := env.action(2*time.Hour, api.ResumeUpdate, api.CampaignAction{})
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.True(t, paused.accepted && resumed.accepted)
	require.Contains(t, again.refused, "already paused")
	require.Len(t, result.Decisions, 2)
	require.Len(t, s.triggered(), 2)
	require.WithinRange(t, s.triggered()[1], noon.Add(time.Hour), noon.Add(61*time.Minute))
}

func TestAnApprovalIsAskedOfDifferentPeopleWhoHaveNotStartedIt(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	p.Approvals = maintenance.Approvals{Count: 2, TimeLimit: maintenance.Duration(24 * time.Hour)}
	env := under(t, noon.Add(-time.Hour), s)
	by := func(after time.Duration, who string) *answer {
		return env.action(after, api.ApproveUpdate, api.CampaignAction{Action: api.Action{By: who, Why: "change 17"}})
	}
	submitter := by(10*time.Minute, "alice")
	first := by(20*time.Minute, "bob")
	twice := by(30*time.Minute, "bob")
	second := by(80*time.Minute, "carol")
	late := by(85*time.Minute, "dave")
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Contains(t, submitter.refused, "alice started the campaign and may not approve it: the campaign still needs 2 approvals by other people")
	require.True(t, first.accepted)
	require.Contains(t, twice.refused, "bob has approved the campaign already, at ")
	require.True(t, second.accepted)
	require.Contains(t, late.refused, "the campaign is approved already, by bob and carol")
	require.Len(t, result.Decisions, 2)
	require.Equal(t, "the campaign, 1 of 2 given", result.Decisions[0].Note)
	require.Nil(t, result.Approval)
	require.WithinRange(t, s.triggered()[0], noon.Add(20*time.Minute), noon.Add(21*time.Minute))
}

func TestACampaignThatNobodyApprovesExpires(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	p := s.plan()
	p.Approvals = maintenance.Approvals{Count: 1, TimeLimit: maintenance.Duration(72 * time.Hour)}
	env := under(t, noon.Add(-time.Hour), s)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Equal(t, fleet.Expired, result.State)
	require.Contains(t, result.Summary, "the campaign was not approved within 72h: 0 of 1 given")
	require.Empty(t, s.triggered())
}

func TestAFailureSpendsTheBudgetUntilItIsRetried(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	p := s.plan()
	p.Rollout.MaxConcurrent = 1
	s.gateways[0].noEffect = true
	p.Policy.UpdateStart = maintenance.Duration(10 * time.Minute)
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(func() {
		held := campaignStatus(t, env)
		require.Equal(t, 1, held.Counts.Failed, held)
		require.NotEmpty(t, held.Held)
		require.Equal(t, maintenance.BlockedByBudget, rows(t, env)[1].Blocker)
		s.gateways[0].noEffect, s.gateways[0].triggered = false, time.Time{}
	}, 2*time.Hour)
	wrong := env.action(2*time.Hour+time.Minute, api.RetryUpdate, api.CampaignAction{Target: nameOf(1)})
	retried := env.action(2*time.Hour+2*time.Minute, api.RetryUpdate, api.CampaignAction{Target: nameOf(0)})
	skipped := env.action(2*time.Hour+3*time.Minute, api.SkipUpdate, api.CampaignAction{Target: s.gateways[2].gateway.ID})
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Contains(t, wrong.refused, "only a target that has failed")
	require.True(t, retried.accepted && skipped.accepted)
	require.Equal(t, fleet.Partial, result.State)
	require.Equal(t, fleet.Counts{Total: 3, Succeeded: 2, Skipped: 1}, result.Counts)
}

func TestAnAbortedCampaignLetsWhatIsPastThePointOfNoReturnFinish(t *testing.T) {
	t.Parallel()
	s := newSky(4)
	p := s.plan()
	p.Rollout.MaxConcurrent = 2
	env := under(t, noon.Add(-time.Hour), s)
	aborted := env.action(time.Hour+2*time.Minute, api.AbortUpdate, api.CampaignAction{})
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.True(t, aborted.accepted)
	require.Equal(t, fleet.Aborted, result.State)
	require.Equal(t, fleet.Counts{Total: 4, Succeeded: 2, Waiting: 2}, result.Counts)
	require.Contains(t, result.Summary, "aborted by bob (for the test)")
	require.Len(t, s.triggered(), 2)
}

func TestATargetIsRescheduledAndMoreRunAtATime(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	p := s.plan()
	p.Rollout.MaxConcurrent = 1
	env := under(t, noon.Add(-time.Hour), s)
	env.action(10*time.Minute, api.RescheduleUpdate, api.CampaignAction{Target: nameOf(1), NotBefore: noon.Add(40*time.Minute - time.Millisecond)})
	env.RegisterDelayedCallback(func() { require.Equal(t, noon.Add(40*time.Minute), rows(t, env)[1].Next) }, 11*time.Minute)
	env.action(time.Hour+time.Minute, api.ConcurrencyUpdate, api.CampaignAction{MaxConcurrent: 3})
	absurd := env.action(20*time.Minute, api.ConcurrencyUpdate, api.CampaignAction{MaxConcurrent: 5000})
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Contains(t, absurd.refused, "must be 1 to 500")
	require.WithinRange(t, s.triggered()[0], noon, noon.Add(30*time.Second))
	require.WithinRange(t, s.triggered()[2], noon.Add(time.Minute), noon.Add(90*time.Second))
	require.WithinRange(t, s.triggered()[1], noon.Add(40*time.Minute), noon.Add(41*time.Minute))
}

func TestATargetThatIsInAnotherRunWaitsForItsEnd(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	p := s.plan()
	p.Policy.WindowLength = maintenance.Duration(12 * time.Hour)
	id := api.GatewayWorkflowID(s.gateways[1].gateway.ID)
	s.set(id, true)
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(func() {
		row := rows(t, env)[1]
		require.Equal(t, maintenance.BlockedByRun, row.Blocker)
		require.Contains(t, row.Reason, id)
		s.set(id, false)
	}, 3*time.Hour)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, 2, result.Counts.Succeeded)
	require.WithinRange(t, s.triggered()[1], noon.Add(2*time.Hour), noon.Add(2*time.Hour+10*time.Minute))
}

func TestAWindowThatHasMovedMovesItsTarget(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	noon := the22nd
	moved := noon.AddDate(0, 0, 2)
	for _, c := range s.gateways {
		c.monthly(noon.Day())
	}
	// Seen by the daily look, and at the last moment by the run itself.
	s.gateways[0].moves = []move{{at: noon.Add(-30 * time.Hour), day: moved.Day()}}
	s.gateways[1].moves = []move{{at: noon.Add(-time.Minute), day: moved.Day()}}
	env := under(t, noon.AddDate(0, 0, -3), s)
	result, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.NoError(t, err)
	require.Equal(t, 2, result.Counts.Succeeded)
	for i, at := range s.triggered() {
		require.WithinRange(t, at, moved, moved.Add(3*time.Minute), "gateway %d", i)
	}
}

func TestDiscoveryFindsWhatTheSelectorSays(t *testing.T) {
	t.Parallel()
	s := newSky(8)
	for i, c := range s.gateways {
		c.gateway.Tags = map[string]string{"env": []string{"prod", "lab"}[i%2], "app": "till"}
	}
	p := s.plan()
	p.Targets = p.Targets[:1]
	p.Selectors = []plan.Selector{{Account: "prod", Tags: map[string]string{"env": "prod"}, LabelsFromTags: []string{"app"}, UpdateAvailable: true}}
	// Read again, when AWS has made the update, it is still a target.
	s.gateways[6].awsAt = noon.Add(-30 * time.Hour)
	env := under(t, noon.Add(-60*time.Hour), s)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 4, Succeeded: 3, UpToDate: 1}, result.Counts)
	for i := range s.triggered() {
		require.Zero(t, i%2)
	}
}

func TestAPlanArrivesInPages(t *testing.T) {
	t.Parallel()
	s := newSky(5)
	p := s.plan()
	p.Rollout.MaxConcurrent = 5
	all := p.Targets
	p.Targets = all[:2]
	env := under(t, noon.Add(-time.Hour), s)
	add := func(after time.Duration, from, to int) *answer {
		a := &answer{}
		env.RegisterDelayedCallback(func() {
			env.UpdateWorkflow(api.AddTargetsUpdate, after.String(), a, api.AddTargets{From: from, Targets: all[from:to]})
		}, after)
		return a
	}
	gap := add(time.Second, 4, 5)
	first, second := add(2*time.Second, 2, 4), add(3*time.Second, 4, 5)
	tooMuch := add(time.Minute, 4, 5)
	result, err := campaign(t, env, api.CampaignInput{Plan: p, More: 3})
	require.NoError(t, err)
	require.Contains(t, gap.refused, "must be 2")
	require.True(t, first.accepted && second.accepted)
	require.Contains(t, tooMuch.refused, "the plan is complete")
	require.Equal(t, 5, result.Counts.Succeeded)
}

func TestAPageThatArrivesAtOnceIsCountedOnce(t *testing.T) {
	t.Parallel()
	s := newSky(5)
	p := s.plan()
	p.Rollout.MaxConcurrent = 5
	all := p.Targets
	p.Targets = all[:2]
	env := under(t, noon.Add(-time.Hour), s)
	add := func(after time.Duration, from, to int) *answer {
		a := &answer{}
		env.RegisterDelayedCallback(func() {
			env.UpdateWorkflow(api.AddTargetsUpdate, after.String(), a, api.AddTargets{From: from, Targets: all[from:to]})
		}, after)
		return a
	}
	first, second := add(0, 2, 3), add(time.Second, 3, 5)
	result, err := campaign(t, env, api.CampaignInput{Plan: p, More: 3})
	require.NoError(t, err)
	require.Empty(t, first.refused+second.refused)
	require.Equal(t, 5, result.Counts.Succeeded)
}

func TestAPlanThatNeverArrivesEndsTheCampaign(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	p := s.plan()
	env := under(t, noon.Add(-time.Hour), s)
	_, err := campaign(t, env, api.CampaignInput{Plan: p, More: 3})
	require.ErrorContains(t, err, "3 of 5 targets of the plan did not arrive")
	require.Empty(t, s.triggered())
}

func TestACancelledCampaignIsAborted(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	p := s.plan()
	p.Rollout.MaxConcurrent = 1
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(env.CancelWorkflow, time.Hour+2*time.Minute)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Equal(t, fleet.Aborted, result.State)
	require.Equal(t, fleet.Counts{Total: 2, Succeeded: 1, Waiting: 1}, result.Counts)
}

func TestARetryThatFindsNothingLeftToDoDoesNotMakeAFailureGood(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[1].schedule.DayOfWeek = new(2)
	c := s.gateways[0]
	c.gateway.Type = "CACHED"
	c.volumes = []maintenance.Volume{{ARN: c.gateway.ARN + "/volume/vol-1122AABB", ID: "vol-1122aabb", Status: "AVAILABLE"}}
	c.pending = never // the snapshot after the update
	p := s.plan()
	p.Rollout.MaxFailures = share(t, "1")
	p.Policy.SnapshotDeadline = maintenance.Duration(30 * time.Minute)
	p.Policy.CompensationDeadline = maintenance.Duration(10 * time.Minute)
	env := under(t, noon.Add(-time.Hour), s)
	retried := env.action(4*time.Hour, api.RetryUpdate, api.CampaignAction{Target: nameOf(0)})
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Equal(t, fleet.Partial, result.State)
	require.Equal(t, fleet.Counts{Total: 2, Failed: 1, Succeeded: 1}, result.Counts)
	require.Contains(t, result.Failures[0].Note, "PARTIAL")
	require.True(t, retried.accepted, retried.refused)
	require.Len(t, s.triggered(), 2)
}

// TestEveryDecisionIsRecordedWhole: the number, the time, the wave, and what was
// decided in a target's own run.
func TestEveryDecisionIsRecordedWhole(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	p := s.plan()
	p.Approvals.Count = 1
	p.Policy.OnFailure = maintenance.OnFailureHold
	p.Policy.UpdateStart = maintenance.Duration(10 * time.Minute)
	s.gateways[0].noEffect = true
	env := under(t, noon.Add(-time.Hour), s)
	send := func(after time.Duration, update, by string, onlyIf func() bool) {
		env.RegisterDelayedCallback(func() {
			require.True(t, onlyIf())
			s.gateways[0].noEffect, s.gateways[0].triggered = false, time.Time{}
			require.NoError(t, env.UpdateWorkflowByID(api.GatewayWorkflowID(s.gateways[0].gateway.ID), update, update, &answer{}, api.Action{By: by, Why: "fixed"}))
		}, after)
	}
	about := func(target string, at time.Time) api.CampaignAction {
		return api.CampaignAction{Action: api.Action{By: "bob", Why: "CHG-1"}, Target: target, NotBefore: at}
	}
	env.action(10*time.Minute, api.ApproveUpdate, about("", time.Time{}))
	env.action(11*time.Minute, api.RescheduleUpdate, about(nameOf(1), noon.Add(40*time.Minute-time.Millisecond)))
	env.action(12*time.Minute, api.RescheduleUpdate, about(nameOf(1), time.Time{}))
	env.action(13*time.Minute, api.ConcurrencyUpdate, api.CampaignAction{Action: api.Action{By: "bob", Why: "CHG-1"}, MaxConcurrent: 1})
	env.action(14*time.Minute, api.RescheduleUpdate, about(nameOf(1), noon.Add(40*time.Minute)))
	send(2*time.Hour, api.RetryUpdate, "carol", func() bool { return rows(t, env)[0].State == fleet.Held })
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	at := func(d time.Duration) time.Time { return noon.Add(d - time.Hour) }
	want := []maintenance.Decision{
		{What: "approve", Wave: 1, At: at(10 * time.Minute), Note: "the campaign, 1 of 1 given"},
		{What: "reschedule", Target: nameOf(1), NotBefore: noon.Add(40 * time.Minute), At: at(11 * time.Minute)},
		{What: "reschedule", Target: nameOf(1), At: at(12 * time.Minute)},
		{What: "concurrency", MaxConcurrent: 1, At: at(13 * time.Minute)},
		{What: "reschedule", Target: nameOf(1), NotBefore: noon.Add(40 * time.Minute), At: at(14 * time.Minute)},
	}
	for i := range want {
		want[i].By, want[i].Why = "bob", "CHG-1"
	}
	want = append(want, maintenance.Decision{What: "retry", Target: nameOf(0), Step: maintenance.StepRunning, By: "carol", Why: "fixed", At: at(2 * time.Hour)})
	require.Equal(t, want, result.Decisions)
}

// TestAnAbortOfOneTargetIsItsCampaignsDecisionToo, and that of the campaign is one
// decision, however many runs it reaches.
func TestAnAbortOfOneTargetIsItsCampaignsDecisionToo(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	p := s.plan()
	p.Policy.OnFailure = maintenance.OnFailureHold
	p.Policy.UpdateStart = maintenance.Duration(10 * time.Minute)
	p.Rollout.MaxFailures = share(t, "3")
	for _, c := range s.gateways {
		c.noEffect = true
	}
	env := under(t, noon.Add(-time.Hour), s)
	env.RegisterDelayedCallback(func() {
		err := env.UpdateWorkflowByID(api.GatewayWorkflowID(s.gateways[0].gateway.ID), api.AbortUpdate, "one", &answer{}, api.Action{By: "carol", Why: "not this one"})
		require.NoError(t, err)
	}, 2*time.Hour)
	env.action(3*time.Hour, api.AbortUpdate, api.CampaignAction{})
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Len(t, result.Decisions, 2)
	require.Equal(t, []string{"abort files-000 carol", "abort  bob"}, []string{
		result.Decisions[0].What + " " + result.Decisions[0].Target + " " + result.Decisions[0].By,
		result.Decisions[1].What + " " + result.Decisions[1].Target + " " + result.Decisions[1].By,
	})
}
