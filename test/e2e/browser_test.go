package e2e_test

import (
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/test/browsertest"
	"github.com/tidegate/tidegate/workflows/webui"
)

// picturesEnv, where it is 1, lets the browser test write the docs' pictures.
const picturesEnv = "TIDEGATE_PICTURES"

// picture is where a screenshot goes: into the docs when that was asked for.
func picture(t *testing.T, name string) string {
	t.Helper()
	if os.Getenv(picturesEnv) == "1" {
		return filepath.Join("../../docs/images", name)
	}
	return filepath.Join(t.TempDir(), name)
}

// page is a run's page in the Web UI.
func page(srv *devserver.Server, run client.WorkflowRun, tab string) string {
	return srv.UIAddress() + "/namespaces/" + srv.Namespace() + "/workflows/" + url.PathEscape(run.GetID()) + "/" + run.GetRunID() + "/" + tab
}

func TestBrowserShowsARunningMaintenance(t *testing.T) {
	t.Parallel()
	tab := browsertest.Open(t)
	srv, err := devserver.Start(t.Context(), devserver.Options{SearchAttributes: webui.SearchAttributes()})
	require.NoError(t, err)
	t.Cleanup(srv.Stop)
	c, err := srv.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	scenario := fleet()
	scenario.Huawei.Durations.Upgrade = 12 * time.Second
	l := newLabOn(t, c, "", scenario)
	in := input(3)
	in.Target.Name = "payments-1"
	run := l.start(in)
	require.Eventually(t, func() bool { return l.status(run).Step == maintenance.StepProxies }, time.Minute, 100*time.Millisecond)

	browsertest.Visit(tab, t, page(srv, run, "user-metadata"), "Maintenance of payments-1", "upgrade-proxies is running", "await-running", "from 1.2.3 to 1.3.0", "cannot be reverted")
	browsertest.Screenshot(tab, t, picture(t, "web-ui-details.png"), 1440, 1500)
	browsertest.Visit(tab, t, page(srv, run, "timeline"), "wait until the gateway runs the new software")
	browsertest.Screenshot(tab, t, picture(t, "web-ui-timeline.png"), 1440, 1200)
	require.NoError(t, c.CancelWorkflow(t.Context(), run.GetID(), run.GetRunID()))
	l.end(run)
}
