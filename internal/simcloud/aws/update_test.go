package aws_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

// dates is how AWS writes them.
const dates = "2006-01-02T15:04:05"

func TestUpdateGoesThroughTheGapTheRestartAndTheOldVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	arn := gatewayARN + "sgw-11111111"
	before, err := w.describe(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, "1.2.3", *before.SoftwareVersion)
	require.Equal(t, start.AddDate(0, 0, -30).Format(dates), *before.LastSoftwareUpdate)
	require.Equal(t, start.AddDate(0, 0, -1).Format(dates), *before.NextUpdateAvailabilityDate)

	w.trigger(t, arn)
	stillOld := func() {
		t.Helper()
		info, err := w.describe(t.Context(), arn)
		require.NoError(t, err)
		require.Equal(t, "RUNNING", *info.GatewayState)
		require.Equal(t, "1.2.3", *info.SoftwareVersion)
		require.Equal(t, before.LastSoftwareUpdate, info.LastSoftwareUpdate)
	}
	stillOld()
	w.move(2 * time.Second)
	_, err = w.describe(t.Context(), arn)
	inner(t, err, "GatewayNotConnected")
	list, err := w.sgw.ListGateways(t.Context(), &storagegateway.ListGatewaysInput{})
	require.NoError(t, err, "ListGateways needs no connected gateway")
	require.Len(t, list.Gateways, 1)
	w.move(10 * time.Second)
	stillOld()
	w.move(2 * time.Second)
	after, err := w.describe(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, "1.3.0", *after.SoftwareVersion)
	require.Equal(t, start.Add(14*time.Second).Format(dates), *after.LastSoftwareUpdate)
	require.Nil(t, after.NextUpdateAvailabilityDate)
	require.Equal(t, []string{"storagegateway:UpdateGatewaySoftwareNow"}, w.kinds())
}

func TestPhaseThatMustBeSeenWaitsForASlowCaller(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.Timing.GapPolls = new(2)
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	arn := gatewayARN + g.ID
	w.trigger(t, arn)
	for range 2 {
		w.move(5 * time.Second)
		_, err := w.describe(t.Context(), arn)
		require.NoError(t, err)
	}
	_, err := w.describe(t.Context(), arn)
	inner(t, err, "GatewayNotConnected")
}

func TestVolumesBootstrapOneAtATimeAndRefuseSnapshotsUntilThen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	arn := gatewayARN + "sgw-11111111"
	volumes := []string{arn + "/volume/vol-1111AAAA", arn + "/volume/vol-2222BBBB"}
	statuses := func() []string {
		t.Helper()
		out, err := w.sgw.DescribeCachediSCSIVolumes(t.Context(), &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: volumes})
		require.NoError(t, err)
		var all []string
		for _, v := range out.CachediSCSIVolumes {
			all = append(all, *v.VolumeStatus)
			require.Equal(t, *v.VolumeStatus == "BOOTSTRAPPING", v.VolumeProgress != nil)
		}
		return all
	}
	require.Equal(t, []string{"AVAILABLE", "AVAILABLE"}, statuses())
	w.finishUpdate(t, arn)
	require.Equal(t, []string{"BOOTSTRAPPING", "PASS THROUGH"}, statuses())
	_, err := w.sgw.CreateSnapshot(t.Context(), &storagegateway.CreateSnapshotInput{VolumeARN: &volumes[0], SnapshotDescription: new("too early")})
	inner(t, err, "VolumeNotReady")
	w.move(time.Second)
	require.Equal(t, []string{"AVAILABLE", "BOOTSTRAPPING"}, statuses())
	w.move(time.Second)
	require.Equal(t, []string{"AVAILABLE", "AVAILABLE"}, statuses())
}

// finishUpdate triggers an update and moves to the moment in which the new version is there.
func (w *world) finishUpdate(t *testing.T, arn string) {
	t.Helper()
	w.trigger(t, arn)
	for _, d := range []time.Duration{0, 2 * time.Second, 10 * time.Second, 2 * time.Second} {
		w.move(d)
		_, _ = w.describe(t.Context(), arn) // GatewayNotConnected is part of it
	}
}

// finish lets the update of a gateway end that has restarted.
func (w *world) finish(t *testing.T, arn string) {
	t.Helper()
	_, err := w.describe(t.Context(), arn)
	require.NoError(t, err)
	w.move(2 * time.Second)
}

func TestVolumeMayFallIntoPassThroughAfterTheUpdate(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.Volumes[0].AfterUpdate = "PASS THROUGH"
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	status := func() string { return w.cloud.State().Gateways[0].Volumes[0].Status }
	require.Equal(t, "AVAILABLE", status())
	w.finishUpdate(t, gatewayARN+g.ID)
	w.move(time.Hour)
	require.Equal(t, "PASS THROUGH", status())
	require.Equal(t, "AVAILABLE", w.cloud.State().Gateways[0].Volumes[1].Status)
	w.change(t, "/gateways/sgw-11111111/volumes/vol-1111AAAA", `{"status": ""}`)
	require.Equal(t, "AVAILABLE", status())
}

