package redact_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/capture"
	"github.com/tidegate/tidegate/internal/capture/redact"
	"github.com/tidegate/tidegate/internal/secretscan"
)

func redactor(t require.TestingT) *redact.Redactor {
	r, err := redact.New([]byte("a key of thirty-two bytes, or so"))
	require.NoError(t, err)
	return r
}

func body(text string) redact.Bytes { return redact.Bytes{Start: []byte(text), Size: len(text)} }

// target is a call of Storage Gateway.
func target(operation, asked, answered string) redact.Raw {
	return redact.Raw{
		At: time.Unix(0, 0), Took: 12 * time.Millisecond, Account: "prod", Method: http.MethodPost,
		URL: &url.URL{Scheme: "https", Host: "storagegateway.eu-central-1.amazonaws.com", Path: "/"},
		Header: http.Header{
			"X-Amz-Target": {"StorageGateway_20130630." + operation}, "Content-Type": {"application/x-amz-json-1.1"},
			"Authorization": {"AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261130/eu-central-1/storagegateway/aws4_request, SignedHeaders=host, Signature=abc"},
		},
		Body: body(asked), Status: 200, AnswerHeader: http.Header{"Content-Type": {"application/x-amz-json-1.1"}}, Answer: body(answered),
	}
}

// at walks a tree by members' names and elements' numbers.
func at(t *testing.T, tree any, path ...any) any {
	t.Helper()
	for _, step := range path {
		if number, is := step.(int); is {
			list, is := tree.([]any)
			require.True(t, is && number < len(list), tree)
			tree = list[number]
			continue
		}
		object, is := tree.(map[string]any)
		require.True(t, is, tree)
		tree = object[step.(string)] //nolint:errcheck // a test's own
	}
	return tree
}

func answer(t *testing.T, e capture.Exchange) map[string]any {
	t.Helper()
	tree, is := e.Response.Body.Value.(map[string]any)
	require.True(t, is, e.Response.Body)
	return tree
}

func TestListedMembersAreShownNamesBecomePseudonymsAndTheRestPlaceholders(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:storagegateway:eu-central-1:123456789012:gateway/sgw-12A3456B"
	e := redactor(t).Exchange(target("DescribeGatewayInformation", `{"GatewayARN":"`+arn+`"}`, `{
		"GatewayARN":"`+arn+`","GatewayId":"sgw-12A3456B","GatewayName":"payments-berlin","GatewayState":"RUNNING","GatewayTimezone":"GMT+1:00",
		"GatewayNetworkInterfaces":[{"Ipv4Address":"10.1.2.3"}],"LastSoftwareUpdate":"2016-01-02T16:00:00","SoftwareVersion":"1.2.3",
		"Tags":[{"Key":"owner","Value":"alice"},{"Key":"tidegate:key","Value":"run-7"}],"Novelty":"secret words","NoveltyCount":7,"Deeper":{"On":true,"S3cr3tN4m3XyZ12":null}}`))
	require.Equal(t, "storagegateway", e.Service)
	require.Equal(t, "DescribeGatewayInformation", e.Operation)
	require.Equal(t, "eu-central-1", e.Region)
	require.Equal(t, "https://storagegateway.eu-central-1.amazonaws.com/", e.Request.URL)
	require.NotContains(t, e.Request.Headers, "Authorization")
	got := answer(t, e)
	require.Regexp(t, `^arn:aws:storagegateway:eu-central-1:\d{12}:gateway/sgw-[0-9A-F]{8}$`, got["GatewayARN"])
	require.NotContains(t, got["GatewayARN"], "123456789012")
	require.Contains(t, got["GatewayARN"], got["GatewayId"], "one id has one pseudonym")
	require.Regexp(t, `^name-[0-9a-f]{12}$`, got["GatewayName"])
	require.Equal(t, "RUNNING", got["GatewayState"])
	require.Equal(t, "GMT+1:00", got["GatewayTimezone"])
	require.Equal(t, "1.2.3", got["SoftwareVersion"])
	require.Equal(t, "2016-01-02T16:00:00", got["LastSoftwareUpdate"])
	require.Regexp(t, `^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$`, at(t, got, "GatewayNetworkInterfaces", 0, "Ipv4Address"))
	require.Regexp(t, `^name-`, at(t, got, "Tags", 0, "Key"))
	require.Equal(t, "tidegate:key", at(t, got, "Tags", 1, "Key"))
	require.Equal(t, "<string 12>", got["Novelty"])
	require.Equal(t, "<number>", got["NoveltyCount"])
	require.Equal(t, map[string]any{"On": "<boolean>", "<member 15>": nil}, got["Deeper"])
}

