package activities_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/polling"
)

func TestTheErrorTable(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err    error
		kind   string
		retry  bool
		benign bool
	}{
		"not connected":    {maintenance.ErrNotConnected, names.TypeNotReady, true, true},
		"not ready":        {maintenance.ErrNotReady, names.TypeNotReady, true, true},
		"busy":             {maintenance.ErrBusy, names.TypeNotReady, true, true},
		"throttled":        {maintenance.ErrThrottled, names.TypeThrottled, true, true},
		"unavailable":      {maintenance.ErrUnavailable, names.TypeUnavailable, true, false},
		"unknown outcome":  {maintenance.ErrUnknownOutcome, names.TypeUnknownOutcome, false, false},
		"not found":        {maintenance.ErrNotFound, names.TypeNotFound, false, false},
		"denied":           {maintenance.ErrDenied, names.TypeDenied, false, false},
		"invalid":          {maintenance.ErrInvalid, names.TypeInvalid, false, false},
		"unsupported":      {maintenance.ErrUnsupported, names.TypeUnsupported, false, false},
		"rejected":         {maintenance.ErrRejected, names.TypeRejected, false, false},
		"up to date":       {maintenance.ErrUpToDate, names.TypeInvalid, false, false},
		"no window":        {maintenance.ErrNoWindow, names.TypeNoWindow, false, false},
		"ambiguous window": {maintenance.ErrAmbiguousWindow, names.TypeNoWindow, false, false},
		"anything else":    {errors.New("a bug"), names.TypeUnavailable, true, false},
		"a call cut off":   {context.DeadlineExceeded, names.TypeUnavailable, true, false},
		"unknown outcome, for want of an answer": {
			fmt.Errorf("%w: %w", maintenance.ErrUnavailable, maintenance.ErrUnknownOutcome), names.TypeUnknownOutcome, false, false,
		},
		"unknown outcome, though perhaps throttled": {
			errors.Join(maintenance.ErrThrottled, maintenance.ErrUnknownOutcome), names.TypeUnknownOutcome, false, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.aws.gateway = fails[maintenance.Gateway](fmt.Errorf("describe gateway sgw-12A3456B: %w", tc.err))

			_, err := run(t, r, r.gateways.VerifyGateway, verifyLookup())

			app := requireKind(t, err, tc.kind)
			require.Equal(t, "describe gateway sgw-12A3456B: "+maintenance.Plain(tc.err), app.Message())
			require.Equal(t, !tc.retry, app.NonRetryable())
			if tc.benign {
				require.Equal(t, temporal.ApplicationErrorCategoryBenign, app.Category())
			} else {
				require.Equal(t, temporal.ApplicationErrorCategoryUnspecified, app.Category())
			}
			if tc.retry {
				require.InDelta(t, 5*time.Second, app.NextRetryDelay(), float64(time.Second))
			} else {
				require.Zero(t, app.NextRetryDelay())
			}
		})
	}
}

