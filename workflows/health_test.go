package workflows_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/workflows/api"
)

// clean is a check before each change: less than 5% of the cache is dirty.
func clean(within time.Duration) health.Check {
	return health.Check{
		Name: "clean", Gateway: &health.GatewayCheck{CacheDirtyBelow: 5}, At: []health.Moment{health.AtBefore},
		Within: maintenance.Duration(within),
	}.WithDefaults()
}

// orders is a check after the update: the orders' page answers with 200.
func orders(on maintenance.OnFailure) health.Check {
	return health.Check{
		Name: "orders", HTTP: &health.HTTPCheck{Server: "orders", Path: "/"}, At: []health.Moment{health.AtAfter},
		OnFailure: on,
	}.WithDefaults()
}

// connected is a check after the update: whoever was connected before is so again.
func connected() health.Check {
	return health.Check{
		Name: "connected", Gateway: &health.GatewayCheck{Initiators: health.AsBefore}, At: []health.Moment{health.AtAfter},
	}.WithDefaults()
}

// namespace is that of the SDK's test environment.
const namespace = "default-test-namespace"

// mutes are of one Alertmanager.
func mutes() []health.Mute {
	return []health.Mute{{Alertmanager: &health.AlertSelector{Server: "prod", Matchers: []health.Template{`gateway="{{gateway}}"`}}}}
}

// world is what the sources say, as the test changes it.
type world struct {
	dirty  float64
	status int
	hosts  []string
	err    error
}

func (w *world) says(q health.Question) health.Reading {
	r := health.Reading{Status: w.status, Err: w.err}
	if q.Gateway != nil {
		r.Gateway.Cache = &health.Cache{AllocatedBytes: 1 << 30, DirtyPercent: w.dirty}
		r.Gateway.Initiators = map[string][]string{"vol-1": w.hosts}
	}
	return r
}

// healthy is a cloud without volumes at noon, in a world in which all is well.
func healthy(t *testing.T, c *cloud, start time.Time) (*world, environment) {
	t.Helper()
	c.volumes = nil
	env := at(t, start, c)
	w := &world{status: 200, hosts: []string{"iqn.a"}}
	c.health.Says = w.says
	return w, env
}

// checkup is the maintenance with checks and mutes.
func (c *cloud) checkup(policy maintenance.Policy, checked ...health.Check) api.MaintenanceInput {
	in := c.input(policy)
	in.Checks, in.Mutes = checked, mutes()
	return in
}

// A dirty cache keeps the update back until it is clean. The wait costs the same history however long it takes.
func TestADirtyCacheIsWaitedFor(t *testing.T) {
	t.Parallel()
	events := map[time.Duration]int{}
	for _, dirty := range []time.Duration{10 * time.Minute, 2 * time.Hour} {
		c := newCloud()
		w, env := healthy(t, c, noon.Add(-time.Minute))
		w.dirty = 12
		var seen maintenance.Status
		env.RegisterDelayedCallback(func() { seen = status(t, env) }, 5*time.Minute)
		env.RegisterDelayedCallback(func() { w.dirty = 3 }, dirty)
		result, err := maintain(t, env, c.checkup(maintenance.Policy{}, clean(0)))
		require.NoError(t, err)
		require.Equal(t, maintenance.StateCompleted, result.State)
		require.Equal(t, maintenance.BlockedByCheck, seen.Blocker)
		require.Contains(t, seen.Reason, `check "clean": cache dirty 12%, must be below 5%; since `)
		require.Contains(t, seen.May, api.WaiveUpdate)
		require.WithinRange(t, c.triggered, noon.Add(dirty-time.Minute), noon.Add(dirty))
		require.Len(t, result.Checks, 1)
		values := result.Checks[0].Values
		require.Len(t, values, 3, "of many that say the same, the first and the last")
		require.Equal(t, []string{"12%", "3%"}, []string{values[0].Text, values[2].Text})
		require.Empty(t, c.health.Muted())
		require.Len(t, c.health.Log(), 2, "it is muted once, and not while it waits")
		events[dirty] = env.meter.events
	}
	require.Equal(t, events[10*time.Minute], events[2*time.Hour])
}

// A check that does not pass spills to the next window, as a missed window does.
func TestACheckThatDoesNotPassInItsWindow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		within time.Duration
		err    error
	}{
		"until the window closes": {},
		"until its time is over":  {within: 45 * time.Minute},
		"since nobody answers":    {err: errors.New("connection refused")},
		"nobody answers in time":  {within: time.Hour, err: errors.New("connection refused")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			w, env := healthy(t, c, noon)
			w.dirty, w.err = 12, tc.err
			env.RegisterDelayedCallback(func() { w.dirty, w.err = 3, nil }, 24*time.Hour)
			result, err := maintain(t, env, c.checkup(maintenance.Policy{}, clean(tc.within)))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State)
			require.WithinRange(t, c.triggered, noon.AddDate(0, 0, 7), noon.AddDate(0, 0, 7).Add(time.Minute))

			c = newCloud()
			w, env = healthy(t, c, noon)
			w.dirty, w.err = 12, tc.err
			in := c.checkup(maintenance.Policy{}, clean(tc.within))
			in.Campaign = "campaign-q4"
			result, err = maintain(t, env, in)
			require.NoError(t, err)
			require.Equal(t, maintenance.StateDeferred, result.State, result.Summary)
			require.Contains(t, result.Summary, `check "clean"`)
			require.Empty(t, c.done())
			require.Empty(t, c.health.Log(), "nothing was muted")
		})
	}
}

