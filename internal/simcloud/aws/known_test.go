package aws_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

func (w *world) sts() *sts.Client {
	return sts.New(sts.Options{
		BaseEndpoint: &w.url, Region: aws.DefaultRegion, Retryer: w.retries(),
		Credentials: credentials.NewStaticCredentialsProvider(aws.DefaultAccessKeyID, aws.DefaultSecretAccessKey, ""),
	})
}

func TestTheCallersIdentityIsReturned(t *testing.T) {
	t.Parallel()
	w := faulty(t)
	out, err := w.sts().GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	require.NoError(t, err)
	require.Contains(t, gatewayARN, ":"+*out.Account+":")
	require.Contains(t, *out.Arn, *out.Account)

	stranger := sts.New(sts.Options{
		BaseEndpoint: &w.url, Region: aws.DefaultRegion, Retryer: w.retries(),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDNOBODY", "secret", ""),
	})
	_, err = stranger.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{})
	requireCode(t, err, "InvalidClientTokenId", "security token")
}

func requireCode(t *testing.T, err error, code, says string) {
	t.Helper()
	var generic smithy.APIError
	require.ErrorAs(t, err, &generic)
	require.Equal(t, code, generic.ErrorCode())
	require.Contains(t, generic.ErrorMessage(), says)
}

// What AWS has and the simulator does not says so, unlike what is misspelt.
func TestOperationsThatAreNotSimulatedSayTheirNames(t *testing.T) {
	t.Parallel()
	w := faulty(t)
	arn := gatewayARN + "sgw-11111111"
	_, err := w.sgw.DeleteGateway(t.Context(), &storagegateway.DeleteGatewayInput{GatewayARN: &arn})
	requireCode(t, err, "NotSimulated", "storagegateway:DeleteGateway")
	_, err = w.eyes().DescribeImages(t.Context(), &ec2.DescribeImagesInput{})
	requireCode(t, err, "NotSimulated", "ec2:DescribeImages")
	_, err = w.sts().GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	requireCode(t, err, "NotSimulated", "sts:GetSessionToken")
}

// The lists of operations are those of the SDK that this module uses.
func TestKnownOperationsAreThoseOfTheSDK(t *testing.T) {
	t.Parallel()
	for service, client := range map[string]any{"storagegateway": &storagegateway.Client{}, "ec2": &ec2.Client{}, "cloudwatch": &cloudwatch.Client{}, "sts": &sts.Client{}} {
		var want []string
		for method := range reflect.TypeOf(client).Methods() {
			if method.Name != "Options" {
				want = append(want, method.Name)
			}
		}
		text, err := os.ReadFile("wire/known/" + service + ".txt")
		require.NoError(t, err)
		found := strings.Fields(string(text))
		slices.Sort(found)
		require.Equal(t, want, found, service)
	}
}

// AWS knows members by their exact names; others are ignored, and what is required is missing then.
func TestMembersInAnotherCaseAreNone(t *testing.T) {
	t.Parallel()
	w := faulty(t)
	for member, want := range map[string]int{"GatewayARN": 200, "gatewayarn": 400, "gatewayARN": 400, "GATEWAYARN": 400, "GatewayArn": 400} {
		body := `{"` + member + `": "` + gatewayARN + `sgw-11111111"}`
		status, reply := w.signed(t, time.Now(), "storagegateway", "DescribeGatewayInformation", body, untouched)
		require.Equal(t, want, status, "%s: %s", member, reply)
	}
}

