package aws_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

func TestUpdateMaintenanceStartTimeWantsAWholeScheduleAndKeepsWhatIsNotSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	arn := new(gatewayARN + "sgw-11111111")
	emergency := &types.SoftwareUpdatePreferences{AutomaticUpdatePolicy: types.AutomaticUpdatePolicyEmergencyVersionsOnly}
	for name, tc := range map[string]struct {
		in      storagegateway.UpdateMaintenanceStartTimeInput
		refused string
	}{
		"no minute":   {in: storagegateway.UpdateMaintenanceStartTimeInput{HourOfDay: new(int32(2)), DayOfWeek: new(int32(0))}, refused: "InvalidParameters"},
		"no day":      {in: storagegateway.UpdateMaintenanceStartTimeInput{HourOfDay: new(int32(2)), MinuteOfHour: new(int32(0))}, refused: "InvalidParameters"},
		"both days":   {in: storagegateway.UpdateMaintenanceStartTimeInput{HourOfDay: new(int32(2)), MinuteOfHour: new(int32(0)), DayOfWeek: new(int32(0)), DayOfMonth: new(int32(1))}, refused: "InvalidParameters"},
		"nothing":     {refused: "InvalidParameters"},
		"day 29":      {in: storagegateway.UpdateMaintenanceStartTimeInput{HourOfDay: new(int32(2)), MinuteOfHour: new(int32(0)), DayOfMonth: new(int32(29))}},
		"wrong value": {in: storagegateway.UpdateMaintenanceStartTimeInput{SoftwareUpdatePreferences: &types.SoftwareUpdatePreferences{AutomaticUpdatePolicy: "NEVER"}}},
	} {
		tc.in.GatewayARN = arn
		_, err := w.sgw.UpdateMaintenanceStartTime(t.Context(), &tc.in)
		if tc.refused != "" {
			inner(t, err, tc.refused)
			continue
		}
		var generic smithy.APIError
		require.ErrorAs(t, err, &generic, name)
		require.Equal(t, "ValidationException", generic.ErrorCode())
	}
	require.Empty(t, w.kinds())

	_, err := w.sgw.UpdateMaintenanceStartTime(t.Context(), &storagegateway.UpdateMaintenanceStartTimeInput{GatewayARN: arn, SoftwareUpdatePreferences: emergency})
	require.NoError(t, err)
	_, err = w.sgw.UpdateMaintenanceStartTime(t.Context(), &storagegateway.UpdateMaintenanceStartTimeInput{
		GatewayARN: arn, HourOfDay: new(int32(0)), MinuteOfHour: new(int32(0)), DayOfMonth: new(int32(28)),
	})
	require.NoError(t, err)
	out, err := w.sgw.DescribeMaintenanceStartTime(t.Context(), &storagegateway.DescribeMaintenanceStartTimeInput{GatewayARN: arn})
	require.NoError(t, err)
	require.Equal(t, int32(28), *out.DayOfMonth)
	require.Nil(t, out.DayOfWeek)
	require.Equal(t, int32(0), *out.HourOfDay, "midnight is a value, not an absence")
	require.Equal(t, types.AutomaticUpdatePolicyEmergencyVersionsOnly, out.SoftwareUpdatePreferences.AutomaticUpdatePolicy)
	require.Len(t, w.kinds(), 2)
}

func TestListGatewaysPagesInTheOrderOfTheARNs(t *testing.T) {
	t.Parallel()
	s := aws.Scenario{}
	for i := range 7 {
		s.Gateways = append(s.Gateways, aws.Gateway{ID: fmt.Sprintf("sgw-0000000%d", 6-i)})
	}
	s.Gateways = append(s.Gateways, aws.Gateway{ID: "sgw-EEEEEEEE", Region: "eu-west-1"})
	w := newWorld(t, s)
	pages := storagegateway.NewListGatewaysPaginator(w.sgw, &storagegateway.ListGatewaysInput{Limit: new(int32(3))})
	var ids []string
	for n := 0; pages.HasMorePages(); n++ {
		out, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.Less(t, n, 3)
		for _, g := range out.Gateways {
			ids = append(ids, *g.GatewayId)
			require.Equal(t, "ACTIVE", *g.GatewayOperationalState)
		}
	}
	require.Equal(t, "sgw-00000000 sgw-00000001 sgw-00000002 sgw-00000003 sgw-00000004 sgw-00000005 sgw-00000006", strings.Join(ids, " "))
	_, err := w.sgw.ListGateways(t.Context(), &storagegateway.ListGatewaysInput{Marker: new("not a marker")})
	inner(t, err, "InvalidParameters")
}

func TestGatewayOfAnotherRegionOrAccountIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{
		Credentials: []aws.Credential{
			{AccessKeyID: "AKIAONE", SecretAccessKey: "one", Account: "111111111111"},
			{AccessKeyID: "AKIATWO", SecretAccessKey: "two", Account: "222222222222"},
		},
		Gateways: []aws.Gateway{{ID: "sgw-11111111", Region: "eu-west-1"}},
	})
	arn := new("arn:aws:storagegateway:eu-west-1:111111111111:gateway/sgw-11111111")
	for name, tc := range map[string]struct {
		client *storagegateway.Client
		found  bool
	}{
		"its own":         {client: w.client("AKIAONE", "one", "", "eu-west-1"), found: true},
		"another region":  {client: w.client("AKIAONE", "one", "", "us-east-1")},
		"another account": {client: w.client("AKIATWO", "two", "", "eu-west-1")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := tc.client.DescribeGatewayInformation(t.Context(), &storagegateway.DescribeGatewayInformationInput{GatewayARN: arn})
			if tc.found {
				require.NoError(t, err)
				return
			}
			inner(t, err, "GatewayNotFound")
		})
	}
}

