package aws_test

import (
	"context"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
	simalarms "github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

const (
	storedARN = gatewayARN + "sgw-22222222"
	volumeARN = gatewayARN + "sgw-11111111/volume/vol-1111AAAA"
)

// faulty is a world in which every operation succeeds as long as no fault befalls it.
func faulty(t *testing.T, rules ...fault.Rule) *world {
	t.Helper()
	cached := gatewayWithVolumes()
	cached.Volumes[0].ScheduledAgo, cached.Tags = []time.Duration{time.Hour}, map[string]string{"owner": "storage"}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{
		cached,
		{ID: "sgw-22222222", Type: "STORED", Volumes: []aws.Volume{{ID: "vol-3333CCCC"}}},
		{ID: "sgw-55555555", State: "SHUTDOWN"},
	}, Alarms: []simalarms.Alarm{{Name: "orders-5xx"}}})
	w.mute(t, "made-before", "orders-5xx")
	w.made = len(w.book.Effects())
	require.NoError(t, w.faults.Inject(rules...))
	return w
}

// calls call each operation through the SDK.
func (w *world) calls() map[string]func(context.Context) error {
	arn, volume, snapshot := gatewayARN+"sgw-11111111", volumeARN, w.cloud.State().Snapshots[0].ID
	eyes := w.eyes()
	return map[string]func(context.Context) error{
		"storagegateway:DescribeGatewayInformation": func(ctx context.Context) error { _, err := w.describe(ctx, arn); return err },
		"storagegateway:DescribeMaintenanceStartTime": func(ctx context.Context) error {
			_, err := w.sgw.DescribeMaintenanceStartTime(ctx, &storagegateway.DescribeMaintenanceStartTimeInput{GatewayARN: &arn})
			return err
		},
		"storagegateway:UpdateMaintenanceStartTime": func(ctx context.Context) error {
			_, err := w.sgw.UpdateMaintenanceStartTime(ctx, &storagegateway.UpdateMaintenanceStartTimeInput{
				GatewayARN: &arn, SoftwareUpdatePreferences: &types.SoftwareUpdatePreferences{AutomaticUpdatePolicy: types.AutomaticUpdatePolicyEmergencyVersionsOnly},
			})
			return err
		},
		"storagegateway:UpdateGatewaySoftwareNow": func(ctx context.Context) error {
			_, err := w.sgw.UpdateGatewaySoftwareNow(ctx, &storagegateway.UpdateGatewaySoftwareNowInput{GatewayARN: &arn})
			return err
		},
		"storagegateway:ShutdownGateway": func(ctx context.Context) error { return w.shutdown(ctx, arn) },
		"storagegateway:StartGateway":    func(ctx context.Context) error { return w.startUp(ctx, gatewayARN+"sgw-55555555") },
		"storagegateway:UpdateGatewayInformation": func(ctx context.Context) error {
			_, err := w.sgw.UpdateGatewayInformation(ctx, &storagegateway.UpdateGatewayInformationInput{GatewayARN: &arn, GatewayName: new("orders")})
			return err
		},
		"storagegateway:DescribeSnapshotSchedule": func(ctx context.Context) error {
			_, err := w.sgw.DescribeSnapshotSchedule(ctx, &storagegateway.DescribeSnapshotScheduleInput{VolumeARN: new(storedARN + "/volume/vol-3333CCCC")})
			return err
		},
		"storagegateway:ListGateways": func(ctx context.Context) error {
			_, err := w.sgw.ListGateways(ctx, &storagegateway.ListGatewaysInput{})
			return err
		},
		"storagegateway:DescribeUploadBuffer": func(ctx context.Context) error {
			_, err := w.sgw.DescribeUploadBuffer(ctx, &storagegateway.DescribeUploadBufferInput{GatewayARN: &arn})
			return err
		},
		"storagegateway:ListVolumes": func(ctx context.Context) error {
			_, err := w.sgw.ListVolumes(ctx, &storagegateway.ListVolumesInput{GatewayARN: &arn})
			return err
		},
		"storagegateway:DescribeCachediSCSIVolumes": func(ctx context.Context) error {
			_, err := w.sgw.DescribeCachediSCSIVolumes(ctx, &storagegateway.DescribeCachediSCSIVolumesInput{VolumeARNs: []string{volume}})
			return err
		},
		"storagegateway:DescribeStorediSCSIVolumes": func(ctx context.Context) error {
			_, err := w.sgw.DescribeStorediSCSIVolumes(ctx, &storagegateway.DescribeStorediSCSIVolumesInput{VolumeARNs: []string{storedARN + "/volume/vol-3333CCCC"}})
			return err
		},
		"storagegateway:ListVolumeRecoveryPoints": func(ctx context.Context) error {
			_, err := w.sgw.ListVolumeRecoveryPoints(ctx, &storagegateway.ListVolumeRecoveryPointsInput{GatewayARN: &arn})
			return err
		},
		"storagegateway:CreateSnapshot": func(ctx context.Context) error {
			_, err := w.sgw.CreateSnapshot(ctx, &storagegateway.CreateSnapshotInput{VolumeARN: &volume, SnapshotDescription: new("one")})
			return err
		},
		"storagegateway:CreateSnapshotFromVolumeRecoveryPoint": func(ctx context.Context) error {
			_, err := w.sgw.CreateSnapshotFromVolumeRecoveryPoint(ctx, &storagegateway.CreateSnapshotFromVolumeRecoveryPointInput{VolumeARN: &volume, SnapshotDescription: new("one")})
			return err
		},
		"storagegateway:AddTagsToResource": func(ctx context.Context) error {
			_, err := w.sgw.AddTagsToResource(ctx, &storagegateway.AddTagsToResourceInput{ResourceARN: &arn, Tags: []types.Tag{{Key: new("a"), Value: new("b")}}})
			return err
		},
		"storagegateway:ListTagsForResource": func(ctx context.Context) error {
			_, err := w.sgw.ListTagsForResource(ctx, &storagegateway.ListTagsForResourceInput{ResourceARN: &arn})
			return err
		},
		"storagegateway:RemoveTagsFromResource": func(ctx context.Context) error {
			_, err := w.sgw.RemoveTagsFromResource(ctx, &storagegateway.RemoveTagsFromResourceInput{ResourceARN: &arn, TagKeys: []string{"owner"}})
			return err
		},
		"storagegateway:DescribeCache": func(ctx context.Context) error {
			_, err := w.sgw.DescribeCache(ctx, &storagegateway.DescribeCacheInput{GatewayARN: &arn})
			return err
		},
		"storagegateway:ListVolumeInitiators": func(ctx context.Context) error {
			_, err := w.sgw.ListVolumeInitiators(ctx, &storagegateway.ListVolumeInitiatorsInput{VolumeARN: &volume})
			return err
		},
		"cloudwatch:DescribeAlarms": func(ctx context.Context) error {
			_, err := w.cw.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{"orders-5xx"}})
			return err
		},
		"cloudwatch:PutAlarmMuteRule": func(ctx context.Context) error { return w.putMute(ctx, "one", "orders-5xx") },
		"cloudwatch:DeleteAlarmMuteRule": func(ctx context.Context) error {
			_, err := w.cw.DeleteAlarmMuteRule(ctx, &cloudwatch.DeleteAlarmMuteRuleInput{AlarmMuteRuleName: new("made-before")})
			return err
		},
		"cloudwatch:GetAlarmMuteRule": func(ctx context.Context) error {
			_, err := w.cw.GetAlarmMuteRule(ctx, &cloudwatch.GetAlarmMuteRuleInput{AlarmMuteRuleName: new("made-before")})
			return err
		},
		"cloudwatch:ListAlarmMuteRules": func(ctx context.Context) error {
			_, err := w.cw.ListAlarmMuteRules(ctx, &cloudwatch.ListAlarmMuteRulesInput{})
			return err
		},
		"sts:GetCallerIdentity": func(ctx context.Context) error {
			_, err := w.sts().GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
			return err
		},
		"ec2:DescribeSnapshots": func(ctx context.Context) error {
			_, err := eyes.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, Filters: []ec2types.Filter{filter("volume-id", "vol-1111aaaa")}})
			return err
		},
		"ec2:DeleteSnapshot": func(ctx context.Context) error {
			_, err := eyes.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: &snapshot})
			return err
		},
		"ec2:CopySnapshot": func(ctx context.Context) error {
			_, err := eyes.CopySnapshot(ctx, &ec2.CopySnapshotInput{SourceRegion: new("us-east-1"), SourceSnapshotId: &snapshot})
			return err
		},
		"ec2:DescribeVolumes": func(ctx context.Context) error {
			_, err := eyes.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{})
			return err
		},
		"ec2:DescribeTags": func(ctx context.Context) error {
			_, err := eyes.DescribeTags(ctx, &ec2.DescribeTagsInput{})
			return err
		},
		"ec2:CreateTags": func(ctx context.Context) error {
			_, err := eyes.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{snapshot}, Tags: []ec2types.Tag{{Key: new("a"), Value: new("b")}}})
			return err
		},
	}
}

