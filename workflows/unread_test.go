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

// longWindows are a plan's, in which a gateway may come back late.
func longWindows(p plan.Plan) plan.Plan {
	p.Policy.WindowLength = maintenance.Duration(12 * time.Hour)
	return p
}

// One gateway that is offline blocks no other. It is named with what the cloud says,
// and is maintained soon after it is back.
func TestAnOfflineGatewayBlocksNoOther(t *testing.T) {
	t.Parallel()
	s := newSky(4)
	back := noon.Add(3 * time.Hour)
	s.gateways[1].away = back
	env := under(t, noon, s)
	env.RegisterDelayedCallback(func() {
		row := rows(t, env)[1]
		require.Equal(t, maintenance.BlockedByReading, row.Blocker, "what may pass by itself calls no person")
		require.Contains(t, row.Reason, "is being read again: gateway "+arnOf(1)+": the gateway is not connected")
		require.Empty(t, campaignStatus(t, env).Held)
	}, 10*time.Second)
	env.RegisterDelayedCallback(func() {
		status := campaignStatus(t, env)
		require.Len(t, status.Unavailable, 1)
		row := status.Unavailable[0]
		require.Equal(t, nameOf(1), row.Name)
		require.Equal(t, maintenance.BlockedByUnread, row.Blocker)
		require.Equal(t, noon, row.UnreadSince)
		require.Contains(t, row.Reason, "retried continuously: gateway "+arnOf(1)+": the gateway is not connected")
		require.Equal(t, 3, status.Counts.Succeeded)
		require.Contains(t, status.Held, nameOf(1)+" is not read: make it reachable")
		require.Contains(t, status.May, api.RetryUpdate)
	}, 2*time.Hour)
	result, err := campaign(t, env, api.CampaignInput{Plan: longWindows(s.plan())})
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 4, Succeeded: 4}, result.Counts)
	at := s.triggered()
	for _, i := range []int{0, 2, 3} {
		require.WithinRange(t, at[i], noon, noon.Add(5*time.Second))
	}
	require.WithinRange(t, at[1], back, back.Add(16*time.Minute))
	require.Less(t, env.meter.events, 700)
}

// The same of a cloud that answers nothing but that it is asked too often: the campaign waits
// for a target in its queue as long as others are read.
func TestATargetThatDoesNotAnswerBlocksNoOther(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	s.gateways[2].away, s.gateways[2].awayWith = noon.Add(time.Hour), maintenance.ErrThrottled
	env := under(t, noon, s)
	env.RegisterDelayedCallback(func() {
		status := campaignStatus(t, env)
		require.Equal(t, fleet.Discovering, status.Phase)
		require.Equal(t, "reading the clouds: 1 targets to go (1 in prod): "+nameOf(2), status.Doing)
	}, 10*time.Second)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, maintenance.BlockedByReading, campaignStatus(t, env).Unavailable[0].Blocker)
	}, 30*time.Second)
	result, err := campaign(t, env, api.CampaignInput{Plan: longWindows(s.plan())})
	require.NoError(t, err)
	require.Equal(t, 3, result.Counts.Succeeded)
	at := s.triggered()
	for i := range 2 {
		require.WithinRange(t, at[i], noon.Add(20*time.Second), noon.Add(25*time.Second))
	}
	require.WithinRange(t, at[2], noon.Add(time.Hour), noon.Add(95*time.Minute))
}

// Who needs a person, such as for permissions, is tried again more and more rarely, and
// at once where a person says so.
func TestATargetWithoutPermissionIsReadAtOnceOnRetry(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	s.gateways[1].away, s.gateways[1].awayWith = noon.Add(3*time.Hour), maintenance.ErrDenied
	env := under(t, noon, s)
	env.RegisterDelayedCallback(func() {
		row := campaignStatus(t, env).Unavailable[0]
		require.Equal(t, maintenance.BlockedByUnread, row.Blocker)
		require.Equal(t, noon.Add(time.Minute), row.ReadAt)
		require.Contains(t, row.Reason, "refused for lack of permission")
	}, 30*time.Second)
	retry := env.action(3*time.Hour+10*time.Minute, api.RetryUpdate, api.CampaignAction{Target: nameOf(1)})
	result, err := campaign(t, env, api.CampaignInput{Plan: longWindows(s.plan())})
	require.NoError(t, err)
	require.Equal(t, 2, result.Counts.Succeeded)
	require.True(t, retry.accepted)
	require.WithinRange(t, s.triggered()[1], noon.Add(3*time.Hour+10*time.Minute), noon.Add(3*time.Hour+11*time.Minute))
}