func TestWhatIsListedIsShownInItsFormOnly(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "AKIAIOSFODNN7EXAMPLE", "hunter2hunter2", "x9Kq3ZpLmVtRw"} {
		e := redactor(t).Exchange(target("DescribeGatewayInformation", `{}`,
			`{"GatewayState":"`+value+`","GatewayTimezone":"`+value+`","LastSoftwareUpdate":"`+value+`","SoftwareVersion":"`+value+`","`+value+`":1}`))
		text, err := json.Marshal(e)
		require.NoError(t, err)
		require.NotContains(t, string(text), value)
	}
}

func TestWordsOfTheAPIsAreShown(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"RUNNING", "STATE_RUNNING", "PASS THROUGH", "FILE_S3", "FILE_FSX_SMB", "HYPER-V", "EMERGENCY_VERSIONS_ONLY", "OK", "completed"} {
		got := answer(t, redactor(t).Exchange(target("DescribeGatewayInformation", `{}`, `{"GatewayState":"`+word+`"}`)))
		require.Equal(t, word, got["GatewayState"])
	}
}

func TestErrorsKeepTheirCodes(t *testing.T) {
	t.Parallel()
	raw := target("DescribeGatewayInformation", `{}`, `{"__type":"InvalidGatewayRequestException","message":"The specified gateway is not connected.","error":{"errorCode":"GatewayNotConnected","errorDetails":{"who":"alice"}}}`)
	raw.Status = 400
	require.Equal(t, map[string]any{
		"__type": "InvalidGatewayRequestException", "message": "The specified gateway is not connected.",
		"error": map[string]any{"errorCode": "GatewayNotConnected", "errorDetails": map[string]any{"who": "<string 5>"}},
	}, answer(t, redactor(t).Exchange(raw)))
	raw.Answer = body(`{"__type":"AccessDeniedException","message":"User: arn:aws:sts::123456789012:assumed-role/x is not authorized"}`)
	require.Equal(t, map[string]any{"__type": "AccessDeniedException", "message": "<string 64>"}, answer(t, redactor(t).Exchange(raw)))
}

// Storage Gateway has a volume's id in upper case, EC2 in lower case.
func TestAVolumeHasOnePseudonymInBothCases(t *testing.T) {
	t.Parallel()
	upper := answer(t, redactor(t).Exchange(target("ListVolumes", `{}`, `{"VolumeInfos":[{"VolumeId":"vol-1122AABB"},{"VolumeId":"vol-11223344"}]}`)))
	xml := redact.Raw{
		Method: http.MethodPost, URL: &url.URL{Scheme: "https", Host: "ec2.eu-central-1.amazonaws.com", Path: "/"},
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Authorization": {"AWS4-HMAC-SHA256 Credential=A/20261130/eu-central-1/ec2/aws4_request"}},
		Body:   body("Action=DescribeSnapshots&Version=2016-11-15&Filter.1.Name=volume-id&Filter.1.Value.1=vol-1122aabb&Owner.1=self"), Status: 200,
		Answer: body(`<?xml version="1.0"?><DescribeSnapshotsResponse xmlns="x"><requestId>r</requestId><snapshotSet><item><snapshotId>snap-0123456789abcdef0</snapshotId><volumeId>vol-1122aabb</volumeId><status>completed</status><tagSet/></item></snapshotSet></DescribeSnapshotsResponse>`),
	}
	e := redactor(t).Exchange(xml)
	require.Equal(t, "DescribeSnapshots", e.Operation)
	query := e.Request.Body.Value
	require.Equal(t, "volume-id", at(t, query, "Filter.1.Name"))
	require.Equal(t, "self", at(t, query, "Owner.1"))
	require.Equal(t, strings.ToLower(fmt.Sprint(at(t, upper, "VolumeInfos", 0, "VolumeId"))), at(t, query, "Filter.1.Value.1"))
	require.Regexp(t, `^vol-\d{8}$`, at(t, upper, "VolumeInfos", 1, "VolumeId"))
	item := at(t, answer(t, e), "DescribeSnapshotsResponse", "snapshotSet", "item", 0)
	require.Equal(t, at(t, query, "Filter.1.Value.1"), at(t, item, "volumeId"))
	require.Equal(t, "completed", at(t, item, "status"))
	require.Regexp(t, `^snap-[0-9a-f]{17}$`, at(t, item, "snapshotId"))
}

