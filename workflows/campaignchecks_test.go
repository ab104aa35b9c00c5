package workflows_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/checks/checkstest"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

// anyServer is a worker's configuration that has every monitoring server.
type anyServer struct{}

// Try asks none.
func (anyServer) Try(context.Context) []activities.ServerTried { return nil }

// Check misses none.
func (anyServer) Check([]string) error { return nil }

// endpoints answer the HTTP checks of tests: with 200, but with 500 where one is down, and not at all where it is lost.
type endpoints struct {
	now  func() time.Time
	down func(path string, at time.Time) bool
	lost func(path string, at time.Time) bool

	mu    sync.Mutex
	asked map[string][]time.Time // by path
}

func (e *endpoints) Ask(_ context.Context, _ time.Time, questions []health.Question) []health.Reading {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.asked == nil {
		e.asked = map[string][]time.Time{}
	}
	var all []health.Reading
	for _, q := range questions {
		path, at := "alarms", e.now() // there are none
		if q.HTTP != nil {
			path = q.HTTP.Path
		}
		e.asked[path] = append(e.asked[path], at)
		reading := health.Reading{At: at, Status: 200}
		if e.down != nil && e.down(path, at) {
			reading.Status = 500
		}
		if e.lost != nil && e.lost(path, at) {
			reading.Err = errors.New("the server did not answer")
		}
		all = append(all, reading)
	}
	return all
}

// asks is how often a path was asked.
func (e *endpoints) asks(path string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.asked[path])
}

// endpoint checks whether an endpoint answers, of each target at bake, and of all at campaign.
func endpoint(m health.Moment) health.Check {
	path := health.Template("/all")
	if m != health.AtCampaign {
		path = "/of/{{name}}"
	}
	return health.Check{
		Name: string(m), HTTP: &health.HTTPCheck{Server: "orders", Path: path}, At: []health.Moment{m},
	}.WithDefaults()
}

// checkedPlan is a plan of two waves, a canary and the rest, with checks and a bake of half an hour.
func checkedPlan(t *testing.T, s *sky, checks ...health.Check) plan.Plan {
	t.Helper()
	p := s.plan()
	p.Rollout.Waves, p.Rollout.Bake = []maintenance.Share{share(t, "1")}, maintenance.Duration(30*time.Minute)
	p.Checks = checks
	return p
}

// underChecks is an environment with endpoints that its checks ask.
func underChecks(t *testing.T, s *sky) (environment, *endpoints) {
	t.Helper()
	e := &endpoints{}
	s.asker = e
	env := under(t, noon.Add(-time.Hour), s)
	e.now = env.Now
	return env, e
}

func TestAWaveOpensOnceItsBakeChecksHavePassed(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	env, e := underChecks(t, s)
	result, err := campaign(t, env, api.CampaignInput{Plan: checkedPlan(t, s, endpoint(health.AtBake))})
	require.NoError(t, err)
	require.Equal(t, 2, result.Counts.Succeeded)
	at := triggeredAt(s)
	require.Zero(t, at[0])
	require.Greater(t, at[1], 30*time.Minute)
	require.Less(t, at[1], 40*time.Minute)
	require.InDelta(t, 61, e.asks("/of/files-000"), 3, "each half minute, and at the end")
	require.Zero(t, e.asks("/of/files-001"), "nothing follows its wave")
}

