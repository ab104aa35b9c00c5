package demo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/inventory"
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/report"
)

// rehearsed is a plan over two gateways that an inventory has found.
const rehearsedPlan = `apiVersion: tidegate/v1
name: quarterly
accounts:
  aws: [{name: prod, region: eu-central-1}]
approvals: {count: 2}
limits: {steadyFor: 1s}
rollout: {waves: [1], bake: 24h, maxFailures: 2}
targets:
  - {name: one, gateway: {account: prod, arn: "arn:aws:storagegateway:eu-central-1:222222222222:gateway/sgw-00000001"}}
  - {name: two, gateway: {account: prod, arn: "arn:aws:storagegateway:eu-central-1:222222222222:gateway/sgw-00000002"}}
`

func writeRehearsal(t *testing.T) (planFile, inventoryFile string) {
	t.Helper()
	found := inventory.Document{AsOf: time.Unix(0, 0).UTC()}
	for n := 1; n <= 2; n++ {
		id := fmt.Sprintf("sgw-%08X", n)
		var g inventory.JudgedGateway
		g.Account, g.Region, g.Described, g.Connection, g.Timezone = "prod", "eu-central-1", true, inventory.Connected, "GMT"
		g.Gateway.Gateway = maintenance.Gateway{
			ARN: "arn:aws:storagegateway:eu-central-1:222222222222:gateway/" + id, ID: id, Name: id, Type: "FILE_S3", State: "RUNNING",
			SoftwareVersion: "1.2.3", NextUpdateAvailable: "2020-01-01T00:00:00",
		}
		g.Schedule = &maintenance.RawSchedule{DayOfWeek: new(n), Hour: new(3), Minute: new(0), Timezone: "GMT"}
		found.Gateways = append(found.Gateways, g)
	}
	dir := t.TempDir()
	planFile, inventoryFile = filepath.Join(dir, "plan.yaml"), filepath.Join(dir, "inventory.json")
	text, err := json.Marshal(found)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(inventoryFile, text, 0o600))
	require.NoError(t, os.WriteFile(planFile, []byte(rehearsedPlan), 0o600))
	return planFile, inventoryFile
}

func TestAPlanIsRehearsedWithTheFaultsThatOneChooses(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes about three minutes")
	}
	planFile, inventoryFile := writeRehearsal(t)
	file := filepath.Join(t.TempDir(), "r.json")
	var out, errOut bytes.Buffer
	status := run(t.Context(), freePorts("--exit", "--report", file, "--rehearse", planFile, "--inventory", inventoryFile,
		"--within", "1m", "--fault", "two=update-refused"), strings.NewReader(""), &out, &errOut)
	t.Log(out.String())
	require.Equal(t, program.StatusFailed, status, "one target was to fail")
	require.Contains(t, errOut.String(), "the rehearsed campaign ended")
	for _, want := range []string{
		"REHEARSAL of quarterly-rehearsal on simulated clouds", "a bake 15s", "What would happen, in this order",
		"Changes that it made to the simulated clouds: 1 storagegateway:UpdateGatewaySoftwareNow.",
	} {
		require.Contains(t, out.String(), want)
	}
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	r, _, err := report.Parse(text)
	require.NoError(t, err)
	require.NotEmpty(t, r.Rehearsal)
	require.Equal(t, fleet.Succeeded, r.Targets[0].State)
	require.Equal(t, fleet.Failed, r.Targets[1].State)
	approvers := []string{}
	for _, d := range r.Decisions {
		if d.What == maintenance.WhatApprove {
			approvers = append(approvers, d.By)
		}
	}
	require.Equal(t, []string{"approver-1", "approver-2"}, approvers)
}

func TestARehearsalThatCannotBeStartsNothing(t *testing.T) {
	t.Parallel()
	planFile, inventoryFile := writeRehearsal(t)
	empty := filepath.Join(t.TempDir(), "empty.json")
	require.NoError(t, os.WriteFile(empty, []byte("{}"), 0o600))
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no inventory":    {[]string{"--rehearse", planFile}, "--rehearse needs --inventory FILE: make it with tidegate inventory"},
		"no plan":         {[]string{"--rehearse", "/no/such.yaml", "--inventory", inventoryFile}, "read the plan"},
		"another file":    {[]string{"--rehearse", planFile, "--inventory", planFile}, "is no inventory"},
		"an empty one":    {[]string{"--rehearse", planFile, "--inventory", empty}, "it has no asOf"},
		"an unknown one":  {[]string{"--rehearse", planFile, "--inventory", inventoryFile, "--fault", "one=earthquake"}, "must be NAME=KIND"},
		"of nobody":       {[]string{"--rehearse", planFile, "--inventory", inventoryFile, "--fault", "three=flaps"}, "befalls nothing"},
		"within no time":  {[]string{"--rehearse", planFile, "--inventory", inventoryFile, "--within", "10s"}, "must be 1m to 1h"},
		"not to rehearse": {[]string{"--inventory", inventoryFile}, "--inventory is for --rehearse"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errOut bytes.Buffer
			require.Equal(t, program.StatusUsage, run(t.Context(), freePorts(c.args...), strings.NewReader(""), &out, &errOut), errOut.String())
			require.Contains(t, errOut.String(), c.want)
			require.Empty(t, out.String())
		})
	}
}
