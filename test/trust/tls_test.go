package trust_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/test/certificates"
)

func TestACampaignOverMutualTLSWithAnAPIKey(t *testing.T) {
	s := newStage(t)
	f := s.guard(nil)
	f.letIn("PLANTED")
	t.Setenv("TEMPORAL_API_KEY_FILE", s.write("api-key", "PLANTED\n"))
	s.encrypted(key("2026", "a"))
	s.done("setup")
	s.work()
	require.Contains(t, s.done("run", s.plan("")), "2 of 2 targets succeeded")
	require.Contains(t, s.done("report", "zephyrplan"), "zephyrtarget")
	require.Greater(t, f.calls.Load(), int64(100))
}

// The worker and the command say the same of what is wrong between them and Temporal, and what to do.
func TestTheWorkerAndTheCommandSayWhatIsWrongWithTheConnection(t *testing.T) {
	s := newStage(t)
	f := s.guard(nil)
	f.letIn("right")
	t.Setenv("TEMPORAL_API_KEY", "right")
	s.done("setup")
	serving := func(c x509.Certificate) *tls.Config {
		made, err := f.authority.Issue("server", c)
		require.NoError(t, err)
		conf := f.conf.Load().Clone()
		conf.Certificates = []tls.Certificate{made}
		return conf
	}
	good := f.conf.Load()
	for name, tc := range map[string]struct {
		conf *tls.Config
		set  map[string]string
		says string
	}{
		"an expired certificate": {serving(certificates.Expired(certificates.Here())), nil, "have it renewed, or set the clock"},
		"a wrong name":           {serving(x509.Certificate{DNSNames: []string{"elsewhere.example.com"}}), nil, `the server's certificate is not for "127.0.0.1" but for elsewhere.example.com`},
		"no client certificate":  {good, map[string]string{"TEMPORAL_TLS_CLIENT_CERT_PATH": "", "TEMPORAL_TLS_CLIENT_KEY_PATH": ""}, "the server demands a client certificate: give one with --tls-cert-path and --tls-key-path"},
		"no trust":               {good, map[string]string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH": ""}, "signed by an authority that this machine does not trust: name the authority's certificate with --tls-ca-path"},
		"a refused API key":      {good, map[string]string{"TEMPORAL_API_KEY": "PLANTED"}, "the server refuses the API key: it is wrong, has expired, or may not use namespace default"},
		"no API key":             {good, map[string]string{"TEMPORAL_API_KEY": ""}, "the server demands a login: set an API key"},
	} {
		t.Run(name, func(t *testing.T) {
			f.conf.Store(tc.conf)
			for name, value := range tc.set {
				t.Setenv(name, value)
			}
			got := s.tidegate("list", "--client-connect-timeout", "3s")
			require.Equal(t, 1, got.status)
			require.Contains(t, got.errors, tc.says)
			require.NotContains(t, got.errors, "PLANTED")

			said := &log{}
			require.Equal(t, 1, workers.Run(t.Context(), []string{
				"--accounts", s.path("accounts.yaml"), "--health-listen", "", "--client-connect-timeout", "3s",
			}, said, said))
			require.Contains(t, said.String(), tc.says)
			require.NotContains(t, said.String(), "PLANTED")
		})
	}
}