// A service that is not simulated is no matter of credentials: the answer names it, in
// each form that a client reads.
func TestServicesThatAreNotSimulatedSayTheirNames(t *testing.T) {
	t.Parallel()
	w := faulty(t)
	for name, tc := range map[string]struct {
		service, path, form, target, body, says string
	}{
		"query":    {"iam", "/", "application/x-www-form-urlencoded", "", "Action=ListUsers&Version=2010-05-08", "<Code>NotSimulated</Code><Message>iam:ListUsers"},
		"JSON":     {"dynamodb", "/", "application/x-amz-json-1.0", "DynamoDB_20120810.ListTables", "{}", `{"__type":"NotSimulated","message":"dynamodb:ListTables`},
		"REST":     {"lambda", "/2015-03-31/functions", "", "", "", `"message":"lambda:POST /2015-03-31/functions`},
		"S3's XML": {"s3", "/bucket", "", "", "", "<Error><Code>NotSimulated</Code><Message>s3:POST /bucket"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, reply := w.signed(t, time.Now(), tc.service, "", tc.body, func(r *http.Request) {
				r.URL.Path = tc.path
				r.Header.Del("X-Amz-Target")
				r.Header.Set("Content-Type", tc.form)
				if tc.target != "" {
					r.Header.Set("X-Amz-Target", tc.target)
				}
			})
			require.Equal(t, http.StatusNotImplemented, status)
			require.Contains(t, string(reply), tc.says)
		})
	}
}

// No member of an input that the SDK can send is ignored: of a wrong type it is refused.
func TestEveryMemberOfAnInputIsRead(t *testing.T) {
	t.Parallel()
	w := faulty(t)
	clients := map[string]reflect.Type{
		"storagegateway": reflect.TypeFor[*storagegateway.Client](), "cloudwatch": reflect.TypeFor[*cloudwatch.Client](),
	}
	for _, op := range aws.Operations() {
		service, name, _ := strings.Cut(op.Name, ":")
		client := clients[service]
		if client == nil {
			continue
		}
		method, found := client.MethodByName(name)
		require.True(t, found, name)
		input := method.Type.In(2).Elem()
		for member := range input.Fields() {
			if !member.IsExported() {
				continue
			}
			wrong := `{"a": 1}`
			if member.Type.Kind() == reflect.Pointer && member.Type.Elem().Kind() == reflect.Struct {
				wrong = `"text"`
			}
			status, reply := w.json(t, service, name, `{"`+member.Name+`": `+wrong+`}`)
			require.Equal(t, 400, status, "%s %s: %s", name, member.Name, reply)
			require.Contains(t, string(reply), "SerializationException", "%s %s", name, member.Name)
		}
	}
}

func TestEC2RefusesParametersThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	w := faulty(t)
	for body, says := range map[string]string{
		"Action=DescribeSnapshots&Owners.1=self":                                   "The parameter Owners.1 is not recognized",
		"Action=DescribeSnapshots&owner.1=self":                                    "The parameter owner.1 is not recognized",
		"Action=DeleteSnapshot&SnapshotID=snap-00000001":                           "The parameter SnapshotID is not recognized",
		"Action=CreateTags&ResourceId.1=snap-00000001&Tag.1.Key=a&Tag.1.Color=red": "The parameter Tag.1.Color is not recognized",
		"Action=DescribeSnapshots&DryRun=yes":                                      "parameter dryRun is invalid",
	} {
		status, reply := w.query(t, "ec2", body)
		require.Equal(t, 400, status, body)
		require.Contains(t, string(reply), says, body)
	}
}

// json posts a signed request in AWS JSON.
func (w *world) json(t *testing.T, service, operation, body string) (int, []byte) {
	t.Helper()
	if service == "cloudwatch" {
		return w.granite(t, body, "/", "application/x-amz-json-1.0", "GraniteServiceVersion20100801."+operation)
	}
	return w.signed(t, time.Now(), service, operation, body, untouched)
}

// granite posts a signed request to CloudWatch, in any of its protocols.
func (w *world) granite(t *testing.T, body, path, contentType, target string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", contentType)
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	hash := sha256.Sum256([]byte(body))
	key := sdkaws.Credentials{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey}
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(hash[:]), "monitoring", "us-east-1", time.Now()))
	return send(t, r)
}

// query posts a signed request in the query protocol.
func (w *world) query(t *testing.T, service, body string) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	hash := sha256.Sum256([]byte(body))
	key := sdkaws.Credentials{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey}
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(hash[:]), service, "us-east-1", time.Now()))
	return send(t, r)
}

func send(t *testing.T, r *http.Request) (int, []byte) {
	t.Helper()
	reply, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, reply.Body.Close()) }()
	text, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	return reply.StatusCode, text
}
