package aws_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
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

func TestTheCallersIdentityIsTold(t *testing.T) {
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
	_, err := w.sgw.ShutdownGateway(t.Context(), &storagegateway.ShutdownGatewayInput{GatewayARN: &arn})
	requireCode(t, err, "NotSimulated", "storagegateway:ShutdownGateway")
	_, err = w.eyes().DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{})
	requireCode(t, err, "NotSimulated", "ec2:DescribeVolumes")
	_, err = w.sts().GetSessionToken(t.Context(), &sts.GetSessionTokenInput{})
	requireCode(t, err, "NotSimulated", "sts:GetSessionToken")
}

// The lists of operations are those of the SDK that this module uses.
func TestKnownOperationsAreThoseOfTheSDK(t *testing.T) {
	t.Parallel()
	for service, client := range map[string]any{"storagegateway": &storagegateway.Client{}, "ec2": &ec2.Client{}, "sts": &sts.Client{}} {
		var want []string
		for method := range reflect.TypeOf(client).Methods() {
			if method.Name != "Options" {
				want = append(want, method.Name)
			}
		}
		text, err := os.ReadFile("known/" + service + ".txt")
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