func TestOutcomesOfAnUpdate(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change  func(*aws.Gateway)
		err     string
		effects int
		version string
		away    bool
	}{
		"accepted and nothing happens":     {change: func(g *aws.Gateway) { g.NoEffect = true }, version: "1.2.3"},
		"nothing to update, accepted":      {change: func(g *aws.Gateway) { g.NextVersion = "" }, version: "1.2.3"},
		"nothing to update, not supported": {change: func(g *aws.Gateway) { g.NextVersion, g.NoUpdate = "", "notSupported" }, err: "NotSupported", version: "1.2.3"},
		"never comes back":                 {change: func(g *aws.Gateway) { g.NeverComesBack = true }, effects: 1, away: true},
		"disconnected before":              {change: func(g *aws.Gateway) { g.State = "DISCONNECTED" }, err: "GatewayNotConnected", away: true},
		"as it should":                     {change: func(*aws.Gateway) {}, effects: 1, version: "1.3.0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gatewayWithVolumes()
			tc.change(&g)
			w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
			arn := gatewayARN + g.ID
			_, err := w.sgw.UpdateGatewaySoftwareNow(t.Context(), &storagegateway.UpdateGatewaySoftwareNowInput{GatewayARN: &arn})
			if tc.err != "" {
				inner(t, err, tc.err)
			} else {
				require.NoError(t, err)
			}
			w.move(time.Hour)
			require.Len(t, w.book.Effects(), tc.effects)
			info, err := w.describe(t.Context(), arn)
			if tc.away {
				inner(t, err, "GatewayNotConnected")
				return
			}
			require.NoError(t, err)
			require.Equal(t, tc.version, *info.SoftwareVersion)
		})
	}
}

func TestFlappingGatewayGoesAwayAgainWithTheNewVersion(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.Flaps = 1
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	arn := gatewayARN + g.ID
	w.finishUpdate(t, arn)
	info, err := w.describe(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, "1.3.0", *info.SoftwareVersion)
	w.move(3 * time.Second)
	_, err = w.describe(t.Context(), arn)
	inner(t, err, "GatewayNotConnected")
	w.move(3 * time.Second)
	_, err = w.describe(t.Context(), arn)
	require.NoError(t, err)
}

func TestSecondTriggerIsSeenInTheEffects(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	w.trigger(t, gatewayARN+"sgw-11111111")
	w.trigger(t, gatewayARN+"sgw-11111111")
	effects := w.book.Effects()
	require.Len(t, effects, 2)
	require.Equal(t, "an update was under way already", effects[1].Detail["outcome"])
	require.NotEmpty(t, effects[0].RequestID)
	require.NotEmpty(t, effects[0].Detail["invocation"])
}

func TestAWSUpdatesByItselfAtTheWindowsStart(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy, version string
		effects         []string
	}{
		"all versions":            {policy: "ALL_VERSIONS", version: "1.3.0", effects: []string{"vendor:AutomaticUpdate"}},
		"emergency versions only": {policy: "EMERGENCY_VERSIONS_ONLY", version: "1.2.3", effects: []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gatewayWithVolumes()
			g.AWSUpdates, g.Window = true, aws.Window{OpensIn: 45 * time.Second}
			g.AutomaticUpdatePolicy = tc.policy
			w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
			arn := gatewayARN + g.ID
			w.move(59 * time.Second)
			info, err := w.describe(t.Context(), arn)
			require.NoError(t, err)
			require.Equal(t, "1.2.3", *info.SoftwareVersion)
			w.move(10 * time.Minute)
			info, err = w.describe(t.Context(), arn)
			require.NoError(t, err)
			require.Equal(t, tc.version, *info.SoftwareVersion)
			require.Equal(t, tc.effects, w.kinds())
			if len(tc.effects) > 0 {
				require.Equal(t, start.Add(time.Minute), w.book.Effects()[0].Time)
			}
		})
	}
}

func TestRelativeWindowIsAWholeMinuteInTheGatewaysZone(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		window            aws.Window
		zone              string
		day, hour, minute int32
	}{
		"opens in, rounded up":     {window: aws.Window{OpensIn: 61 * time.Second}, zone: "GMT", day: 3, hour: 12, minute: 2},
		"opened ago, rounded down": {window: aws.Window{OpenedAgo: 90 * time.Second}, zone: "GMT", day: 3, hour: 11, minute: 58},
		"behind GMT":               {window: aws.Window{OpensIn: time.Minute}, zone: "GMT-4:00", day: 3, hour: 8, minute: 1},
		"another day":              {window: aws.Window{OpensIn: time.Minute}, zone: "GMT+13:30", day: 4, hour: 1, minute: 31},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := gatewayWithVolumes()
			g.Window, g.Timezone = tc.window, tc.zone
			w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
			out, err := w.sgw.DescribeMaintenanceStartTime(t.Context(), &storagegateway.DescribeMaintenanceStartTimeInput{GatewayARN: new(gatewayARN + g.ID)})
			require.NoError(t, err)
			require.Equal(t, []int32{tc.day, tc.hour, tc.minute}, []int32{*out.DayOfWeek, *out.HourOfDay, *out.MinuteOfHour})
			require.Nil(t, out.DayOfMonth)
			require.Equal(t, tc.zone, *out.Timezone)
			require.Equal(t, types.AutomaticUpdatePolicyAllVersions, out.SoftwareUpdatePreferences.AutomaticUpdatePolicy)
		})
	}
}
