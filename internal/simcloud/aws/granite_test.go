package aws_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
	simalarms "github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
)

// speaker uses CloudWatch by boto's own client in one protocol, and judges each answer by AWS's
// machine model: wrong types and unknown members are faults.
const speaker = `
import datetime, json, sys
import botocore.model
protocol, url, key, secret, at, past = sys.argv[1:]
botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = (protocol,)
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
session = botocore.session.get_session()
model = session.get_service_model("cloudwatch")
assert model.resolved_protocol == protocol, model.resolved_protocol
client = session.create_client("cloudwatch", region_name="us-east-1", endpoint_url=url, aws_access_key_id=key,
    aws_secret_access_key=secret, config=Config(retries={"total_max_attempts": 1}))
def call(name, **params):
    operation = model.operation_model(name)
    reply = client._make_api_call(name, params)
    reply.pop("ResponseMetadata")
    if operation.output_shape is not None:
        report = ParamValidator().validate(reply, operation.output_shape)
        assert not report.has_errors(), name + ": " + report.generate_report()
    else:
        assert reply == {}, reply
    return reply
def refused(code, name, **params):
    try:
        call(name, **params)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e.response
        return
    raise AssertionError(name + " was not refused")
both = ["MetricAlarm", "CompositeAlarm"]
page = call("DescribeAlarms", AlarmTypes=both, MaxRecords=1)
assert page["NextToken"]
shown = call("DescribeAlarms", AlarmNames=["orders", "orders-latency"], AlarmTypes=both)
assert [a["StateValue"] for a in shown["MetricAlarms"] + shown["CompositeAlarms"]] == ["ALARM", "OK"], shown
when = shown["MetricAlarms"][0]["StateTransitionedTimestamp"]
assert when == datetime.datetime.fromisoformat(past), when
assert call("DescribeAlarms", AlarmNames=["gone"])["MetricAlarms"] == []
call("DescribeAlarms", ChildrenOfAlarmName="orders")
call("DescribeAlarms", ParentsOfAlarmName="orders-5xx")
start = datetime.datetime.fromisoformat(at)
call("PutAlarmMuteRule", Name="ours", Description="run & <7>", StartDate=start, ExpireDate=start + datetime.timedelta(hours=2),
    Rule={"Schedule": {"Expression": start.strftime("at(%Y-%m-%dT%H:%M)"), "Duration": "PT1H30M", "Timezone": "UTC"}},
    MuteTargets={"AlarmNames": ["orders", "orders-5xx"]}, Tags=[{"Key": "a", "Value": "b"}, {"Key": "c", "Value": ""}])
rule = call("GetAlarmMuteRule", AlarmMuteRuleName="ours")
assert rule["MuteTargets"]["AlarmNames"] == ["orders", "orders-5xx"] and rule["Status"] == "ACTIVE", rule
assert rule["ExpireDate"] == start + datetime.timedelta(hours=2) and rule["Description"] == "run & <7>", rule
assert len(call("ListAlarmMuteRules", AlarmName="orders", Statuses=["ACTIVE"], MaxRecords=5)["AlarmMuteRuleSummaries"]) == 1
call("DeleteAlarmMuteRule", AlarmMuteRuleName="ours")
call("DeleteAlarmMuteRule", AlarmMuteRuleName="ours")
refused("ResourceNotFoundException", "GetAlarmMuteRule", AlarmMuteRuleName="ours")
refused("InvalidNextToken", "DescribeAlarms", NextToken="?")
refused("ValidationError", "DescribeAlarms", AlarmNames=["a"], AlarmNamePrefix="a")
refused("NotSimulated", "DescribeAlarmHistory")
print("spoken")
`

func TestCloudWatchSpeaksEachOfItsProtocols(t *testing.T) {
	t.Parallel()
	if out, err := exec.CommandContext(t.Context(), "python3", "-c", "import botocore").CombinedOutput(); err != nil {
		t.Skipf("python3 with botocore is missing (%v %s); install it to check CloudWatch's protocols", err, bytes.TrimSpace(out))
	}
	for _, protocol := range []string{"smithy-rpc-v2-cbor", "json", "query"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, aws.Scenario{Alarms: append(shop(), simalarms.Alarm{Name: "with dimensions", Metric: simalarms.Metric{
				Dimensions: map[string]string{"GatewayId": "sgw-1"}, Threshold: 0.5,
			}})})
			command := exec.CommandContext(t.Context(), "python3", "-c", speaker, protocol, w.url, aws.DefaultAccessKeyID,
				aws.DefaultSecretAccessKey, start.UTC().Format(time.RFC3339), start.Add(-time.Hour).UTC().Format(time.RFC3339))
			out, err := command.CombinedOutput()
			require.NoError(t, err, string(out))
			require.Equal(t, "spoken\n", string(out))
			require.Equal(t, []string{"cloudwatch:PutAlarmMuteRule", "cloudwatch:DeleteAlarmMuteRule"}, w.kinds())
		})
	}
}

const (
	rpc  = "/service/GraniteServiceVersion20100801/operation/"
	form = "application/x-www-form-urlencoded"
)

// encoded is a value in CBOR.
func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := cbor.Marshal(value)
	require.NoError(t, err)
	return string(text)
}

func TestHostileRequestsForAlarmsAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: shop()})
	type object = map[string]any
	for name, tc := range map[string]struct {
		body, path, form, target string
		says                     string
	}{
		"half of CBOR":           {body: encoded(t, object{"AlarmNames": []string{"a"}})[:8], path: rpc + "DescribeAlarms", form: "application/cbor", says: "SerializationException"},
		"CBOR's bomb":            {body: "\x9b\xff\xff\xff\xff\xff\xff\xff\xff", path: rpc + "DescribeAlarms", form: "application/cbor", says: "SerializationException"},
		"a map's bomb":           {body: "\xbb\x00\xff\xff\xff\xff\xff\xff\xff", path: rpc + "DescribeAlarms", form: "application/cbor", says: "SerializationException"},
		"nested CBOR":            {body: strings.Repeat("\x81", 100000), path: rpc + "DescribeAlarms", form: "application/cbor", says: "SerializationException"},
		"a member twice":         {body: "\xa2\x6aMaxRecords\x01\x6aMaxRecords\x02", path: rpc + "DescribeAlarms", form: "application/cbor", says: "SerializationException"},
		"a time that is none":    {body: encoded(t, object{"Name": "n", "StartDate": "now"}), path: rpc + "PutAlarmMuteRule", form: "application/cbor", says: "SerializationException"},
		"an endless time":        {body: encoded(t, object{"Name": "n", "StartDate": cbor.Tag{Number: 1, Content: 1e300}}), path: rpc + "PutAlarmMuteRule", form: "application/cbor", says: "SerializationException"},
		"no schedule":            {body: encoded(t, object{"Name": "n", "Rule": object{}}), path: rpc + "PutAlarmMuteRule", form: "application/cbor", says: "rule.schedule"},
		"no alarm names":         {body: encoded(t, object{"Name": "n", "Rule": object{"Schedule": object{"Expression": "x", "Duration": "x"}}, "MuteTargets": object{}}), path: rpc + "PutAlarmMuteRule", form: "application/cbor", says: "muteTargets.alarmNames"},
		"CBOR without a name":    {path: rpc, form: "application/cbor", says: "UnknownOperationException"},
		"CBOR of no operation":   {path: rpc + "Dance", form: "application/cbor", says: "UnknownOperationException"},
		"CBOR of a path":         {path: rpc + "../DescribeAlarms", form: "application/cbor", says: "UnknownOperationException"},
		"JSON's wrong case":      {body: `{"alarmMuteRuleName": "n"}`, path: "/", form: "application/x-amz-json-1.0", target: "GraniteServiceVersion20100801.GetAlarmMuteRule", says: "alarmMuteRuleName"},
		"nested JSON":            {body: strings.Repeat("[", 100000), path: "/", form: "application/x-amz-json-1.0", target: "GraniteServiceVersion20100801.DescribeAlarms", says: "SerializationException"},
		"JSON's endless time":    {body: `{"StartDate": 1e300}`, path: "/", form: "application/x-amz-json-1.0", target: "GraniteServiceVersion20100801.PutAlarmMuteRule", says: "SerializationException"},
		"a number of words":      {body: "Action=DescribeAlarms&MaxRecords=all", path: "/", form: form, says: "SerializationException"},
		"a date of words":        {body: "Action=PutAlarmMuteRule&StartDate=now", path: "/", form: form, says: "SerializationException"},
		"a query of no action":   {body: "MaxRecords=1", path: "/", form: form, says: "MissingAction"},
		"a query of dots":        {body: "Action=GetAlarmMuteRule&" + strings.Repeat(".", 500000), path: "/", form: form, says: "alarmMuteRuleName"},
		"a query of many dots":   {body: "Action=GetAlarmMuteRule" + strings.Repeat("&a.b.c.d", 9000), path: "/", form: form, says: "alarmMuteRuleName"},
		"a query of a wrong one": {body: "Action=Dance", path: "/", form: form, says: "InvalidAction"},
		"a list with a gap":      {body: "Action=DescribeAlarms&AlarmTypes.member.1=MetricAlarm&AlarmTypes.member.3=x", path: "/", form: form, says: "<MetricAlarms>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			_, reply := w.granite(t, tc.body, tc.path, tc.form, tc.target)
			require.Contains(t, string(reply), tc.says)
			require.Less(t, time.Since(began), 10*time.Second)
			require.Empty(t, w.kinds())
		})
	}
}

// Whatever comes is answered, in each protocol.
func TestAnyRequestForAlarmsIsAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Alarms: shop()})
	var names []string
	for _, op := range aws.Operations() {
		if service, name, _ := strings.Cut(op.Name, ":"); service == "cloudwatch" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom(names).Draw(r, "operation")
		body := map[string]any{}
		for _, member := range []string{"Name", "AlarmMuteRuleName", "AlarmNames", "Rule", "MaxRecords", "StartDate", "NextToken", "Statuses"} {
			if rapid.Bool().Draw(r, member) {
				body[member] = rapid.OneOf(
					rapid.Just[any](nil), rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.Int(), func(n int) any { return n }),
					rapid.Map(rapid.SliceOfN(rapid.String(), 0, 3), func(s []string) any { return s }),
					rapid.Just[any](map[string]any{"Schedule": map[string]any{"Expression": "at(2026-11-30T12:00)", "Duration": "PT1H"}}),
				).Draw(r, "value")
			}
		}
		inJSON, err := json.Marshal(body)
		require.NoError(t, err)
		for _, tc := range []struct{ body, path, form, target string }{
			{encoded(t, body), rpc + name, "application/cbor", ""},
			{rapid.StringN(0, 50, 200).Draw(r, "noise"), rpc + name, "application/cbor", ""},
			{string(inJSON), "/", "application/x-amz-json-1.0", "GraniteServiceVersion20100801." + name},
		} {
			status, reply := w.granite(t, tc.body, tc.path, tc.form, tc.target)
			require.Contains(t, []int{http.StatusOK, http.StatusBadRequest, http.StatusNotFound}, status, "%q: %q", tc.body, reply)
		}
	})
}