// Credentials that run out in the middle of a run end what has not started. What
// was set going is watched on, and what was changed is put back, until the time
// for it is up.
func TestWhatWasSetGoingIsNotGivenUpForWantOfPermission(t *testing.T) {
	t.Parallel()
	volume := activities.VolumeLookup{Account: "prod", VolumeID: volumeID, Pace: pace()}
	for name, tc := range map[string]struct {
		do      func(*rig) error
		patient bool
	}{
		"VerifyGateway": {do: func(r *rig) error { return fail(r, r.gateways.VerifyGateway, verifyLookup()) }},
		"TriggerUpdate": {do: func(r *rig) error {
			return fail(r, r.gateways.TriggerUpdate, activities.TriggerUpdateInput{Lookup: lookup()})
		}},
		"CreateSnapshot": {do: func(r *rig) error { return fail(r, r.gateways.CreateSnapshot, volume) }},
		"HoldAutomaticUpdates": {do: func(r *rig) error {
			return fail(r, r.gateways.HoldAutomaticUpdates, activities.MarkedPolicyInput{Lookup: lookup()})
		}},
		"UpgradeProxy": {do: func(r *rig) error {
			return fail(r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxyLookup()})
		}},
		"SetReadWeights": {do: func(r *rig) error { return fail(r, r.proxies.SetReadWeights, shift()) }},
		"AwaitUpdated": {patient: true, do: func(r *rig) error {
			return fail(r, r.gateways.AwaitUpdated, activities.AwaitUpdatedInput{Lookup: lookup()})
		}},
		"FindSnapshot": {patient: true, do: func(r *rig) error {
			return fail(r, r.gateways.FindSnapshot, activities.FindSnapshotInput{VolumeLookup: volume})
		}},
		"AwaitSnapshot": {patient: true, do: func(r *rig) error {
			return fail(r, r.gateways.AwaitSnapshot, activities.AwaitSnapshotInput{Account: "prod", Pace: pace()})
		}},
		"DeleteSnapshots": {patient: true, do: func(r *rig) error {
			return fail(r, r.gateways.DeleteSnapshots, activities.DeleteSnapshotsInput{FindSnapshotInput: activities.FindSnapshotInput{VolumeLookup: volume}})
		}},
		"RestoreAutomaticUpdates": {patient: true, do: func(r *rig) error {
			return fail(r, r.gateways.RestoreAutomaticUpdates, activities.MarkedPolicyInput{Lookup: lookup()})
		}},
		"FindUpgrade": {patient: true, do: func(r *rig) error {
			return fail(r, r.proxies.FindUpgrade, activities.FindJobInput{ProxyLookup: proxyLookup()})
		}},
		"AwaitUpgraded": {patient: true, do: func(r *rig) error {
			return fail(r, r.proxies.AwaitUpgraded, activities.AwaitUpgradedInput{ProxyLookup: proxyLookup()})
		}},
		"FindRestart": {patient: true, do: func(r *rig) error {
			return fail(r, r.proxies.FindRestart, activities.FindJobInput{ProxyLookup: proxyLookup()})
		}},
		"AwaitRestarted": {patient: true, do: func(r *rig) error {
			return fail(r, r.proxies.AwaitRestarted, activities.AwaitRestartedInput{ProxyLookup: proxyLookup()})
		}},
		"AwaitReadWeights": {patient: true, do: func(r *rig) error {
			return fail(r, r.proxies.AwaitReadWeights, activities.AwaitReadWeightsInput{ReadWeightsInput: shift()})
		}},
		"SetReadWeights, undo": {patient: true, do: func(r *rig) error {
			in := shift()
			in.Restore = new(proxyMark("run-7", 100, 50))
			return fail(r, r.proxies.SetReadWeights, in)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			denied := fmt.Errorf("look: %w", maintenance.ErrDenied)
			r.aws.gateway, r.aws.schedule = fails[maintenance.Gateway](denied), fails[maintenance.RawSchedule](denied)
			r.aws.snapshots, r.aws.snapshot = fails[[]maintenance.Snapshot](denied), fails[maintenance.Snapshot](denied)
			r.huawei.proxies = fails[[]maintenance.Proxy](denied)
			app := requireKind(t, tc.do(r), names.TypeDenied)
			require.Equal(t, !tc.patient, app.NonRetryable())
			require.Equal(t, tc.patient, app.NextRetryDelay() > 0)
		})
	}
}

func TestPollsGetRarerTheLongerTheWait(t *testing.T) {
	t.Parallel()
	for waited, want := range map[time.Duration]time.Duration{
		-time.Minute: 5 * time.Second, 0: 5 * time.Second, 2 * time.Minute: 12 * time.Second, time.Hour: time.Minute, 30 * 24 * time.Hour: time.Minute,
	} {
		t.Run(waited.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.waited = waited
			r.aws.gateway = fails[maintenance.Gateway](maintenance.ErrNotConnected)
			_, err := run(t, r, r.gateways.VerifyGateway, verifyLookup())
			require.InDelta(t, want, requireKind(t, err, names.TypeNotReady).NextRetryDelay(), float64(want)/5)
		})
	}
}

// The pace is that of the time waited, whatever the worker's own clock shows.
func TestTheNextPollDoesNotDependOnTheWorkersClock(t *testing.T) {
	t.Parallel()
	for _, behind := range []time.Duration{-24 * time.Hour, -time.Minute, time.Minute, 24 * time.Hour, 10 * 365 * 24 * time.Hour} {
		t.Run(behind.String(), func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.server, r.waited = r.now.Add(behind), 2*time.Minute
			r.aws.gateway = fails[maintenance.Gateway](maintenance.ErrNotConnected)
			_, err := run(t, r, r.gateways.VerifyGateway, verifyLookup())
			require.InDelta(t, 12*time.Second, requireKind(t, err, names.TypeNotReady).NextRetryDelay(), float64(12*time.Second)/5)
		})
	}
}