// TestABakeThatFailsKeepsTheNextWaveShut, also once the endpoint answers again, until a person waives the check.
func TestABakeThatFailsKeepsTheNextWaveShut(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	env, e := underChecks(t, s)
	e.down = func(_ string, at time.Time) bool {
		return at.After(noon.Add(10*time.Minute)) && at.Before(noon.Add(13*time.Minute))
	}
	p := checkedPlan(t, s, endpoint(health.AtBake))
	p.Policy.WindowLength = maintenance.Duration(6 * time.Hour)
	env.RegisterDelayedCallback(func() {
		status := campaignStatus(t, env)
		require.Contains(t, status.Held, "wave 1 baked, and of files-000: check \"bake\": status 500 Internal Server Error, must be 200; since")
		require.Contains(t, status.Held, "waive the check, or abort the campaign")
		require.Equal(t, map[maintenance.Blocker]int{maintenance.BlockedByCheck: 2}, status.Blockers)
		require.Equal(t, fleet.WaveStopped, status.Waves[0].State)
		require.Contains(t, status.May, api.WaiveUpdate)
	}, time.Hour+15*time.Minute)
	unknown := env.action(2*time.Hour, api.WaiveUpdate, api.CampaignAction{Check: "no such", Target: "files-000"})
	nobody := env.action(2*time.Hour+time.Minute, api.WaiveUpdate, api.CampaignAction{Check: "bake", Target: "files-009"})
	waived := env.action(3*time.Hour, api.WaiveUpdate, api.CampaignAction{Check: "bake", Target: "files-000"})
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Contains(t, unknown.refused, `the plan has no check "no such"`)
	require.Contains(t, nobody.refused, "no target")
	require.Equal(t, "bake", waived.decision.Check)
	require.Equal(t, 3, result.Counts.Succeeded)
	require.Len(t, result.Decisions, 1)
	for i := range 2 {
		require.GreaterOrEqual(t, triggeredAt(s)[i+1], 2*time.Hour)
		require.Less(t, triggeredAt(s)[i+1], 2*time.Hour+5*time.Minute)
	}
}

// TestABakeEndsByTemporalsClock: a worker whose clock is ahead asks until the end all the same.
func TestABakeEndsByTemporalsClock(t *testing.T) {
	t.Parallel()
	const ahead = 4 * time.Minute
	s := newSky(2)
	env, e := underChecks(t, s)
	e.now = func() time.Time { return env.Now().Add(ahead) }
	activities.Register(env, activities.Providers{
		AWS: s, Huawei: s, Known: s, Runs: s, Now: e.now, Beats: virtual{}, Slots: virtual{}, Asker: e, Servers: anyServer{},
	})
	e.down = func(string, time.Time) bool { return env.Now().After(noon.Add(32 * time.Minute)) }
	p := checkedPlan(t, s, endpoint(health.AtBake))
	p.Policy.WindowLength = maintenance.Duration(6 * time.Hour)
	env.action(8*time.Hour, api.AbortUpdate, api.CampaignAction{})
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Len(t, s.triggered(), 1, "the check has failed for the last minutes of the bake")
}

func TestABakeWithoutAnAnswerIsNotPassed(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	env, e := underChecks(t, s)
	e.lost = func(string, time.Time) bool { return true }
	env.action(3*time.Hour, api.AbortUpdate, api.CampaignAction{})
	_, err := campaign(t, env, api.CampaignInput{Plan: checkedPlan(t, s, endpoint(health.AtBake))})
	require.Error(t, err)
	require.Len(t, s.triggered(), 1)
}

// TestACheckWithoutDataKeepsTheWaveUntilThereIsSome, or it is waived.
func TestACheckWithoutDataKeepsTheWave(t *testing.T) {
	t.Parallel()
	alarms := health.Check{
		Name: "alarms", Alarms: &health.AlarmsCheck{AlarmSelector: health.AlarmSelector{Names: []health.Template{"orders-{{name}}"}}},
		At: []health.Moment{health.AtBake}, NoData: health.NoDataWait,
	}.WithDefaults()
	s := newSky(2)
	env, _ := underChecks(t, s)
	p := checkedPlan(t, s, alarms)
	p.Policy.WindowLength = maintenance.Duration(6 * time.Hour)
	env.RegisterDelayedCallback(func() {
		status := campaignStatus(t, env)
		require.Equal(t, fleet.WaveBaking, status.Waves[0].State)
		require.Equal(t, health.Waiting, status.Checks[0].State)
		require.Contains(t, rows(t, env)[1].Reason, "orders-files-000 does not exist")
	}, 2*time.Hour)
	env.action(3*time.Hour, api.WaiveUpdate, api.CampaignAction{Check: "alarms"})
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.GreaterOrEqual(t, triggeredAt(s)[1], 2*time.Hour)
}

