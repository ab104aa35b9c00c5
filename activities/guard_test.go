package activities_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// guard asks whether orders are taken, for a baseline whether volumes are connected, and mutes one Alertmanager.
func guard(r *rig) *checks.Guard {
	orders := health.Check{
		Name: "orders", At: []health.Moment{health.AtBefore}, HTTP: &health.HTTPCheck{Server: "orders", Path: "/"},
	}
	volumes := health.Check{
		Name: "volumes", At: []health.Moment{health.AtAfter}, Gateway: &health.GatewayCheck{Initiators: health.AsBefore},
	}
	return &checks.Guard{
		Followed: checks.Followed{
			Subject: health.Subject{Target: maintenance.Target{Name: "till", Gateway: gatewayRef()}, GatewayType: "CACHED"},
			Checks:  []health.Check{orders.WithDefaults()}, Baselines: []health.Check{volumes.WithDefaults()},
		},
		Mute: checks.Muted{
			Mutes: []health.Mute{{Alertmanager: &health.AlertSelector{Server: "prod", Matchers: []health.Template{`gateway="{{gateway}}"`}}}},
			Mark: health.MuteMark{
				Mark:      maintenance.Mark{WorkflowID: "w", RunID: "r", Namespace: "default", Since: r.now},
				GatewayID: "sgw-12A3456B",
			},
			Until: r.now.Add(time.Hour),
		},
	}
}

// status has the orders' server answer so, and a volume connected.
func status(code int) func(health.Question) health.Reading {
	return func(q health.Question) health.Reading {
		if q.HTTP != nil {
			return health.Reading{Status: code}
		}
		return health.Reading{Gateway: health.GatewayNumbers{Initiators: map[string][]string{"vol-1": {"iqn.host"}}}}
	}
}

// A trigger is sent only while its checks pass, with answers that are fresh, and once its alarms are muted.
func TestATriggerIsGuarded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		says    func(health.Question) health.Reading
		kind    string // of the error; empty: it is sent
		muted   bool
		message string
	}{
		"all pass":  {says: status(200), muted: true},
		"one fails": {says: status(503), kind: names.TypeBlocked, message: `check "orders": status 503`},
		"no answer": {says: func(health.Question) health.Reading { return health.Reading{Err: errors.New("refused")} }, kind: names.TypeBlocked, message: "refused"},
		"no baseline": {says: func(q health.Question) health.Reading {
			r := status(200)(q)
			r.Err = map[bool]error{true: errors.New("throttled")}[q.Gateway != nil]
			return r
		}, kind: names.TypeBlocked, message: `check "volumes": throttled`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r, in := armed(t, 15*time.Second)
				in.Guard, r.health.Says = guard(r), tc.says
				out, err := run(t, r, r.gateways.TriggerUpdate, in)
				require.Equal(t, tc.muted, len(r.health.Muted()) == 1)
				if tc.kind != "" {
					app := requireKind(t, err, tc.kind)
					require.ErrorContains(t, err, tc.message)
					require.True(t, app.NonRetryable())
					var seen checks.Seen
					require.NoError(t, app.Details(&seen))
					require.Len(t, seen.Watches, 2)
					require.Empty(t, r.aws.sent)
					return
				}
				require.NoError(t, err)
				require.True(t, out.Sent)
				require.Len(t, r.aws.sent, 1)
				require.Equal(t, []string{"vol-1 iqn.host"}, health.Baseline(out.Seen.Records)["volumes"].Values[0].Names)
				last, ok := r.heartbeats[len(r.heartbeats)-1].(activities.Armed)
				require.True(t, ok)
				require.Contains(t, health.Baseline(last.Seen.Records), "volumes", "a response that is lost does not lose them")
				for _, asked := range r.health.Asked() {
					require.LessOrEqual(t, r.clock().Sub(asked.At), health.MaxAge)
				}
			})
		})
	}
}