// unnoticed are the faults that the SDK cannot see: it asks nothing of an
// empty object, and reads no body of EC2's calls that change something.
func unnoticed(kind fault.Kind, op fault.Operation) bool {
	return kind == fault.EmptyObject || kind == fault.TruncatedJSON && op.Protocol == fault.EC2Query && op.Writes && op.Name != "ec2:CopySnapshot"
}

func TestEveryFaultOfEveryOperationLeavesTheEffectThatTheCatalogueSays(t *testing.T) {
	t.Parallel()
	for _, op := range aws.Operations() {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			w := faulty(t)
			require.NoError(t, w.calls()[op.Name](t.Context()))
			require.Len(t, w.kinds(), count(op.Writes))
			for _, info := range fault.Kinds() {
				if !info.CanBefall(op) {
					continue
				}
				rule := fault.Rule{Operation: op.Name, Kind: info.Kind}
				if info.Kind == fault.HangBefore || info.Kind == fault.HangAfter {
					rule.Limit = 10 * time.Millisecond
				}
				w := faulty(t, rule)
				err := w.calls()[op.Name](t.Context())
				require.Equal(t, unnoticed(info.Kind, op), err == nil, "%s: %v", info.Kind, err)
				require.Equal(t, 1, w.faults.Faults()[0].Fired, info.Kind)
				require.Len(t, w.kinds(), count(op.Writes && info.Done), info.Kind)
			}
		})
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// sees is what the SDK makes of a fault: an error of the cloud with its code
// and status, or one of another sort.
type sees struct {
	code   string
	status int
	is     error
	as     any
}

