package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/test/teststart"
	"github.com/tidegate/tidegate/workflows/api"
)

// monthly moves the cloud's window to a day of the month, at noon.
func (c *cloud) monthly(day int) *cloud {
	c.schedule.DayOfWeek, c.schedule.DayOfMonth = nil, new(day)
	return c
}

func TestWaitOf27DaysWithTheWindowMovedTwice(t *testing.T) {
	t.Parallel()
	start := teststart.OnDay(23, 12)
	c := newCloud().monthly(10) // of the next month
	c.moves = []move{
		{at: start.Add(126 * time.Hour), day: 28},     // the window of that day is over by then, whenever the next poll comes
		{at: start.Add(10 * 24 * time.Hour), day: 20}, // of the next month, 27 days after the start where this one has 30
	}
	env := at(t, start, c)
	result, err := maintain(t, env, c.input(maintenance.Policy{}))
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State)
	require.Equal(t, start.AddDate(0, 1, -3), result.Window.Start.UTC())
	require.False(t, c.triggered.Before(result.Window.Start), "triggered before the window opened")
	require.True(t, c.triggered.Before(result.Window.Start.Add(time.Minute)), "triggered late: %s", c.triggered)
	require.Less(t, env.meter.events, 200)
}

func TestWaitOf27DaysWhoseWindowStays(t *testing.T) {
	t.Parallel()
	start := teststart.OnDay(23, 12)
	c := newCloud().monthly(20)
	c.gateway.Type, c.volumes = "FILE_S3", nil
	env := at(t, start, c)
	_, err := maintain(t, env, c.input(maintenance.Policy{}))
	require.NoError(t, err)
	require.False(t, c.triggered.Before(start.AddDate(0, 1, -3)))
	require.LessOrEqual(t, env.meter.events, 120)
}

func TestHistoryDoesNotGrowWithTheRestart(t *testing.T) {
	t.Parallel()
	cost := func(restart time.Duration) int {
		c := newCloud()
		c.restart = restart
		env := at(t, noon, c)
		_, err := maintain(t, env, c.input(maintenance.Policy{}))
		require.NoError(t, err)
		return env.meter.events
	}
	require.Equal(t, cost(30*time.Second), cost(30*time.Minute))
}

func TestUpdatedByAWSWhileWeWaited(t *testing.T) {
	t.Parallel()
	for name, awsAt := range map[string]time.Time{
		"days before the window":    noon.Add(-4 * 24 * time.Hour),
		"at the window's start":     noon,
		"just before the window":    noon.Add(-10 * time.Minute),
		"restarting as it opens":    noon.Add(-time.Minute),
		"back as the window opened": noon.Add(-6 * time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			c.awsAt, c.gap = awsAt, 0
			c.volumes = c.volumes[:1]
			policy := maintenance.Policy{UpdateDelay: new(maintenance.Duration(time.Minute))}
			result, err := maintain(t, at(t, noon.Add(-6*24*time.Hour), c), c.input(policy))
			require.NoError(t, err)
			require.Equal(t, maintenance.CauseAWS, result.Gateway.Cause)
			require.Equal(t, []string{"snapshot vol-1122aabb"}, c.done(), "nothing is triggered, the snapshot is taken")
			require.Contains(t, result.Summary, "updated by AWS itself")
		})
	}
}

// AWS's own trigger at the window's start is not to be seen for a while.
func TestAWSGoesFirstAtTheWindowsStart(t *testing.T) {
	t.Parallel()
	delay := new(maintenance.Duration(time.Minute))
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		effects []string
		cause   maintenance.Cause
		started time.Duration // after the window's start
	}{
		"AWS updates": {
			arrange: func(c *cloud) { c.awsAt = noon }, cause: maintenance.CauseAWS,
		},
		"AWS does not": {
			arrange: func(*cloud) {}, cause: maintenance.CauseTidegate, effects: []string{"update " + gatewayID}, started: time.Minute,
		},
		"AWS's policy is emergencies only, which it may push all the same": {
			arrange: func(c *cloud) { c.schedule.AutomaticUpdates = maintenance.EmergencyVersionsOnly },
			cause:   maintenance.CauseTidegate, effects: []string{"update " + gatewayID}, started: time.Minute,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud()
			c.volumes = nil
			tc.arrange(c)
			result, err := maintain(t, at(t, noon.Add(-time.Hour), c), c.input(maintenance.Policy{UpdateDelay: delay}))
			require.NoError(t, err)
			require.Equal(t, append([]string{}, tc.effects...), c.done())
			require.Equal(t, tc.cause, result.Gateway.Cause)
			if len(tc.effects) > 0 {
				require.Equal(t, noon.Add(tc.started), c.triggered.UTC())
			}
		})
	}
}

