package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// aMinuteBefore is an environment in which the window opens in a minute.
func aMinuteBefore(t *testing.T) (*cloud, environment) {
	t.Helper()
	c := newCloud()
	c.volumes = nil
	return c, at(t, noon.Add(-time.Minute), c)
}

func TestARunIsArmedBeforeItsWindow(t *testing.T) {
	t.Parallel()
	c, env := aMinuteBefore(t)
	var seen maintenance.Status
	env.RegisterDelayedCallback(func() { seen = status(t, env) }, 30*time.Second)
	result, err := maintain(t, env, c.input(maintenance.Policy{}))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State)
	require.Equal(t, noon, c.triggered.UTC(), "the first time at which it may")
	require.Equal(t, maintenance.StepUpdate, seen.Step)
	require.Equal(t, maintenance.BlockedByWindow, seen.Blocker)
	require.Contains(t, seen.Reason, "armed: triggers Sun ")
	require.Equal(t, noon, seen.Next.UTC())
	require.Equal(t, maintenance.StepArmed, seen.Steps[2].State)
	require.False(t, seen.PastNoReturn)
	require.Contains(t, seen.May, api.AbortUpdate)
}

// Nothing is touched outside the window: a snapshot before the update is not, nor what is not to be armed.
func TestARunThatIsNotArmedWaitsForItsWindow(t *testing.T) {
	t.Parallel()
	for name, policy := range map[string]maintenance.Policy{
		"a snapshot comes first": {Snapshot: maintenance.SnapshotBefore},
		"nothing is to be armed": {ArmBefore: new(maintenance.Duration(0))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			env := at(t, noon.Add(-time.Minute), c)
			var seen maintenance.Status
			env.RegisterDelayedCallback(func() { seen = status(t, env) }, 30*time.Second)
			_, err := maintain(t, env, c.input(policy))
			require.NoError(t, err)
			require.Equal(t, maintenance.StepWait, seen.Step)
			for effect, at := range c.started {
				require.False(t, at.Before(noon), effect)
			}
		})
	}
}

// An abort of an armed run is answered when nothing can be sent any more.
func TestAnArmedRunIsAborted(t *testing.T) {
	t.Parallel()
	c, env := aMinuteBefore(t)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow(api.AbortUpdate, "abort", answers.accepted(), api.Action{By: "alice", Why: "CHG-1"})
	}, 30*time.Second)
	result, _ := maintain(t, env, c.input(maintenance.Policy{}))
	require.Equal(t, 1, answers.got)
	require.Empty(t, c.done())
	require.Equal(t, maintenance.StateFailed, result.State, result.Summary)
}

// The campaign takes an armed run back: it ends as one that has not started.
func TestAnArmedRunIsTakenBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		from  string
		after time.Duration
		taken bool
		snap  maintenance.SnapshotWhen
	}{
		"while armed":                   {"campaign-q4", 30 * time.Second, true, ""},
		"while it waits for its window": {"campaign-q4", 30 * time.Second, true, maintenance.SnapshotBefore},
		"by another campaign":           {"campaign-q3", 30 * time.Second, false, ""},
		"when the update was triggered": {"campaign-q4", 90 * time.Second, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, env := aMinuteBefore(t)
			if tc.snap != "" {
				c.volumes = newCloud().volumes
			}
			in := c.input(maintenance.Policy{Snapshot: tc.snap})
			in.Campaign = "campaign-q4"
			env.RegisterDelayedCallback(func() {
				env.SignalWorkflow(api.DisarmSignal, api.CampaignDisarm{Action: api.Action{By: "alice", Why: "paused"}, Campaign: tc.from})
			}, tc.after)
			result, err := maintain(t, env, in)
			require.NoError(t, err)
			if !tc.taken {
				require.Equal(t, maintenance.StateCompleted, result.State)
				return
			}
			require.Equal(t, maintenance.StateDeferred, result.State)
			require.Empty(t, c.done())
		})
	}
}

// A worker that is lost before it has recorded that it sends has sent nothing: the trigger is armed
// again at once. After that it may have been sent, and is looked for.
func TestAnArmedTriggerWhoseWorkerIsLost(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		last  activities.Armed
		later bool // than the opening
	}{
		"before it was about to send": {activities.Armed{Slot: noon}, false},
		"when it was about to send":   {activities.Armed{Slot: noon, Sending: noon}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, env := aMinuteBefore(t)
			env.meter.lost = temporal.NewHeartbeatTimeoutError(tc.last)
			result, err := maintain(t, env, c.input(maintenance.Policy{}))
			require.NoError(t, err)
			require.Equal(t, maintenance.StateCompleted, result.State)
			require.Equal(t, []string{"update " + gatewayID}, c.done())
			require.Equal(t, tc.later, c.triggered.After(noon.Add(time.Minute)), c.triggered)
		})
	}
}