// Abort, disarm and cancel are applied at once while a check blocks.
func TestARunThatWaitsForACheckIsStopped(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		stop  func(*testing.T, environment)
		state maintenance.EndState
	}{
		"aborted": {func(t *testing.T, env environment) {
			t.Helper()
			env.UpdateWorkflow(api.AbortUpdate, "abort", (&answers{t: t}).accepted(), alice)
		}, maintenance.StateFailed},
		"disarmed": {func(_ *testing.T, env environment) {
			env.SignalWorkflow(api.DisarmSignal, api.CampaignDisarm{Action: alice, Campaign: "campaign-q4"})
		}, maintenance.StateDeferred},
		"cancelled": {func(_ *testing.T, env environment) { env.CancelWorkflow() }, maintenance.StateFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			w, env := healthy(t, c, noon.Add(-time.Minute))
			w.dirty = 12
			env.RegisterDelayedCallback(func() { tc.stop(t, env) }, 10*time.Minute)
			in := c.checkup(maintenance.Policy{}, clean(0))
			in.Campaign = "campaign-q4"
			result, _ := maintain(t, env, in)
			require.Equal(t, tc.state, result.State, result.Summary)
			require.Equal(t, noon.Add(9*time.Minute), result.End.UTC())
			require.Empty(t, c.done())
		})
	}
}

// A waiver lets the run go on at once, whoever gave it.
func TestAWaivedCheckDoesNotBlock(t *testing.T) {
	t.Parallel()
	by := health.Waivers{{Check: "clean", By: "alice", Why: "CHG-1"}}
	for name, give := range map[string]func(*testing.T, environment){
		"in the run": func(t *testing.T, env environment) {
			t.Helper()
			a := &answers{t: t}
			env.UpdateWorkflow(api.WaiveUpdate, "1", a.rejected("needs a reason"), api.Waive{Action: api.Action{By: "alice"}, Check: "clean"})
			env.UpdateWorkflow(api.WaiveUpdate, "2", a.rejected(`no check "cleen"`), api.Waive{Action: api.Action{By: "alice", Why: "CHG-1"}, Check: "cleen"})
			env.UpdateWorkflow(api.WaiveUpdate, "3", a.accepted(), api.Waive{Action: api.Action{By: "alice", Why: "CHG-1"}, Check: "clean"})
			env.RegisterDelayedCallback(func() {
				env.UpdateWorkflow(api.WaiveUpdate, "4", a.rejected("already"), api.Waive{Action: api.Action{By: "bob", Why: "CHG-2"}, Check: "clean"})
			}, time.Second)
		},
		"in the campaign": func(_ *testing.T, env environment) {
			env.SignalWorkflow(api.WaivedSignal, api.CampaignWaivers{Campaign: "campaign-q4", Waived: by})
		},
		"before it started": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			w, env := healthy(t, c, noon)
			w.dirty = 12
			in := c.checkup(maintenance.Policy{}, clean(0))
			in.Campaign = "campaign-q4"
			latest := noon.Add(time.Minute)
			if give == nil {
				in.Waived = by
			} else {
				latest = latest.Add(10 * time.Minute)
				env.RegisterDelayedCallback(func() { give(t, env) }, 10*time.Minute)
			}
			result, err := maintain(t, env, in)
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.WithinRange(t, c.triggered, latest.Add(-time.Minute), latest)
			require.Len(t, result.Checks, 1)
			require.Equal(t, "alice: CHG-1", result.Checks[0].Waived)
		})
	}
}

// A check that does not pass after the update fails its step, and the check or the plan says what follows.
func TestACheckFailsAfterTheUpdate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		check health.Check
		plan  maintenance.OnFailure
		held  bool
	}{
		"the plan compensates":               {orders(""), maintenance.OnFailureCompensate, false},
		"the plan holds":                     {orders(""), maintenance.OnFailureHold, true},
		"the check holds":                    {orders(maintenance.OnFailureHold), maintenance.OnFailureCompensate, true},
		"the check does not hold":            {orders(maintenance.OnFailureCompensate), maintenance.OnFailureHold, false},
		"what was there before is not there": {connected(), maintenance.OnFailureCompensate, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			w, env := healthy(t, c, noon)
			env.when(func() bool { return len(c.done()) > 0 }, func() { w.status, w.hosts = 503, nil })
			var seen maintenance.Status
			env.when(func() bool { return status(t, env).Held }, func() {
				seen = status(t, env)
				env.RegisterDelayedCallback(func() {
					require.Empty(t, c.health.Muted(), "nobody is blind while it is held")
					w.status = 200
					env.UpdateWorkflow(api.RetryUpdate, "retry", (&answers{t: t}).accepted(), alice)
				}, time.Hour)
			})
			result, err := maintain(t, env, c.checkup(maintenance.Policy{OnFailure: tc.plan}, tc.check))
			require.Equal(t, tc.held, seen.Held)
			require.Empty(t, c.health.Muted())
			require.Equal(t, []string{"update " + gatewayID}, c.done())
			step := result.Steps[6]
			require.Equal(t, maintenance.StepHealth, step.Step)
			if tc.held {
				require.NoError(t, err)
				require.Equal(t, maintenance.StateCompleted, result.State)
				require.Contains(t, seen.Reason, `check-health failed: check "orders": status 503 Service Unavailable, must be 200`)
				require.Equal(t, []string{"retry", "skip", "abort"}, step.Step.Resolutions())
				return
			}
			require.Equal(t, maintenance.StatePartial, result.State, "an update only goes forward")
			require.Equal(t, maintenance.StepFailed, step.State)
			require.Contains(t, result.Summary, `check "`+tc.check.Name+`"`)
		})
	}
}

