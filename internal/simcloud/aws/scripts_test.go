package aws_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

// What operators' scripts call around an update, and Tidegate does not.

func (w *world) shutdown(ctx context.Context, arn string) error {
	_, err := w.sgw.ShutdownGateway(ctx, &storagegateway.ShutdownGatewayInput{GatewayARN: &arn})
	return err
}

func (w *world) startUp(ctx context.Context, arn string) error {
	_, err := w.sgw.StartGateway(ctx, &storagegateway.StartGatewayInput{GatewayARN: &arn})
	return err
}

func TestAGatewayIsShutDownAndStarted(t *testing.T) {
	t.Parallel()
	file := aws.Gateway{ID: "sgw-44444444", Type: "FILE_S3"}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes(), file}})
	arn := gatewayARN + "sgw-11111111"
	require.NoError(t, w.startUp(t.Context(), arn), "of one that runs")
	require.NoError(t, w.shutdown(t.Context(), arn))
	described, err := w.describe(t.Context(), arn)
	require.NoError(t, err, "it can still be described")
	require.Equal(t, "SHUTDOWN", *described.GatewayState)
	_, err = w.sgw.UpdateGatewaySoftwareNow(t.Context(), &storagegateway.UpdateGatewaySoftwareNowInput{GatewayARN: &arn})
	inner(t, err, "GatewayNotConnected")
	inner(t, w.shutdown(t.Context(), arn), "GatewayNotConnected")
	require.NoError(t, w.startUp(t.Context(), arn))
	volumes, err := w.sgw.DescribeCachediSCSIVolumes(t.Context(), &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: []string{arn + "/volume/vol-1111AAAA"}})
	require.NoError(t, err)
	require.Equal(t, "BOOTSTRAPPING", *volumes.CachediSCSIVolumes[0].VolumeStatus, "as after every start")
	require.Equal(t, []string{"storagegateway:ShutdownGateway", "storagegateway:StartGateway"}, w.kinds())

	inner(t, w.shutdown(t.Context(), gatewayARN+"sgw-44444444"), "NotSupported")
	inner(t, w.startUp(t.Context(), gatewayARN+"sgw-44444444"), "NotSupported")
}

// A snapshot that is pending when its gateway goes stays pending.
func TestAShutdownStopsPendingSnapshots(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	w.snapshot(t, "vol-1111AAAA", "cut off")
	require.NoError(t, w.shutdown(t.Context(), gatewayARN+"sgw-11111111"))
	require.NoError(t, w.startUp(t.Context(), gatewayARN+"sgw-11111111"))
	w.move(time.Hour)
	require.Equal(t, ec2types.SnapshotStatePending, w.search(t, filter("description", "cut off"))[0].State)
}

// Another zone moves the window: it stays at its hour.
func TestAnotherZoneMovesTheWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	arn := gatewayARN + "sgw-11111111"
	answer, err := w.sgw.UpdateGatewayInformation(t.Context(), &storagegateway.UpdateGatewayInformationInput{
		GatewayARN: &arn, GatewayName: new("orders"), GatewayTimezone: new("GMT+5:30"), GatewayCapacity: types.GatewayCapacityMedium,
	})
	require.NoError(t, err)
	require.Equal(t, "orders", *answer.GatewayName)
	window, err := w.sgw.DescribeMaintenanceStartTime(t.Context(), &storagegateway.DescribeMaintenanceStartTimeInput{GatewayARN: &arn})
	require.NoError(t, err)
	require.Equal(t, "GMT+5:30", *window.Timezone)
	require.EqualValues(t, 3, *window.HourOfDay)
	described, err := w.describe(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, "orders", *described.GatewayName)
	require.Equal(t, types.GatewayCapacityMedium, described.GatewayCapacity)
	for key, value := range map[string]string{"name": "orders", "timezone": "GMT+5:30", "capacity": "Medium"} {
		require.Equal(t, value, w.book.Effects()[0].Detail[key])
	}

	for name, in := range map[string]storagegateway.UpdateGatewayInformationInput{
		"a short name": {GatewayName: new("o")}, "no zone": {GatewayTimezone: new("CET")}, "no capacity": {GatewayCapacity: "Huge"},
	} {
		in.GatewayARN = &arn
		_, err := w.sgw.UpdateGatewayInformation(t.Context(), &in)
		require.Error(t, err, name)
	}
	require.Len(t, w.kinds(), 1)
}

