package connection_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/tidegate/tidegate/internal/config/connection"
	"github.com/tidegate/tidegate/test/certificates"
)

// newAuthority makes an authority, and gives its way of issuing.
func newAuthority(t *testing.T) (*certificates.Authority, func(string, x509.Certificate) tls.Certificate) {
	t.Helper()
	a, err := certificates.New(t.TempDir())
	require.NoError(t, err)
	return a, func(name string, c x509.Certificate) tls.Certificate {
		made, err := a.Issue(name, c)
		require.NoError(t, err)
		return made
	}
}

// demanding wants certificates of clients, of an authority.
func demanding(server tls.Certificate, a *certificates.Authority) grpc.ServerOption {
	return grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: a.Pool(),
	}))
}

// wanting refuses every API key but one.
func wanting(key string, code codes.Code) grpc.ServerOption {
	return grpc.UnaryInterceptor(func(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		headers, _ := metadata.FromIncomingContext(ctx)
		if strings.Join(headers["authorization"], "") != "Bearer "+key {
			return nil, status.Error(code, "Request unauthorized.")
		}
		return next(ctx, r)
	})
}

func TestWhatIsWrongWithTLSIsSaidWithWhatToDo(t *testing.T) {
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(t.TempDir(), "none.toml"))
	a, issue := newAuthority(t)
	stranger, issueElsewhere := newAuthority(t)
	good := issue("server", certificates.Here())
	serving := func(c tls.Certificate) grpc.ServerOption {
		return grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{c}}))
	}
	issue("client", x509.Certificate{})
	issue("late", certificates.Expired(x509.Certificate{}))
	issueElsewhere("client", x509.Certificate{})
	ca := []string{"--tls-ca-path", a.Path("ca.pem")}
	with := func(who *certificates.Authority, name string) []string {
		return append([]string{"--tls-cert-path", who.Path(name + ".pem"), "--tls-key-path", who.Path(name + ".key")}, ca...)
	}
	today, yesterday := time.Now().UTC().Format(time.DateOnly), time.Now().Add(-24*time.Hour).UTC().Format(time.DateOnly)

	for name, tc := range map[string]struct {
		server []grpc.ServerOption
		args   []string
		says   string // nothing: it connects
	}{
		"TLS":                    {[]grpc.ServerOption{serving(good)}, ca, ""},
		"mTLS":                   {[]grpc.ServerOption{demanding(good, a)}, with(a, "client"), ""},
		"an API key":             {[]grpc.ServerOption{serving(good), wanting("PLANTED", codes.PermissionDenied)}, append([]string{"--api-key", "PLANTED"}, ca...), ""},
		"an unknown authority":   {[]grpc.ServerOption{serving(good)}, []string{"--tls"}, "the server's certificate is signed by an authority that this machine does not trust: name the authority's certificate with --tls-ca-path (TEMPORAL_TLS_SERVER_CA_CERT_PATH): "},
		"expired":                {[]grpc.ServerOption{serving(issue("x", certificates.Expired(certificates.Here())))}, ca, "to " + yesterday + ", and this machine's clock says " + today + ": have it renewed, or set the clock: "},
		"a wrong name":           {[]grpc.ServerOption{serving(issue("x", x509.Certificate{DNSNames: []string{"temporal.example.com", "b.example.com"}}))}, ca, `the server's certificate is not for "127.0.0.1" but for temporal.example.com, b.example.com: use one of these as the address, or with --tls-server-name (TEMPORAL_TLS_SERVER_NAME): `},
		"a name that is said":    {[]grpc.ServerOption{serving(issue("x", x509.Certificate{DNSNames: []string{"temporal.example.com"}}))}, append([]string{"--tls-server-name", "temporal.example.com"}, ca...), ""},
		"no client certificate":  {[]grpc.ServerOption{demanding(good, a)}, ca, "the server demands a client certificate: give one with --tls-cert-path and --tls-key-path (TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH): "},
		"an expired client":      {[]grpc.ServerOption{demanding(good, a)}, with(a, "late"), "to " + yesterday + ", and the server refuses it: renew the file of --tls-cert-path"},
		"a stranger":             {[]grpc.ServerOption{demanding(good, a)}, with(stranger, "client"), "the server refuses the client certificate of --tls-cert-path (TEMPORAL_TLS_CLIENT_CERT_PATH): it must be signed by an authority that the server trusts for clients: "},
		"a server without TLS":   {nil, ca, "the server does not speak TLS: check the port, or use --tls=false (TEMPORAL_TLS=false): "},
		"a client without TLS":   {[]grpc.ServerOption{serving(good)}, nil, "the server speaks TLS, and this connection does not: use --tls (TEMPORAL_TLS=true): "},
		"mTLS without TLS":       {[]grpc.ServerOption{demanding(good, a)}, nil, "the server speaks TLS, and this connection does not: use --tls"},
		"a refused API key":      {[]grpc.ServerOption{serving(good), wanting("other", codes.PermissionDenied)}, append([]string{"--api-key", "PLANTED"}, ca...), "the server refuses the API key: it is wrong, has expired, or may not use namespace default; check TEMPORAL_API_KEY (or its file, --api-key, the profile): failed reaching server: Request unauthorized."},
		"one without a login":    {[]grpc.ServerOption{serving(good), wanting("other", codes.Unauthenticated)}, append([]string{"--api-key", "PLANTED"}, ca...), "the server refuses the API key: "},
		"no API key":             {[]grpc.ServerOption{serving(good), wanting("other", codes.PermissionDenied)}, ca, "the server demands a login: set an API key (TEMPORAL_API_KEY or TEMPORAL_API_KEY_FILE), or use the client certificate that it knows: "},
		"no API key, and no TLS": {[]grpc.ServerOption{wanting("other", codes.Unauthenticated)}, nil, "the server demands a login: set an API key"},
	} {
		t.Run(name, func(t *testing.T) {
			_, address := serve(t, tc.server...)
			o, err := options(t, append([]string{"--address", address, "--client-connect-timeout", "5s"}, tc.args...)...)
			require.NoError(t, err)
			c, err := connection.DialNow(t.Context(), o, slog.New(slog.DiscardHandler))
			if tc.says == "" {
				require.NoError(t, err)
				c.Close()
				return
			}
			require.ErrorContains(t, err, "no connection to Temporal at "+address+": ")
			require.ErrorContains(t, err, tc.says)
			require.NotContains(t, err.Error(), "PLANTED")
			require.NotContains(t, err.Error(), "devserver", "a server is there")
		})
	}
}