// The details of an unknown outcome have what was asked before.
func TestALostResponseKeepsWhatTheGuardHasSeen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway, r.health.Says = says(gatewayBefore()), status(200)
	r.aws.update = maintenance.ErrUnknownOutcome
	in := trigger()
	in.Guard = guard(r)
	_, err := run(t, r, r.gateways.TriggerUpdate, in)
	app := requireKind(t, err, names.TypeUnknownOutcome)
	var seen checks.Seen
	require.NoError(t, app.Details(&seen))
	require.Contains(t, health.Baseline(seen.Records), "volumes")
}

// An attempt that does not send says what the one before has muted, and why it could not.
func TestWhatAnEarlierAttemptHasMuted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		refused error
		says    string
	}{
		"muted":   {nil, "too late to start in this window"},
		"refused": {errors.New("connection refused"), "too late to start in this window: nothing is sent while its alarms cannot be muted: mute 1: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.gateway, r.health.Says = says(gatewayBefore()), status(200)
			r.huawei.proxies, r.huawei.kernel = proxies("ACTIVE"), kernel(oldKernel)
			r.aws.update, r.huawei.upgrade = maintenance.ErrThrottled, fails[string](maintenance.ErrThrottled)
			r.health.MuteFails = func() error { return tc.refused }
			update, upgrade := trigger(), activities.UpgradeProxyInput{ProxyLookup: proxyLookup()}
			update.Guard, upgrade.Guard = guard(r), guard(r)
			for what, attempt := range map[string]func() error{
				"update":  func() error { _, err := run(t, r, r.gateways.TriggerUpdate, update); return err },
				"upgrade": func() error { _, err := run(t, r, r.proxies.UpgradeProxy, upgrade); return err },
			} {
				r.heartbeat = nil
				update.NotAfter, upgrade.NotAfter = time.Time{}, time.Time{}
				var retried *temporal.ApplicationError
				require.ErrorAs(t, attempt(), &retried, what)
				require.False(t, retried.NonRetryable(), what)
				r.heartbeat = r.heartbeats[len(r.heartbeats)-1]
				update.NotAfter, upgrade.NotAfter = r.now, r.now
				app := requireKind(t, attempt(), names.TypeWindowMissed)
				require.Equal(t, tc.says, app.Message(), what)
				var seen checks.Seen
				require.NoError(t, app.Details(&seen))
				require.True(t, seen.Muted, what)
			}
		})
	}
}

// A machine that stood still between the answers and the send sends nothing: the checks are asked again.
func TestStaleAnswersSendNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, in := armed(t, 15*time.Second)
		in.Guard, r.health.Says = guard(r), status(200)
		r.beat = func() error {
			if len(r.health.Muted()) > 0 {
				standStill(r, time.Minute)
			}
			return nil
		}
		_, err := run(t, r, r.gateways.TriggerUpdate, in)
		require.False(t, requireKind(t, err, names.TypeNotReady).NonRetryable())
		require.Empty(t, r.aws.sent)
	})
}

// A proxy's upgrade is guarded in the same way.
func TestAProxysUpgradeIsGuarded(t *testing.T) {
	t.Parallel()
	for code, sent := range map[int]int{200: 1, 503: 0} {
		r := newRig(t)
		r.huawei.proxies, r.huawei.kernel, r.huawei.upgrade = proxies("ACTIVE"), kernel(oldKernel), says("job-1")
		in := activities.UpgradeProxyInput{ProxyLookup: proxyLookup()}
		in.Guard, r.health.Says = guard(r), status(code)
		_, err := run(t, r, r.proxies.UpgradeProxy, in)
		require.Len(t, r.huawei.sent, sent)
		require.Len(t, r.health.Muted(), sent)
		if sent == 0 {
			_ = requireKind(t, err, names.TypeBlocked)
			continue
		}
		require.NoError(t, err)
	}
}