func TestMembersThatSomeGatewaysShow(t *testing.T) {
	t.Parallel()
	g := aws.Gateway{ID: "sgw-11111111", HostEnvironment: "EC2", Timezone: "GMT+1:00", Shown: aws.Shown{
		UpdatesEndIn: 48 * time.Hour, DeprecatedIn: -time.Hour, EndpointType: "FIPS", Capacity: "Small", SupportedCapacities: []string{"Small", "Large"},
		LogGroup: "arn:aws:logs:us-east-1:123456789012:log-group:orders", VPCEndpoint: "vpce-1.storagegateway.us-east-1.vpce.amazonaws.com",
		EC2InstanceID: "i-0123456789abcdef0", EC2InstanceRegion: "us-east-1", HostEnvironmentID: "rack-7", IPv6: "fd00::10",
	}}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g, {ID: "sgw-22222222"}}})
	local := func(at time.Time) string { return at.UTC().Add(time.Hour).Format("2006-01-02T15:04:05") }
	d, err := w.describe(t.Context(), gatewayARN+"sgw-11111111")
	require.NoError(t, err)
	require.Equal(t, local(start.Add(48*time.Hour)), *d.SoftwareUpdatesEndDate)
	require.Equal(t, local(start.Add(-time.Hour)), *d.DeprecationDate)
	require.Equal(t, "FIPS", *d.EndpointType)
	require.Equal(t, g.Shown.LogGroup, *d.CloudWatchLogGroupARN)
	require.Equal(t, g.Shown.VPCEndpoint, *d.VPCEndpoint)
	require.Equal(t, "i-0123456789abcdef0 us-east-1 rack-7", *d.Ec2InstanceId+" "+*d.Ec2InstanceRegion+" "+*d.HostEnvironmentId)
	require.Equal(t, []types.GatewayCapacity{"Small", "Large"}, d.SupportedGatewayCapacities)
	require.Equal(t, "fd00::10", *d.GatewayNetworkInterfaces[0].Ipv6Address)
	plain, err := w.describe(t.Context(), gatewayARN+"sgw-22222222")
	require.NoError(t, err)
	require.Nil(t, plain.DeprecationDate)
	require.Nil(t, plain.SoftwareUpdatesEndDate)
	require.Empty(t, plain.GatewayCapacity)

	listed, err := w.sgw.ListGateways(t.Context(), &storagegateway.ListGatewaysInput{})
	require.NoError(t, err)
	require.Equal(t, *d.DeprecationDate, *listed.Gateways[0].DeprecationDate)
	require.Equal(t, "rack-7", *listed.Gateways[0].HostEnvironmentId)
}

func TestSnapshotSchedules(t *testing.T) {
	t.Parallel()
	cached := gatewayWithVolumes()
	cached.Volumes[0].ScheduledEvery = 3 * time.Hour
	stored := aws.Gateway{ID: "sgw-22222222", Type: "STORED", Volumes: []aws.Volume{{ID: "vol-3333CCCC"}}}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{cached, stored}})
	schedule := func(gateway, volume string) (*storagegateway.DescribeSnapshotScheduleOutput, error) {
		arn := gatewayARN + gateway + "/volume/" + volume
		return w.sgw.DescribeSnapshotSchedule(t.Context(), &storagegateway.DescribeSnapshotScheduleInput{VolumeARN: &arn})
	}
	daily, err := schedule("sgw-22222222", "vol-3333CCCC")
	require.NoError(t, err)
	require.EqualValues(t, 24, *daily.RecurrenceInHours, "a stored volume always has one")
	often, err := schedule("sgw-11111111", "vol-1111AAAA")
	require.NoError(t, err)
	require.EqualValues(t, 4, *often.RecurrenceInHours)
	require.EqualValues(t, start.Add(3*time.Hour).UTC().Hour(), *often.StartAt)
	_, err = schedule("sgw-11111111", "vol-2222BBBB")
	inner(t, err, "SnapshotScheduleNotFound")
}