// What others were answered before the update, or before a proxy's upgrade, says nothing of the target after it.
func TestAnAnswerFromBeforeAChangeDoesNotCount(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(2)
	_, env := healthy(t, c, noon)
	result, err := maintain(t, env, c.checkup(maintenance.Policy{}, clean(0), orders("")))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State)
	var limits []time.Time
	for _, asked := range c.health.Asked() {
		limits = append(limits, asked.NotBefore)
	}
	require.Len(t, limits, 4, "before the update and each proxy, and after")
	require.Zero(t, limits[0])
	for i, of := range []string{"update " + gatewayID, "upgrade " + proxyIDs[0], "upgrade " + proxyIDs[1]} {
		require.True(t, limits[i+1].After(c.started[of]), of)
	}
}

// Workers' clocks differ. What a check after the update is allowed counts by Temporal's.
func TestACheckHasItsTimeWhateverTheWorkersClock(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ahead, passes time.Duration
		want          bool
	}{
		"ahead, and it passes in time":   {ahead: 15 * time.Minute, passes: 10 * time.Minute, want: true},
		"behind, and it passes too late": {ahead: -15 * time.Minute, passes: 25 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			w, env := healthy(t, c, noon)
			c.health.Now = func() time.Time { return env.Now().Add(tc.ahead) }
			activities.Register(env, activities.Providers{
				AWS: c, Huawei: c, Known: c, Runs: c, Now: c.health.Now, Beats: virtual{}, Slots: virtual{}, Asker: c.health, Muter: c.health,
			})
			env.when(func() bool { return len(c.done()) > 0 }, func() {
				w.status = 503
				env.RegisterDelayedCallback(func() { w.status = 200 }, tc.passes)
			})
			check := orders("")
			check.Within = maintenance.Duration(15 * time.Minute)
			result, _ := maintain(t, env, c.checkup(maintenance.Policy{}, check))
			require.Equal(t, tc.want, result.State == maintenance.StateCompleted, result.Summary)
		})
	}
}

// A check after the update that is waived while it fails does not count.
func TestACheckAfterTheUpdateIsWaived(t *testing.T) {
	t.Parallel()
	c := newCloud()
	w, env := healthy(t, c, noon)
	w.status = 503
	check := orders("")
	check.Within = maintenance.Duration(time.Hour)
	env.when(func() bool { return status(t, env).Step == maintenance.StepHealth }, func() {
		env.UpdateWorkflow(api.WaiveUpdate, "1", (&answers{t: t}).accepted(), api.Waive{Action: api.Action{By: "alice", Why: "CHG-1"}, Check: "orders"})
	})
	result, err := maintain(t, env, c.checkup(maintenance.Policy{}, check))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State)
	require.Equal(t, maintenance.StepSkipped, result.Steps[6].State)
	require.Equal(t, "every check was waived", result.Steps[6].Note)
}

// A waiver ends the hold for a failed check once none of those that failed is left, whoever gave it.
func TestAWaiverEndsAHold(t *testing.T) {
	t.Parallel()
	waive := func(t *testing.T, env environment, check string) {
		t.Helper()
		env.UpdateWorkflow(api.WaiveUpdate, check, (&answers{t: t}).accepted(), api.Waive{Action: api.Action{By: "alice", Why: "CHG-1"}, Check: check})
	}
	for name, tc := range map[string]struct {
		waive func(*testing.T, environment)
		by    string // what is on record as the end of the hold
		held  bool
	}{
		"the only check that failed": {func(t *testing.T, env environment) { t.Helper(); waive(t, env, "orders") }, api.WaiveUpdate, false},
		"in the campaign": {func(_ *testing.T, env environment) {
			env.SignalWorkflow(api.WaivedSignal, api.CampaignWaivers{Campaign: "campaign-q4", Waived: health.Waivers{{Check: "orders", By: "alice", Why: "CHG-1"}}})
		}, "", false},
		"another check": {func(t *testing.T, env environment) { t.Helper(); waive(t, env, "connected") }, api.AbortUpdate, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			w, env := healthy(t, c, noon)
			env.when(func() bool { return len(c.done()) > 0 }, func() { w.status = 503 })
			var held bool
			env.when(func() bool { return status(t, env).Held }, func() {
				tc.waive(t, env)
				env.RegisterDelayedCallback(func() {
					held = status(t, env).Held
					if held {
						env.UpdateWorkflow(api.AbortUpdate, "abort", (&answers{t: t}).accepted(), alice)
					}
				}, 2*time.Hour)
			})
			in := c.checkup(maintenance.Policy{OnFailure: maintenance.OnFailureHold}, orders(""), connected())
			in.Campaign = "campaign-q4"
			result, _ := maintain(t, env, in)
			require.Equal(t, tc.held, held)
			failed := result.Steps[6].Failed
			require.Len(t, failed, 1)
			if tc.by == "" {
				require.Nil(t, failed[0].Decision, "the campaign has its decision")
			} else {
				require.Equal(t, tc.by, failed[0].Decision.What)
			}
			if !tc.held {
				require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			}
		})
	}
}

