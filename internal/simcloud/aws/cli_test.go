package aws_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

// cli runs the AWS CLI against the world. A shim without a CLI behind it skips
// the test like no CLI at all.
func (w *world) cli(t *testing.T, secret string, args ...string) (stdout []byte, stderr string, err error) {
	t.Helper()
	args = append([]string{"--endpoint-url", w.url, "--output", "json"}, args...)
	command := exec.CommandContext(t.Context(), "aws", args...)
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true", "AWS_MAX_ATTEMPTS=1",
		"AWS_ACCESS_KEY_ID=" + aws.DefaultAccessKeyID, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_DEFAULT_REGION=us-east-1",
	}
	if root := os.Getenv("PYENV_ROOT"); root != "" {
		command.Env = append(command.Env, "PYENV_ROOT="+root)
	}
	var errs bytes.Buffer
	command.Stderr = &errs
	stdout, err = command.Output()
	return stdout, errs.String(), err
}

// rightCLI runs it with the right credentials and decodes into a loose form:
// the CLI passes wrong types through, so that the test must look at them.
func (w *world) rightCLI(t *testing.T, args ...string) map[string]any {
	t.Helper()
	stdout, stderr, err := w.cli(t, aws.DefaultSecretAccessKey, args...)
	require.NoError(t, err, stderr)
	var out map[string]any
	if len(stdout) > 0 {
		require.NoError(t, json.Unmarshal(stdout, &out))
	}
	return out
}