// An armed trigger that is taken back may meet an error that is usually repeated: Temporal repeats nothing that is to
// be cancelled. Nothing was sent, so the run ends as one that was taken back.
func TestAnArmedTriggerThatIsTakenBackWhileItFails(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{
		"the account is throttled": temporal.NewApplicationError("Rate exceeded", names.TypeThrottled),
		"the gateway is away":      temporal.NewApplicationError("the gateway is in state SHUTDOWN", names.TypeNotReady),
		"the worker stops":         temporal.NewApplicationError("context canceled", names.TypeUnavailable),
		"the worker is lost":       temporal.NewHeartbeatTimeoutError(activities.Armed{Slot: noon}),
		"the window has moved":     temporal.NewNonRetryableApplicationError("moved", names.TypeChanged, nil),
	} {
		for _, policy := range []maintenance.OnFailure{maintenance.OnFailureCompensate, maintenance.OnFailureHold} {
			start := func(t *testing.T) (*cloud, environment, api.MaintenanceInput) {
				t.Helper()
				c, env := aMinuteBefore(t)
				env.meter.cancelled = map[string]error{"TriggerUpdate": failure}
				in := c.input(maintenance.Policy{OnFailure: policy})
				in.Campaign = "campaign-q4"
				return c, env, in
			}
			t.Run(name+", disarmed, "+string(policy), func(t *testing.T) {
				t.Parallel()
				c, env, in := start(t)
				env.RegisterDelayedCallback(func() {
					env.SignalWorkflow(api.DisarmSignal, api.CampaignDisarm{Action: api.Action{By: "alice", Why: "paused"}, Campaign: "campaign-q4"})
				}, 30*time.Second)
				result, err := maintain(t, env, in)
				require.NoError(t, err)
				require.Equal(t, maintenance.StateDeferred, result.State, result.Summary)
				require.Empty(t, c.done())
			})
			t.Run(name+", aborted, "+string(policy), func(t *testing.T) {
				t.Parallel()
				c, env, in := start(t)
				answers := &answers{t: t}
				env.RegisterDelayedCallback(func() {
					env.UpdateWorkflow(api.AbortUpdate, "abort", answers.accepted(), api.Action{By: "alice", Why: "CHG-1"})
				}, 30*time.Second)
				result, _ := maintain(t, env, in)
				require.Equal(t, 1, answers.got)
				require.Contains(t, result.Summary, "aborted by alice")
				require.Empty(t, c.done())
			})
			t.Run(name+", cancelled, "+string(policy), func(t *testing.T) {
				t.Parallel()
				c, env, in := start(t)
				env.RegisterDelayedCallback(env.CancelWorkflow, 30*time.Second)
				_, err := maintain(t, env, in)
				var cancelled *temporal.CanceledError
				require.ErrorAs(t, err, &cancelled)
				require.Empty(t, c.done())
			})
		}
	}
}

// An abort while the update is triggered once more, after a trigger without effect, is answered when that trigger has
// ended.
func TestAnAbortWhileTheUpdateIsTriggeredAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ends    error
		refused string
	}{
		"it was not sent":       {ends: temporal.NewCanceledError()},
		"it may have been sent": {temporal.NewHeartbeatTimeoutError(activities.Armed{Sending: noon}), "past the point of no return"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, env := aMinuteBefore(t)
			c.noEffect = true
			env.when(func() bool { return len(c.done()) > 0 }, func() {
				env.meter.cancelled = map[string]error{"TriggerUpdate": tc.ends}
			})
			var refused error
			answered := 0
			env.when(func() bool { return env.meter.inFlight }, func() {
				env.UpdateWorkflow(api.AbortUpdate, "abort", &testsuite.TestUpdateCallback{
					OnAccept: func() {}, OnReject: func(err error) { require.NoError(t, err) },
					OnComplete: func(_ any, err error) { answered, refused = answered+1, err },
				}, api.Action{By: "alice", Why: "CHG-1"})
			})
			_, err := maintain(t, env, c.input(maintenance.Policy{}))
			require.Error(t, err)
			require.Equal(t, 1, answered)
			if tc.refused != "" {
				require.ErrorContains(t, refused, tc.refused)
				return
			}
			require.NoError(t, refused)
			require.Equal(t, []string{"trigger-without-effect " + gatewayID}, c.done())
		})
	}
}