func (s sees) check(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	if s.code != "" {
		var refused smithy.APIError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, s.code, refused.ErrorCode())
	}
	if s.status != 0 {
		var response *awshttp.ResponseError
		require.ErrorAs(t, err, &response)
		require.Equal(t, s.status, response.HTTPStatusCode())
	}
	if s.is != nil {
		require.ErrorIs(t, err, s.is)
	}
	if s.as != nil {
		require.ErrorAs(t, err, s.as)
	}
}

func TestWhatTheSDKSeesOfAFaultAndHowOftenItTries(t *testing.T) {
	t.Parallel()
	const second = 10 * time.Millisecond
	for name, tc := range map[string]struct {
		rule     fault.Rule
		op       string
		attempts int
		sees     sees
	}{
		"refused":                     {fault.Rule{Kind: fault.RefusedBefore}, "storagegateway:CreateSnapshot", 1, sees{code: "AccessDeniedException", status: 400}},
		"refused, EC2":                {fault.Rule{Kind: fault.RefusedBefore}, "ec2:DeleteSnapshot", 1, sees{code: "UnauthorizedOperation", status: 403}},
		"refused, CloudWatch":         {fault.Rule{Kind: fault.RefusedBefore}, "cloudwatch:DescribeAlarms", 1, sees{code: "AccessDenied", status: 403}},
		"throttled, CloudWatch":       {fault.Rule{Kind: fault.Throttled}, "cloudwatch:DescribeAlarms", 3, sees{code: "Throttling", status: 400}},
		"broken, CloudWatch":          {fault.Rule{Kind: fault.ServerErrorAfter}, "cloudwatch:DescribeAlarms", 3, sees{code: "InternalServiceError", status: 500, as: new(*cwtypes.InternalServiceFault)}},
		"full, CloudWatch":            {fault.Rule{Kind: fault.RefusedBefore, Code: "LimitExceeded"}, "cloudwatch:DescribeAlarms", 1, sees{code: "LimitExceeded", as: new(*cwtypes.LimitExceededFault)}},
		"expired, CloudWatch":         {fault.Rule{Kind: fault.ExpiredCredentials}, "cloudwatch:DescribeAlarms", 1, sees{code: "ExpiredTokenException", status: 400}},
		"half, CloudWatch":            {fault.Rule{Kind: fault.TruncatedJSON}, "cloudwatch:DescribeAlarms", 1, sees{as: new(*smithy.DeserializationError)}},
		"refused with a code":         {fault.Rule{Kind: fault.RefusedBefore, Code: "ServiceUnavailableError"}, "storagegateway:CreateSnapshot", 3, sees{code: "ServiceUnavailableError", status: 503, as: new(*types.ServiceUnavailableError)}},
		"refused with EC2's code":     {fault.Rule{Kind: fault.RefusedBefore, Code: "InvalidSnapshot.InUse"}, "ec2:DeleteSnapshot", 1, sees{code: "InvalidSnapshot.InUse", status: 400}},
		"reset":                       {fault.Rule{Kind: fault.LostBefore}, "storagegateway:CreateSnapshot", 3, sees{is: syscall.ECONNRESET}},
		"closed":                      {fault.Rule{Kind: fault.LostAfter}, "storagegateway:CreateSnapshot", 3, sees{is: io.EOF}},
		"closed, EC2":                 {fault.Rule{Kind: fault.LostAfter}, "ec2:CreateTags", 3, sees{is: io.EOF}},
		"hang until the limit":        {fault.Rule{Kind: fault.HangBefore, Limit: second}, "storagegateway:CreateSnapshot", 3, sees{is: io.EOF}},
		"throttled":                   {fault.Rule{Kind: fault.Throttled, RetryAfter: time.Second}, "storagegateway:CreateSnapshot", 3, sees{code: "ThrottlingException", status: 400}},
		"throttled, EC2":              {fault.Rule{Kind: fault.Throttled}, "ec2:DescribeSnapshots", 3, sees{code: "RequestLimitExceeded", status: 503}},
		"server error, 500":           {fault.Rule{Kind: fault.ServerErrorBefore}, "storagegateway:CreateSnapshot", 3, sees{code: "InternalServerError", status: 500, as: new(*types.InternalServerError)}},
		"server error, 400":           {fault.Rule{Kind: fault.ServerErrorAfter, Status: 400}, "storagegateway:CreateSnapshot", 1, sees{code: "InternalServerError", status: 400, as: new(*types.InternalServerError)}},
		"server error, EC2":           {fault.Rule{Kind: fault.ServerErrorAfter}, "ec2:DeleteSnapshot", 3, sees{code: "InternalError", status: 500}},
		"server error, EC2, 503":      {fault.Rule{Kind: fault.ServerErrorAfter, Code: "Unavailable"}, "ec2:DeleteSnapshot", 3, sees{code: "Unavailable", status: 503}},
		"HTML":                        {fault.Rule{Kind: fault.HTML502}, "storagegateway:CreateSnapshot", 3, sees{status: 502, as: new(*smithy.DeserializationError)}},
		"half":                        {fault.Rule{Kind: fault.TruncatedJSON}, "storagegateway:CreateSnapshot", 1, sees{as: new(*smithy.DeserializationError)}},
		"half, EC2":                   {fault.Rule{Kind: fault.TruncatedJSON}, "ec2:DescribeSnapshots", 1, sees{as: new(*smithy.DeserializationError)}},
		"strings":                     {fault.Rule{Kind: fault.NumbersAsStrings}, "storagegateway:DescribeMaintenanceStartTime", 1, sees{as: new(*smithy.DeserializationError)}},
		"details":                     {fault.Rule{Kind: fault.ErrorDetailsAsString}, "storagegateway:CreateSnapshot", 1, sees{status: 400, as: new(*smithy.DeserializationError)}},
		"details of a refusal":        {fault.Rule{Kind: fault.ErrorDetailsAsString, Code: "GatewayNotConnected", NotDone: true}, "storagegateway:CreateSnapshot", 1, sees{status: 400, as: new(*smithy.DeserializationError)}},
		"expired":                     {fault.Rule{Kind: fault.ExpiredCredentials}, "storagegateway:CreateSnapshot", 1, sees{code: "ExpiredTokenException", status: 400}},
		"expired, another code":       {fault.Rule{Kind: fault.ExpiredCredentials, Code: "UnrecognizedClientException"}, "storagegateway:CreateSnapshot", 1, sees{code: "UnrecognizedClientException", status: 400}},
		"expired, EC2":                {fault.Rule{Kind: fault.ExpiredCredentials}, "ec2:DescribeSnapshots", 1, sees{code: "RequestExpired", status: 400}},
		"expired, EC2's other code":   {fault.Rule{Kind: fault.ExpiredCredentials, Code: "AuthFailure"}, "ec2:DescribeSnapshots", 1, sees{code: "AuthFailure", status: 401}},
		"clock":                       {fault.Rule{Kind: fault.ClockSkew}, "storagegateway:CreateSnapshot", 1, sees{code: "InvalidSignatureException", status: 400}},
		"clock, more than 15 minutes": {fault.Rule{Kind: fault.ClockSkew, Code: "RequestExpired"}, "storagegateway:CreateSnapshot", 1, sees{code: "RequestExpired", status: 400}},
		"clock, EC2":                  {fault.Rule{Kind: fault.ClockSkew}, "ec2:DescribeSnapshots", 1, sees{code: "RequestExpired", status: 400}},
		"echo":                        {fault.Rule{Kind: fault.Echo}, "storagegateway:CreateSnapshot", 1, sees{code: "ValidationException", status: 400}},
		"echo, 500":                   {fault.Rule{Kind: fault.Echo, Status: 500, Code: "InternalFailure"}, "storagegateway:CreateSnapshot", 3, sees{code: "InternalFailure", status: 500}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.rule.Operation = tc.op
			w := faulty(t, tc.rule)
			w.retryer = retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
			w.sgw = w.client(aws.DefaultAccessKeyID, aws.DefaultSecretAccessKey, "", aws.DefaultRegion)
			w.cw = w.alarms(aws.DefaultSecretAccessKey, aws.DefaultRegion)
			err := w.calls()[tc.op](t.Context())
			tc.sees.check(t, err)
			require.Equal(t, tc.attempts, w.book.Calls()[tc.op])
		})
	}
}