func TestAttemptsDoNotPollAtTheSameTime(t *testing.T) {
	t.Parallel()
	delays := map[time.Duration]bool{}
	for attempt := range int32(20) {
		r := newRig(t)
		r.attempt = attempt + 1
		r.aws.gateway = fails[maintenance.Gateway](maintenance.ErrNotConnected)
		_, err := run(t, r, r.gateways.VerifyGateway, verifyLookup())
		delays[requireKind(t, err, names.TypeNotReady).NextRetryDelay()] = true
	}
	require.Greater(t, len(delays), 15)
}

// later is an error by which a cloud asks to be left alone for a while.
type later time.Duration

func (l later) Error() string             { return "slow down" }
func (l later) RetryAfter() time.Duration { return time.Duration(l) }

func TestRetryAfterIsRespected(t *testing.T) {
	t.Parallel()
	for asked, want := range map[time.Duration]time.Duration{
		10 * time.Minute: 10 * time.Minute, // above the pace's longest
		7 * time.Second:  7 * time.Second,
	} {
		r := newRig(t)
		r.aws.gateway = fails[maintenance.Gateway](fmt.Errorf("describe: %w: %w", maintenance.ErrThrottled, later(asked)))
		_, err := run(t, r, r.gateways.VerifyGateway, verifyLookup())
		require.Equal(t, want, requireKind(t, err, names.TypeThrottled).NextRetryDelay())
	}
	for _, asked := range []time.Duration{0, time.Second, -time.Hour} {
		r := newRig(t)
		r.aws.gateway = fails[maintenance.Gateway](fmt.Errorf("describe: %w: %w", maintenance.ErrThrottled, later(asked)))
		_, err := run(t, r, r.gateways.VerifyGateway, verifyLookup())
		require.GreaterOrEqual(t, requireKind(t, err, names.TypeThrottled).NextRetryDelay(), 4*time.Second, "never sooner than the pace")
	}
}

func TestWithoutAPaceTheNextPollComesAfterASecond(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.aws.gateway = fails[maintenance.Gateway](maintenance.ErrUnavailable)
	_, err := run(t, r, r.gateways.VerifyGateway, activities.VerifyGatewayInput{Lookup: activities.Lookup{Gateway: gatewayRef()}})
	require.Equal(t, time.Second, requireKind(t, err, names.TypeUnavailable).NextRetryDelay())
}