// AWS updates the gateway as its window opens, before the guard has asked: what is compared with is from before that.
func TestTheBaselineIsFromBeforeTheUpdateOfAWS(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		early time.Duration // before the window
		after []string      // who is connected from then on
		state maintenance.EndState
	}{
		"the hosts come back":                {time.Hour, []string{"iqn.a"}, maintenance.StateCompleted},
		"the hosts do not come back":         {time.Hour, nil, maintenance.StatePartial},
		"armed just before the window opens": {time.Minute, []string{"iqn.a"}, maintenance.StateCompleted},
		"started after the update":           {-10 * time.Minute, []string{"iqn.a"}, maintenance.StateCompleted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(1)
			w, env := healthy(t, c, noon.Add(-tc.early))
			c.awsAt = noon
			env.RegisterDelayedCallback(func() { w.hosts = tc.after }, max(tc.early, 0))
			policy := maintenance.Policy{UpdateDelay: new(maintenance.Duration(time.Minute))}
			result, _ := maintain(t, env, c.checkup(policy, connected()))
			require.Equal(t, tc.state, result.State, result.Summary)
			require.NotContains(t, c.done(), "update "+gatewayID)
		})
	}
}

// The baseline of a trigger whose response was lost, or whose worker was, is what is compared with.
func TestTheBaselineSurvivesALostTrigger(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*cloud, environment){
		"the response was lost": func(c *cloud, _ environment) { c.lose["update"] = 1 },
		"the worker was lost": func(c *cloud, env environment) {
			a := health.Answer{Outcome: health.OutcomePass, At: noon, Values: []health.Value{{
				Of: "initiators", Text: "1 connected", Names: []string{"vol-1 iqn.a"}, Outcome: health.OutcomePass,
			}}}
			env.meter.lost = temporal.NewHeartbeatTimeoutError(activities.Armed{Sending: noon, Seen: &checks.Seen{
				Records: health.Record(nil, "connected", health.AtBefore, health.Watch{State: health.Passing, Last: &a}), Muted: true,
			}})
			env.RegisterDelayedCallback(func() { _ = c.UpdateSoftware(t.Context(), gatewayARN) }, time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			w, env := healthy(t, c, noon)
			lose(c, env)
			env.when(func() bool { return len(c.done()) > 0 }, func() { w.hosts = append(w.hosts, "iqn.b") })
			result, err := maintain(t, env, c.checkup(maintenance.Policy{}, connected()))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State)
			require.Equal(t, []string{"vol-1 iqn.a"}, health.Baseline(result.Checks)["connected"].Values[0].Names)
			require.Empty(t, c.health.Muted())
			require.Equal(t, "alarms of "+gatewayID+" are muted", result.Ledger[len(result.Ledger)-1].What)
			require.Equal(t, maintenance.ChangeTakenBack, result.Ledger[len(result.Ledger)-1].State)
		})
	}
}

// An attempt that was lost may have muted: the mute is ended, also where a check then keeps the next attempt back.
func TestTheMuteOfALostAttemptIsEnded(t *testing.T) {
	t.Parallel()
	for name, lost := range map[string]error{
		"without a heartbeat":    temporal.NewHeartbeatTimeoutError(),
		"before it has sent":     temporal.NewHeartbeatTimeoutError(activities.Armed{Seen: &checks.Seen{Muted: true}}),
		"before the window ends": temporal.NewApplicationError("too late", names.TypeWindowMissed, checks.Seen{Muted: true}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			w, env := healthy(t, c, noon)
			w.dirty = 12
			env.meter.lost = lost
			mark := health.MuteMark{Mark: maintenance.Mark{Namespace: namespace}, GatewayID: gatewayID, Number: 1}
			require.NoError(t, c.health.Mute(t.Context(), mark, health.Question{}, noon.AddDate(0, 0, 1)))
			in := c.checkup(maintenance.Policy{}, clean(0))
			in.Campaign = "campaign-q4"
			result, err := maintain(t, env, in)
			require.NoError(t, err)
			require.Equal(t, maintenance.StateDeferred, result.State, result.Summary)
			require.Empty(t, c.done())
			require.Empty(t, c.health.Muted())
			muted := slices.IndexFunc(result.Ledger, func(c maintenance.Change) bool { return strings.HasPrefix(c.What, "alarms") })
			require.Equal(t, maintenance.ChangeTakenBack, result.Ledger[muted].State)
		})
	}
}

