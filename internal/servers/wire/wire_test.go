package wire_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/secretscan"
	"github.com/tidegate/tidegate/internal/servers/wire"
)

const secret = "Planted/Secret+0123456789abcdef=="

func open(t *testing.T, s wire.Server) *wire.Client {
	t.Helper()
	s.Name = "prod"
	c, err := s.Open("test server")
	require.NoError(t, err)
	return c
}

// get asks for the server's URL; an answer that is not 200 is refused in the words of its body.
func get(ctx context.Context, c *wire.Client) error {
	return c.Call(ctx, "ask", func(ctx context.Context) error { return send(ctx, c) })
}

func send(ctx context.Context, c *wire.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base().String()+"/x", http.NoBody)
	if err != nil {
		return err
	}
	answer, err := c.HTTP().Do(request)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return &wire.RefusalError{Words: string(body)}
	}
	return nil
}

func serve(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return server
}

func requireNoSecret(t *testing.T, text string) {
	t.Helper()
	require.Empty(t, secretscan.Find([]byte(text), secretscan.Secret{Name: "the secret", Value: secret}), text)
}

func TestEachWayToSignIn(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(file, []byte(secret+"\n"), 0o600))
	for name, tc := range map[string]struct {
		server wire.Server
		want   string
	}{
		"nobody":               {wire.Server{}, ""},
		"a token":              {wire.Server{Secret: secret}, "Bearer " + secret},
		"a token in a file":    {wire.Server{SecretFile: file}, "Bearer " + secret},
		"a password":           {wire.Server{User: "me", Secret: "pass:word"}, "Basic bWU6cGFzczp3b3Jk"},
		"a password in a file": {wire.Server{User: "me", SecretFile: file}, "Basic bWU6UGxhbnRlZC9TZWNyZXQrMDEyMzQ1Njc4OWFiY2RlZj09"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := make(chan http.Header, 1)
			server := serve(t, func(_ http.ResponseWriter, r *http.Request) { got <- r.Header })
			tc.server.URL = server.URL
			require.NoError(t, get(t.Context(), open(t, tc.server)))
			header := <-got
			require.Equal(t, tc.want, header.Get("Authorization"))
			require.Equal(t, "tidegate", header.Get("User-Agent"))
		})
	}
}

// Kubernetes writes a new token into the file before the old one ends.
func TestAFileOfASecretIsReadForEveryRequest(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { got <- r.Header.Get("Authorization") })
	file := filepath.Join(t.TempDir(), "token")
	c := open(t, wire.Server{URL: server.URL, SecretFile: file, PerSecond: 1000})
	for _, token := range []string{"first", "second"} {
		require.NoError(t, os.WriteFile(file, []byte(token), 0o600))
		require.NoError(t, get(t.Context(), c))
		require.Equal(t, "Bearer "+token, <-got)
	}
	require.NoError(t, os.Remove(file))
	err := get(t.Context(), c)
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	require.ErrorContains(t, err, `ask on the test server "prod": nothing was sent: `)
}

