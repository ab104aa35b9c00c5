package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/workflows/api"
)

const (
	gatewayID  = "sgw-0E2E0001"
	gatewayARN = "arn:aws:storagegateway:us-east-1:123456789012:gateway/" + gatewayID
	instanceID = "0e2e0000000000000000000000000001in07"
)

var proxyIDs = []string{
	"0e2e0000000000000000000000000001po01",
	"0e2e0000000000000000000000000002po01",
	"0e2e0000000000000000000000000003po01",
}

// fleet is one gateway with two volumes whose window is open, and one instance
// with three proxies.
func fleet() simcloud.Scenario {
	ms := time.Millisecond
	gateway := aws.Gateway{
		ID: gatewayID, Name: "e2e", NextVersion: "1.3.0", Window: aws.Window{OpenedAgo: 5 * time.Minute},
		Timing:  aws.Timing{Gap: 100 * ms, Restart: 300 * ms, OldVersion: 100 * ms, Bootstrap: 50 * ms, Snapshot: 300 * ms, VisibleByID: 50 * ms, VisibleByFilter: 100 * ms},
		Volumes: []aws.Volume{{ID: "vol-0E2E00A1"}, {ID: "vol-0E2E00A2"}},
	}
	instance := huawei.Instance{ID: instanceID, Name: "orders"}
	for _, id := range proxyIDs {
		instance.Proxies = append(instance.Proxies, huawei.Proxy{ID: id, CurrentVersion: "2.24.03.000", LatestVersion: "2.26.06.000"})
	}
	return simcloud.Scenario{
		AWS: aws.Scenario{Gateways: []aws.Gateway{gateway}},
		Huawei: huawei.Scenario{
			Instances: []huawei.Instance{instance},
			Durations: huawei.Durations{Upgrade: 300 * ms, Weights: 50 * ms, Restart: 50 * ms, JobVisible: 50 * ms},
		},
	}
}

func input(proxies int) api.MaintenanceInput {
	in := api.MaintenanceInput{
		Target: maintenance.Target{Name: "e2e", Gateway: maintenance.GatewayRef{Account: awsAccount, ARN: gatewayARN}},
		Policy: quick(),
	}
	for _, id := range proxyIDs[:proxies] {
		in.Target.Proxies = append(in.Target.Proxies, maintenance.ProxyRef{Account: huaweiAccount, InstanceID: instanceID, ProxyID: id})
	}
	return in
}

const (
	updated    = "storagegateway:UpdateGatewaySoftwareNow " + gatewayID
	installed  = "vendor:InstallSoftware " + gatewayID
	weights    = "taurusdb:SetGaussMySqlProxyWeight "
	upgraded   = "taurusdb:UpgradeProxyVersion "
	tagged     = "taurusdb:BatchTagAction " + instanceID
	moreEvents = 3 // how far the counts of two equal runs may differ: workflow tasks that two results share
)

func TestWholeMaintenance(t *testing.T) {
	t.Parallel()
	l := newLab(t, fleet())
	result, history := l.maintain(input(3))
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	require.Equal(t, "1.3.0", result.Gateway.After.SoftwareVersion)
	require.Len(t, result.Snapshots, 2)
	for _, s := range result.Snapshots {
		require.True(t, s.Completed)
		require.Regexp(t, `^vol-0e2e00a[12]$`, s.VolumeID)
	}
	for _, p := range result.Proxies {
		require.Equal(t, maintenance.ProxyUpgraded, p.State)
	}
	require.Equal(t, map[string]int{
		updated: 1, upgraded + proxyIDs[0]: 1, upgraded + proxyIDs[1]: 1, upgraded + proxyIDs[2]: 1,
		weights + proxyIDs[0]: 2, weights + proxyIDs[1]: 2, weights + proxyIDs[2]: 2, tagged: 6,
	}, count(l.effects()))
	require.Less(t, len(history), 400)
}

// count counts each effect; the two snapshots are asserted by themselves, since
// their ids are the cloud's.
func count(effects []string) map[string]int {
	counts := map[string]int{}
	for _, e := range effects {
		if !strings.Contains(strings.ToLower(e), "snapshot") {
			counts[e]++
		}
	}
	return counts
}

func TestRejectedProxyIsReportedAndItsWeightsAreBack(t *testing.T) {
	t.Parallel()
	scenario := fleet()
	scenario.Huawei.Instances[0].Proxies[1].Outcome.Reject = "Upgrade failed due to insufficient subnet ip"
	l := newLab(t, scenario)
	result, _ := l.maintain(input(3))
	require.Equal(t, maintenance.StatePartial, result.State, result.Summary)
	require.Contains(t, result.Summary, "insufficient subnet ip")
	require.Equal(t, maintenance.ProxyUpgraded, result.Proxies[0].State)
	require.Equal(t, maintenance.ProxyRejected, result.Proxies[1].State)
	require.Equal(t, maintenance.ProxyNotStarted, result.Proxies[2].State)
	require.Equal(t, map[string]int{
		updated: 1, upgraded + proxyIDs[0]: 1, weights + proxyIDs[0]: 2, weights + proxyIDs[1]: 2, tagged: 4,
	}, count(l.effects()))
}

func TestRestartOfTenTimesTheLengthCostsTheSameHistory(t *testing.T) {
	t.Parallel()
	lengths := map[time.Duration]int{}
	for _, restart := range []time.Duration{300 * time.Millisecond, 3 * time.Second} {
		t.Run(restart.String(), func(t *testing.T) {
			scenario := fleet()
			scenario.AWS.Gateways[0].Timing.Restart = restart
			scenario.AWS.Gateways[0].Volumes = nil
			_, history := newLab(t, scenario).maintain(input(0))
			lengths[restart] = len(history)
		})
	}
	require.InDelta(t, lengths[300*time.Millisecond], lengths[3*time.Second], moreEvents)
}

func TestGatewayThatAWSDoesNotKnow(t *testing.T) {
	t.Parallel()
	l := newLab(t, fleet())
	in := input(0)
	in.Target.Gateway.ARN = "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-DEADBEEF"
	result, _ := l.maintain(in)
	require.Equal(t, maintenance.StateFailed, result.State)
	require.Contains(t, result.Summary, "sgw-DEADBEEF")
	require.Empty(t, l.effects())
}

// The window opens within the minute and is moved twice while the run waits,
// which looks every second whether it has moved.
func TestWindowMovedWhileWaiting(t *testing.T) {
	t.Parallel()
	scenario := fleet()
	scenario.AWS.Gateways[0].Window = aws.Window{OpensIn: 3 * 24 * time.Hour}
	l := newLab(t, scenario)
	run := l.start(input(0))
	waits := func(opensIn time.Duration) {
		require.Eventually(t, func() bool {
			s := l.status(run)
			return s.Blocker == maintenance.BlockedByWindow && s.Next != nil && time.Until(*s.Next).Round(time.Hour) == opensIn
		}, time.Minute, 100*time.Millisecond)
	}
	waits(72 * time.Hour)
	require.NoError(t, l.sim.AWS().MoveWindow(gatewayID, aws.Window{OpensIn: 48 * time.Hour}))
	waits(48 * time.Hour)
	require.NoError(t, l.sim.AWS().MoveWindow(gatewayID, aws.Window{OpenedAgo: 2 * time.Minute}))
	result, history := l.end(run)
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	require.Less(t, len(history), 150)
}