// The checks before are asked again before each proxy. One that blocks costs the proxy nothing: its reads stay where they
// are, and the ledger has one line for its upgrade, however often it was blocked.
func TestACheckBlocksAProxy(t *testing.T) {
	t.Parallel()
	for name, shift := range map[string]bool{"its reads stay": false, "its reads are moved": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(2)
			w, env := healthy(t, c, noon)
			asked := 0
			c.health.Says = func(q health.Question) health.Reading {
				asked++
				if since := env.Now().Sub(noon); len(c.done()) > 0 {
					w.dirty = map[bool]float64{true: 12, false: 3}[since < time.Hour || since < 80*time.Minute && asked%2 == 1]
				}
				return w.says(q)
			}
			env.RegisterDelayedCallback(func() {
				seen := status(t, env)
				require.Equal(t, maintenance.StepProxies, seen.Step)
				require.Equal(t, maintenance.BlockedByCheck, seen.Blocker)
				require.Equal(t, []string{"update " + gatewayID}, c.done())
			}, 59*time.Minute)
			policy := maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: shift}}
			result, err := maintain(t, env, c.checkup(policy, clean(0), connected()))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State)
			require.Equal(t, []maintenance.ProxyState{maintenance.ProxyUpgraded, maintenance.ProxyUpgraded},
				[]maintenance.ProxyState{result.Proxies[0].State, result.Proxies[1].State})
			require.Empty(t, c.health.Muted())
			var moments []string
			for _, r := range result.Checks {
				moments = append(moments, r.Check+" "+r.Moment)
			}
			require.Equal(t, []string{"clean before", "connected before", "clean before proxies", "connected after"}, moments)
			kernels := map[string]maintenance.ChangeState{}
			for _, change := range result.Ledger {
				if strings.HasPrefix(change.What, "kernel of proxy ") {
					require.NotContains(t, kernels, change.What)
					kernels[change.What] = change.State
				}
			}
			require.Len(t, kernels, 2)
		})
	}
}

// A check that passes, and fails each time just before the change, does not make the run go back and forth without end:
// it is left alone for longer and longer, unless it is waived.
func TestACheckThatFailsOnlyJustBeforeAChange(t *testing.T) {
	t.Parallel()
	proxies := maintenance.Policy{Proxies: maintenance.ProxyPolicy{ShiftReads: true}}
	for name, tc := range map[string]struct {
		proxies int
		fails   func(reads, asked int) bool
		waived  bool
	}{
		"while the reads are moved":                     {1, func(reads, _ int) bool { return reads%2 == 1 }, false},
		"whenever the guard asks":                       {0, func(_, asked int) bool { return asked%2 == 1 }, false},
		"while the reads are moved, until it is waived": {1, func(reads, _ int) bool { return reads%2 == 1 }, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(tc.proxies)
			w, env := healthy(t, c, noon)
			asked := 0
			reads := func() int {
				return len(slices.DeleteFunc(c.done(), func(what string) bool { return !strings.HasPrefix(what, "weights") }))
			}
			c.health.Says = func(q health.Question) health.Reading {
				asked++
				w.dirty = map[bool]float64{true: 12, false: 3}[tc.fails(reads(), asked)]
				return w.says(q)
			}
			var seen maintenance.Status
			env.RegisterDelayedCallback(func() { seen = status(t, env) }, time.Hour)
			env.RegisterDelayedCallback(func() {
				require.Less(t, reads(), 16)
				require.Less(t, env.meter.events, 800)
				if !tc.waived {
					env.CancelWorkflow()
					return
				}
				env.UpdateWorkflow(api.WaiveUpdate, "1", (&answers{t: t}).accepted(), api.Waive{Action: alice, Check: "clean"})
			}, 90*time.Minute)
			result, _ := maintain(t, env, c.checkup(proxies, clean(0)))
			require.Equal(t, maintenance.BlockedByCheck, seen.Blocker)
			require.Regexp(t, `check "clean": cache dirty 12%.* after it had passed, [5-6] times: asked again `+noon.Format("Mon 2006-01-02")+` 1`, seen.Reason)
			require.Equal(t, tc.waived, result.State == maintenance.StateCompleted, result.Summary)
			require.Zero(t, reads()%2, "they are where they were")
			require.Empty(t, c.health.Muted())
		})
	}
}