func TestInnerCodeOfChoiceIsAGatewaysRefusal(t *testing.T) {
	t.Parallel()
	w := faulty(t, fault.Rule{Operation: "storagegateway:CreateSnapshot", Kind: fault.RefusedBefore, Code: "VolumeNotReady", Times: 2})
	for range 2 {
		inner(t, w.calls()["storagegateway:CreateSnapshot"](t.Context()), "VolumeNotReady")
	}
	require.NoError(t, w.calls()["storagegateway:CreateSnapshot"](t.Context()))
}

func TestHangEndsWhenTheClientGoesAway(t *testing.T) {
	t.Parallel()
	for kind, effects := range map[fault.Kind]int{fault.HangBefore: 0, fault.HangAfter: 1} {
		w := faulty(t, fault.Rule{Operation: "storagegateway:CreateSnapshot", Kind: kind})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		err := w.calls()["storagegateway:CreateSnapshot"](ctx)
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, w.kinds(), effects)
		_, err = w.describe(t.Context(), gatewayARN+"sgw-11111111")
		require.NoError(t, err, "a hanging call holds up no other")
	}
}

func TestRetryAfterIsSent(t *testing.T) {
	t.Parallel()
	w := faulty(t, fault.Rule{Operation: "*", Kind: fault.Throttled, RetryAfter: 3 * time.Second})
	var response *awshttp.ResponseError
	require.ErrorAs(t, w.calls()["ec2:DeleteSnapshot"](t.Context()), &response)
	require.Equal(t, "3", response.Response.Header.Get("Retry-After"))
	require.NotEmpty(t, response.ServiceRequestID())
}

