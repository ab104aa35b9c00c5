package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/config"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/servers/wire"
)

func TestEveryFieldOfAServerArrives(t *testing.T) {
	t.Parallel()
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("x\n"), 0o600))
	c, err := config.Parse("a.yaml", []byte(anAccount+`
servers:
  prometheus:
    - {name: prod, url: https://prometheus.example.com/, tokenFrom: PROM_TOKEN, perSecond: 2.5, timeout: 3s}
    - {name: managed, url: https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1, awsAccount: a}
  alertmanager:
    - {name: prod, url: http://alertmanager:9093, user: me, passwordFrom: AM_PASSWORD}
  http:
    - {name: orders, url: https://orders.example.com, tokenFile: `+token+`}
    - {name: plain, url: http://orders}
`), env("PROM_TOKEN=t", "AM_PASSWORD=p"))
	require.NoError(t, err)
	require.Equal(t, servers.Configured{
		Prometheus: []wire.Server{
			{Name: "prod", URL: "https://prometheus.example.com/", Secret: "t", PerSecond: 2.5, Timeout: 3 * time.Second},
			{Name: "managed", URL: "https://aps-workspaces.us-east-1.amazonaws.com/workspaces/ws-1", AWSAccount: "a"},
		},
		Alertmanager: []wire.Server{{Name: "prod", URL: "http://alertmanager:9093", User: "me", Secret: "p"}},
		HTTP:         []wire.Server{{Name: "orders", URL: "https://orders.example.com", SecretFile: token}, {Name: "plain", URL: "http://orders"}},
	}, c.Servers)
}

func TestFaultsOfServersRepeatNoSecret(t *testing.T) {
	t.Parallel()
	_, err := config.Parse("a.yaml", []byte(anAccount+`
servers:
  prometheus:
    - {name: a, url: "https://me:PLANTED-1@prod.example.com"}
    - {name: b, url: "https://prod.example.com", token: PLANTED-2}
    - {name: c, url: "https://prod.example.com", tokenFrom: planted-PLANTED-3}
    - {name: d, url: "https://prod.example.com", tokenFile: /PLANTED-4}
    - {name: e, url: "https://prod.example.com", tokenFrom: UNSET}
    - {name: f, url: "https://prod.example.com", user: me}
    - {name: g, url: "https://prod.example.com", passwordFrom: SET}
    - {name: h, url: "https://prod.example.com", user: me, passwordFrom: SET, passwordFile: /dev/null}
    - {name: i, url: "https://prod.example.com", tokenFrom: SET, awsAccount: a}
    - {name: j, url: "https://prod.example.com", awsAccount: nobody}
    - {name: k, url: "https://prod.example.com", caFile: /nowhere.pem}
    - {name: l, url: "https://prod.example.com", certFile: /nowhere.pem}
    - {name: m, url: "https://prod.example.com", timeout: 2m, perSecond: 0}
    - {name: a, url: "ftp://prod.example.com"}
    - {name: Big}
    - {name: n, url: "https://prod.example.com", tokenFile: /dev/null}
  alertmanager: [{name: a, url: "https://prod.example.com"}]
  grafana: []
`), env("SET=PLANTED-5"))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "PLANTED")
	at := func(i, field string) string { return "servers.prometheus[" + i + "]" + field + ": " }
	for _, want := range []string{
		at("0", ".url") + "invalid value", at("1", ".token") + "is an unknown field", at("2", ".tokenFrom") + "invalid value: must be the name of the environment variable that holds the token",
		at("3", ".tokenFile") + "invalid value: must be a file that holds the token", at("4", ".tokenFrom") + "the environment variable UNSET is not set: must be set to the token",
		at("5", ".user") + "is without its password: must be given with either passwordFrom or passwordFile", at("6", ".user") + "is required: must be who the password belongs to",
		at("7", ".user") + "is without its password", at("8", "") + "has several ways to sign in: must be at most one of tokenFrom, tokenFile, user and awsAccount",
		at("9", ".awsAccount") + `invalid value "nobody": must be an account of the aws section`, at("10", ".caFile") + `invalid value "/nowhere.pem"`,
		at("11", ".certFile") + `invalid value "/nowhere.pem": must be given together with keyFile`, at("12", ".timeout") + `invalid value "2m": must be 1s to 1m`, at("12", ".perSecond") + "invalid value",
		at("13", ".name") + `invalid value "a": must be unique in servers.prometheus`, at("13", ".url") + "invalid value", at("14", ".name") + "invalid value", at("14", ".url") + "is required: must be an http or https URL",
		at("15", ".tokenFile") + "invalid value", "servers.grafana: is an unknown field",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "servers.alertmanager", "names are unique within a kind")
}

func TestTheDocumentedServersAreValid(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "reference", "configuration.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "### Monitoring servers")
	require.True(t, found)
	_, rest, found = strings.Cut(rest, "```yaml\n")
	require.True(t, found)
	example, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("x"), 0o600))
	example = strings.Replace(example, "/var/run/secrets/prometheus/token", token, 1)
	c, err := config.Parse("docs", []byte("aws: [{name: prod, region: us-east-1}]\n"+example), env("TIDEGATE_ALERTMANAGER_PASSWORD=x"))
	require.NoError(t, err)
	require.Len(t, c.Servers.Prometheus, 2)
	require.Len(t, c.Servers.Alertmanager, 1)
	require.Len(t, c.Servers.HTTP, 1)
}
