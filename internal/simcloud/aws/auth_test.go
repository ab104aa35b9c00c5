package aws_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sdkaws "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

func TestWrongCredentialsAreRefusedAsAWSDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{
		Regions: []string{"us-east-1"},
		Credentials: []aws.Credential{
			{AccessKeyID: "AKIAONE", SecretAccessKey: "one"},
			{AccessKeyID: "ASIATWO", SecretAccessKey: "two", SessionToken: "token"},
			{AccessKeyID: "ASIAOLD", SecretAccessKey: "old", SessionToken: "token", ExpiresIn: time.Nanosecond},
		},
	})
	for name, tc := range map[string]struct {
		key, secret, token, region, code string
	}{
		"right":                  {"AKIAONE", "one", "", "us-east-1", ""},
		"right with a token":     {"ASIATWO", "two", "token", "us-east-1", ""},
		"unknown key":            {"AKIANONE", "one", "", "us-east-1", "UnrecognizedClientException"},
		"wrong secret":           {"AKIAONE", "two", "", "us-east-1", "InvalidSignatureException"},
		"no token":               {"ASIATWO", "two", "", "us-east-1", "UnrecognizedClientException"},
		"wrong token":            {"ASIATWO", "two", "stolen", "us-east-1", "UnrecognizedClientException"},
		"token of a plain key":   {"AKIAONE", "one", "token", "us-east-1", "UnrecognizedClientException"},
		"expired":                {"ASIAOLD", "old", "token", "us-east-1", "ExpiredTokenException"},
		"expired and wrong":      {"ASIAOLD", "wrong", "token", "us-east-1", "InvalidSignatureException"},
		"region that is not one": {"AKIAONE", "one", "", "us-east-7", "InvalidSignatureException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.client(tc.key, tc.secret, tc.token, tc.region).ListGateways(t.Context(), &storagegateway.ListGatewaysInput{})
			if tc.code == "" {
				require.NoError(t, err)
				return
			}
			var refused smithy.APIError
			require.ErrorAs(t, err, &refused)
			require.Equal(t, tc.code, refused.ErrorCode())
		})
	}
}

// signed posts a request that was signed at a moment and then changed.
func (w *world) signed(t *testing.T, at time.Time, service, operation, body string, change func(*http.Request)) (int, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url+"/", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-amz-json-1.1")
	r.Header.Set("X-Amz-Target", "StorageGateway_20130630."+operation)
	hash := sha256.Sum256([]byte(body))
	key := sdkaws.Credentials{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey}
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), key, r, hex.EncodeToString(hash[:]), service, "us-east-1", at))
	change(r)
	return send(t, r)
}

func untouched(*http.Request) {}

func TestSignatureCoversTheDateTheBodyAndTheHeaders(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{})
	now := time.Now()
	for name, tc := range map[string]struct {
		at      time.Time
		service string
		change  func(*http.Request)
		status  int
		code    string
	}{
		"untouched":           {at: now, status: 200},
		"four minutes old":    {at: now.Add(-4 * time.Minute), status: 200},
		"six minutes old":     {at: now.Add(-6 * time.Minute), status: 400, code: "InvalidSignatureException"},
		"six minutes early":   {at: now.Add(6 * time.Minute), status: 400, code: "InvalidSignatureException"},
		"sixteen minutes old": {at: now.Add(-16 * time.Minute), status: 400, code: "RequestExpired"},
		"another service":     {at: now, service: "ec2", status: 400, code: "InvalidSignatureException"},
		"no authorization": {at: now, status: 403, code: "MissingAuthenticationToken", change: func(r *http.Request) {
			r.Header.Del("Authorization")
		}},
		"half an authorization": {at: now, status: 400, code: "IncompleteSignatureException", change: func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261118/us-east-1/storagegateway/aws4_request")
		}},
		"another date": {at: now, status: 400, code: "InvalidSignatureException", change: func(r *http.Request) {
			r.Header.Set("X-Amz-Date", now.UTC().Add(time.Second).Format("20060102T150405Z"))
		}},
		"another target": {at: now, status: 400, code: "InvalidSignatureException", change: func(r *http.Request) {
			r.Header.Set("X-Amz-Target", "StorageGateway_20130630.ListVolumes")
		}},
		"another body": {at: now, status: 400, code: "InvalidSignatureException", change: func(r *http.Request) {
			r.Body = io.NopCloser(bytes.NewReader([]byte("[]")))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.service == "" {
				tc.service = "storagegateway"
			}
			if tc.change == nil {
				tc.change = untouched
			}
			status, text := w.signed(t, tc.at, tc.service, "ListGateways", "{}", tc.change)
			var fault struct {
				Type string `json:"__type"`
			}
			require.NoError(t, json.Unmarshal(text, &fault))
			require.Equal(t, tc.code, fault.Type)
			require.Equal(t, tc.status, status)
		})
	}
}
