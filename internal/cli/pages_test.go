package cli_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/workflows/api"
)

// A plan of more targets than one payload takes is handed over in pages, and read
// in pages.
func TestAPlanOfManyPagesArrivesWhole(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("hundreds of targets: under the race detector a batch's tasks can outlast the ten seconds that Temporal gives each")
	}
	const targets = 2*api.PageSize + 7
	gateways := make([]aws.Gateway, 0, targets)
	var plan strings.Builder
	plan.WriteString("apiVersion: tidegate/v1\nname: many\naccounts: {aws: [{name: sim, region: us-east-1}]}\n" +
		"rollout: {maxConcurrent: 500}\ntargets:\n")
	for i := range targets {
		id := fmt.Sprintf("sgw-%08X", i+1)
		gateways = append(gateways, aws.Gateway{ID: id, NextVersion: "1.3.0", Window: aws.Window{OpensIn: 2 * time.Hour}, Type: "FILE_S3"})
		fmt.Fprintf(&plan, "  - {name: t%d, gateway: {account: sim, arn: %q}}\n", i, arnPrefix+id)
	}
	sim, err := simcloud.New(simcloud.Scenario{AWS: aws.Scenario{Gateways: gateways}}, simcloud.Options{})
	require.NoError(t, err)
	server, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	w := &world{t: t, server: server, sim: sim, perSecond: 1000}
	w.work()
	file := filepath.Join(t.TempDir(), "many.yaml")
	require.NoError(t, os.WriteFile(file, []byte(plan.String()), 0o600))

	planned := w.tidegate("plan", file, "--output", "json")
	require.Equal(t, 0, planned.status)
	var table struct {
		Summary struct{ Updated, Blocked, Windows int }
		Targets []struct{ Name, Version string }
	}
	require.NoError(t, json.Unmarshal([]byte(planned.out), &table))
	require.Equal(t, targets, table.Summary.Updated)
	require.Len(t, table.Targets, targets)
	require.Equal(t, fmt.Sprintf("t%d", targets-1), table.Targets[targets-1].Name)
	require.Equal(t, "1.2.3", table.Targets[targets-1].Version)

	require.Equal(t, 0, w.tidegate("run", file, "--detach").status)
	require.Eventually(t, func() bool {
		return strings.Contains(w.tidegate("status", "many").out, fmt.Sprintf("targets   %d: %d waiting\n", targets, targets))
	}, 3*time.Minute, time.Second)
	var listed struct{ Targets []fleet.Row }
	all := w.tidegate("status", "many", "--all", "-o", "json")
	require.Equal(t, 0, all.status)
	require.NoError(t, json.Unmarshal([]byte(all.out), &listed))
	require.Len(t, listed.Targets, targets)
	require.Equal(t, "t0", listed.Targets[0].Name)
	require.Equal(t, 0, w.tidegate("abort", "many", "--why", "enough", "--by", "alice").status)
	require.Equal(t, 1, w.tidegate("watch", "many").status)
	require.Empty(t, own(w.kinds()))
}