func TestFreezeHoldsTheWindow(t *testing.T) {
	t.Parallel()
	c := newCloud()
	freeze := maintenance.Freeze{From: noon.Add(-time.Hour), To: noon.Add(2 * time.Hour), Reason: "quarter end"}
	env := at(t, noon.Add(-time.Minute), c)
	var seen maintenance.Status
	env.RegisterDelayedCallback(func() { seen = status(t, env) }, time.Hour)
	_, err := maintain(t, env, c.input(maintenance.Policy{Freezes: []maintenance.Freeze{freeze}}))
	require.NoError(t, err)
	require.Equal(t, maintenance.BlockedByFreeze, seen.Blocker)
	require.Contains(t, seen.Reason, "quarter end")
	require.Equal(t, freeze.To, seen.Next.UTC())
	require.False(t, c.triggered.Before(freeze.To), "triggered inside the freeze, %s", c.triggered)
}

func status(t *testing.T, env environment) maintenance.Status {
	t.Helper()
	value, err := env.QueryWorkflow(api.StatusQuery)
	require.NoError(t, err)
	var s maintenance.Status
	require.NoError(t, value.Get(&s))
	return s
}

// The window's last time for something new comes while a step is at work.
// With hold, what had not started is done in the next window, and nothing twice;
// with finish, the run goes on and the overrun is recorded.
func TestWindowEndsInEveryStep(t *testing.T) {
	t.Parallel()
	upgrades := func(ids ...string) (all []string) {
		for _, id := range ids {
			all = append(all, "mark "+id, "weights "+id+" 0", "upgrade "+id, "weights "+id+" 100", "unmark "+id)
		}
		return all
	}
	snapshot, update := "snapshot vol-1122aabb", "update "+gatewayID
	for name, tc := range map[string]struct {
		arrange  func(*cloud)
		snapshot maintenance.SnapshotWhen
		effects  []string
		held     string // the first effect that hold leaves for the next window
	}{
		"recovery point before the update": {
			arrange: func(c *cloud) { c.pending = 20 * time.Minute }, snapshot: maintenance.SnapshotBefore,
			effects: append([]string{snapshot, update}, upgrades(proxyIDs[0], proxyIDs[1])...), held: update,
		},
		"restart": {
			arrange: func(c *cloud) { c.restart = 20 * time.Minute }, snapshot: maintenance.SnapshotNever,
			effects: append([]string{update}, upgrades(proxyIDs[0], proxyIDs[1])...), held: "weights " + proxyIDs[0] + " 0",
		},
		"recovery point after the update": {
			arrange: func(c *cloud) { c.pending = 20 * time.Minute }, snapshot: maintenance.SnapshotAfter,
			effects: append([]string{update, snapshot}, upgrades(proxyIDs[0], proxyIDs[1])...), held: "weights " + proxyIDs[0] + " 0",
		},
		"first proxy": {
			arrange: func(*cloud) {}, snapshot: maintenance.SnapshotNever,
			effects: append([]string{update}, upgrades(proxyIDs[0], proxyIDs[1])...), held: "weights " + proxyIDs[1] + " 0",
		},
	} {
		for _, end := range []maintenance.WindowEnd{maintenance.WindowEndHold, maintenance.WindowEndFinish} {
			t.Run(name+", "+string(end), func(t *testing.T) {
				t.Parallel()
				c := newCloud().withProxies(2)
				c.volumes = c.volumes[:1]
				tc.arrange(c)
				in := c.input(maintenance.Policy{
					WindowLength: maintenance.Duration(15 * time.Minute), Cutoff: new(maintenance.Duration(5 * time.Minute)),
					Snapshot: tc.snapshot, OnWindowEnd: end, Proxies: maintenance.ProxyPolicy{ShiftReads: true},
				})
				result, err := maintain(t, at(t, noon, c), in)
				require.NoError(t, err)
				require.Equal(t, tc.effects, c.done())
				next := noon.AddDate(0, 0, 7)
				// What is disruptive has not started yet: finish has nothing to finish.
				holds := end == maintenance.WindowEndHold || tc.held == update
				require.Equal(t, holds, !c.started[tc.held].Before(next), "%s at %s", tc.held, c.started[tc.held])
				require.Equal(t, end == maintenance.WindowEndFinish, result.Overrun > 0, result.Overrun)
				for _, effect := range tc.effects {
					disruptive := effect != snapshot && !strings.HasSuffix(effect, " 100") && !strings.HasPrefix(effect, "unmark ")
					if disruptive && end == maintenance.WindowEndHold {
						requireInWindow(t, c.started[effect], effect)
					}
				}
			})
		}
	}
}

