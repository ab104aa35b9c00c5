package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/internal/secretscan"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

const reportedPlan = `
apiVersion: tidegate/v1
name: audited
accounts:
  aws: [{name: sim, region: us-east-1}]
  huawei: [{name: sim, project: 0123456789abcdef0123456789abcdef, region: ap-southeast-3}]
rollout: {waves: [1], maxConcurrent: 2, forecast: {update: 2m, snapshot: 1m, proxy: 1m}}
approvals: {count: 1, lead: 168h}
limits: {pace: {min: 20ms, max: 100ms}, steadyFor: 20ms}
targets:
  - name: canary
    gateway: {account: sim, arn: "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-11111111"}
  - name: files
    gateway: {account: sim, arn: "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-22222222"}
  - name: proxies
    gateway: {account: sim, arn: "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-33333333"}
    proxies:
      - {account: sim, instanceId: 3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07, proxyId: 00000000000000000000000000000001po01}
      - {account: sim, instanceId: 3e9f8a7b6c5d4e3f2a1b0c9d8e7f6a5bin07, proxyId: 00000000000000000000000000000002po01}
  - name: nothing
    gateway: {account: sim, arn: "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-33333334"}
  - name: later
    gateway: {account: sim, arn: "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-55555555"}
`

// reported is a report of the campaign in a file.
func (w *world) reported(file string) (string, report.Document) {
	w.t.Helper()
	require.Equal(w.t, 0, w.tidegate("report", "audited", "-f", file).status)
	text, err := os.ReadFile(file)
	require.NoError(w.t, err)
	d, _, err := report.Parse(text)
	require.NoError(w.t, err)
	return string(text), d
}

func TestAReportSaysWhatTheHistoriesSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	folder := t.TempDir()
	file := func(name string) string { return filepath.Join(folder, name) }
	require.NoError(t, os.WriteFile(file("plan.yaml"), []byte(reportedPlan), 0o600))
	require.Equal(t, 0, w.tidegate("run", file("plan.yaml"), "--detach", "--by", "alice").status)
	shows := func(text string) {
		require.Eventually(t, func() bool { return strings.Contains(w.tidegate("status", "audited").out, text) }, time.Minute, 100*time.Millisecond)
	}
	shows("approv")
	early, d := w.reported(file("early.html"))
	require.Equal(t, report.StateRunning, d.State)
	require.Equal(t, fleet.Counts{Total: 5, Waiting: 4, UpToDate: 1}, d.Counts)
	require.NotContains(t, early, "CHG-7")
	require.Equal(t, 0, w.tidegate("approve", "audited", "--by", "bob", "--why", "CHG-7 <b>agreed</b>").status)
	shows("1 waiting, 2 succeeded, 1 failed, 1 up-to-date")
	require.Equal(t, 0, w.tidegate("skip", "audited", "later", "--by", "carol", "--why", "goes away").status)
	require.Equal(t, 3, w.tidegate("watch", "audited").status)

	text, d := w.reported(file("r.json"))
	requireAudited(t, d)
	again, _ := w.reported(file("again.json"))
	require.Equal(t, text, again, "made twice, it is the same")
	for _, name := range []string{"r.json", "r.html", "r.md", "early.html"} {
		if name != "early.html" {
			text, _ = w.reported(file(name))
		}
		require.NotContains(t, strings.ReplaceAll(text, `\u003c`, ""), "<b>agreed", name)
		require.Empty(t, secretscan.Find([]byte(text),
			secretscan.Secret{Name: "AWS secret", Value: aws.DefaultSecretAccessKey}, secretscan.Secret{Name: "Huawei secret", Value: huawei.DefaultSecretKey}))
		verified := w.tidegate("report", "--verify", file(name))
		require.Equal(t, 0, verified.status, name)
		require.Regexp(t, `^OK: audited, `, verified.out)
		require.Equal(t, name == "early.html", strings.Contains(verified.out, "More has happened since"), name)
	}
	require.Contains(t, w.tidegate("report", "audited").out, "# Campaign audited: PARTIAL\n")

	for name, forged := range map[string][2]string{
		"forged.json": {`"why": "goes away"`, `"why": "was done"`}, "forged.html": {"goes away", "was done"}, "forged.md": {"bob", "eve"},
	} {
		original, _ := w.reported(file("r" + filepath.Ext(name)))
		require.NoError(t, os.WriteFile(file(name), []byte(strings.Replace(original, forged[0], forged[1], 1)), 0o600))
		refused := w.tidegate("report", "--verify", file(name))
		require.Equal(t, 1, refused.status, name)
		require.Regexp(t, `^line \d+ of the report says .*; the histories say `, refused.out)
		require.Contains(t, refused.errors, "does not match the histories")
	}
	d.Chain.Links[1].SHA256 = strings.Repeat("0", 64)
	changed, err := json.Marshal(d)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file("changed.json"), changed, 0o600))
	require.Contains(t, w.tidegate("report", "--verify", file("changed.json")).out,
		"the history of "+d.Chain.Links[1].WorkflowID+", run "+d.Chain.Links[1].RunID+": its events are not those that the report was made of")
}

func requireAudited(t *testing.T, d report.Document) {
	t.Helper()
	require.Equal(t, string(fleet.Partial), d.State)
	require.Empty(t, d.Remarks)
	require.Len(t, d.PlanDigest, 64)
	require.Equal(t, "alice", d.Submitter)
	require.Equal(t, fleet.Counts{Total: 5, Succeeded: 2, Failed: 1, Skipped: 1, UpToDate: 1}, d.Counts)
	require.Len(t, d.Decisions, 2)
	require.Equal(t, "approve by bob", d.Decisions[0].What+" by "+d.Decisions[0].By)
	require.NotEmpty(t, d.Decisions[0].Via)
	names := map[string]report.Target{}
	for _, target := range d.Targets {
		names[target.Name] = target
	}
	canary := names["canary"]
	require.Equal(t, 1, canary.Wave)
	require.Equal(t, maintenance.StateCompleted, canary.Runs[0].Result.State)
	require.Equal(t, "completed", canary.Runs[0].Ended)
	require.Equal(t, maintenance.Duration(3*time.Minute), canary.Forecast)
	require.Positive(t, canary.Took)
	require.NotEmpty(t, canary.Runs[0].Result.Snapshots[0].SnapshotID)
	require.Equal(t, maintenance.StatePartial, names["proxies"].Runs[0].Result.State)
	require.Empty(t, names["later"].Runs)
	require.Len(t, d.Chain.Links, 1+1+3, "the campaign, its batch, three maintenances")
	var undone []string
	for _, u := range d.Undone {
		undone = append(undone, u.Target+": "+u.What)
	}
	require.Equal(t, []string{
		"proxies: the target failed", "proxies: step upgrade-proxies", "proxies: proxy " + proxyTwo + " to 2.24.03.000", "later: the target was skipped",
	}, undone)
}
