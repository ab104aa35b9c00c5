package aws_test

import (
	"context"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway/types"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/record"
	"github.com/tidegate/tidegate/test/teststart"
)

var start = teststart.On(time.Wednesday, 12)

// clock moves when a test says so.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// world is one simulated AWS behind a real HTTP server.
type world struct {
	*clock
	cloud  *aws.Cloud
	book   *record.Book
	faults *fault.Engine
	url    string
	sgw    *storagegateway.Client
	cw     *cloudwatch.Client
	// made is how many effects there were when the test began.
	made int
	// retryer of new clients; nil tries once.
	retryer sdkaws.Retryer
}

func newWorld(t *testing.T, s aws.Scenario) *world {
	t.Helper()
	w := &world{clock: &clock{now: start}}
	w.book = record.New(w.Now)
	w.faults = fault.New(aws.Operations())
	cloud, err := aws.New(s, aws.Options{Book: w.book, Now: w.Now, Faults: w.faults})
	require.NoError(t, err)
	server := httptest.NewServer(cloud)
	t.Cleanup(server.Close)
	w.cloud, w.url = cloud, server.URL
	w.sgw = w.client(aws.DefaultAccessKeyID, aws.DefaultSecretAccessKey, "", aws.DefaultRegion)
	w.cw = w.alarms(aws.DefaultSecretAccessKey, aws.DefaultRegion)
	return w
}

func (w *world) client(key, secret, token, region string) *storagegateway.Client {
	return storagegateway.New(storagegateway.Options{
		BaseEndpoint: &w.url,
		Region:       region,
		Credentials:  credentials.NewStaticCredentialsProvider(key, secret, token),
		Retryer:      w.retries(),
	})
}

func (w *world) alarms(secret, region string) *cloudwatch.Client {
	return cloudwatch.New(cloudwatch.Options{
		BaseEndpoint: &w.url, Region: region, Retryer: w.retries(),
		Credentials: credentials.NewStaticCredentialsProvider(aws.DefaultAccessKeyID, secret, ""),
	})
}

func (w *world) retries() sdkaws.Retryer {
	if w.retryer == nil {
		return sdkaws.NopRetryer{}
	}
	return w.retryer
}

// kinds are the kinds of the test's effects so far.
func (w *world) kinds() []string {
	out := []string{}
	for _, e := range w.book.Effects()[w.made:] {
		out = append(out, e.Kind)
	}
	return out
}

func (w *world) describe(ctx context.Context, arn string) (*storagegateway.DescribeGatewayInformationOutput, error) {
	return w.sgw.DescribeGatewayInformation(ctx, &storagegateway.DescribeGatewayInformationInput{GatewayARN: &arn})
}

func (w *world) trigger(t *testing.T, arn string) {
	t.Helper()
	_, err := w.sgw.UpdateGatewaySoftwareNow(t.Context(), &storagegateway.UpdateGatewaySoftwareNowInput{GatewayARN: &arn})
	require.NoError(t, err)
}

const gatewayARN = "arn:aws:storagegateway:us-east-1:123456789012:gateway/"

// gatewayWithVolumes is a cached gateway with two volumes and an update available.
func gatewayWithVolumes() aws.Gateway {
	return aws.Gateway{
		ID: "sgw-11111111", NextVersion: "1.3.0",
		Volumes: []aws.Volume{{ID: "vol-1111AAAA"}, {ID: "vol-2222BBBB", SizeGiB: 20}},
	}
}

// inner requires that AWS refused with an inner code.
func inner(t *testing.T, err error, code string) {
	t.Helper()
	var refused *types.InvalidGatewayRequestException
	require.ErrorAs(t, err, &refused)
	require.NotNil(t, refused.Error_)
	require.Equal(t, code, string(refused.Error_.ErrorCode))
}
