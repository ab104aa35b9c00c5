package awscloud_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud"
	"github.com/tidegate/tidegate/internal/maintenance"
)

func TestGatewayGivesWhatAWSSays(t *testing.T) {
	t.Parallel()
	stub := answers(t, says(200, `{"GatewayARN":"`+gatewayARN+`","GatewayId":"sgw-12A3456B","GatewayName":"Store 7","GatewayType":"CACHED",
		"GatewayState":"STATE_RUNNING","SoftwareVersion":"1.2.3","LastSoftwareUpdate":"2016-01-02T16:00:00",
		"NextUpdateAvailabilityDate":"2017-01-02T16:00:00","Tags":[{"Key":"app","Value":"payments"},{"Key":"empty"}],"SomethingNew":[1]}`))
	gateway, err := stub.cloud().Gateway(t.Context(), gatewayARN)
	require.NoError(t, err)
	require.Equal(t, maintenance.Gateway{
		ARN: gatewayARN, ID: "sgw-12A3456B", Name: "Store 7", Type: "CACHED", State: "STATE_RUNNING", SoftwareVersion: "1.2.3",
		LastSoftwareUpdate: "2016-01-02T16:00:00", NextUpdateAvailable: "2017-01-02T16:00:00",
		Tags: map[string]string{"app": "payments", "empty": ""},
	}, gateway)
	require.Equal(t, map[string]any{"GatewayARN": gatewayARN}, stub.received()[0].Body)
}

func TestScheduleKeepsNothingApartFromZero(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		want       maintenance.RawSchedule
	}{
		{
			"weekly, Sunday midnight, with a policy",
			`{"DayOfWeek":0,"HourOfDay":0,"MinuteOfHour":0,"Timezone":"GMT-4:00","SoftwareUpdatePreferences":{"AutomaticUpdatePolicy":"ALL_VERSIONS"}}`,
			maintenance.RawSchedule{DayOfWeek: aws.Int(0), Hour: aws.Int(0), Minute: aws.Int(0), Timezone: "GMT-4:00", AutomaticUpdates: maintenance.AllVersions},
		},
		{
			"monthly",
			`{"DayOfMonth":28,"HourOfDay":2,"MinuteOfHour":15,"Timezone":"GMT+5:30"}`,
			maintenance.RawSchedule{DayOfMonth: aws.Int(28), Hour: aws.Int(2), Minute: aws.Int(15), Timezone: "GMT+5:30"},
		},
		{"nothing", `{"GatewayARN":"x"}`, maintenance.RawSchedule{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			raw, err := answers(t, says(200, c.body)).cloud().Schedule(t.Context(), gatewayARN)
			require.NoError(t, err)
			require.Equal(t, c.want, raw)
		})
	}
}

func TestAGatewayForWhichAWSKnowsNoScheduleHasNoWindow(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		exception("InvalidGatewayRequestException", "NotSupported", "The specified operation is not supported."),
		plain("InvalidGatewayRequestException", "This operation is not valid for the specified gateway"),
	} {
		_, err := answers(t, says(400, body)).cloud().Schedule(t.Context(), gatewayARN)
		requireSentinel(t, err, maintenance.ErrNoWindow)
		require.ErrorContains(t, err, "read the maintenance window of gateway sgw-12A3456B")
	}
}

func TestUpdateSoftwareSendsTheGatewayAlone(t *testing.T) {
	t.Parallel()
	stub := answers(t, says(200, `{"GatewayARN":"`+gatewayARN+`"}`))
	require.NoError(t, stub.cloud().UpdateSoftware(t.Context(), gatewayARN))
	require.Len(t, stub.received(), 1)
	require.Equal(t, "UpdateGatewaySoftwareNow", stub.received()[0].Operation)
	require.Equal(t, map[string]any{"GatewayARN": gatewayARN}, stub.received()[0].Body)
}