func TestAWSCLIUsesEveryOperation(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), "aws", "--version").CombinedOutput(); err != nil {
		t.Skipf("the AWS CLI is missing (aws --version: %v %s); install awscli to run this", err, out)
	}
	g := gatewayWithVolumes()
	stored := aws.Gateway{ID: "sgw-22222222", Type: "STORED", Volumes: []aws.Volume{{ID: "vol-3333CCCC"}}}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g, stored}, Alarms: shop()})
	arn, volume := gatewayARN+g.ID, gatewayARN+g.ID+"/volume/vol-1111AAAA"

	list := w.rightCLI(t, "storagegateway", "list-gateways", "--page-size", "1")
	require.Len(t, list["Gateways"], 2)
	info := w.rightCLI(t, "storagegateway", "describe-gateway-information", "--gateway-arn", arn)
	require.Equal(t, "RUNNING", info["GatewayState"])
	window := w.rightCLI(t, "storagegateway", "describe-maintenance-start-time", "--gateway-arn", arn)
	require.InDelta(t, 0, window["DayOfWeek"], 0, "a number, not a string")
	w.rightCLI(t, "storagegateway", "update-maintenance-start-time", "--gateway-arn", arn, "--hour-of-day", "1", "--minute-of-hour", "30", "--day-of-month", "28")
	require.Len(t, w.rightCLI(t, "storagegateway", "list-volumes", "--gateway-arn", arn)["VolumeInfos"], 2)
	require.Len(t, w.rightCLI(t, "storagegateway", "describe-cached-iscsi-volumes", "--volume-arns", volume)["CachediSCSIVolumes"], 1)
	require.Len(t, w.rightCLI(t, "storagegateway", "describe-stored-iscsi-volumes", "--volume-arns", gatewayARN+"sgw-22222222/volume/vol-3333CCCC")["StorediSCSIVolumes"], 1)
	require.Len(t, w.rightCLI(t, "storagegateway", "list-volume-recovery-points", "--gateway-arn", arn)["VolumeRecoveryPointInfos"], 2)
	w.rightCLI(t, "storagegateway", "describe-upload-buffer", "--gateway-arn", arn)
	w.rightCLI(t, "storagegateway", "describe-cache", "--gateway-arn", arn)
	require.Empty(t, w.rightCLI(t, "storagegateway", "list-volume-initiators", "--volume-arn", volume)["Initiators"])
	require.Len(t, w.rightCLI(t, "cloudwatch", "describe-alarms", "--alarm-types", "CompositeAlarm", "MetricAlarm")["CompositeAlarms"], 2)
	w.rightCLI(t, "cloudwatch", "put-alarm-mute-rule", "--name", "ours", "--mute-targets", "AlarmNames=orders,shop", "--rule",
		"Schedule={Expression="+start.Format("at(2006-01-02T15:04)")+",Duration=PT1H}", "--expire-date", start.Add(time.Hour).Format(time.RFC3339))
	require.Equal(t, "ACTIVE", w.rightCLI(t, "cloudwatch", "get-alarm-mute-rule", "--alarm-mute-rule-name", "ours")["Status"])
	require.Len(t, w.rightCLI(t, "cloudwatch", "list-alarm-mute-rules", "--alarm-name", "shop")["AlarmMuteRuleSummaries"], 1)
	w.rightCLI(t, "cloudwatch", "delete-alarm-mute-rule", "--alarm-mute-rule-name", "ours")
	w.rightCLI(t, "storagegateway", "add-tags-to-resource", "--resource-arn", arn, "--tags", "Key=app,Value=billing")
	require.Len(t, w.rightCLI(t, "storagegateway", "list-tags-for-resource", "--resource-arn", arn)["Tags"], 1)
	w.rightCLI(t, "storagegateway", "remove-tags-from-resource", "--resource-arn", arn, "--tag-keys", "app")
	require.Equal(t, "123456789012", w.rightCLI(t, "sts", "get-caller-identity")["Account"])
	w.rightCLI(t, "storagegateway", "create-snapshot-from-volume-recovery-point", "--volume-arn", volume, "--snapshot-description", "point")
	made := w.rightCLI(t, "storagegateway", "create-snapshot", "--volume-arn", volume, "--snapshot-description", "by hand")
	w.move(aws.DefaultTiming().Snapshot)
	found := w.rightCLI(t, "ec2", "describe-snapshots", "--owner-ids", "self", "--filters", "Name=description,Values=by hand")
	require.Len(t, found["Snapshots"], 1)
	id, isText := made["SnapshotId"].(string)
	require.True(t, isText)
	w.rightCLI(t, "ec2", "create-tags", "--resources", id, "--tags", "Key=a,Value=b")
	require.Len(t, w.rightCLI(t, "ec2", "describe-tags", "--filters", "Name=resource-id,Values="+id)["Tags"], 1)
	w.rightCLI(t, "ec2", "copy-snapshot", "--source-region", "us-east-1", "--source-snapshot-id", id, "--description", "elsewhere")
	require.Empty(t, w.rightCLI(t, "ec2", "describe-volumes")["Volumes"])
	w.rightCLI(t, "storagegateway", "update-gateway-information", "--gateway-arn", arn, "--gateway-name", "orders")
	w.rightCLI(t, "storagegateway", "describe-snapshot-schedule", "--volume-arn", gatewayARN+"sgw-22222222/volume/vol-3333CCCC")
	w.rightCLI(t, "storagegateway", "shutdown-gateway", "--gateway-arn", arn)
	w.rightCLI(t, "storagegateway", "start-gateway", "--gateway-arn", arn)
	w.rightCLI(t, "ec2", "delete-snapshot", "--snapshot-id", id)
	w.rightCLI(t, "storagegateway", "update-gateway-software-now", "--gateway-arn", arn)

	_, stderr, err := w.cli(t, aws.DefaultSecretAccessKey, "storagegateway", "list-volumes", "--gateway-arn", gatewayARN+"sgw-FFFFFFFF")
	require.Error(t, err)
	require.Contains(t, stderr, "(InvalidGatewayRequestException)")
	require.Contains(t, stderr, "The specified gateway was not found.")
	for says, args := range map[string][]string{
		"iam:ListUsers": {"iam", "list-users"}, "s3:GET /": {"s3api", "list-buckets"}, "dynamodb:ListTables": {"dynamodb", "list-tables"},
		"ec2:DescribeImages": {"ec2", "describe-images"}, "storagegateway:ListTapes": {"storagegateway", "list-tapes"},
		"cloudwatch:ListMetrics": {"cloudwatch", "list-metrics"},
	} {
		_, stderr, err = w.cli(t, aws.DefaultSecretAccessKey, args...)
		require.Error(t, err)
		require.Contains(t, stderr, "(NotSimulated)")
		require.Contains(t, stderr, says)
	}
	_, stderr, err = w.cli(t, aws.DefaultSecretAccessKey, "cloudwatch", "get-alarm-mute-rule", "--alarm-mute-rule-name", "ours")
	require.Error(t, err)
	require.Contains(t, stderr, "(ResourceNotFoundException)")
	_, stderr, err = w.cli(t, "wrong", "storagegateway", "list-gateways")
	require.Error(t, err)
	require.Contains(t, stderr, "(InvalidSignatureException)")
	_, stderr, err = w.cli(t, "wrong", "ec2", "describe-snapshots")
	require.Error(t, err)
	require.Contains(t, stderr, "(AuthFailure)")
}