func TestRuleByResourceFollowsSnapshotsToVolumesAndGateways(t *testing.T) {
	t.Parallel()
	snapshot := faulty(t).cloud.State().Snapshots[0].ID
	for name, tc := range map[string]struct {
		resource string
		hit      []string
	}{
		"gateway by id": {"sgw-11111111", []string{
			"storagegateway:DescribeGatewayInformation", "storagegateway:ListVolumes", "storagegateway:CreateSnapshot", "storagegateway:AddTagsToResource",
			"storagegateway:DescribeCachediSCSIVolumes", "ec2:DescribeSnapshots", "ec2:CreateTags", "ec2:DeleteSnapshot",
		}},
		"gateway by ARN": {gatewayARN + "sgw-22222222", []string{"storagegateway:DescribeStorediSCSIVolumes"}},
		"volume by id":   {"vol-1111aaaa", []string{"storagegateway:CreateSnapshot", "storagegateway:DescribeCachediSCSIVolumes", "ec2:DescribeSnapshots", "ec2:DeleteSnapshot", "ec2:CreateTags"}},
		"volume by ARN":  {volumeARN, []string{"storagegateway:CreateSnapshot", "storagegateway:DescribeCachediSCSIVolumes", "ec2:DescribeSnapshots", "ec2:DeleteSnapshot", "ec2:CreateTags"}},
		"snapshot":       {snapshot, []string{"ec2:DeleteSnapshot", "ec2:CreateTags"}},
		"nothing here":   {"sgw-99999999", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := faulty(t, fault.Rule{Operation: "*", Resource: tc.resource, Kind: fault.RefusedBefore})
			var hit []string
			for _, op := range []string{
				"storagegateway:DescribeGatewayInformation", "storagegateway:ListVolumes", "storagegateway:CreateSnapshot", "storagegateway:AddTagsToResource",
				"storagegateway:DescribeCachediSCSIVolumes", "storagegateway:DescribeStorediSCSIVolumes", "storagegateway:ListGateways",
				"ec2:DescribeSnapshots", "ec2:CreateTags", "ec2:DeleteSnapshot",
			} {
				if w.calls()[op](t.Context()) != nil {
					hit = append(hit, op)
				}
			}
			require.ElementsMatch(t, tc.hit, hit)
		})
	}
}

