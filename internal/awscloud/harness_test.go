package awscloud_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/awscloud"
	"github.com/tidegate/tidegate/internal/awscloud/wire"
)

const (
	region     = "us-east-1"
	gatewayARN = "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-12A3456B"
	volumeARN  = gatewayARN + "/volume/vol-1122AABB"

	// Recognisable, so that a leak into an error's text is seen.
	accessKey    = "AKIAPLANTEDACCESSKEY"
	secretKey    = "PlantedSecretKey/wJalrXUtnFEMI/K7MDENG"
	sessionToken = "PlantedSessionToken/FwoGZXIvYXdzEBYaD+IQoJb3JpZ2luX2VjE=="
)

// request is one that the stub received.
type request struct {
	Operation string
	Header    http.Header
	Body      map[string]any
	Gone      <-chan struct{} // closed when the client has gone away
}

// stub is Storage Gateway's wire with canned answers.
type stub struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
}

// answers has every request answered by the handler. It is told the operation
// and the decoded body.
func answers(t *testing.T, handle func(w http.ResponseWriter, r request)) *stub {
	t.Helper()
	s := &stub{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := request{Operation: strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "StorageGateway_20130630."), Header: r.Header, Gone: r.Context().Done()}
		raw, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(raw, &in.Body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.mu.Lock()
		s.requests = append(s.requests, in)
		s.mu.Unlock()
		handle(w, in)
	}))
	t.Cleanup(s.Close)
	return s
}

// says answers everything alike.
func says(status int, body string) func(http.ResponseWriter, request) {
	return func(w http.ResponseWriter, _ request) { write(w, status, body) }
}

func write(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-RequestId", "gur28r2rqlgb8vvs0mq17hlgij1q8glle1qeu3kpgg6f0kstauu0")
	w.WriteHeader(status)
	fmt.Fprint(w, body) //nolint:errcheck // the client may be gone: that is the point of some tests
}

func (s *stub) received() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.requests...)
}

func (s *stub) cloud() *awscloud.Cloud {
	return awscloud.New(settings(), wire.Place{Account: "prod", Endpoint: s.URL}, nil, nil)
}

// settings want five attempts, so that a retry would be seen.
func settings() aws.Config {
	return aws.Config{
		Region:           region,
		Credentials:      credentials.NewStaticCredentialsProvider(accessKey, secretKey, sessionToken),
		RetryMaxAttempts: 5,
	}
}

func requireNoSecrets(t *testing.T, err error) {
	t.Helper()
	text := fmt.Sprintf("%v %+v %#v", err, err, err)
	for _, secret := range []string{accessKey, secretKey, sessionToken, "PlantedSessionToken", "PlantedSecretKey"} {
		require.NotContains(t, text, secret)
	}
}