// A gateway that was updated is checked also where its proxies are left to the next window.
func TestAGatewayIsCheckedBeforeItsProxiesAreDeferred(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hosts []string
		state maintenance.EndState
	}{
		"it passes": {[]string{"iqn.a"}, maintenance.StateDeferred},
		"it fails":  {nil, maintenance.StatePartial},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(2)
			w, env := healthy(t, c, noon)
			env.when(func() bool { return len(c.done()) > 0 }, func() { w.dirty, w.hosts = 12, tc.hosts })
			in := c.checkup(maintenance.Policy{}, clean(0), connected())
			in.Campaign = "campaign-q4"
			result, _ := maintain(t, env, in)
			require.Equal(t, tc.state, result.State, result.Summary)
			require.True(t, result.Gateway.Updated)
			require.False(t, c.upgraded(proxyIDs[0]))
			require.Contains(t, result.Summary, map[bool]string{true: `check "clean"`, false: `check "connected"`}[tc.hosts != nil])
			last := result.Checks[len(result.Checks)-1]
			require.Equal(t, []string{"connected", "after"}, []string{last.Check, last.Moment})
			require.Equal(t, []string{"vol-1 iqn.a"}, health.Baseline(result.Checks)["connected"].Values[0].Names)
			require.Empty(t, c.health.Muted())
		})
	}
}

// What an earlier run has found before it updated the gateway is what a later one compares with.
func TestTheBaselineOfAnEarlierRun(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(1)
	w, env := healthy(t, c, noon)
	w.hosts = []string{"iqn.b"}
	in := c.checkup(maintenance.Policy{}, connected())
	in.Before = map[string]health.Answer{"connected": {Outcome: health.OutcomePass, At: noon.AddDate(0, 0, -7), Values: []health.Value{{
		Of: "initiators", Text: "1 connected", Names: []string{"vol-1 iqn.a"}, Outcome: health.OutcomePass,
	}}}}
	result, err := maintain(t, env, in)
	require.Error(t, err)
	require.Equal(t, maintenance.StatePartial, result.State, result.Summary)
	require.Contains(t, result.Summary, "iqn.a")
}

// Alarms are muted from just before the trigger until the target has recovered, however the run ends.
func TestAlarmsAreMutedAroundTheWork(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		meanwhile func(*testing.T, environment, *cloud)
	}{
		"it succeeds": {func(*testing.T, environment, *cloud) {}},
		"it fails":    {func(_ *testing.T, _ environment, c *cloud) { c.noEffect = true }},
		"it is cancelled": {func(_ *testing.T, env environment, c *cloud) {
			env.when(func() bool { return len(c.done()) > 0 }, env.CancelWorkflow)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			_, env := healthy(t, c, noon.Add(-time.Minute))
			tc.meanwhile(t, env, c)
			result, _ := maintain(t, env, c.checkup(maintenance.Policy{}, orders("")))
			log, rule := c.health.Log(), health.MuteMark{Mark: maintenance.Mark{Namespace: namespace}, GatewayID: gatewayID, Number: 1}.RuleName()
			require.Equal(t, "12:00:00 mute "+rule, log[0])
			require.Contains(t, log[len(log)-1], " unmute "+rule)
			require.Empty(t, c.health.Muted())
			require.NotEqual(t, maintenance.StateCompensationFailed, result.State)
		})
	}
}

// While a proxy waits for a check, and nothing is at work, nobody is blind.
func TestAProxyThatWaitsForACheckUnmutes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		passes int // changes that the check lets through
		lasts  time.Duration
	}{
		"after the update":                       {1, time.Minute},
		"after the upgrade of another":           {2, time.Minute},
		"and another ends its upgrade meanwhile": {3, 30 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(3)
			for _, id := range proxyIDs[1:3] {
				c.proxies[id].lasts = tc.lasts
			}
			w, env := healthy(t, c, noon)
			asked := 0
			c.health.Says = func(q health.Question) health.Reading {
				r := w.says(q)
				if asked++; asked > tc.passes && env.Now().Before(noon.Add(5*time.Hour)) {
					r.Gateway.Cache.DirtyPercent = 12
				}
				return r
			}
			var seen maintenance.Status
			env.RegisterDelayedCallback(func() {
				seen = status(t, env)
				require.Empty(t, c.health.Muted())
			}, 3*time.Hour)
			policy := maintenance.Policy{Proxies: maintenance.ProxyPolicy{Parallel: 2}}
			result, err := maintain(t, env, c.checkup(policy, clean(0)))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.Equal(t, maintenance.BlockedByCheck, seen.Blocker)
			require.Empty(t, c.health.Muted())
		})
	}
}

