package aws_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

// validator judges replies by AWS's own machine model, as botocore ships it:
// wrong types and unknown members are faults.
const validator = `
import json, sys
import botocore.session
from botocore.validate import ParamValidator
model = botocore.session.get_session().get_service_model("storagegateway")
replies = json.load(sys.stdin)
for name, reply in sorted(replies.items()):
    report = ParamValidator().validate(reply, model.operation_model(name).output_shape)
    if report.has_errors():
        print(name + ": " + report.generate_report())
`

func TestRepliesFollowTheMachineModel(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), "python3", "-c", "import botocore").CombinedOutput(); err != nil {
		t.Skipf("python3 with botocore is missing (%v %s); install it to check replies against AWS's model", err, bytes.TrimSpace(out))
	}
	bootstrapping := gatewayWithVolumes()
	bootstrapping.Volumes[0].Initiators = []aws.Initiator{{Name: "app-1", ReturnsAfter: time.Millisecond}}
	stored := aws.Gateway{ID: "sgw-22222222", Type: "STORED", Tags: map[string]string{"a": "b"}, Volumes: []aws.Volume{{ID: "vol-3333CCCC"}}}
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{bootstrapping, stored}})
	w.finishUpdate(t, gatewayARN+bootstrapping.ID)
	arn := `{"GatewayARN": "` + gatewayARN + `sgw-22222222"}`
	snapshot := `{"VolumeARN": "` + gatewayARN + `sgw-22222222/volume/vol-3333CCCC", "SnapshotDescription": "x"}`
	replies := map[string]json.RawMessage{}
	for operation, body := range map[string]string{
		"DescribeGatewayInformation":            arn,
		"DescribeMaintenanceStartTime":          arn,
		"UpdateMaintenanceStartTime":            `{"GatewayARN": "` + gatewayARN + `sgw-22222222", "HourOfDay": 0, "MinuteOfHour": 0, "DayOfWeek": 0}`,
		"UpdateGatewaySoftwareNow":              arn,
		"ListGateways":                          `{"Limit": 1}`,
		"ListVolumes":                           `{"Limit": 1}`,
		"DescribeUploadBuffer":                  arn,
		"DescribeCache":                         `{"GatewayARN": "` + gatewayARN + `sgw-11111111"}`,
		"ListVolumeInitiators":                  `{"VolumeARN": "` + gatewayARN + `sgw-11111111/volume/vol-1111AAAA"}`,
		"DescribeStorediSCSIVolumes":            `{"VolumeARNs": ["` + gatewayARN + `sgw-22222222/volume/vol-3333CCCC"]}`,
		"DescribeCachediSCSIVolumes":            `{"VolumeARNs": ["` + gatewayARN + `sgw-11111111/volume/vol-1111AAAA"]}`,
		"ListVolumeRecoveryPoints":              `{"GatewayARN": "` + gatewayARN + `sgw-11111111"}`,
		"CreateSnapshot":                        snapshot,
		"CreateSnapshotFromVolumeRecoveryPoint": `{"VolumeARN": "` + gatewayARN + `sgw-11111111/volume/vol-1111AAAA", "SnapshotDescription": "x"}`,
		"ListTagsForResource":                   `{"ResourceARN": "` + gatewayARN + `sgw-22222222", "Limit": 1}`,
		"RemoveTagsFromResource":                `{"ResourceARN": "` + gatewayARN + `sgw-22222222", "TagKeys": ["none"]}`,
		"AddTagsToResource":                     `{"ResourceARN": "` + gatewayARN + `sgw-22222222", "Tags": [{"Key": "a", "Value": ""}]}`,
	} {
		status, text := w.signed(t, time.Now(), "storagegateway", operation, body, untouched)
		require.Equal(t, http.StatusOK, status, "%s: %s", operation, text)
		replies[operation] = text
	}
	in, err := json.Marshal(replies)
	require.NoError(t, err)
	command := exec.CommandContext(t.Context(), "python3", "-c", validator)
	command.Stdin = bytes.NewReader(in)
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Empty(t, string(out))
}
