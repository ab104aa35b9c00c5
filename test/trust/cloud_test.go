package trust_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/tidegate/tidegate/internal/namespace"
	"github.com/tidegate/tidegate/workflows/webui"
)

// Temporal Cloud lets its own tools alone make namespaces and search attributes: what they must be told is said, and
// all else works.
func TestAServerThatLetsNobodyMakeNamespacesAndAttributes(t *testing.T) { //nolint:paralleltest // a stage sets the environment of the process
	for name, refusals := range map[string][]string{
		"makes none":              {"RegisterNamespace", "AddSearchAttributes"},
		"does not list them, too": {"RegisterNamespace", "AddSearchAttributes", "ListSearchAttributes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			s.guard(func(method string) error {
				for _, refused := range refusals {
					if strings.HasSuffix(method, "/"+refused) {
						return status.Error(codes.PermissionDenied, "Request unauthorized.")
					}
				}
				return nil
			})
			attributes := "--namespace default"
			for _, name := range slices.Sorted(maps.Keys(webui.SearchAttributes())) {
				attributes += " --search-attribute " + name + "=" + webui.SearchAttributes()[name].String()
			}
			require.Contains(t, attributes, " --search-attribute TidegateNext=Datetime ")
			got := s.tidegate("setup")
			require.Equal(t, 1, got.status)
			require.Contains(t, got.errors, "the server does not let this login create search attributes TidegateAccount, TidegateBlocker")
			require.Contains(t, got.errors, "in Temporal Cloud run: tcld namespace search-attributes add "+attributes)
			got = s.tidegate("doctor", "--fix")
			require.Equal(t, 1, got.status)
			require.Contains(t, got.out, "Fix: in Temporal Cloud run: tcld namespace search-attributes add "+attributes)
			got = s.tidegate("setup", "--namespace", "payments.a1b2c")
			require.Equal(t, 1, got.status)
			require.Contains(t, got.errors, "in Temporal Cloud run: tcld namespace create --namespace payments --region REGION --retention-days 90")

			c, err := s.server.NewClient(t.Context()) // as tcld does it, elsewhere
			require.NoError(t, err)
			t.Cleanup(c.Close)
			require.NoError(t, namespace.Ensure(t.Context(), c, "default", webui.SearchAttributes()))
			s.done("setup")
			require.Regexp(t, `OK +search-attributes`, s.tidegate("doctor").out)
			s.work()
			require.Contains(t, s.done("run", s.plan("")), "2 of 2 targets succeeded")
		})
	}
}

func TestThePageOfTemporalCloudHasEverySearchAttributeAndAProfileThatIsRead(t *testing.T) {
	s := newStage(t)
	page, err := os.ReadFile("../../docs/how-to/connect-temporal-cloud.md")
	require.NoError(t, err)
	for name, kind := range webui.SearchAttributes() {
		require.Regexp(t, name+` += "`+kind.String()+`"`, string(page))
	}
	_, profile, _ := strings.Cut(string(page), "```toml\n")
	profile, _, _ = strings.Cut(profile, "```")
	f := s.guard(nil)
	profile = strings.NewReplacer("payments.a1b2c.tmprl.cloud:7233", f.address, "payments.a1b2c", "default",
		"/var/run/secrets/temporal/tls.crt", f.authority.Path("client.pem"), "/var/run/secrets/temporal/tls.key", f.authority.Path("client.key"),
		"[profile.prod-mtls.tls]", "[profile.prod-mtls.tls]\nserver_ca_cert_path = \""+f.authority.Path("ca.pem")+"\"").Replace(profile)
	for _, name := range []string{"ADDRESS", "TLS_SERVER_CA_CERT_PATH", "TLS_CLIENT_CERT_PATH", "TLS_CLIENT_KEY_PATH"} {
		require.NoError(t, os.Unsetenv("TEMPORAL_"+name)) // t.Setenv sets it back
	}
	t.Setenv("TEMPORAL_CONFIG_FILE", s.write("temporal.toml", profile))
	s.done("setup", "--profile", "prod-mtls")
}