func TestNothingStartsWhileACheckForTheCampaignFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		down, lost bool
		waive      time.Duration
		from, to   time.Duration // of the triggers
	}{
		"it recovers":      {down: true, from: 40 * time.Minute, to: 42 * time.Minute},
		"no answer blocks": {lost: true, from: 40 * time.Minute, to: 42 * time.Minute},
		"it is waived":     {down: true, waive: 80 * time.Minute, from: 20 * time.Minute, to: 21 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(2)
			env, e := underChecks(t, s)
			bad := func(_ string, at time.Time) bool { return at.Before(noon.Add(40 * time.Minute)) }
			if tc.down {
				e.down = bad
			}
			if tc.lost {
				e.lost = bad
			}
			p := s.plan()
			p.Checks = []health.Check{endpoint(health.AtCampaign)}
			env.RegisterDelayedCallback(func() {
				status := campaignStatus(t, env)
				require.Equal(t, map[maintenance.Blocker]int{maintenance.BlockedByCheck: 2}, status.Blockers)
				require.Empty(t, status.Held, "it recovers by itself")
				require.Contains(t, rows(t, env)[0].Reason, `check "campaign": `)
			}, 70*time.Minute)
			if tc.waive > 0 {
				env.action(tc.waive, api.WaiveUpdate, api.CampaignAction{Check: "campaign"})
			}
			_, err := campaign(t, env, api.CampaignInput{Plan: p})
			require.NoError(t, err)
			for _, at := range triggeredAt(s) {
				require.GreaterOrEqual(t, at, tc.from)
				require.LessOrEqual(t, at, tc.to)
			}
			require.Len(t, s.triggered(), 2)
		})
	}
}

// TestTheChecksForTheCampaignAreAskedJustBeforeSomethingStarts, and what fails then for the first time does not block.
func TestTheChecksForTheCampaignAreAskedJustBeforeSomethingStarts(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env, e := underChecks(t, s)
	check := endpoint(health.AtCampaign)
	check.Every = maintenance.Duration(time.Hour)
	p := s.plan()
	p.Checks = []health.Check{check}
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	var before time.Time
	for _, at := range e.asked["/all"] {
		if !at.After(noon) {
			before = at
		}
	}
	require.LessOrEqual(t, noon.Add(-2*time.Minute).Sub(before), health.MaxAge, "armed two minutes before")
}

// TestAWorkerWithAClockThatIsBehindStartsTheCampaign: its answers look old, and are not asked for again and again.
func TestAWorkerWithAClockThatIsBehindStartsTheCampaign(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env, e := underChecks(t, s)
	e.now = func() time.Time { return env.Now().Add(-2 * health.MaxAge) }
	p := s.plan()
	p.Checks = []health.Check{endpoint(health.AtCampaign)}
	p.Checks[0].Every = maintenance.Duration(time.Hour)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, 1, result.Counts.Succeeded)
	require.Less(t, e.asks("/all"), 10)
}

// TestABakeCostsTheSameHistoryHoweverLongItIs.
func TestABakeCostsTheSameHistoryHoweverLongItIs(t *testing.T) {
	t.Parallel()
	events := func(bake time.Duration) int {
		s := newSky(2)
		s.gateways[1].schedule.Hour = new(23)
		env, _ := underChecks(t, s)
		p := checkedPlan(t, s, endpoint(health.AtBake))
		p.Rollout.Bake = maintenance.Duration(bake)
		_, err := campaign(t, env, api.CampaignInput{Plan: p})
		require.NoError(t, err)
		return env.meter.events
	}
	require.InDelta(t, events(10*time.Minute), events(8*time.Hour), 10, "not 960 rounds")
}

func TestMessagesSayWhichCheckFails(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	e := &endpoints{}
	s.asker = e
	env, c := listening(t, noon.Add(-time.Hour), s, time.Second)
	e.now = env.Now
	e.down = func(path string, at time.Time) bool {
		return path == "/all" && at.Before(noon.Add(time.Minute)) || strings.HasPrefix(path, "/of") && at.After(noon.Add(10*time.Minute))
	}
	p := checkedPlan(t, s, endpoint(health.AtBake), endpoint(health.AtCampaign))
	p.Notify = []plan.Notify{{Channel: "oncall", On: []maintenance.Event{maintenance.EventCheckBlocked, maintenance.EventCheckFailed}}}
	env.action(3*time.Hour, api.AbortUpdate, api.CampaignAction{})
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Equal(t, []string{
		"oncall: " + campaignID + ": blocked by a health check", "oncall: " + campaignID + ": a health check failed while wave 1 baked",
	}, c.sent)
	require.Contains(t, c.text[c.sent[0]], "tidegate waive "+campaignID+" 'campaign' --why TEXT")
	require.Contains(t, c.text[c.sent[1]], "tidegate waive "+campaignID+" 'bake' files-000 --why TEXT")
}