func TestSetAutomaticUpdatesLeavesTheScheduleAlone(t *testing.T) {
	t.Parallel()
	stub := answers(t, says(200, `{"GatewayARN":"`+gatewayARN+`"}`))
	require.NoError(t, stub.cloud().SetAutomaticUpdates(t.Context(), gatewayARN, maintenance.EmergencyVersionsOnly))
	sent, err := json.Marshal(stub.received()[0].Body)
	require.NoError(t, err)
	require.JSONEq(t, `{"GatewayARN":"`+gatewayARN+`","SoftwareUpdatePreferences":{"AutomaticUpdatePolicy":"EMERGENCY_VERSIONS_ONLY"}}`, string(sent))
	require.Equal(t, "UpdateMaintenanceStartTime", stub.received()[0].Operation)

	err = stub.cloud().SetAutomaticUpdates(t.Context(), gatewayARN, "")
	requireSentinel(t, err, maintenance.ErrInvalid)
	require.ErrorContains(t, err, "must be ALL_VERSIONS or EMERGENCY_VERSIONS_ONLY")
	require.Len(t, stub.received(), 1)
}

func TestAWrongARNIsSentNowhere(t *testing.T) {
	t.Parallel()
	stub := answers(t, says(200, `{}`))
	for _, c := range []struct{ arn, says string }{
		{"arn:aws:storagegateway:eu-west-1:123456789012:gateway/sgw-12A3456B", "name an account of region eu-west-1"},
		{"sgw-12A3456B", "must be arn:aws:storagegateway:REGION"},
		{"", "must be arn:aws:storagegateway:REGION"},
	} {
		cloud := stub.cloud()
		for _, do := range []func(ctx context.Context) error{
			func(ctx context.Context) error { _, err := cloud.Gateway(ctx, c.arn); return err },
			func(ctx context.Context) error { _, err := cloud.Schedule(ctx, c.arn); return err },
			func(ctx context.Context) error { return cloud.UpdateSoftware(ctx, c.arn) },
			func(ctx context.Context) error { return cloud.SetAutomaticUpdates(ctx, c.arn, maintenance.AllVersions) },
			func(ctx context.Context) error { _, err := cloud.Tags(ctx, c.arn); return err },
			func(ctx context.Context) error { return cloud.Tag(ctx, c.arn, "key", "value") },
			func(ctx context.Context) error { return cloud.Untag(ctx, c.arn, "key") },
			func(ctx context.Context) error {
				_, err := cloud.Volumes(ctx, maintenance.Gateway{ARN: c.arn, Type: "STORED"})
				return err
			},
			func(ctx context.Context) error {
				_, err := cloud.CreateSnapshot(ctx, c.arn+"/volume/vol-1", "key")
				return err
			},
		} {
			err := do(t.Context())
			requireSentinel(t, err, maintenance.ErrInvalid)
			require.ErrorContains(t, err, c.says)
			var field *maintenance.FieldError
			require.ErrorAs(t, err, &field)
		}
	}
	require.Empty(t, stub.received())
}

var _ interface {
	Gateway(ctx context.Context, arn string) (maintenance.Gateway, error)
	Gateways(ctx context.Context, marker string) (page []maintenance.Gateway, next string, err error)
	Schedule(ctx context.Context, arn string) (maintenance.RawSchedule, error)
	UpdateSoftware(ctx context.Context, arn string) error
	SetAutomaticUpdates(ctx context.Context, arn string, policy maintenance.AutomaticUpdatePolicy) error
	Tags(ctx context.Context, arn string) (map[string]string, error)
	Tag(ctx context.Context, arn, key, value string) error
	Untag(ctx context.Context, arn, key string) error
	Volumes(ctx context.Context, gateway maintenance.Gateway) ([]maintenance.Volume, error)
	CreateSnapshot(ctx context.Context, volumeARN, key string) (snapshotID string, err error)
	Snapshots(ctx context.Context, volumeID, key string) ([]maintenance.Snapshot, error)
	Snapshot(ctx context.Context, snapshotID string) (maintenance.Snapshot, error)
	DeleteSnapshot(ctx context.Context, snapshotID string) error
} = (*awscloud.Cloud)(nil)
