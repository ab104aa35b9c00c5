package inventory_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/cli"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// clouds serves simulated clouds, and an environment and an accounts file that reach them. No Temporal is
// anywhere near.
func clouds(t *testing.T, s simcloud.Scenario) (sim *simcloud.Simulation, accounts string) {
	t.Helper()
	sim, err := simcloud.New(s, simcloud.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": aws.DefaultAccessKeyID, "AWS_SECRET_ACCESS_KEY": aws.DefaultSecretAccessKey,
		"AWS_ENDPOINT_URL": server.URL, "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		"AWS_PROFILE": "", "AWS_CA_BUNDLE": "",
		"HUAWEICLOUD_SDK_AK": huawei.DefaultAccessKey, "HUAWEICLOUD_SDK_SK": huawei.DefaultSecretKey,
		"TEMPORAL_ADDRESS": "127.0.0.1:1", "TEMPORAL_CONFIG_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	accounts = filepath.Join(t.TempDir(), "accounts.yaml")
	require.NoError(t, os.WriteFile(accounts, fmt.Appendf(nil, `aws:
  - {name: prod, region: us-east-1, endpoint: %q, perSecond: 1000}
  - {name: west, region: eu-west-1, endpoint: %[1]q, perSecond: 1000}
huawei:
  - {name: db, project: %[2]q, region: %[3]q, endpoint: %[1]q, perSecond: 1000}
`, server.URL, huawei.DefaultProjectID, huawei.DefaultRegion), 0o600))
	return sim, accounts
}

func fleet() simcloud.Scenario {
	return simcloud.Scenario{
		AWS: aws.Scenario{Gateways: []aws.Gateway{
			{ID: "sgw-11111111", Name: "billing", NextVersion: "1.3.0", UpdateOfferedAgo: 960 * time.Hour, Shown: aws.Shown{UpdatesEndIn: 1000 * time.Hour}, Tags: map[string]string{"app": "billing"}, Volumes: []aws.Volume{{ID: "vol-1111AAAA"}}},
			{ID: "sgw-22222222", Name: "tapes", Type: "VTL"},
			{ID: "sgw-33333333", Name: "away", State: "DISCONNECTED"},
			{ID: "sgw-44444444", Name: "west", Type: "FILE_S3", Region: "eu-west-1"},
		}},
		Huawei: huawei.DefaultScenario(),
	}
}

type result struct {
	status      int
	out, errors string
}

func run(ctx context.Context, args ...string) result {
	var out, errs bytes.Buffer
	status := cli.Run(ctx, append([]string{"inventory"}, args...), &out, &errs)
	return result{status, out.String(), errs.String()}
}

func TestAnInventoryNeedsARegionAlone(t *testing.T) { //nolint:paralleltest // it sets the environment
	sim, _ := clouds(t, fleet())
	got := run(t.Context(), "--region", "us-east-1,eu-west-1", "--per-second", "1000")
	require.Equal(t, 0, got.status, got.errors)
	require.Regexp(t, `(?m)^away +urgent +sgw-33333333 +us-east-1 +CACHED +disconnected +1\.2\.3 +unknown`, got.out)
	require.Regexp(t, `(?m)^billing +soon +sgw-11111111 +us-east-1 +CACHED +RUNNING +1\.2\.3 +40d +41d`, got.out)
	require.Regexp(t, `(?m)^west +up to date +sgw-44444444 +eu-west-1`, got.out)
	require.Contains(t, got.out, "4 gateways, 0 proxies: 1 urgent, 1 soon, 0 unknown, 0 notice, 2 up to date.\n")
	require.Contains(t, got.errors, "--plan FILE")
	require.Empty(t, sim.Effects())
}

func TestTheAccountsFileHasProxiesToo(t *testing.T) { //nolint:paralleltest // it sets the environment
	sim, accounts := clouds(t, fleet())
	got := run(t.Context(), "--accounts", accounts, "--output", "json")
	require.Equal(t, 0, got.status, got.errors)
	var d inventory.Document
	require.NoError(t, json.Unmarshal([]byte(got.out), &d))
	require.Len(t, d.Gateways, 4)
	require.Len(t, d.Proxies, 3)
	require.Equal(t, inventory.Disconnected, d.Gateways[0].Connection)
	require.Equal(t, "sgw-11111111", d.Gateways[1].ID)
	require.Equal(t, []string{"prod", "west", "db"}, []string{d.Accounts[0].Name, d.Accounts[1].Name, d.Accounts[2].Name})
	for _, form := range []string{"wide", "yaml", "csv", "html"} {
		got := run(t.Context(), "--accounts", accounts, "--output", form)
		require.Equal(t, 0, got.status, got.errors)
		require.Contains(t, got.out, "sgw-44444444", form)
	}
	file := filepath.Join(t.TempDir(), "fleet.html")
	got = run(t.Context(), "--accounts", accounts, "--output", "html", "--file", file)
	require.Equal(t, "The inventory is in "+file+": 4 gateways, 3 proxies.\n", got.errors)
	require.FileExists(t, file)
	require.Empty(t, sim.Effects())
	for _, op := range simcloud.Operations() {
		if op.Writes {
			require.Zero(t, sim.Calls()[op.Name], op.Name)
		}
	}
}

func TestTheExitStatusSaysWhatCIAsks(t *testing.T) { //nolint:paralleltest // it sets the environment
	sim, accounts := clouds(t, fleet())
	for _, c := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"--fail-on", "support-ends=90d"}, 1, "FAILING"},
		{[]string{"--fail-on", "support-ends=30d"}, 3, "UNDECIDED"}, // of the gateway that is away nobody knows
		{[]string{"--fail-on", "update-waiting=30d,disconnected"}, 1, "disconnected"},
		{[]string{"--fail-on", "quarantined"}, 0, "4 gateways"},
		{[]string{"--fail-on", "ends-of-support"}, 2, "--fail-on"},
		{[]string{"--output", "xml"}, 2, "--output"},
		{[]string{"--region", "us-east-1"}, 2, "cannot be combined with --accounts"},
		{[]string{"--civil-zone", "Mars/Olympus"}, 2, "--civil-zone"},
		{[]string{"--per-second", "-1"}, 2, "--per-second"},
		{[]string{"--group-by", "app"}, 2, "requires --plan"},
		{[]string{"--rules", "none.yaml"}, 2, "--rules"},
		{[]string{"--file", "/there/is/none.html"}, 2, "cannot be written"},
		{[]string{"--temporal", "--client-connect-timeout", "1s"}, 3, "quarantines in Temporal"},
	} {
		got := run(t.Context(), append([]string{"--accounts", accounts}, c.args...)...)
		require.Equal(t, c.status, got.status, "%v: %s%s", c.args, got.out, got.errors)
		require.Contains(t, got.out+got.errors, c.says, c.args)
	}
	require.Equal(t, 2, run(t.Context()).status)
	require.Equal(t, 2, run(t.Context(), "--region", "nowhere").status)

	require.NoError(t, sim.Inject(fault.Rule{Operation: "storagegateway:DescribeGatewayInformation", Resource: "sgw-22222222", Kind: fault.RefusedBefore, Code: "AccessDeniedException"}))
	got := run(t.Context(), "--accounts", accounts)
	require.Equal(t, 3, got.status)
	require.Contains(t, got.out, "Not everything could be read.")
	require.Regexp(t, `(?m)^the description of gateway sgw-22222222 +prod +`, got.out)
	require.NotContains(t, got.out, aws.DefaultSecretAccessKey)
}