// TestACampaignIsToldOnceThatACheckBlocks, however often it passes and then blocks again before the trigger is sent: a
// batch never continues as new.
func TestACampaignIsToldOnceThatACheckBlocks(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env, e := underChecks(t, s)
	asked := 0
	e.down = func(_ string, at time.Time) bool {
		asked++
		return asked%2 == 1 && at.Before(noon.Add(20*time.Minute)) // the trigger's question, not that of the wait
	}
	p := s.plan()
	p.Checks = []health.Check{endpoint(health.AtBefore)}
	env.RegisterDelayedCallback(func() {
		require.Equal(t, maintenance.BlockedByCheck, rows(t, env)[0].Blocker)
	}, time.Hour+15*time.Minute)
	env.RegisterDelayedCallback(func() {
		require.NotContains(t, rows(t, env)[0].Reason, "check", "the update was sent")
	}, time.Hour+40*time.Minute)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, 1, result.Counts.Succeeded)
	require.GreaterOrEqual(t, triggeredAt(s)[0], 20*time.Minute)
	require.Greater(t, asked, 8)
	require.Equal(t, 2, env.meter.signals[api.BlockedSignal], "that it blocks, and that none does any more")
}

// TestTheBaselineIsFromBeforeTheFirstChange: a target whose proxy is left to the next window is compared, after that
// one, with who was connected before its gateway was updated, and not with who still was after it.
func TestTheBaselineIsFromBeforeTheFirstChange(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hosts []string // in the second window
		want  fleet.Counts
	}{
		"all are still connected":       {[]string{"iqn.a", "iqn.b"}, fleet.Counts{Total: 1, Succeeded: 1}},
		"one has left between the two":  {[]string{"iqn.a"}, fleet.Counts{Total: 1, Failed: 1}},
		"one has come between the two":  {[]string{"iqn.a", "iqn.b", "iqn.c"}, fleet.Counts{Total: 1, Succeeded: 1}},
		"another one is there for that": {[]string{"iqn.a", "iqn.c"}, fleet.Counts{Total: 1, Failed: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(1)
			c := s.gateways[0].withProxies(1)
			c.gateway.Type = "CACHED" // others have no initiators
			w := &world{status: 200, hosts: []string{"iqn.a", "iqn.b"}}
			asked := &checkstest.Sources{Says: w.says}
			s.asker = asked
			env := under(t, noon.Add(-time.Hour), s)
			asked.Now = env.Now
			env.when(func() bool { return len(c.done()) > 0 }, func() { w.dirty = 12 }) // which leaves no time for the proxy
			env.RegisterDelayedCallback(func() {
				require.Equal(t, fleet.Counts{Total: 1, Waiting: 1}, campaignStatus(t, env).Counts)
				require.Len(t, c.done(), 1)
				w.dirty, w.hosts = 3, tc.hosts
			}, 24*time.Hour)
			p := s.plan()
			p.Checks = []health.Check{clean(0), connected()}
			p.Targets[0].Proxies = []maintenance.ProxyRef{{Account: "prod", InstanceID: instanceID, ProxyID: proxyIDs[0]}}
			result, err := campaign(t, env, api.CampaignInput{Plan: p})
			require.Equal(t, tc.want, result.Counts)
			require.Len(t, c.done(), 2, "%s", c.done()) // one update, and one upgrade in the next window
			if tc.want.Failed > 0 {
				require.Error(t, err)
				require.Contains(t, result.Failures[0].Note, "iqn.b")
			}
		})
	}
}