func TestAnAccountThatTheWorkerDoesNotKnowNeedsAPerson(t *testing.T) {
	t.Parallel()
	other := maintenance.GatewayRef{Account: "other", ARN: gatewayARN}
	proxy := activities.ProxyLookup{Proxy: maintenance.ProxyRef{Account: "other", InstanceID: instanceID, ProxyID: proxyID}}
	target := maintenance.Target{Name: "store-7", Gateway: other}
	for name, do := range map[string]func(*rig) error{
		"AssessGateway": func(r *rig) error {
			return fail(r, r.gateways.AssessGateway, activities.AssessGatewayInput{Target: target})
		},
		"VerifyGateway": func(r *rig) error {
			return fail(r, r.gateways.VerifyGateway, activities.VerifyGatewayInput{Lookup: activities.Lookup{Gateway: other}})
		},
		"ReadSchedule": func(r *rig) error {
			return fail(r, r.gateways.ReadSchedule, activities.ReadScheduleInput{Lookup: activities.Lookup{Gateway: other}})
		},
		"ListVolumes": func(r *rig) error {
			return fail(r, r.gateways.ListVolumes, activities.ListVolumesInput{Lookup: activities.Lookup{Gateway: other}})
		},
		"TriggerUpdate": func(r *rig) error {
			return fail(r, r.gateways.TriggerUpdate, activities.TriggerUpdateInput{Lookup: activities.Lookup{Gateway: other}})
		},
		"AwaitUpdated": func(r *rig) error {
			return fail(r, r.gateways.AwaitUpdated, activities.AwaitUpdatedInput{Lookup: activities.Lookup{Gateway: other}})
		},
		"CreateSnapshot": func(r *rig) error {
			return fail(r, r.gateways.CreateSnapshot, activities.VolumeLookup{Account: "other"})
		},
		"FindSnapshot": func(r *rig) error {
			return fail(r, r.gateways.FindSnapshot, activities.FindSnapshotInput{VolumeLookup: activities.VolumeLookup{Account: "other"}})
		},
		"AwaitSnapshot": func(r *rig) error {
			return fail(r, r.gateways.AwaitSnapshot, activities.AwaitSnapshotInput{Account: "other"})
		},
		"DeleteSnapshots": func(r *rig) error {
			return fail(r, r.gateways.DeleteSnapshots, activities.DeleteSnapshotsInput{FindSnapshotInput: activities.FindSnapshotInput{VolumeLookup: activities.VolumeLookup{Account: "other"}}})
		},
		"HoldAutomaticUpdates": func(r *rig) error {
			return fail(r, r.gateways.HoldAutomaticUpdates, activities.MarkedPolicyInput{Lookup: activities.Lookup{Gateway: other}})
		},
		"RestoreAutomaticUpdates": func(r *rig) error {
			return fail(r, r.gateways.RestoreAutomaticUpdates, activities.MarkedPolicyInput{Lookup: activities.Lookup{Gateway: other}})
		},
		"ReadProxy": func(r *rig) error { return fail(r, r.proxies.ReadProxy, proxy) },
		"SurveyProxies": func(r *rig) error {
			return fail(r, r.proxies.SurveyProxies, activities.SurveyProxiesInput{Proxies: []maintenance.ProxyRef{proxy.Proxy}})
		},
		"UpgradeProxy": func(r *rig) error {
			return fail(r, r.proxies.UpgradeProxy, activities.UpgradeProxyInput{ProxyLookup: proxy})
		},
		"FindUpgrade": func(r *rig) error {
			return fail(r, r.proxies.FindUpgrade, activities.FindJobInput{ProxyLookup: proxy})
		},
		"AwaitUpgraded": func(r *rig) error {
			return fail(r, r.proxies.AwaitUpgraded, activities.AwaitUpgradedInput{ProxyLookup: proxy})
		},
		"RestartProxy": func(r *rig) error { return fail(r, r.proxies.RestartProxy, proxy) },
		"FindRestart": func(r *rig) error {
			return fail(r, r.proxies.FindRestart, activities.FindJobInput{ProxyLookup: proxy})
		},
		"AwaitRestarted": func(r *rig) error {
			return fail(r, r.proxies.AwaitRestarted, activities.AwaitRestartedInput{ProxyLookup: proxy})
		},
		"SetReadWeights": func(r *rig) error {
			return fail(r, r.proxies.SetReadWeights, activities.ReadWeightsInput{ProxyLookup: proxy})
		},
		"MarkProxy": func(r *rig) error {
			return fail(r, r.proxies.MarkProxy, activities.MarkProxyInput{ProxyLookup: proxy})
		},
		"UnmarkProxy": func(r *rig) error {
			return fail(r, r.proxies.UnmarkProxy, activities.MarkProxyInput{ProxyLookup: proxy})
		},
		"AwaitReadWeights": func(r *rig) error {
			return fail(r, r.proxies.AwaitReadWeights, activities.AwaitReadWeightsInput{ReadWeightsInput: activities.ReadWeightsInput{ProxyLookup: proxy}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			app := requireKind(t, do(r), names.TypeNotFound)
			require.Contains(t, app.Message(), `account "other"`)
			require.Empty(t, r.aws.sent)
			require.Empty(t, r.huawei.sent)
		})
	}
}

// fail runs an activity for its error alone.
func fail[In, Out any](r *rig, do func(context.Context, In) (Out, error), in In) error {
	r.t.Helper()
	_, err := run(r.t, r, do, in)
	return err
}

// remember lets the worker know of changes of a kind that took so long.
func (r *rig) remember(kind string, took time.Duration) *rig {
	var all []polling.Change
	for i := range 8 {
		started := r.now.AddDate(0, 0, -7).Add(time.Duration(i) * time.Second)
		all = append(all, polling.Change{Started: started, Took: polling.SpanOf(took-10*time.Second, took)})
	}
	r.kept = polling.Memory{kind: all}
	return r
}

// Where others of its kind took long, a change is polled seldom at first, but never later than at
// half of the time that is left. What cannot be read is read again as soon as without them.
func TestAChangeIsPolledWhenItMayHaveEnded(t *testing.T) {
	t.Parallel()
	for kind, do := range map[string]func(*rig) error{
		"update CACHED": func(r *rig) error {
			in := awaitUpdated(r)
			in.GatewayType, r.aws.gateway = "CACHED", fails[maintenance.Gateway](maintenance.ErrNotConnected)
			return fail(r, r.gateways.AwaitUpdated, in)
		},
		"snapshot STORED": func(r *rig) error {
			r.aws.snapshot = says(snapshot("snap-0a", "pending"))
			return fail(r, r.gateways.AwaitSnapshot, activities.AwaitSnapshotInput{Account: "prod", SnapshotID: "snap-0a", Pace: pace(), GatewayType: "STORED"})
		},
		"proxy": func(r *rig) error {
			r.huawei.job, r.huawei.proxies, r.huawei.kernel = job("Completed"), proxies("UPGRADING"), kernel(oldKernel)
			return fail(r, r.proxies.AwaitUpgraded, activities.AwaitUpgradedInput{ProxyLookup: proxyLookup(), JobID: "job-1"})
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for _, tc := range []struct{ took, waited, least, most time.Duration }{
				{10 * time.Minute, 0, time.Minute, 5 * time.Minute},
				{10 * time.Minute, 590 * time.Second, 4 * time.Second, 15 * time.Second},
				{10 * time.Hour, 9 * time.Minute, 30 * time.Second, 30 * time.Second}, // the test environment gives it ten
			} {
				r := newRig(t).remember(kind, tc.took)
				r.waited = tc.waited
				delay := requireKind(t, do(r), names.TypeNotReady).NextRetryDelay()
				require.GreaterOrEqual(t, delay, tc.least)
				require.LessOrEqual(t, delay, tc.most)
				require.Len(t, r.heartbeats, 1)
			}
		})
	}
	r := newRig(t).remember("snapshot ", time.Hour)
	r.aws.snapshot = fails[maintenance.Snapshot](maintenance.ErrThrottled)
	err := fail(r, r.gateways.AwaitSnapshot, activities.AwaitSnapshotInput{Account: "prod", Pace: pace()})
	require.LessOrEqual(t, requireKind(t, err, names.TypeThrottled).NextRetryDelay(), 6*time.Second)
	require.Empty(t, r.heartbeats, "nobody knows how it is")
}