// A proxy that sleeps until another window leaves the mute of one at work as it is, and then nobody is blind.
func TestAProxyThatSleepsDoesNotUnmuteOneAtWork(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(3)
	w, env := healthy(t, c, noon)
	c.proxies[proxyIDs[1]].lasts, c.proxies[proxyIDs[2]].lasts = 30*time.Minute, 30*time.Minute
	asked, nextWeek := 0, noon.AddDate(0, 0, 6)
	c.health.Says = func(q health.Question) health.Reading {
		r := w.says(q)
		if c.upgraded(proxyIDs[0]) && env.Now().Before(nextWeek) {
			if asked++; asked > 1 {
				r.Gateway.Cache.DirtyPercent = 12
			}
		}
		return r
	}
	sent := func() bool { return c.upgraded(proxyIDs[1]) || c.upgraded(proxyIDs[2]) }
	env.when(sent, func() {
		env.RegisterDelayedCallback(func() {
			require.Equal(t, maintenance.BlockedByWindow, status(t, env).Blocker)
			require.Len(t, c.health.Muted(), 1, "one is at work")
		}, 10*time.Minute)
		env.RegisterDelayedCallback(func() { require.Empty(t, c.health.Muted(), "none is") }, 40*time.Minute)
	})
	result, err := maintain(t, env, c.checkup(maintenance.Policy{Proxies: maintenance.ProxyPolicy{Parallel: 2}}, clean(time.Minute)))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	require.True(t, c.upgraded(proxyIDs[1]) && c.upgraded(proxyIDs[2]))
	require.WithinRange(t, result.End, nextWeek, nextWeek.AddDate(0, 0, 2))
	require.Empty(t, c.health.Muted())
}

// A proxy that a check blocks says nothing of the mute of another that is being sent.
func TestABlockedProxyDoesNotForgetTheMuteOfAnother(t *testing.T) {
	t.Parallel()
	c := newCloud().withProxies(3)
	w, env := healthy(t, c, noon)
	c.proxies[proxyIDs[0]].lasts = 3 * time.Hour // longer than the window: the others sleep, and the mute ends
	nextWeek, asked, refused := noon.AddDate(0, 0, 6), 0, false
	c.health.Says = func(q health.Question) health.Reading {
		r := w.says(q)
		if env.Now().After(nextWeek) && env.Now().Before(nextWeek.AddDate(0, 0, 6)) {
			if asked++; asked == 2 || asked > 3 { // the second proxy; the first one asks again
				r.Gateway.Cache.DirtyPercent = 12
			}
		}
		return r
	}
	c.health.MuteFails = func() error {
		if !refused && env.Now().After(nextWeek) {
			refused = true // so that the blocked one ends first
			return errors.New("connection refused")
		}
		return nil
	}
	env.RegisterDelayedCallback(func() {
		require.True(t, refused)
		require.NotEqual(t, c.upgraded(proxyIDs[1]), c.upgraded(proxyIDs[2]), "one of the two")
		require.Empty(t, c.health.Muted(), "nobody is blind while the other one sleeps")
	}, 7*24*time.Hour+15*time.Minute)
	policy := maintenance.Policy{WindowLength: maintenance.Duration(2 * time.Hour), Proxies: maintenance.ProxyPolicy{
		Parallel: 2, Deadline: maintenance.Duration(4 * time.Hour),
	}}
	result, err := maintain(t, env, c.checkup(policy, clean(time.Minute)))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	require.Empty(t, c.health.Muted())
}

// A mute outlasts the last time at which the update may be sent, its deadline, and the checks after it.
func TestAMuteThatIsArmedOutlivesTheWork(t *testing.T) {
	t.Parallel()
	c := newCloud()
	_, env := healthy(t, c, noon.Add(-time.Hour))
	var until time.Time
	env.when(func() bool { return len(c.done()) > 0 }, func() {
		for _, at := range c.health.Muted() {
			until = at
		}
	})
	slow := orders("")
	slow.Within = maintenance.Duration(2 * time.Hour)
	result, err := maintain(t, env, c.checkup(maintenance.Policy{
		WindowLength: maintenance.Duration(2 * time.Hour), Cutoff: new(maintenance.Duration(30 * time.Minute)),
		UpdateDeadline: maintenance.Duration(time.Hour),
	}, slow))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State)
	latest := noon.Add(90 * time.Minute)
	require.WithinRange(t, until, latest.Add(3*time.Hour), latest.Add(3*time.Hour+12*time.Minute))
}

// The mutes of a run have one end from the start, whichever of its changes needs the latest: CloudWatch starts a rule
// anew that gets a later one.
func TestMutesHaveOneEndForAllChanges(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		end      maintenance.WindowEnd
		window   time.Duration
		deadline time.Duration // of a proxy
		ends     time.Duration // after the opening
	}{
		"of proxies that may take longer":     {maintenance.WindowEndHold, 4 * time.Hour, 3 * time.Hour, 3*time.Hour + 30*time.Minute + 3*time.Hour + 10*time.Minute},
		"of proxies that start after it":      {maintenance.WindowEndFinish, time.Hour, 2 * time.Hour, 30*time.Minute + time.Hour + 6*time.Hour + 10*time.Minute},
		"of more than a day after the window": {maintenance.WindowEndFinish, time.Hour, 10 * time.Hour, 30*time.Minute + 24*time.Hour + 10*time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(3)
			_, env := healthy(t, c, noon)
			for _, id := range proxyIDs[:3] {
				c.proxies[id].lasts = 40 * time.Minute
			}
			ends := map[time.Time]bool{}
			for after := time.Minute; after < 2*time.Hour; after += time.Minute {
				env.RegisterDelayedCallback(func() {
					for _, until := range c.health.Muted() {
						ends[until.UTC()] = true
					}
				}, after)
			}
			result, err := maintain(t, env, c.checkup(maintenance.Policy{
				WindowLength: maintenance.Duration(tc.window), Cutoff: new(maintenance.Duration(30 * time.Minute)), OnWindowEnd: tc.end,
				UpdateDeadline: maintenance.Duration(time.Hour), Proxies: maintenance.ProxyPolicy{Deadline: maintenance.Duration(tc.deadline)},
			}))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
			require.Equal(t, map[time.Time]bool{noon.Add(tc.ends).UTC(): true}, ends)
		})
	}
}