// requireInWindow says that a disruptive effect started in a window of the tests'
// schedule, and before its cutoff.
func requireInWindow(t *testing.T, started time.Time, effect string) {
	t.Helper()
	sinceStart := started.Sub(noon) % (7 * 24 * time.Hour)
	require.Less(t, sinceStart, 10*time.Minute+time.Second, "%s started %s after the window's start", effect, sinceStart)
}

func TestNothingStartsInsideTheCutoff(t *testing.T) {
	t.Parallel()
	c := newCloud()
	_, err := maintain(t, at(t, noon.Add(3*time.Hour+30*time.Minute), c), c.input(maintenance.Policy{}))
	require.NoError(t, err)
	require.False(t, c.triggered.Before(noon.AddDate(0, 0, 7)), "triggered at %s", c.triggered)
}

func TestApproval(t *testing.T) {
	t.Parallel()
	c := newCloud()
	env := at(t, noon, c)
	answers := &answers{t: t}
	env.RegisterDelayedCallback(func() {
		require.Equal(t, maintenance.BlockedByApproval, status(t, env).Blocker)
		env.UpdateWorkflow(api.ApproveUpdate, "nameless", answers.rejected("by is required"), api.Action{})
		env.UpdateWorkflow(api.ApproveUpdate, "first", answers.accepted(), api.Action{By: "alice", Why: "CHG-1"})
		env.UpdateWorkflow(api.ApproveUpdate, "second", answers.rejected("approved already"), api.Action{By: "bob"})
	}, time.Hour)
	result, err := maintain(t, env, c.input(maintenance.Policy{Approval: true}))
	require.NoError(t, err)
	require.Equal(t, 3, answers.got)
	require.False(t, c.triggered.Before(noon.Add(time.Hour)), "triggered before the approval")
	require.Len(t, result.Decisions, 1)
	require.Equal(t, "alice", result.Decisions[0].By)
}

// answers checks what became of the updates sent in a test.
type answers struct {
	t   *testing.T
	got int
}

func (a *answers) accepted() *testsuite.TestUpdateCallback {
	return &testsuite.TestUpdateCallback{
		OnAccept:   func() {},
		OnReject:   func(err error) { require.NoError(a.t, err) },
		OnComplete: func(_ any, err error) { a.got++; require.NoError(a.t, err) },
	}
}

func (a *answers) rejected(says string) *testsuite.TestUpdateCallback {
	return &testsuite.TestUpdateCallback{
		OnAccept:   func() { require.Fail(a.t, "accepted, want a refusal that says: "+says) },
		OnReject:   func(err error) { a.got++; require.ErrorContains(a.t, err, says) },
		OnComplete: func(any, error) {},
	}
}