// took is what the workers of the namespace are told of a kind of change.
func took(r *rig, kind string) (all []polling.Span) {
	for _, c := range r.kept[kind] {
		all = append(all, c.Took)
	}
	return all
}

// The span in which a change ended starts at the last poll that found it not done.
func TestAPollSaysWhenTheChangeEnded(t *testing.T) {
	t.Parallel()
	want := polling.SpanOf(2*time.Minute, 3*time.Minute)

	r := newRig(t)
	in := awaitUpdated(r)
	in.SteadyFor = 0
	r.waited, r.aws.gateway = 2*time.Minute, fails[maintenance.Gateway](maintenance.ErrNotConnected)
	require.Error(t, fail(r, r.gateways.AwaitUpdated, in))
	r.heartbeat, r.waited, r.aws.gateway = r.heartbeats[0], 3*time.Minute, says(gatewayAfter())
	_, err := run(t, r, r.gateways.AwaitUpdated, in)
	require.NoError(t, err)
	require.Equal(t, []polling.Span{want}, took(r, "update "))

	r = newRig(t)
	snap := activities.AwaitSnapshotInput{Account: "prod", SnapshotID: "snap-0a", Pace: pace()}
	r.waited, r.aws.snapshot = 2*time.Minute, says(snapshot("snap-0a", "pending"))
	require.Error(t, fail(r, r.gateways.AwaitSnapshot, snap))
	r.heartbeat, r.waited, r.aws.snapshot = r.heartbeats[0], 3*time.Minute, says(snapshot("snap-0a", "completed"))
	_, err = run(t, r, r.gateways.AwaitSnapshot, snap)
	require.NoError(t, err)
	require.Equal(t, []polling.Span{want}, took(r, "snapshot "))

	r = newRig(t)
	upgrade := activities.AwaitUpgradedInput{ProxyLookup: proxyLookup(), JobID: "job-1"}
	r.waited, r.huawei.job = 2*time.Minute, job("Running")
	require.Error(t, fail(r, r.proxies.AwaitUpgraded, upgrade))
	r.heartbeat, r.waited, r.huawei.job = r.heartbeats[0], 3*time.Minute, job("Completed")
	r.huawei.proxies, r.huawei.kernel = proxies("ACTIVE"), kernel(newKernel)
	_, err = run(t, r, r.proxies.AwaitUpgraded, upgrade)
	require.NoError(t, err)
	require.Equal(t, []polling.Span{want}, took(r, "proxy"))
}
