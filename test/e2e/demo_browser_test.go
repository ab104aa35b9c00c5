package e2e_test

import (
	"bufio"
	"io"
	"net/url"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/test/browsertest"
	"github.com/tidegate/tidegate/workflows/api"
)

// demo is the program that people see first, while it runs.
type demo struct {
	t     *testing.T
	lines *bufio.Scanner
	ui    string // address of the list of workflows
	host  string // of Temporal
}

// startDemo builds the demo and starts it on ports of its own, up to its first
// line about the campaign.
func startDemo(t *testing.T) *demo {
	t.Helper()
	program := filepath.Join(t.TempDir(), "demo")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../demo").CombinedOutput()
	require.NoError(t, err, string(out))
	cmd := exec.CommandContext(t.Context(), program, "--ui-port", "0", "--temporal-port", "0", "--sim-port", "0")
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
		_, err := io.Copy(io.Discard, stdout)
		require.NoError(t, err)
		_ = cmd.Wait() // it was interrupted
	})
	d := &demo{t: t, lines: bufio.NewScanner(stdout)}
	d.ui, d.host = d.after("Web UI"), d.after("Temporal ")
	return d
}

// until reads what the demo says up to a line that has the text.
func (d *demo) until(text string) string {
	d.t.Helper()
	for d.lines.Scan() {
		if strings.Contains(d.lines.Text(), text) {
			return d.lines.Text()
		}
	}
	require.NoError(d.t, d.lines.Err())
	require.Failf(d.t, "the demo has ended", "it never said %q", text)
	return ""
}

// after is the word that follows a heading.
func (d *demo) after(heading string) string {
	d.t.Helper()
	_, rest, _ := strings.Cut(d.until(heading), heading)
	return strings.Fields(rest)[0]
}

func TestBrowserShowsTheDemosCampaign(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes a minute")
	}
	if _, err := browsertest.Find(func(string) string { return "" }, exec.LookPath); err != nil {
		browsertest.Open(t) // skips, or fails where there must be a browser
	}
	d := startDemo(t)
	d.until("store-08       1/7 assess") // some have ended, some run, some wait
	// Not before: a tab lives for two minutes.
	tab := browsertest.Open(t)
	c, err := client.Dial(client.Options{HostPort: d.host})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	id := api.CampaignWorkflowID("tidegate-demo")
	described, err := c.DescribeWorkflowExecution(t.Context(), id, "")
	require.NoError(t, err)
	runID := described.GetWorkflowExecutionInfo().GetExecution().GetRunId()

	browsertest.Visit(tab, t, d.ui+"/"+url.PathEscape(id)+"/"+runID+"/user-metadata", "Campaign tidegate-demo: 22 targets", "Waves", "rejected-proxy", "orders-2", "approve", "night-shift")
	browsertest.Screenshot(tab, t, picture(t, "web-ui-campaign.png"), 1440, 1500)
}
