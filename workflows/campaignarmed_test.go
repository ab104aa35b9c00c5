package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// triggeredAt are the gateways that were triggered, by how long after noon.
func triggeredAt(s *sky) map[int]time.Duration {
	all := map[int]time.Duration{}
	for i, at := range s.triggered() {
		all[i] = at.Sub(noon)
	}
	return all
}

// TestACampaignArmsItsTargetsBeforeTheirWindows: their runs are ready two minutes before, and shown so.
func TestACampaignArmsItsTargetsBeforeTheirWindows(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	s.gateways[2].schedule.Hour = new(13)
	env := under(t, noon.Add(-time.Hour), s)
	p := s.plan()
	p.Policy.UpdateDelay = new(maintenance.Duration(time.Minute))
	states := func() (states []fleet.State) {
		for _, r := range rows(t, env) {
			states = append(states, r.State)
		}
		return states
	}
	env.RegisterDelayedCallback(func() {
		require.Equal(t, []fleet.State{fleet.Waiting, fleet.Waiting, fleet.Waiting}, states())
		require.Equal(t, noon, rows(t, env)[0].Next, "it may start when its window opens")
	}, 57*time.Minute)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, []fleet.State{fleet.Armed, fleet.Armed, fleet.Waiting}, states())
		row := rows(t, env)[0]
		require.Equal(t, []time.Time{noon, noon.Add(time.Minute)}, []time.Time{row.Started, row.Trigger})
		require.Equal(t, fleet.Counts{Total: 3, Waiting: 1, Armed: 2}, campaignStatus(t, env).Counts)
	}, 59*time.Minute)
	env.RegisterDelayedCallback(func() {
		require.Equal(t, []fleet.State{fleet.Running, fleet.Running, fleet.Waiting}, states())
	}, 61*time.Minute+10*time.Second)
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.NoError(t, err)
	require.Equal(t, 3, result.Counts.Succeeded)
	require.Equal(t, map[int]time.Duration{0: time.Minute, 1: time.Minute, 2: time.Hour + time.Minute}, triggeredAt(s))
}

// TestWhatKeepsTargetsFromStartingDisarmsThem, and is answered after that.
func TestWhatKeepsTargetsFromStartingDisarmsThem(t *testing.T) {
	t.Parallel()
	const second = time.Second
	pauses := api.CampaignAction{}
	for name, tc := range map[string]struct {
		update  string
		in      api.CampaignAction
		before  time.Duration // before noon
		refused string
		note    string
		after   func(environment) // what people do later
		want    map[int]time.Duration
	}{
		"a pause": {
			update: api.PauseUpdate, in: pauses, before: second, note: "3 armed targets were disarmed",
			after: func(e environment) { e.action(time.Hour+30*time.Minute, api.ResumeUpdate, api.CampaignAction{}) },
			want:  map[int]time.Duration{0: 30 * time.Minute, 1: 30 * time.Minute, 2: 30 * time.Minute},
		},
		"a pause that is over before the opening": {
			update: api.PauseUpdate, before: time.Minute, note: "3 armed targets were disarmed",
			after: func(e environment) { e.action(time.Hour-30*second, api.ResumeUpdate, api.CampaignAction{}) },
			want:  map[int]time.Duration{0: 0, 1: 0, 2: 0},
		},
		"fewer at a time": {
			update: api.ConcurrencyUpdate, in: api.CampaignAction{MaxConcurrent: 2}, before: 10 * second, note: "1 armed target was disarmed",
			want: map[int]time.Duration{0: 0, 1: 0},
		},
		"a skip": {
			update: api.SkipUpdate, in: api.CampaignAction{Target: nameOf(1)}, before: 10 * second,
			want: map[int]time.Duration{0: 0, 2: 0},
		},
		"a reschedule": {
			update: api.RescheduleUpdate, in: api.CampaignAction{Target: nameOf(1), NotBefore: noon.Add(45 * time.Minute)}, before: 10 * second,
			want: map[int]time.Duration{0: 0, 1: 45 * time.Minute, 2: 0},
		},
		"an abort": {
			update: api.AbortUpdate, before: second, note: "3 armed targets were disarmed",
			want: map[int]time.Duration{},
		},
		"a skip that is too late": {
			update: api.SkipUpdate, in: api.CampaignAction{Target: nameOf(1)}, before: -second,
			refused: "skip of files-001 comes too late: its maintenance has made its first change, or may have, and goes on; to abort it: tidegate abort " + maintenance.GatewayID(arnOf(1)),
			want:    map[int]time.Duration{0: 0, 1: 0, 2: 0},
		},
		"a pause that is too late": {
			update: api.PauseUpdate, before: -second,
			note:  "3 had made their first change, or may have, and go on: files-000, files-001, files-002",
			after: func(e environment) { e.action(time.Hour+30*time.Minute, api.ResumeUpdate, api.CampaignAction{}) },
			want:  map[int]time.Duration{0: 0, 1: 0, 2: 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(3)
			env := under(t, noon.Add(-time.Hour), s)
			given := env.action(time.Hour-tc.before, tc.update, tc.in)
			if tc.after != nil {
				tc.after(env)
			}
			result, _ := campaign(t, env, api.CampaignInput{Plan: s.plan()})
			require.Equal(t, tc.refused, given.refused)
			require.Equal(t, tc.note, given.decision.Note)
			require.Less(t, given.answered.Sub(noon.Add(-tc.before)), 500*time.Millisecond, "it is answered soon")
			got := triggeredAt(s)
			if tc.update == api.ConcurrencyUpdate { // the last waits until one of the others has ended
				require.Greater(t, got[2], time.Second)
				delete(got, 2)
			}
			for i := range got {
				got[i] = got[i].Round(time.Second)
			}
			require.Equal(t, tc.want, got)
			require.Zero(t, result.Counts.Failed)
		})
	}
}

