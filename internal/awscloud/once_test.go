package awscloud_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud"
	"github.com/tidegate/tidegate/internal/awscloud/wire"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// call is a method and what it answers where it may have been carried out.
type call struct {
	name      string
	do        func(context.Context, *awscloud.Cloud) error
	ambiguous error
}

func calls() []call {
	return []call{
		{"Gateway", func(ctx context.Context, c *awscloud.Cloud) error {
			_, err := c.Gateway(ctx, gatewayARN)
			return err
		}, maintenance.ErrUnavailable},
		{"Schedule", func(ctx context.Context, c *awscloud.Cloud) error {
			_, err := c.Schedule(ctx, gatewayARN)
			return err
		}, maintenance.ErrUnavailable},
		{"Volumes", func(ctx context.Context, c *awscloud.Cloud) error {
			_, err := c.Volumes(ctx, maintenance.Gateway{ARN: gatewayARN, Type: "CACHED"})
			return err
		}, maintenance.ErrUnavailable},
		{"SetAutomaticUpdates", func(ctx context.Context, c *awscloud.Cloud) error {
			return c.SetAutomaticUpdates(ctx, gatewayARN, maintenance.EmergencyVersionsOnly)
		}, maintenance.ErrUnavailable},
		{"Tags", func(ctx context.Context, c *awscloud.Cloud) error {
			_, err := c.Tags(ctx, gatewayARN)
			return err
		}, maintenance.ErrUnavailable},
		{"Tag", func(ctx context.Context, c *awscloud.Cloud) error {
			return c.Tag(ctx, gatewayARN, "key", "value")
		}, maintenance.ErrUnavailable},
		{"Untag", func(ctx context.Context, c *awscloud.Cloud) error {
			return c.Untag(ctx, gatewayARN, "key")
		}, maintenance.ErrUnavailable},
		{"UpdateSoftware", func(ctx context.Context, c *awscloud.Cloud) error {
			return c.UpdateSoftware(ctx, gatewayARN)
		}, maintenance.ErrUnknownOutcome},
		{"CreateSnapshot", func(ctx context.Context, c *awscloud.Cloud) error {
			_, err := c.CreateSnapshot(ctx, volumeARN, "key")
			return err
		}, maintenance.ErrUnknownOutcome},
	}
}

func TestADroppedConnectionIsOneRequestAndAmbiguous(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			aws := answers(t, func(w http.ResponseWriter, _ request) {
				conn, _, err := http.NewResponseController(w).Hijack()
				if err == nil {
					err = conn.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
			err := c.do(t.Context(), aws.cloud())
			requireSentinel(t, err, c.ambiguous)
			requireNoSecrets(t, err)
			require.Len(t, aws.received(), 1)
		})
	}
}

func TestAnAnswerCutShortIsOneRequestAndAmbiguous(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			aws := answers(t, func(w http.ResponseWriter, _ request) {
				w.Header().Set("Content-Length", "1000")
				write(w, 200, `{"GatewayARN":"arn`)
			})
			requireSentinel(t, c.do(t.Context(), aws.cloud()), c.ambiguous)
			require.Len(t, aws.received(), 1)
		})
	}
}

func TestALateAnswerIsOneRequestAndAmbiguous(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			aws := answers(t, func(_ http.ResponseWriter, r request) { <-r.Gone })
			err := c.do(ctx, aws.cloud())
			requireSentinel(t, err, c.ambiguous)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Len(t, aws.received(), 1)
		})
	}
}

func TestACancelledCallIsAmbiguousOnceItWasSent(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			aws := answers(t, func(_ http.ResponseWriter, r request) {
				cancel()
				<-r.Gone
			})
			err := c.do(ctx, aws.cloud())
			requireSentinel(t, err, c.ambiguous)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
}

func TestACallCancelledBeforeIsNotSent(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			aws := answers(t, says(200, `{}`))
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := c.do(ctx, aws.cloud())
			requireSentinel(t, err, maintenance.ErrUnavailable)
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorContains(t, err, "nothing was sent")
			require.Empty(t, aws.received())
		})
	}
}

// What answers there is not AWS: the error names the URL and the account.
func TestAnEndpointThatIsNotAWSIsNamed(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{"a web page": "<html>not found</html>", "another service": `{"error":"no such path"}`, "nothing": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			other := answers(t, says(404, answer))
			_, err := other.cloud().Gateway(t.Context(), gatewayARN)
			requireSentinel(t, err, maintenance.ErrUnavailable)
			require.ErrorContains(t, err, "no answer of AWS came from "+other.URL+` for the AWS account "prod"; if it stays so, check the account's endpoint`)
		})
	}
}