// While Alertmanager is away, a person who answers a hold does not wait for it.
func TestAHoldIsAnsweredWhileAMuteCannotBeEnded(t *testing.T) {
	t.Parallel()
	c := newCloud()
	w, env := healthy(t, c, noon)
	away := true
	env.when(func() bool { return len(c.done()) > 0 }, func() {
		w.status = 503
		c.health.MuteFails = func() error {
			if away {
				return errors.New("connection refused")
			}
			return nil
		}
	})
	env.when(func() bool { return status(t, env).Held }, func() {
		w.status = 200
		env.UpdateWorkflow(api.RetryUpdate, "retry", (&answers{t: t}).accepted(), alice)
		env.RegisterDelayedCallback(func() { away = false }, 20*time.Minute)
	})
	result, err := maintain(t, env, c.checkup(maintenance.Policy{OnFailure: maintenance.OnFailureHold}, orders("")))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	step := result.Steps[6]
	require.Equal(t, maintenance.StepHealth, step.Step)
	require.Less(t, step.End.Sub(step.Failed[0].At), 2*time.Minute)
	require.Empty(t, c.health.Muted())
	require.Equal(t, maintenance.ChangeTakenBack, result.Ledger[len(result.Ledger)-1].State)
}

// What a run has not touched is no reason for concern, whatever becomes of its mute.
func TestAnUntouchedGatewayIsLeftAlone(t *testing.T) {
	t.Parallel()
	missed := temporal.NewApplicationError("too late", names.TypeWindowMissed)
	for name, tc := range map[string]struct {
		byAWS  bool
		lost   error // of the first trigger
		state  maintenance.EndState
		ledger maintenance.ChangeState
	}{
		"its mute was refused all night": {false, nil, maintenance.StateDeferred, maintenance.ChangeExpires},
		"AWS has updated it":             {true, nil, maintenance.StateCompleted, maintenance.ChangeNotMade},
		"the window was missed":          {false, missed, maintenance.StateDeferred, maintenance.ChangeNotMade},
		"the attempt was lost before its checks": {
			false, temporal.NewHeartbeatTimeoutError(activities.Armed{Slot: noon}), maintenance.StateDeferred, maintenance.ChangeExpires,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			_, env := healthy(t, c, noon.Add(-time.Minute))
			if tc.byAWS {
				c.awsAt = noon
			}
			env.meter.lost = tc.lost
			c.health.MuteFails = func() error { return errors.New("connection refused") }
			in := c.checkup(maintenance.Policy{UpdateDelay: new(maintenance.Duration(time.Minute))})
			in.Campaign = "campaign-q4"
			result, err := maintain(t, env, in)
			require.NoError(t, err)
			require.Equal(t, tc.state, result.State, result.Summary)
			require.False(t, result.Quarantined)
			require.Empty(t, c.done())
			muted := result.Ledger[slices.IndexFunc(result.Ledger, func(c maintenance.Change) bool { return strings.HasPrefix(c.What, "alarms") })]
			require.Equal(t, tc.ledger, muted.State)
			if tc.ledger == maintenance.ChangeExpires {
				require.Contains(t, result.Summary, "Left to the campaign: "+
					"nothing is sent while its alarms cannot be muted: mute 1: connection refused; ")
				require.Contains(t, result.Summary, "alarms may stay muted until ")
			}
		})
	}
}

// A mute that does not end is in the ledger and the summary, and it ends by itself: the run has not failed.
func TestAMuteThatCannotBeEnded(t *testing.T) {
	t.Parallel()
	c := newCloud()
	_, env := healthy(t, c, noon)
	env.when(func() bool { return len(c.done()) > 0 }, func() {
		c.health.MuteFails = func() error { return errors.New("connection refused") }
	})
	result, err := maintain(t, env, c.checkup(maintenance.Policy{}))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State)
	require.False(t, result.Quarantined)
	require.Equal(t, maintenance.ChangeExpires, result.Ledger[len(result.Ledger)-1].State)
	for _, says := range []string{result.Ledger[len(result.Ledger)-1].Why, result.Summary} {
		require.Contains(t, says, "when the mute ends by itself: mute 1: connection refused")
	}
}

// Without checks and mutes a run costs what it cost.
func TestARunWithoutChecksCostsNothingMore(t *testing.T) {
	t.Parallel()
	c := newCloud()
	_, env := healthy(t, c, noon)
	result, err := maintain(t, env, c.input(maintenance.Policy{}))
	require.NoError(t, err)
	require.Len(t, result.Steps, len(maintenance.Steps()))
	require.Empty(t, c.health.Asked())
	require.Empty(t, result.Checks)
}