// TestASpentBudgetDisarmsWhatIsArmed: nobody has to pause the campaign.
func TestASpentBudgetDisarmsWhatIsArmed(t *testing.T) {
	t.Parallel()
	s := newSky(3)
	s.gateways[0].schedule.Hour, s.gateways[0].schedule.Minute = new(11), new(58)
	env := under(t, noon.Add(-time.Hour), s)
	p := s.plan()
	p.Policy.UpdateDelay = new(maintenance.Duration(time.Minute))
	env.RegisterDelayedCallback(func() {
		err := env.UpdateWorkflowByID(api.GatewayWorkflowID(s.gateways[0].gateway.ID), api.AbortUpdate, "one", &answer{}, api.Action{By: "carol", Why: "not this one"})
		require.NoError(t, err)
	}, 58*time.Minute+30*time.Second)
	env.action(3*time.Hour, api.AbortUpdate, api.CampaignAction{})
	result, err := campaign(t, env, api.CampaignInput{Plan: p})
	require.Error(t, err)
	require.Equal(t, fleet.Aborted, result.State)
	require.Equal(t, fleet.Counts{Total: 3, Waiting: 2, Failed: 1}, result.Counts)
	require.Empty(t, s.triggered())
}

// TestAnAbortReachesARunThatWasToldToDisarm: that one has said that it goes on does not keep it from being
// aborted, whenever it says so.
func TestAnAbortReachesARunThatWasToldToDisarm(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(environment){
		"never before":         func(environment) {},
		"by a pause before":    func(e environment) { e.action(time.Hour+time.Second, api.PauseUpdate, api.CampaignAction{}) },
		"by a pause just then": func(e environment) { e.action(time.Hour+20*time.Second, api.PauseUpdate, api.CampaignAction{}) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(1)
			first := s.gateways[0].withProxies(2)
			p := s.plan()
			for _, id := range proxyIDs[:2] {
				p.Targets[0].Proxies = append(p.Targets[0].Proxies, maintenance.ProxyRef{Account: "prod", InstanceID: instanceID, ProxyID: id})
			}
			env := under(t, noon.Add(-time.Hour), s)
			arrange(env)
			env.action(time.Hour+20*time.Second, api.AbortUpdate, api.CampaignAction{})
			result, err := campaign(t, env, api.CampaignInput{Plan: p})
			require.Error(t, err)
			require.Equal(t, fleet.Aborted, result.State)
			require.False(t, first.triggered.IsZero())
			require.Len(t, first.done(), 1, "no proxy is upgraded after the abort")
		})
	}
}

// away has a gateway away from a time after the start until another one after noon.
func away(env environment, c *cloud, from, until time.Duration, with error) {
	env.RegisterDelayedCallback(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.away, c.awayWith = noon.Add(until), with
	}, from)
}

// TestAnAbortDoesNotWaitForARunThatDoesNotAnswer: one that was told to disarm, and is still being assessed,
// or is held by then.
func TestAnAbortDoesNotWaitForARunThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	const minute, second = time.Minute, time.Second
	silent := "1 has not answered, and may still make its first change: files-000"
	for name, tc := range map[string]struct {
		pauses, fails time.Duration // after the start; 0: not
		pause, abort  string        // what their answers say
	}{
		"an abort alone":                {abort: "1 has ended: files-000 (failed)"},
		"after a pause":                 {pauses: 59 * minute, pause: silent, abort: "1 has ended: files-000 (failed)"},
		"after a pause, and it is held": {pauses: 59 * minute, pause: silent, fails: 59*minute + 30*second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSky(1)
			p := s.plan()
			p.Policy.OnFailure = maintenance.OnFailureHold
			env := under(t, noon.Add(-time.Hour), s)
			away(env, s.gateways[0], 57*minute, 30*minute, nil)
			pause := &answer{}
			if tc.pauses > 0 {
				pause = env.action(tc.pauses, api.PauseUpdate, api.CampaignAction{})
			}
			if tc.fails > 0 {
				away(env, s.gateways[0], tc.fails, 30*minute, maintenance.ErrDenied)
			}
			abort := env.action(time.Hour, api.AbortUpdate, api.CampaignAction{})
			result, err := campaign(t, env, api.CampaignInput{Plan: p})
			require.Error(t, err)
			require.Equal(t, tc.pause, pause.decision.Note)
			require.Equal(t, tc.abort, abort.decision.Note)
			require.Less(t, result.End.Sub(noon), 10*second)
			require.Empty(t, s.triggered())
		})
	}
}

// TestAPauseDisarmsWhatHasNotTriggeredLongAfterItsTime, since its gateway is away.
func TestAPauseDisarmsWhatHasNotTriggeredLongAfterItsTime(t *testing.T) {
	t.Parallel()
	s := newSky(2)
	env := under(t, noon.Add(-time.Hour), s)
	away(env, s.gateways[0], time.Hour-30*time.Second, 30*time.Minute, nil)
	pause := env.action(time.Hour+5*time.Minute, api.PauseUpdate, api.CampaignAction{})
	env.action(time.Hour+45*time.Minute, api.ResumeUpdate, api.CampaignAction{})
	result, err := campaign(t, env, api.CampaignInput{Plan: s.plan()})
	require.NoError(t, err)
	require.Equal(t, 2, result.Counts.Succeeded)
	require.Equal(t, "1 armed target was disarmed; 1 had made its first change, or may have, and goes on: files-001", pause.decision.Note)
	require.GreaterOrEqual(t, triggeredAt(s)[0], 45*time.Minute)
	require.Less(t, triggeredAt(s)[1], time.Second)
}
