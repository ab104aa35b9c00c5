package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/workflows/api"
)

// nextOpening is a whole minute, as AWS's windows start at, with time to arm before it.
func nextOpening() time.Time {
	return time.Now().Add(100 * time.Second).Truncate(time.Minute).UTC()
}

// opensAt are gateways whose windows all open at one time.
func opensAt(opening time.Time, n int) simcloud.Scenario {
	var s simcloud.Scenario
	for i := range n {
		s.AWS.Gateways = append(s.AWS.Gateways, aws.Gateway{
			ID: fmt.Sprintf("sgw-%08X", 0xA12E0000+i), Name: fmt.Sprintf("armed-%d", i), Type: "FILE_S3",
			Version: "1.2.3", NextVersion: "1.3.0",
			Window: aws.Window{
				DayOfWeek: new(int(opening.Weekday())), HourOfDay: new(opening.Hour()), MinuteOfHour: new(opening.Minute()),
			},
			Timing: aws.Timing{Gap: time.Millisecond, GapPolls: new(0), Restart: time.Second, OldVersion: time.Millisecond, OldVersionPolls: new(0)},
		})
	}
	return s
}

// TestRunsAreArmedForTheirWindow: with two workers, no trigger is before the opening, the account's rate
// holds, and all are out within the time that it takes. An abort that was answered is kept.
func TestRunsAreArmedForTheirWindow(t *testing.T) {
	t.Parallel()
	const many, rate = 40, 20
	opening := nextOpening()
	sim, err := simcloud.New(opensAt(opening, many), simcloud.Options{})
	require.NoError(t, err)
	address, stop, err := sim.Start(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(stop)
	prefix := t.Name() + "-"
	l := &lab{t: t, sim: sim, client: prepared(t), prefix: prefix, queue: prefix + api.TaskQueue}
	for range 2 {
		stopWorkers, err := workers.Start(l.client, accounts.New(t.Context(), []accounts.AWS{{
			Account:   awsaccounts.Account{Name: awsAccount, Region: aws.DefaultRegion, Endpoint: "http://" + address},
			Keys:      &accounts.Keys{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey},
			PerSecond: rate,
		}}, nil), workers.Options{Queue: l.queue})
		require.NoError(t, err)
		t.Cleanup(stopWorkers)
	}
	policy := quick()
	policy.UpdateDelay, policy.Pace = new(maintenance.Duration(0)), maintenance.Pace{Min: maintenance.Duration(time.Second), Max: maintenance.Duration(time.Second)}
	var runs []client.WorkflowRun
	for _, g := range opensAt(opening, many).AWS.Gateways {
		arn := "arn:aws:storagegateway:" + aws.DefaultRegion + ":" + aws.DefaultAccount + ":gateway/" + g.ID
		runs = append(runs, l.start(api.MaintenanceInput{
			Target: maintenance.Target{Name: g.Name, Gateway: maintenance.GatewayRef{Account: awsAccount, ARN: arn}}, Policy: policy,
		}))
	}
	require.Eventually(t, func() bool { return strings.HasPrefix(l.status(runs[0]).Reason, "armed: triggers ") }, time.Minute, 100*time.Millisecond)
	l.order(runs[0].GetID(), api.AbortUpdate, api.Action{By: "alice", Why: "CHG-1"})
	for _, run := range runs[1:] {
		result, _ := l.end(run)
		require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	}
	var triggers []time.Duration
	for _, e := range sim.Effects() {
		require.NotContains(t, e.Resource, "A12E0000", "it was aborted before the opening")
		if e.Kind == "storagegateway:UpdateGatewaySoftwareNow" {
			triggers = append(triggers, e.Time.Sub(opening))
		}
	}
	slices.Sort(triggers)
	t.Log(triggers)
	require.Len(t, triggers, many-1)
	require.GreaterOrEqual(t, triggers[0], time.Duration(0), "before the opening")
	require.Less(t, triggers[len(triggers)-1], time.Second*many/rate+3*time.Second, "the machine may be busy")
	for i := range len(triggers) - rate - 5 {
		require.Greater(t, triggers[i+rate+5]-triggers[i], 800*time.Millisecond, "the account's rate")
	}
}
