package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/workflows/api"
)

const (
	// clockSeed repeats the gateways of a run.
	clockSeed = "CLOCKS_SEED"
	clockRuns = 2
	clockOff  = 30 * time.Second
	// onTheWay is how long after the last time a trigger may reach the cloud: the task's way from the server to the
	// worker, which no worker can know (decision 16), and the call's way to the cloud. It was 1 s at a load of ten on
	// two processors. Nothing may be early.
	onTheWay = 3 * time.Second
)

// permitted is when one gateway may be triggered: in [from, until), and again later.
type permitted struct{ from, until, again time.Time }

// drawn is a gateway whose times were drawn, with the policy that gives it these times.
type drawn struct {
	permitted
	gateway aws.Gateway
	policy  maintenance.Policy
}

// TestTriggersKeepTheirTimesWithWrongClocks: two workers, one with its clock 30 s ahead, one 30 s behind. No trigger
// is before the opening and updateDelay, none at or after the last time, and each is made once. Many gateways open
// together, for a second or two, and the account's rate has not room for all: the others are triggered when they open
// again.
func TestTriggersKeepTheirTimesWithWrongClocks(t *testing.T) {
	t.Parallel()
	for range clockRuns {
		seed := rand.Uint64()
		if text := os.Getenv(clockSeed); text != "" {
			var err error
			seed, err = strconv.ParseUint(text, 10, 64)
			require.NoError(t, err)
		}
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			keepTheirTimes(t, rand.New(rand.NewPCG(seed, 0)))
		})
	}
}

func keepTheirTimes(t *testing.T, d *rand.Rand) {
	t.Helper()
	all := drawGateways(d, time.Now())
	var scenario simcloud.Scenario
	for _, g := range all {
		scenario.AWS.Gateways = append(scenario.AWS.Gateways, g.gateway)
	}
	sim, err := simcloud.New(scenario, simcloud.Options{})
	require.NoError(t, err)
	address, stop, err := sim.Start(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(stop)
	prefix := t.Name() + "-"
	l := &lab{t: t, sim: sim, client: prepared(t), prefix: prefix, queue: prefix + api.TaskQueue}
	for identity, off := range map[string]time.Duration{"ahead": clockOff, "behind": -clockOff} {
		stopWorkers, err := workers.Start(l.client, accounts.New(t.Context(), []accounts.AWS{{
			Account:   awsaccounts.Account{Name: awsAccount, Region: aws.DefaultRegion, Endpoint: "http://" + address},
			Keys:      &accounts.Keys{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey},
			PerSecond: 8,
		}}, nil), workers.Options{
			Queue: l.queue, Now: func() time.Time { return time.Now().Add(off) }, Each: worker.Options{Identity: identity},
		})
		require.NoError(t, err)
		t.Cleanup(stopWorkers)
	}
	var runs []client.WorkflowRun
	for _, g := range all {
		arn := "arn:aws:storagegateway:" + aws.DefaultRegion + ":" + aws.DefaultAccount + ":gateway/" + g.gateway.ID
		runs = append(runs, l.start(api.MaintenanceInput{
			Target: maintenance.Target{Name: g.gateway.Name, Gateway: maintenance.GatewayRef{Account: awsAccount, ARN: arn}}, Policy: g.policy,
		}))
	}
	count := map[string]int{}
	for i, run := range runs {
		result, history := l.end(run)
		require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
		count["by the clock that is "+lastTrigger(history)]++
		count[l.judged(all[i])]++
	}
	t.Log(count)
	require.Len(t, count, 4, "both workers have triggered, and in both openings")
}

// drawGateways gives half of the gateways a real window, the other half an opening between two freezes.
func drawGateways(d *rand.Rand, now time.Time) (all []drawn) {
	upTo := func(most time.Duration) time.Duration {
		return time.Duration(d.Int64N(int64(most))).Round(time.Millisecond)
	}
	for i := range 30 {
		g := drawn{policy: quick()}
		window := aws.Window{OpenedAgo: 5 * time.Minute}
		delay := time.Duration(0)
		start := now.Add(40*time.Second + upTo(500*time.Millisecond))
		if i%2 == 0 {
			start, delay = nextOpening(), upTo(time.Second)
			window = aws.Window{DayOfWeek: new(int(start.Weekday())), HourOfDay: new(start.Hour()), MinuteOfHour: new(start.Minute())}
		} else {
			g.policy.Freezes = []maintenance.Freeze{{From: now.Add(-time.Hour), To: start, Reason: "before"}}
		}
		g.from = start.Add(delay)
		g.until = g.from.Add(50*time.Millisecond + upTo(1500*time.Millisecond))
		g.again = g.until.Add(10 * time.Second)
		g.policy.Freezes = append(g.policy.Freezes, maintenance.Freeze{From: g.until, To: g.again, Reason: "after"})
		g.policy.UpdateDelay = new(maintenance.Duration(delay))
		g.policy.ArmBefore = new(maintenance.Duration([]time.Duration{5 * time.Second, 20 * time.Second, 2 * time.Minute}[d.IntN(3)]))
		g.policy.UpdateStart = maintenance.Duration(3 * time.Minute) // much longer than the clocks are off, as ever
		g.policy.UpdateDeadline = maintenance.Duration(10 * time.Minute)
		g.policy.Pace = maintenance.Pace{Min: maintenance.Duration(time.Second), Max: maintenance.Duration(time.Second)}
		g.gateway = aws.Gateway{
			ID: fmt.Sprintf("sgw-%08X", d.Uint32()&^0xff|uint32(i)), Name: fmt.Sprintf("clock-%d", i), Type: "FILE_S3",
			Version: "1.2.3", NextVersion: "1.3.0", Window: window,
			Timing: aws.Timing{Gap: time.Millisecond, GapPolls: new(0), Restart: time.Second, OldVersion: time.Millisecond, OldVersionPolls: new(0)},
		}
		all = append(all, g)
	}
	return all
}

// judged wants the gateway triggered once, at a permitted time, and says in which of its openings.
func (l *lab) judged(g drawn) string {
	l.t.Helper()
	var triggers []time.Time
	for _, e := range l.sim.Effects() {
		if e.Kind == "storagegateway:UpdateGatewaySoftwareNow" && maintenance.GatewayID(e.Resource) == g.gateway.ID {
			triggers = append(triggers, e.Time)
		}
	}
	require.Len(l.t, triggers, 1, g.gateway.Name)
	at := triggers[0]
	if !at.Before(g.again) {
		l.t.Logf("%s: %s after it opened again", g.gateway.Name, at.Sub(g.again))
		return "when it opened again"
	}
	l.t.Logf("%s: %s after its opening, %s before its end", g.gateway.Name, at.Sub(g.from), g.until.Sub(at))
	require.False(l.t, at.Before(g.from), "%s: triggered %s early", g.gateway.Name, g.from.Sub(at))
	require.Less(l.t, at.Sub(g.until), onTheWay, "%s: triggered after the last time", g.gateway.Name)
	return "in its opening"
}

// lastTrigger is the worker that the run's last trigger was started by.
func lastTrigger(history []*historypb.HistoryEvent) (identity string) {
	scheduled := map[int64]bool{}
	for _, e := range history {
		if a := e.GetActivityTaskScheduledEventAttributes(); a.GetActivityType().GetName() == "TriggerUpdate" {
			scheduled[e.GetEventId()] = true
		}
		if a := e.GetActivityTaskStartedEventAttributes(); scheduled[a.GetScheduledEventId()] {
			identity = a.GetIdentity()
		}
	}
	return identity
}
