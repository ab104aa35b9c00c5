package accounts

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// managedPrometheus is the name under which Amazon Managed Service for Prometheus checks signatures. Its servers of
// Alertmanager have the same (AWS user guide, "Signing requests").
const managedPrometheus = "aps"

// Signed makes transports that sign each request to Amazon Managed Service for Prometheus with the account's
// credentials. It asks AWS for nothing.
func Signed(ctx context.Context, account Account, options ...Option) (
	func(http.RoundTripper) http.RoundTripper, error,
) {
	cfg, err := load(ctx, account, options)
	if err != nil {
		return nil, fmt.Errorf("open AWS account %q: %w", account.Name, err)
	}
	return func(over http.RoundTripper) http.RoundTripper {
		return signing{
			over: over, account: account.Name, region: cfg.Region, credentials: cfg.Credentials, signer: v4.NewSigner(),
		}
	}, nil
}

// signing is a transport that signs.
type signing struct {
	over            http.RoundTripper
	account, region string
	credentials     aws.CredentialsProvider
	signer          *v4.Signer
}

// RoundTrip sends the request, signed.
func (s signing) RoundTrip(request *http.Request) (*http.Response, error) {
	ctx := request.Context()
	found, err := s.credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("no usable credentials of the AWS account %q: %w", s.account, err)
	}
	var body []byte
	if request.Body != nil {
		body, err = io.ReadAll(request.Body)
		if err := errors.Join(err, request.Body.Close()); err != nil {
			return nil, fmt.Errorf("read the request's own body: %w", err)
		}
	}
	request = request.Clone(ctx) // the client keeps its own
	request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	hash := sha256.Sum256(body)
	err = s.signer.SignHTTP(ctx, found, request, hex.EncodeToString(hash[:]), managedPrometheus, s.region, time.Now())
	if err != nil {
		return nil, fmt.Errorf("sign the request: %w", err)
	}
	return s.over.RoundTrip(request) //nolint:wrapcheck // between a client and its transport
}