func TestWrongCredentialsArePartialAndSaySo(t *testing.T) {
	_, accounts := clouds(t, fleet())
	t.Setenv("AWS_SECRET_ACCESS_KEY", "PLANTED-SECRET")
	got := run(t.Context(), "--accounts", accounts)
	require.Equal(t, 3, got.status)
	require.Regexp(t, `(?m)^the list of gateways +prod +`, got.out)
	require.Contains(t, got.out, "0 gateways, 3 proxies")
	require.NotContains(t, got.out+got.errors, "PLANTED")
}

func TestNoGatewaysAreNoFailure(t *testing.T) { //nolint:paralleltest // it sets the environment
	clouds(t, simcloud.Scenario{})
	got := run(t.Context(), "--region", "us-east-1")
	require.Equal(t, result{0, "0 gateways, 0 proxies: 0 urgent, 0 soon, 0 unknown, 0 notice, 0 up to date.\n", ""}, got)
	got = run(t.Context(), "--region", "us-east-1", "--plan", "-")
	require.Equal(t, 1, got.status)
	require.Contains(t, got.errors, "no plan was written")
}

func TestThePlanOfAnInventoryIsValid(t *testing.T) { //nolint:paralleltest // it sets the environment
	_, accounts := clouds(t, fleet())
	plan := filepath.Join(t.TempDir(), "first.yaml")
	got := run(t.Context(), "--accounts", accounts, "--plan", plan, "--group-by", "app", "--plan-name", "november")
	require.Equal(t, 0, got.status, got.errors)
	require.Contains(t, got.errors, "The plan is in "+plan+": 3 targets.\nTo check it: tidegate validate "+plan+"\n")
	var out, errs bytes.Buffer
	require.Equal(t, 0, cli.Run(t.Context(), []string{"validate", "--strict", plan}, &out, &errs), errs.String())
	require.Contains(t, out.String(), "3 targets, 2 waves")
	got = run(t.Context(), "--accounts", accounts, "--rules", plan)
	require.Equal(t, 0, got.status, got.errors)
	got = run(t.Context(), "--accounts", accounts, "--plan", "-")
	require.True(t, strings.HasPrefix(got.out, "# Made by tidegate inventory"), got.out)
}

func TestAnInterruptPrintsWhatWasRead(t *testing.T) { //nolint:paralleltest // it sets the environment
	_, accounts := clouds(t, fleet())
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	got := run(ctx, "--accounts", accounts)
	require.Equal(t, 3, got.status)
	require.Contains(t, got.out, "Interrupted: this is what was read until then.")
	require.NotContains(t, got.out, "context canceled")
}
