package huaweicloud_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/huaweicloud"
)

const (
	project  = "0483b6b16e954cb88930a360d2c4e663"
	instance = "3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07"
	proxy    = "a5e4d3c2b1a04f5e6d7c8b9a0f1e2d3cpo01"
	other    = "b5e4d3c2b1a04f5e6d7c8b9a0f1e2d3cpo01"

	// Recognisable, so that a leak is seen.
	keyID        = "HWPLANTEDACCESSKEY01"
	keySecret    = "secretly+planted/key&0123456789abcdefghi"
	plantedToken = "tokenly-planted-9" // short, so that only its value gives it away
	password     = `pass\wordly "planted"`
)

// sent is one request as the server saw it.
type sent struct {
	method, path, query, body string
	header                    http.Header
}

// server answers with canned replies and keeps what it was sent.
type server struct {
	*httptest.Server
	mu   sync.Mutex
	seen []sent
}

// canned is a reply. A status of 0 means 200.
type canned struct {
	status int
	body   string
	header map[string]string
}

func (c canned) write(w http.ResponseWriter) {
	for name, value := range c.header {
		w.Header().Set(name, value)
	}
	if c.status != 0 {
		w.WriteHeader(c.status)
	}
	io.WriteString(w, c.body) //nolint:errcheck // the client sees what is missing
}

func newServer(t *testing.T, answer http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.seen = append(s.seen, sent{r.Method, r.URL.Path, r.URL.RawQuery, string(body), r.Header.Clone()})
		s.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) requests() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sent(nil), s.seen...)
}

func always(c canned) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { c.write(w) }
}

func keys() huaweicloud.Credentials {
	return huaweicloud.Credentials{AccessKey: keyID, SecretKey: keySecret}
}

func login() huaweicloud.Credentials {
	return huaweicloud.Credentials{User: "operator", Password: password, Domain: "acme"}
}

func open(t *testing.T, endpoint string, credentials huaweicloud.Credentials) *huaweicloud.Cloud {
	t.Helper()
	return openWith(t, endpoint, credentials, huaweicloud.Options{})
}

func openWith(
	t *testing.T, endpoint string, credentials huaweicloud.Credentials, options huaweicloud.Options,
) *huaweicloud.Cloud {
	t.Helper()
	if options.Transport == nil {
		transport := &http.Transport{}
		t.Cleanup(transport.CloseIdleConnections)
		options.Transport = transport
	}
	cloud, err := huaweicloud.Open(huaweicloud.Account{
		Name: "prod", Project: project, Region: "eu-west-101", Endpoint: endpoint, IAMEndpoint: endpoint,
	}, credentials, options)
	require.NoError(t, err)
	return cloud
}

// offset is where a request asks a list to start.
func offset(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil {
		return 1 << 30
	}
	return n
}