// A server, or a proxy before it, may repeat what it was sent, in any form.
func TestNoErrorRepeatsALogin(t *testing.T) {
	t.Parallel()
	for name, login := range map[string]wire.Server{"a token": {Secret: secret}, "a password": {User: "me", Secret: secret}} {
		for form, repeat := range map[string]func(header string) string{
			"as it was sent": func(header string) string { return "you sent " + header },
			"in JSON":        func(header string) string { text, _ := json.Marshal([]string{header}); return string(text) }, //nolint:errchkjson // a string
			"the secret":     func(string) string { return "wrong: " + secret },
			"in hexadecimal": func(string) string { return fmt.Sprintf("%x", secret) },
			"by its half":    func(string) string { return "starts with " + secret[:20] },
		} {
			t.Run(name+" "+form, func(t *testing.T) {
				t.Parallel()
				server := serve(t, func(w http.ResponseWriter, r *http.Request) {
					http.Error(w, repeat(r.Header.Get("Authorization")), http.StatusBadRequest)
				})
				login := login // each with its own server
				login.URL = server.URL
				err := get(t.Context(), open(t, login))
				require.ErrorIs(t, err, maintenance.ErrInvalid)
				require.ErrorContains(t, err, "the server does not take what it was asked; it says: ")
				requireNoSecret(t, fmt.Sprintf("%v %+v %#v", err, err, err))
			})
		}
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	t.Parallel()
	s := wire.Server{Name: "prod", Secret: secret}
	text, err := json.Marshal(struct{ Secret wire.Secret }{s.Secret})
	require.NoError(t, err)
	requireNoSecret(t, fmt.Sprintf("%v %+v %#v %s %q %s %v", s, s, s, s.Secret, s.Secret, text, slog.AnyValue(s.Secret).Resolve()))
}

func TestAServerKnownByItsOwnAuthorityAndTheWorkerByItsCertificate(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TLS.PeerCertificates) == 0 {
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	folder := t.TempDir()
	file := func(name, kind string, der []byte) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
		return path
	}
	key, err := x509.MarshalPKCS8PrivateKey(server.TLS.Certificates[0].PrivateKey)
	require.NoError(t, err)
	ca, ours := file("ca.pem", "CERTIFICATE", server.Certificate().Raw), file("key.pem", "PRIVATE KEY", key)

	err = get(t.Context(), open(t, wire.Server{URL: server.URL}))
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	require.ErrorContains(t, err, "certificate")
	err = get(t.Context(), open(t, wire.Server{URL: server.URL, TLS: wire.TLS{CAFile: ca}}))
	require.ErrorIs(t, err, maintenance.ErrDenied, "it is trusted, and does not trust us")
	both := wire.TLS{CAFile: ca, CertFile: ca, KeyFile: ours}
	require.NoError(t, get(t.Context(), open(t, wire.Server{URL: server.URL, TLS: both})))

	missing := filepath.Join(folder, "none.pem")
	for _, tc := range []struct {
		tls   wire.TLS
		field string
	}{
		{wire.TLS{CAFile: missing}, "caFile"},
		{wire.TLS{CAFile: ours}, "caFile"},
		{wire.TLS{CertFile: ca}, "certFile"},
		{wire.TLS{KeyFile: ours}, "certFile"},
		{wire.TLS{CertFile: ca, KeyFile: ca}, "certFile"},
	} {
		_, err := wire.Server{URL: server.URL, TLS: tc.tls}.Open("test server")
		fault, ok := errors.AsType[*maintenance.FieldError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, tc.field, fault.Field)
	}
}

func TestAURLHoldsNoCredentialsAndIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "prometheus:9090", "ftp://prod.example.com", "https://", "https://:443", "https://me:" + secret + "@prod.example.com",
		"https://prod.example.com/?token=" + secret, "https://prod.example.com/#" + secret, "https://prod.example.com/?", "%",
	} {
		_, err := wire.Server{URL: url}.Open("test server")
		require.ErrorContains(t, err, "an http or https URL without credentials", url)
		requireNoSecret(t, err.Error())
	}
	require.Equal(t, "https://prod.example.com/a", open(t, wire.Server{URL: "https://prod.example.com/a//"}).Base().String())
}

func TestRedirectsStayAtTheServer(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 10)
	other := serve(t, func(_ http.ResponseWriter, r *http.Request) { asked <- r.Header.Get("Authorization") })
	for name, tc := range map[string]struct{ to, says string }{
		"another host":   {other.URL, "redirects to another server, " + other.URL + ", which is not followed; check the server's url"},
		"without an end": {"/x", "its answers redirect without end"},
	} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, tc.to, http.StatusFound) })
		err := get(t.Context(), open(t, wire.Server{URL: server.URL, Secret: secret}))
		require.ErrorIs(t, err, maintenance.ErrInvalid, name)
		require.ErrorContains(t, err, tc.says)
	}
	require.Empty(t, asked)
}

func TestRequestsWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := open(t, wire.Server{URL: server.URL, PerSecond: 0.001})
	require.NoError(t, get(t.Context(), c), "the first has its turn at once")
	soon, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := get(soon, c)
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	require.EqualError(t, err, `ask on the test server "prod": nothing was sent, since its turn did not come in time; raise the server's perSecond in the worker's accounts file, or ask it less often`)
}

func TestAnInterruptedRequestSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { cancel(); <-r.Context().Done() })
	err := get(ctx, open(t, wire.Server{URL: server.URL}))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "the request was given up")
}