func TestWithoutAConnectionItIsCertainThatNothingWasSent(t *testing.T) {
	t.Parallel()
	tlsOnly := httptest.NewTLSServer(http.NotFoundHandler()) // its certificate is unknown
	t.Cleanup(tlsOnly.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, endpoint := range map[string]string{
		"refused":      gone.URL,
		"no such name": "http://no-such-host.invalid",
		"tls":          tlsOnly.URL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range calls() {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					err := c.do(t.Context(), awscloud.New(settings(), wire.Place{Account: "prod", Endpoint: endpoint}, nil, nil))
					requireSentinel(t, err, maintenance.ErrUnavailable)
					require.ErrorContains(t, err, "nothing was sent, since there is no connection to "+endpoint+` for the AWS account "prod"; check the account's endpoint`)
					requireNoSecrets(t, err)
				})
			}
		})
	}
}

// The caller's deadline may end while the connection is made.
func TestADeadlineWhileDiallingIsCertain(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := settings()
			cfg.HTTPClient = &http.Client{Transport: &http.Transport{
				DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
					<-ctx.Done()
					return nil, ctx.Err()
				},
			}}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err := c.do(ctx, awscloud.New(cfg, wire.Place{Account: "prod", Endpoint: "http://127.0.0.1:1"}, nil, nil))
			requireSentinel(t, err, maintenance.ErrUnavailable)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}

// What a client of one's own does is not known.
func TestATransportThatReportsNothingCountsAsHavingSent(t *testing.T) {
	t.Parallel()
	for _, c := range calls() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := settings()
			cfg.HTTPClient = clientFunc(func(*http.Request) (*http.Response, error) { return nil, errors.New("broken") })
			requireSentinel(t, c.do(t.Context(), awscloud.New(cfg, wire.Place{Account: "prod", Endpoint: "http://127.0.0.1:1"}, nil, nil)), c.ambiguous)
		})
	}
}

type clientFunc func(*http.Request) (*http.Response, error)

func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestWithoutCredentialsNothingIsSent(t *testing.T) {
	t.Parallel()
	sts := func(err error) error {
		return &smithy.OperationError{ServiceID: "STS", OperationName: "AssumeRole", Err: err}
	}
	for _, c := range []struct {
		name string
		err  error
		want error
	}{
		{"none anywhere", &smithy.OperationError{ServiceID: "ec2imds", OperationName: "GetMetadata", Err: &net.OpError{Op: "dial", Err: errors.New("no route")}}, maintenance.ErrDenied},
		{"a login that expired", errors.New("the SSO session has expired or is invalid"), maintenance.ErrDenied},
		{"role refused", sts(&smithy.GenericAPIError{Code: "AccessDenied", Message: "not authorized to perform sts:AssumeRole"}), maintenance.ErrDenied},
		{"STS throttles", sts(&smithy.GenericAPIError{Code: "Throttling", Message: "Rate exceeded"}), maintenance.ErrThrottled},
		{"STS fails", sts(&smithy.GenericAPIError{Code: "InternalFailure", Message: "x"}), maintenance.ErrUnavailable},
		{"STS not reached", sts(&net.OpError{Op: "dial", Err: errors.New("refused")}), maintenance.ErrUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, each := range calls() {
				t.Run(each.name, func(t *testing.T) {
					t.Parallel()
					stub := answers(t, says(200, `{}`))
					cfg := settings()
					cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, c.err })
					err := each.do(t.Context(), awscloud.New(cfg, wire.Place{Account: "prod", Endpoint: stub.URL}, nil, nil))
					requireSentinel(t, err, c.want)
					require.ErrorContains(t, err, "no usable credentials")
					require.Empty(t, stub.received())
				})
			}
		})
	}
}

func TestAConfigurationWithoutCredentialsIsDenied(t *testing.T) {
	t.Parallel()
	cfg := settings()
	cfg.Credentials = nil
	_, err := awscloud.New(cfg, wire.Place{Account: "prod", Endpoint: "http://127.0.0.1:1"}, nil, nil).Gateway(t.Context(), gatewayARN)
	requireSentinel(t, err, maintenance.ErrDenied)
}

// The SDK learns the difference from the refusal and signs the next request
// with it, so the refusal is one that passes.
func TestAClockThatDiffersPassesWithTheNextCall(t *testing.T) {
	t.Parallel()
	ahead := time.Now().Add(time.Hour).UTC()
	stub := answers(t, func(w http.ResponseWriter, r request) {
		w.Header().Set("Date", ahead.Format(http.TimeFormat))
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil || ahead.Sub(signed).Abs() > 5*time.Minute {
			write(w, 400, plain("InvalidSignatureException", "Signature expired"))
			return
		}
		write(w, 200, `{"GatewayARN":"`+gatewayARN+`"}`)
	})
	cloud := stub.cloud()
	err := cloud.UpdateSoftware(t.Context(), gatewayARN)
	requireSentinel(t, err, maintenance.ErrUnavailable)
	require.ErrorContains(t, err, "clock")
	require.NoError(t, cloud.UpdateSoftware(t.Context(), gatewayARN))
	require.Len(t, stub.received(), 2)
}
