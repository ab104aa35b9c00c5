package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/workflows/api"
)

// keptPlan is a campaign of two waves.
const keptPlan = `
apiVersion: tidegate/v1
name: NAME
accounts:
  aws: [{name: sim, region: us-east-1}]
rollout: {waves: [1]}
limits: {pace: {min: 20ms, max: 100ms}, steadyFor: 20ms}
targets:
  - name: first
    gateway: {account: sim, arn: "arn:aws:storagegateway:us-east-1:123456789012:gateway/FIRST"}
  - name: second
    gateway: {account: sim, arn: "arn:aws:storagegateway:us-east-1:123456789012:gateway/SECOND"}
`

// kept is what report --all prints of a campaign.
type kept struct{ Campaign, State, File, Outcome, Error string }

func (w *world) keep(folder string, status int) map[string]kept {
	w.t.Helper()
	answer := w.tidegate("report", "--all", "--since", "24h", "--dir", folder, "-o", "json")
	require.Equal(w.t, status, answer.status, answer.errors)
	var rows []kept
	require.NoError(w.t, json.Unmarshal([]byte(answer.out), &rows))
	all := map[string]kept{}
	for _, row := range rows {
		all[row.Campaign] = row
	}
	return all
}

func (w *world) runPlan(folder, name, first, second string) {
	w.t.Helper()
	file := filepath.Join(folder, name+".yaml")
	text := strings.NewReplacer("NAME", name, "FIRST", first, "SECOND", second).Replace(keptPlan)
	require.NoError(w.t, os.WriteFile(file, []byte(text), 0o600))
	require.Equal(w.t, 0, w.tidegate("run", file, "--detach", "--by", "alice").status)
}

// A namespace that forgets after seconds: what has ended is gone by name, what runs stays, quarantines among it; and the
// records that were written before have all of it, also of a campaign whose first target is forgotten while it runs.
func TestRecordsOutliveTheRetention(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("waits until Temporal has forgotten a run")
	}
	server, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI, Retention: 8 * time.Second})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	sim, err := simcloud.New(scenario(), simcloud.Options{})
	require.NoError(t, err)
	w := &world{t: t, server: server, sim: sim}
	w.work()
	w.quarantine("sgw-44444444")
	plans, records := t.TempDir(), filepath.Join(t.TempDir(), "records")
	w.runPlan(plans, "goes-on", "sgw-22222222", "sgw-55555555")
	w.runPlan(plans, "ends", "sgw-33333333", "sgw-33333334")
	for name, text := range map[string]string{"ends": "COMPLETED", "goes-on": "1 waiting, 1 succeeded"} {
		shows := func() bool { return strings.Contains(w.tidegate("status", name).out, text) }
		require.Eventually(t, shows, 20*time.Second, 100*time.Millisecond, name)
	}

	first := w.keep(records, 0)
	require.Equal(t, "written", first["ends"].Outcome)
	require.Equal(t, report.StateRunning, first["goes-on"].State)
	ended := readFile(t, first["ends"].File)
	require.Equal(t, 0, w.tidegate("report", "--verify", first["ends"].File).status)
	again := w.keep(records, 0)
	require.Equal(t, "unchanged", again["ends"].Outcome)
	require.Equal(t, first["goes-on"].File, again["goes-on"].File)

	require.Eventually(t, func() bool {
		return w.tidegate("status", "ends").status == 2 && w.tidegate("status", "sgw-22222222").status == 2
	}, 2*time.Minute, time.Second, "Temporal forgets nothing")
	require.Equal(t, 2, w.tidegate("report", "ends").status)
	require.Contains(t, w.tidegate("report", "--verify", first["ends"].File).errors, "the history is gone")
	require.Contains(t, w.tidegate("status", "sgw-44444444").out, "the disk is full", "a quarantine runs, and is not forgotten")
	earlier := readFile(t, first["goes-on"].File)

	w.keep(records, 0)
	later := w.keep(records, 0)
	require.NotContains(t, later, "ends")
	require.Equal(t, ended, readFile(t, first["ends"].File), "the record of a campaign that is forgotten stays")
	require.Equal(t, earlier, readFile(t, first["goes-on"].File), "a record that says more than a later one stays")
	require.Equal(t, strings.TrimSuffix(first["goes-on"].File, ".json")+".2.json", later["goes-on"].File)

	require.NoError(t, os.WriteFile(later["goes-on"].File, []byte("torn"), 0o600))
	broken := w.keep(records, 1)
	require.Equal(t, "failed", broken["goes-on"].Outcome)
	require.Contains(t, broken["goes-on"].Error, "move it away")
	require.Equal(t, "torn", readFile(t, later["goes-on"].File), "what cannot be read is not replaced")
}

// quarantine puts a gateway in quarantine, as a run does.
func (w *world) quarantine(gateway string) {
	w.t.Helper()
	c, err := w.server.NewClient(w.t.Context())
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	in := maintenance.Quarantine{Gateway: gateway, Reason: "the disk is full", Since: time.Now()}
	_, err = c.ExecuteWorkflow(w.t.Context(), client.StartWorkflowOptions{
		ID: api.QuarantineWorkflowID(gateway), TaskQueue: api.TaskQueue, Memo: map[string]any{api.QuarantineMemo: in},
	}, api.QuarantineName, in)
	require.NoError(w.t, err)
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}
