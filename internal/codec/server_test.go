package codec_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/codec"
)

const (
	ui    = "https://temporal.example.com"
	token = "PLANTED-token"
)

// served is a codec server of one key.
func served(t *testing.T) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(codec.Server{Namespace: "prod", Origins: []string{ui}, Token: token}.Handler(ring(t, key("2026", "a")).Keys))
	t.Cleanup(s.Close)
	return s
}

// The Temporal CLI, the Web UI and the SDKs speak one protocol: that of the SDK's own client.
func TestTheSDKsOwnClientIsServed(t *testing.T) {
	t.Parallel()
	s := served(t)
	for name, sign := range map[string]func(*http.Request){
		"a bearer token": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) },
		"a password":     func(r *http.Request) { r.SetBasicAuth("anyone", token) },
	} {
		remote := converter.NewRemotePayloadCodec(converter.RemotePayloadCodecOptions{
			Endpoint: s.URL, ModifyRequest: func(r *http.Request) error {
				sign(r)
				r.Header.Set("X-Namespace", "prod")
				return nil
			},
		})
		plain := payload(t, "files-1")
		kept, err := remote.Encode(plain)
		require.NoError(t, err, name)
		require.True(t, codec.Encrypted(kept[0]))
		got, err := remote.Decode(kept)
		require.NoError(t, err, name)
		requireSame(t, plain, got)
	}
}

func TestWhoIsNotToReadIsRefused(t *testing.T) {
	t.Parallel()
	s := served(t)
	for name, tc := range map[string]struct {
		change func(*http.Request)
		body   string
		status int
		says   string
	}{
		"well":              {func(*http.Request) {}, `{}`, 200, ""},
		"from the Web UI":   {func(r *http.Request) { r.Header.Set("Origin", ui) }, `{}`, 200, ""},
		"no token":          {func(r *http.Request) { r.Header.Del("Authorization") }, `{}`, 401, "sign in with the codec server's token"},
		"another token":     {func(r *http.Request) { r.Header.Set("Authorization", "Bearer PLANTED") }, `{}`, 401, "sign in"},
		"another password":  {func(r *http.Request) { r.SetBasicAuth("anyone", "PLANTED") }, `{}`, 401, "sign in"},
		"another origin":    {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example.com") }, `{}`, 403, "pages of this origin may not ask"},
		"a page of a file":  {func(r *http.Request) { r.Header.Set("Origin", "null") }, `{}`, 403, "pages of this origin"},
		"another namespace": {func(r *http.Request) { r.Header.Set("X-Namespace", "test") }, `{}`, 403, "another namespace"},
		"no namespace":      {func(r *http.Request) { r.Header.Del("X-Namespace") }, `{}`, 403, "another namespace"},
		"no JSON":           {func(*http.Request) {}, `no`, 400, ""},
		"no such path":      {func(r *http.Request) { r.URL.Path = "/keys" }, `{}`, 404, ""},
		"an unknown key": {
			func(*http.Request) {}, `{"payloads": [{"metadata": {"encoding": "YmluYXJ5L2VuY3J5cHRlZA==", "encryption-key-id": "MjAyNQ=="}, "data": "AAAA"}]}`,
			400, `encrypted with the key "2025", and this process has: 2026`,
		},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/decode", strings.NewReader(tc.body))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("X-Namespace", "prod")
		tc.change(r)
		status, said, headers := answered(t, r)
		require.Equal(t, tc.status, status, name)
		require.Contains(t, said, tc.says, name)
		require.NotContains(t, said, "PLANTED", name)
		if origin := r.Header.Get("Origin"); tc.status == 200 {
			require.Equal(t, origin, headers.Get("Access-Control-Allow-Origin"), name)
		} else {
			require.NotEqual(t, "https://evil.example.com", headers.Get("Access-Control-Allow-Origin"), name)
		}
	}
}

// A browser asks first, without a login, what it may send; and asks its user for the login at /.
func TestABrowserIsToldWhatItMaySend(t *testing.T) {
	t.Parallel()
	s := served(t)
	ask := func(method, path, origin string) (int, http.Header) {
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, http.NoBody)
		require.NoError(t, err)
		r.Header.Set("Origin", origin)
		status, _, headers := answered(t, r)
		return status, headers
	}
	status, headers := ask(http.MethodOptions, "/decode", ui)
	require.Equal(t, http.StatusNoContent, status)
	require.Equal(t, ui, headers.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "true", headers.Get("Access-Control-Allow-Credentials"))
	require.Equal(t, "Authorization, Content-Type, X-Namespace", headers.Get("Access-Control-Allow-Headers"))
	status, headers = ask(http.MethodOptions, "/decode", "https://evil.example.com")
	require.Equal(t, http.StatusForbidden, status)
	require.Empty(t, headers.Get("Access-Control-Allow-Origin"))
	status, headers = ask(http.MethodGet, "/", ui)
	require.Equal(t, http.StatusUnauthorized, status)
	require.Contains(t, headers.Get("WWW-Authenticate"), "Basic")
	status, _ = ask(http.MethodGet, "/healthz", ui)
	require.Equal(t, http.StatusOK, status, "a probe has no token")
}

// answered is what a request was answered.
func answered(t *testing.T, r *http.Request) (status int, said string, headers http.Header) {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(body), answer.Header
}