// What passes the wait passes the guard: a source that is too slow for the one is too slow for the other, and says so.
func TestASlowSourceDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for takes, answers := range map[time.Duration]bool{
		0: true, checks.AnswerWithin - time.Second: true, checks.AnswerWithin + time.Second: false, 20 * time.Second: false,
	} {
		synctest.Test(t, func(t *testing.T) {
			r, in := armed(t, 15*time.Second)
			in.Guard, r.health.Says, r.health.Takes = guard(r), status(200), takes
			proxy := activities.UpgradeProxyInput{ProxyLookup: proxyLookup(), Guard: in.Guard}
			r.huawei.proxies, r.huawei.kernel, r.huawei.upgrade = proxies("ACTIVE"), kernel(oldKernel), says("job-1")
			var watcher *checks.Watcher
			_, waited := run(t, r, watcher.AwaitChecks, checks.AwaitChecksInput{Followed: in.Guard.Followed, Moment: health.AtBefore})
			_, upgraded := run(t, r, r.proxies.UpgradeProxy, proxy)
			_, triggered := run(t, r, r.gateways.TriggerUpdate, in)
			if answers {
				require.NoError(t, errors.Join(waited, upgraded, triggered), takes)
				return
			}
			requireNotYet(t, waited, "no answer within 8s")
			for _, err := range []error{upgraded, triggered} {
				require.Contains(t, requireKind(t, err, names.TypeBlocked).Message(), "no answer within 8s")
			}
			require.Empty(t, r.aws.sent)
			require.Empty(t, r.huawei.sent)
		})
	}
}

// A lease outlives the answers and the mute: there is a heartbeat before each.
func TestALeaseOutlivesItsGuard(t *testing.T) {
	t.Parallel()
	require.Less(t, checks.AnswerWithin, activities.LeaseTime/2)
}

// An answer counts only if it was asked for after the last change, by whichever clock.
func TestAnAnswerIsFromAfterTheLastChange(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{0, 30 * time.Second, -30 * time.Second} {
		r := newRig(t)
		r.server = r.now.Add(-ahead)
		in := checks.AwaitChecksInput{Followed: guard(r).Followed, Moment: health.AtAfter}
		var watcher *checks.Watcher
		_, err := run(t, r, watcher.AwaitChecks, in)
		require.NoError(t, err)
		in.NotBefore = r.server.Add(-5 * time.Second)
		_, err = run(t, r, watcher.AwaitChecks, in)
		require.NoError(t, err)
		asked := r.health.Asked()
		require.Len(t, asked, 4)
		require.Zero(t, asked[0].NotBefore)
		require.True(t, r.now.Add(-5*time.Second).Equal(asked[2].NotBefore), "%s ahead: %s", ahead, asked[2].NotBefore.Sub(r.now))
	}
}

// AwaitChecks fails until all pass, as often as the checks say, and goes on where a lost worker was.
func TestChecksAreWaitedFor(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	closes := r.now.Add(time.Hour)
	within := func(d time.Duration) checks.AwaitChecksInput {
		in := checks.AwaitChecksInput{Followed: guard(r).Followed, Moment: health.AtBefore, NotAfter: closes}
		in.Baselines, in.Checks[0].Within = nil, maintenance.Duration(d)
		return in
	}
	var watcher *checks.Watcher
	r.health.Says = status(503)
	_, err := run(t, r, watcher.AwaitChecks, within(time.Minute))
	requireNotYet(t, err, `check "orders": status 503 Service Unavailable, must be 200`)
	require.Equal(t, 30*time.Second, requireKind(t, err, names.TypeNotReady).NextRetryDelay())

	r.heartbeat = r.heartbeats[len(r.heartbeats)-1]
	r.now = r.now.Add(10 * time.Second)
	_, err = run(t, r, watcher.AwaitChecks, within(time.Minute))
	require.Equal(t, 20*time.Second, requireKind(t, err, names.TypeNotReady).NextRetryDelay())
	require.Len(t, r.health.Asked(), 1, "it is not asked more often than it says")

	r.now = r.now.Add(50 * time.Second)
	_, err = run(t, r, watcher.AwaitChecks, within(time.Minute))
	require.True(t, requireKind(t, err, names.TypeCheckFailed).NonRetryable())

	r.now = r.now.Add(59 * time.Minute)
	_, err = run(t, r, watcher.AwaitChecks, within(0))
	_ = requireKind(t, err, names.TypeWindowMissed)

	r.health.Says = status(200)
	out, err := run(t, r, watcher.AwaitChecks, within(0))
	require.NoError(t, err)
	require.Equal(t, health.Passing, out.Watches["orders"].State)
}