func TestEchoHoldsHeadersAndBody(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"storagegateway:CreateSnapshot", "ec2:DeleteSnapshot"} {
		w := faulty(t, fault.Rule{Operation: op, Kind: fault.Echo})
		err := w.calls()[op](t.Context())
		for _, want := range []string{"Authorization: AWS4-HMAC-SHA256 Credential=" + aws.DefaultAccessKeyID, "X-Amz-Date: ", "Amz-Sdk-Invocation-Id: "} {
			require.ErrorContains(t, err, want)
		}
		var refused smithy.APIError
		require.ErrorAs(t, err, &refused)
		require.Contains(t, refused.ErrorMessage(), map[string]string{"storagegateway:CreateSnapshot": volumeARN, "ec2:DeleteSnapshot": "Action=DeleteSnapshot"}[op])
	}
}

func TestFaultBefallsNobodyWhoIsNotLetIn(t *testing.T) {
	t.Parallel()
	w := faulty(t, fault.Rule{Operation: "*", Kind: fault.LostBefore})
	stranger := w.client("AKIDSTRANGER", "secret", "", aws.DefaultRegion)
	_, err := stranger.ListGateways(t.Context(), &storagegateway.ListGatewaysInput{})
	var refused smithy.APIError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "UnrecognizedClientException", refused.ErrorCode())
	require.Zero(t, w.faults.Faults()[0].Seen)
}