// What is never reached ends: it has failed a day after it is all that is left of its
// wave, and the error budget decides whether the next one opens.
func TestAGatewayThatIsOfflineForGoodFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		failures string
		counts   fleet.Counts
	}{
		"within the budget": {"1", fleet.Counts{Total: 4, Succeeded: 3, Failed: 1}},
		"beyond it":         {"0", fleet.Counts{Total: 4, Succeeded: 2, Failed: 1, Waiting: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(4)
			s.gateways[1].away = noon.Add(never)
			p := s.plan()
			p.Rollout.Waves = []maintenance.Share{share(t, "1"), share(t, "2")}
			p.Rollout.MaxFailures = share(t, tc.failures)
			env := under(t, noon, s)
			if tc.counts.Waiting > 0 {
				env.action(9*24*time.Hour, api.AbortUpdate, api.CampaignAction{})
			}
			result, err := campaign(t, env, api.CampaignInput{Plan: p})
			require.Error(t, err)
			require.Equal(t, tc.counts, result.Counts)
			require.Len(t, result.Failures, 1)
			require.Contains(t, result.Failures[0].Note, "given up: could not be read for 24h; nothing was done to it: gateway "+arnOf(1))
			require.WithinRange(t, result.Failures[0].End, noon.Add(fleet.UnreadLimit), noon.Add(fleet.UnreadLimit+time.Minute))
			require.NotContains(t, s.triggered(), 1)
		})
	}
}

// A plan says of each target what is known, and why the others could not be read.
func TestAPlanNamesWhatCouldNotBeRead(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	s.gateways[1].away = noon.Add(never)
	s.gateways[2].away, s.gateways[2].awayWith = noon.Add(never), maintenance.ErrThrottled
	env := under(t, noon, s)
	env.RegisterDelayedCallback(func() {
		status := campaignStatus(t, env)
		require.Equal(t, fleet.Planned, status.Phase)
		require.Len(t, status.Unavailable, 2)
		require.Contains(t, status.Unavailable[0].Reason, "the gateway is not connected")
		require.Equal(t, maintenance.BlockedByReading, status.Unavailable[1].Blocker)
	}, 7*time.Second)
	_, err := campaign(t, env, api.CampaignInput{Plan: s.plan(), PlanOnly: true, Patience: maintenance.Duration(5 * time.Second)})
	require.NoError(t, err)
}

// A whole batch that is not fixed for a week stays below Temporal's limit of 51,200 events:
// a twentieth of a batch far below a twentieth of it.
func TestAPageThatIsOfflineForAWeekFillsNoHistory(t *testing.T) {
	t.Parallel()
	s := newSky(api.BatchWeight / 20)
	for _, c := range s.gateways {
		c.away = noon.Add(never)
	}
	env := under(t, noon, s)
	env.RegisterDelayedCallback(func() { s.set(campaignID, false) }, 7*24*time.Hour)
	env.ExecuteWorkflow(api.BatchName, s.page())
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	require.Less(t, env.meter.events, 850)
}

// A cloud that answers every other call is read all the same, and a week of it fills no
// history.
func TestAPageWhoseCloudFlapsForAWeekIsReadAndFillsNoHistory(t *testing.T) {
	t.Parallel()
	s := newSky(api.BatchWeight / 20)
	for _, c := range s.gateways {
		c.flaps = true
	}
	env := under(t, noon.Add(-time.Hour), s)
	readAll := func() {
		value, err := env.QueryWorkflow(api.BatchQuery)
		require.NoError(t, err)
		var read []api.Surveyed
		require.NoError(t, value.Get(&read))
		require.Len(t, read, len(s.gateways))
		for _, r := range read {
			require.Equal(t, maintenance.NotBlocked, r.Entry.Bar, r.Entry.Unavailable)
			require.NotZero(t, r.Schedule)
		}
	}
	for _, after := range []time.Duration{time.Minute, 36 * time.Hour, 6 * 24 * time.Hour} {
		env.RegisterDelayedCallback(readAll, after)
	}
	env.RegisterDelayedCallback(func() { s.set(campaignID, false) }, 7*24*time.Hour)
	env.ExecuteWorkflow(api.BatchName, s.page())
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	require.Less(t, env.meter.events, 250)
}

// What another run's mark blocks is read once an hour: no event says when that run ends.
func TestAMarkedTargetIsReadAgainWithinTheHour(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	c := s.gateways[0]
	c.leave(t, "elsewhere")
	env := under(t, noon, s)
	const goes = 7 * time.Hour // by then a target that cannot be read is tried again much more rarely
	env.RegisterDelayedCallback(func() {
		row := rows(t, env)[0]
		require.Equal(t, maintenance.BlockedByRun, row.Blocker)
		require.Contains(t, row.Reason, "namespace elsewhere")
		require.Empty(t, c.done())
		c.tags, c.schedule.AutomaticUpdates = nil, maintenance.AllVersions
	}, goes)
	result, err := campaign(t, env, api.CampaignInput{Plan: longWindows(s.plan())})
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 1, Succeeded: 1}, result.Counts)
	require.WithinRange(t, s.triggered()[0], noon.Add(goes), noon.Add(goes+time.Hour+time.Minute))
}