func TestVolumeOperations(t *testing.T) {
	t.Parallel()
	stored := aws.Gateway{ID: "sgw-22222222", Type: "STORED", Volumes: []aws.Volume{{ID: "vol-3333CCCC", Status: "PASS THROUGH"}}}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes(), stored, {ID: "sgw-33333333", Type: "FILE_S3"}}})
	ctx := t.Context()

	pages := storagegateway.NewListVolumesPaginator(w.sgw, &storagegateway.ListVolumesInput{GatewayARN: new(gatewayARN + "sgw-11111111"), Limit: new(int32(1))})
	var arns []string
	for pages.HasMorePages() {
		out, err := pages.NextPage(ctx)
		require.NoError(t, err)
		for _, v := range out.VolumeInfos {
			arns = append(arns, *v.VolumeARN)
			require.Regexp(t, "^vol-[0-9A-F]{8}$", *v.VolumeId)
		}
	}
	require.Len(t, arns, 2)
	all, err := w.sgw.ListVolumes(ctx, &storagegateway.ListVolumesInput{})
	require.NoError(t, err)
	require.Len(t, all.VolumeInfos, 3)
	_, err = w.sgw.ListVolumes(ctx, &storagegateway.ListVolumesInput{GatewayARN: new(gatewayARN + "sgw-33333333")})
	inner(t, err, "NotSupported")

	out, err := w.sgw.DescribeStorediSCSIVolumes(ctx, &storagegateway.DescribeStorediSCSIVolumesInput{VolumeARNs: []string{*all.VolumeInfos[2].VolumeARN}})
	require.NoError(t, err)
	require.Equal(t, "PASS THROUGH", *out.StorediSCSIVolumes[0].VolumeStatus)
	require.Equal(t, int64(100)<<30, out.StorediSCSIVolumes[0].VolumeSizeInBytes)
	_, err = w.sgw.DescribeCachediSCSIVolumes(ctx, &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: []string{*all.VolumeInfos[2].VolumeARN}})
	inner(t, err, "NotSupported")
	_, err = w.sgw.DescribeCachediSCSIVolumes(ctx, &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: []string{arns[0], *all.VolumeInfos[2].VolumeARN}})
	inner(t, err, "InvalidParameters")
	_, err = w.sgw.DescribeCachediSCSIVolumes(ctx, &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: []string{gatewayARN + "sgw-11111111/volume/vol-DEADBEEF"}})
	inner(t, err, "VolumeNotFound")

	buffer, err := w.sgw.DescribeUploadBuffer(ctx, &storagegateway.DescribeUploadBufferInput{GatewayARN: new(gatewayARN + "sgw-11111111")})
	require.NoError(t, err)
	require.Equal(t, int64(150)<<30, buffer.UploadBufferAllocatedInBytes)
}

func TestRecoveryPointsWorkWhileTheGatewayIsAway(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.State = "DISCONNECTED"
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	arn := new(gatewayARN + g.ID)
	points, err := w.sgw.ListVolumeRecoveryPoints(t.Context(), &storagegateway.ListVolumeRecoveryPointsInput{GatewayARN: arn})
	require.NoError(t, err)
	require.Len(t, points.VolumeRecoveryPointInfos, 2)
	volume := points.VolumeRecoveryPointInfos[0].VolumeARN
	_, err = w.sgw.CreateSnapshot(t.Context(), &storagegateway.CreateSnapshotInput{VolumeARN: volume, SnapshotDescription: new("away")})
	inner(t, err, "GatewayNotConnected")
	out, err := w.sgw.CreateSnapshotFromVolumeRecoveryPoint(t.Context(), &storagegateway.CreateSnapshotFromVolumeRecoveryPointInput{VolumeARN: volume, SnapshotDescription: new("away")})
	require.NoError(t, err)
	require.Equal(t, start.Format("2006-01-02T15:04:05.000Z"), *out.VolumeRecoveryPointTime)
}

func TestAddTagsToResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	arn := gatewayARN + "sgw-11111111"
	_, err := w.sgw.AddTagsToResource(t.Context(), &storagegateway.AddTagsToResourceInput{ResourceARN: &arn, Tags: []types.Tag{{Key: new("app"), Value: new("billing")}}})
	require.NoError(t, err)
	info, err := w.describe(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, []types.Tag{{Key: new("app"), Value: new("billing")}}, info.Tags)
	_, err = w.sgw.AddTagsToResource(t.Context(), &storagegateway.AddTagsToResourceInput{ResourceARN: &arn, Tags: []types.Tag{{Key: new("aws:x"), Value: new("")}}})
	inner(t, err, "InvalidParameters")
}

func TestShortARNAndMissingMembersAreValidationErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	_, err := w.describe(t.Context(), "arn:aws:short")
	var generic smithy.APIError
	require.ErrorAs(t, err, &generic)
	require.Equal(t, "ValidationException", generic.ErrorCode())
	require.Contains(t, generic.ErrorMessage(), "'gatewayARN' failed to satisfy constraint: Member must have length greater than or equal to 50")
	_, err = w.describe(t.Context(), gatewayARN+"sgw-FFFFFFFF")
	inner(t, err, "GatewayNotFound")
	_, err = w.sgw.DescribeBandwidthRateLimit(t.Context(), &storagegateway.DescribeBandwidthRateLimitInput{GatewayARN: new(gatewayARN + "sgw-11111111")})
	require.ErrorAs(t, err, &generic)
	require.Equal(t, "NotSimulated", generic.ErrorCode())
	require.Contains(t, generic.ErrorMessage(), "storagegateway:DescribeBandwidthRateLimit")
}