// A recovery point in another region survives the region of its gateway.
func TestASnapshotIsCopiedToAnotherRegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	id := w.snapshot(t, "vol-1111AAAA", "recovery point")
	elsewhere := w.ec2(aws.DefaultAccessKeyID, aws.DefaultSecretAccessKey, "eu-central-1")
	copied := func(dry bool) (*ec2.CopySnapshotOutput, error) {
		return elsewhere.CopySnapshot(t.Context(), &ec2.CopySnapshotInput{
			SourceRegion: new("us-east-1"), SourceSnapshotId: &id, Description: new("copy"), DryRun: &dry,
			TagSpecifications: []ec2types.TagSpecification{{ResourceType: "snapshot", Tags: []ec2types.Tag{{Key: new("from"), Value: new("us")}}}},
		})
	}
	w.move(aws.DefaultTiming().Snapshot / 2)
	_, err := copied(false)
	ec2Refuses(t, err, "IncorrectState")
	w.move(aws.DefaultTiming().Snapshot)
	_, err = copied(true)
	ec2Refuses(t, err, "DryRunOperation")
	made, err := copied(false)
	require.NoError(t, err)
	require.Equal(t, "from", *made.Tags[0].Key)
	w.move(aws.DefaultTiming().Snapshot)
	found, err := elsewhere.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{*made.SnapshotId}})
	require.NoError(t, err)
	require.Equal(t, ec2types.SnapshotStateCompleted, found.Snapshots[0].State)
	require.Equal(t, "vol-ffffffff", *found.Snapshots[0].VolumeId)
	_, err = w.eyes().DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{*made.SnapshotId}})
	ec2Refuses(t, err, "InvalidSnapshot.NotFound")
	_, err = elsewhere.CopySnapshot(t.Context(), &ec2.CopySnapshotInput{SourceRegion: new("eu-west-1"), SourceSnapshotId: &id})
	ec2Refuses(t, err, "InvalidSnapshot.NotFound")
	require.Equal(t, []string{"storagegateway:CreateSnapshot", "ec2:CopySnapshot"}, w.kinds())
}

func TestTagsAreSearched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	one, other := w.snapshot(t, "vol-1111AAAA", "one"), w.snapshot(t, "vol-2222BBBB", "other")
	w.move(time.Minute)
	for id, owner := range map[string]string{one: "billing", other: "orders"} {
		_, err := w.eyes().CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: []ec2types.Tag{{Key: new("owner"), Value: &owner}, {Key: new("run"), Value: new("1")}}})
		require.NoError(t, err)
	}
	tags := func(filters ...ec2types.Filter) (found []string) {
		out, err := w.eyes().DescribeTags(t.Context(), &ec2.DescribeTagsInput{Filters: filters})
		require.NoError(t, err)
		for _, tag := range out.Tags {
			require.Equal(t, ec2types.ResourceTypeSnapshot, tag.ResourceType)
			found = append(found, *tag.ResourceId+" "+*tag.Key+"="+*tag.Value)
		}
		return found
	}
	require.Equal(t, []string{one + " owner=billing"}, tags(filter("tag:owner", "bill*")))
	require.Equal(t, []string{other + " owner=orders", other + " run=1"}, tags(filter("resource-id", other)))
	require.Len(t, tags(filter("key", "run"), filter("resource-type", "snapshot")), 2)
	require.Empty(t, tags(filter("resource-type", "volume")))
	_, err := w.eyes().DescribeTags(t.Context(), &ec2.DescribeTagsInput{Filters: []ec2types.Filter{filter("colour", "red")}})
	ec2Refuses(t, err, "InvalidParameterValue")
}

// A gateway's volume looks like one of EBS in its snapshots, and is none.
func TestAGatewaysVolumeIsNoEBSVolume(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	all, err := w.eyes().DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
	require.NoError(t, err)
	require.Empty(t, all.Volumes)
	_, err = w.eyes().DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{VolumeIds: []string{"vol-1111aaaa"}})
	ec2Refuses(t, err, "InvalidVolume.NotFound")
}