// TestAHoldForACheckIsAFailedCheck: who is told of failed checks is told of one that holds its target.
func TestAHoldForACheckIsAFailedCheck(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	e := &endpoints{down: func(string, time.Time) bool { return true }}
	s.asker = e
	env, c := listening(t, noon.Add(-time.Hour), s, time.Second)
	e.now = env.Now
	p := s.plan()
	p.Checks, p.Policy.OnFailure = []health.Check{endpoint(health.AtAfter)}, maintenance.OnFailureHold
	p.Notify = []plan.Notify{{Channel: "oncall", On: []maintenance.Event{maintenance.EventHeld, maintenance.EventCheckFailed}}}
	env.action(3*time.Hour, api.AbortUpdate, api.CampaignAction{})
	_, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	held, failed := "oncall: "+campaignID+": files-000 held", "oncall: "+campaignID+": files-000 failed a health check"
	require.Equal(t, []string{held, failed}, c.sent, "once, though it is then aborted")
	require.Contains(t, c.text[failed], `check "after" failed after the update`)
	require.Contains(t, c.text[failed], "tidegate retry sgw-")
}

// TestARetryAsksTheChecksAgain: a target whose check has failed after its update is retried. Nothing is left to update,
// and the next wave stays shut until the check passes, and bakes.
func TestARetryAsksTheChecksAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wellFrom time.Duration // after noon; 0: never
		want     fleet.Counts
	}{
		"it still fails":   {0, fleet.Counts{Total: 3, Failed: 1, Waiting: 2}},
		"it passes by now": {30 * time.Minute, fleet.Counts{Total: 3, Succeeded: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(3)
			env, e := underChecks(t, s)
			e.down = func(path string, at time.Time) bool {
				return path == "/of/files-000" && (tc.wellFrom == 0 || at.Before(noon.Add(tc.wellFrom)))
			}
			p := checkedPlan(t, s, endpoint(health.AtAfter))
			p.Policy.WindowLength = maintenance.Duration(6 * time.Hour)
			var asked int
			env.RegisterDelayedCallback(func() {
				require.Equal(t, fleet.Counts{Total: 3, Failed: 1, Waiting: 2}, campaignStatus(t, env).Counts)
				asked = e.asks("/of/files-000")
			}, 119*time.Minute)
			env.action(2*time.Hour, api.RetryUpdate, api.CampaignAction{Target: nameOf(0)})
			env.RegisterDelayedCallback(func() {
				require.Equal(t, tc.want, campaignStatus(t, env).Counts)
				require.Greater(t, e.asks("/of/files-000"), asked)
			}, 4*time.Hour)
			env.action(8*time.Hour, api.AbortUpdate, api.CampaignAction{})
			_, _ = campaign(t, env, api.CampaignInput{Plan: p})
			at := triggeredAt(s)
			if tc.wellFrom == 0 {
				require.Len(t, at, 1)
				return
			}
			require.GreaterOrEqual(t, at[1], time.Hour+30*time.Minute, "it bakes from when the check has passed")
		})
	}
}

// TestAWaiverOfARunCountsForItsNextRuns: a person waives a check in a target's own run, which another check then defers.
// In the next window neither is in the way.
func TestAWaiverOfARunCountsForItsNextRuns(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	env, e := underChecks(t, s)
	of := func(name string) health.Check {
		c := endpoint(health.AtBefore)
		c.Name, c.HTTP = name, &health.HTTPCheck{Server: "orders", Path: health.Template("/" + name), Status: 200}
		return c
	}
	e.down = func(path string, at time.Time) bool { return path == "/a" || at.Before(noon.Add(24*time.Hour)) }
	p := s.plan()
	p.Checks = []health.Check{of("a"), of("b")}
	env.RegisterDelayedCallback(func() {
		require.NoError(t, env.UpdateWorkflowByID(api.GatewayWorkflowID(s.gateways[0].gateway.ID), api.WaiveUpdate, "w",
			(&answers{t: t}).accepted(), api.Waive{Action: api.Action{By: "alice", Why: "CHG-1"}, Check: "a"}))
	}, 80*time.Minute)
	env.action(8*24*time.Hour, api.AbortUpdate, api.CampaignAction{})
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, fleet.Counts{Total: 1, Succeeded: 1}, result.Counts)
	require.Greater(t, triggeredAt(s)[0], 6*24*time.Hour, "in the next window")
}
