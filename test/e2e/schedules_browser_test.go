package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/test/browsertest"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// nightlyPlan is the plan of docs/how-to/schedule-campaigns.md.
const nightlyPlan = `
apiVersion: tidegate/v1
name: files
accounts:
  aws: [{name: prod, region: eu-central-1}]
freezes: [{from: 2099-12-24, to: 2099-12-26, zone: Europe/Berlin, reason: holidays}]
selectors: [{account: prod, types: [FILE_S3], updateAvailable: true}]
`

// command builds the operator's command, and gives a function that runs it with
// the server's address.
func command(t *testing.T, srv *devserver.Server) (tidegate func(args ...string)) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "tidegate")
	run := func(name string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+srv.FrontendAddress(), "TEMPORAL_NAMESPACE="+srv.Namespace())
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s %q: %s", name, args, out)
	}
	run("go", "build", "-o", program, "../../starter")
	return func(args ...string) { run(program, args...) }
}

func TestBrowserShowsTheSchedulesOfCampaigns(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t)
	srv, err := devserver.Start(t.Context(), devserver.Options{SearchAttributes: webui.SearchAttributes()})
	require.NoError(t, err)
	t.Cleanup(srv.Stop)
	tidegate := command(t, srv)
	plan := filepath.Join(t.TempDir(), "files.yaml")
	require.NoError(t, os.WriteFile(plan, []byte(nightlyPlan), 0o600))
	tidegate("schedule", "create", "files-weekly", plan, "--calendar", "Mon 02:00", "--note", "CHG-1234", "--by", "alice")
	tidegate("schedule", "create", "files-monthly", plan, "--cron", "0 2 1 * *", "--by", "alice")
	tidegate("schedule", "trigger", "files-weekly", "--why", "first run, watched by alice", "--by", "alice")
	tidegate("schedule", "pause", "files-monthly", "--why", "weekly is enough for now", "--by", "bob")

	pages := srv.UIAddress() + "/namespaces/" + srv.Namespace() + "/schedules"
	browsertest.Visit(tab, t, pages, "files-weekly", "files-monthly", api.CampaignName, "Paused")
	browsertest.Visit(tab, t, pages+"/files-weekly", "files-weekly", "triggered by alice", "first run, watched by alice", "campaign-files-20")
	browsertest.Screenshot(tab, t, picture(t, "schedules.png"), 1440, 1040)
}