func TestHuaweiCloudsPathsKeepTheirWords(t *testing.T) {
	t.Parallel()
	const project, instance, proxy = "0123456789abcdef0123456789abcdef", "3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07", "7c1d2e3f4a5b4c6d8e9f0a1b2c3d4e01po01"
	e := redactor(t).Exchange(redact.Raw{
		Method: http.MethodPost, URL: &url.URL{Scheme: "https", Host: "gaussdb.eu-west-101.myhuaweicloud.eu", Path: "/v3/" + project + "/instances/" + instance + "/proxy/" + proxy + "/upgrade-version"},
		Header: http.Header{"X-Auth-Token": {"token"}}, Body: body(`{"source_version":"2.24.03.000","target_version":"2.26.06.000"}`),
		Status: 200, Answer: body(`{"update_result":[{"instance_id":"` + proxy + `","workflow_id":"8a1d2e3f-4a5b-4c6d-8e9f-0a1b2c3d4e5f","state":"ACCEPT","error_message":null}]}`),
	})
	require.Equal(t, "UpgradeProxyVersion", e.Operation)
	require.Regexp(t, `^https://gaussdb.eu-west-101.myhuaweicloud.eu/v3/[0-9a-f]{32}/instances/[0-9a-f]{32}in07/proxy/[0-9a-f]{32}po01/upgrade-version$`, e.Request.URL)
	require.NotContains(t, e.Request.URL, project)
	result := at(t, answer(t, e), "update_result", 0)
	require.Equal(t, "ACCEPT", at(t, result, "state"))
	require.Contains(t, e.Request.URL, at(t, result, "instance_id"))
	require.Contains(t, result, "error_message")
}

func TestAnUnreadableBodyLeavesItsLengthOnly(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"<html><body>half", "{\"a\":", "plain secret words", "{} trailing secret"} {
		got := redactor(t).Exchange(target("ListGateways", `{}`, text)).Response.Body
		require.Equal(t, capture.Body{Form: capture.Unreadable, Bytes: len(text)}, got, text)
	}
	cut := target("ListGateways", `{}`, `{"Gateways":[]}`)
	cut.Answer.Size = 5 << 20
	require.Equal(t, capture.Body{Form: capture.Unreadable, Bytes: 5 << 20}, redactor(t).Exchange(cut).Response.Body)
}

// Whatever is sent and answered, and wherever: a secret in any place is not written.
func TestNoSecretComesThroughInAnyPlace(t *testing.T) {
	t.Parallel()
	const secret = "Pl4ntedS3cret/9f8e7d6c5b4a+xYzQwErTy=="
	quoted, err := json.Marshal(secret)
	require.NoError(t, err)
	operations := []string{"DescribeGatewayInformation", "ListGateways", "CreateSnapshot", "Unheard", "AddTagsToResource"}
	members := []string{"GatewayARN", "GatewayState", "Tags", "Key", "Value", "message", "__type", "error", "errorCode", "SnapshotDescription", "Marker", secret, "Novelty"}
	rapid.Check(t, func(t *rapid.T) {
		text := string(quoted)
		for range rapid.IntRange(0, 5).Draw(t, "depth") {
			if rapid.Bool().Draw(t, "list") {
				text = "[" + text + "]"
				continue
			}
			name, err := json.Marshal(rapid.SampledFrom(members).Draw(t, "member"))
			require.NoError(t, err)
			text = "{" + string(name) + ":" + text + "}"
		}
		raw := target(rapid.SampledFrom(operations).Draw(t, "operation"), text, text)
		raw.Status = rapid.SampledFrom([]int{200, 400, 403, 500}).Draw(t, "status")
		raw.Account, raw.URL.Path = secret, "/"+secret
		raw.URL.RawQuery = url.Values{secret: {"1"}, "name": {secret}}.Encode()
		raw.URL.Host = rapid.SampledFrom([]string{raw.URL.Host, "Pl4ntedS3cret9f8e7d6c5b4a.internal"}).Draw(t, "host")
		for _, name := range []string{"Authorization", "X-Amz-Security-Token", "X-Auth-Token", "Content-Type", "X-Amz-Target", "Retry-After", "X-Made-Up", "X-Amzn-Errortype"} {
			if rapid.Bool().Draw(t, name) {
				raw.Header[name], raw.AnswerHeader[name] = []string{secret}, []string{secret}
			}
		}
		written, err := json.Marshal(redactor(t).Exchange(raw))
		require.NoError(t, err)
		require.Empty(t, secretscan.Find(written, secretscan.Secret{Name: "planted", Value: secret}), string(written))
		require.NotContains(t, string(written), "Pl4ntedS3cret")
	})
}
