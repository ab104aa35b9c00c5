package cli_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/test/browsertest"
)

// newBusyWorld has a campaign in the middle of its second wave: gateways whose
// snapshots take long, one that never came back, one whose window is not open.
func newBusyWorld(t *testing.T) *world {
	t.Helper()
	gateways := make([]aws.Gateway, 0, 12)
	var plan strings.Builder
	plan.WriteString("apiVersion: tidegate/v1\nname: payments-q4\naccounts: {aws: [{name: sim, region: us-east-1}]}\nonFailure: hold\n" +
		"rollout: {waves: [2, 8], bake: 1s, maxConcurrent: 7, forecast: {update: 20m, snapshot: 15m}}\n" +
		"limits: {updateDelay: 0s, updateStart: 8s, updateDeadline: 10s, attempt: 5s, pace: {min: 20ms, max: 100ms}, steadyFor: 20ms}\ntargets:\n")
	for i := range cap(gateways) {
		g := aws.Gateway{ID: fmt.Sprintf("sgw-1A2B3C%02d", i), Timezone: "GMT-4:00", NextVersion: "1.3.0", Window: aws.Window{OpenedAgo: time.Duration(20+8*i) * time.Minute}, Type: "FILE_S3"}
		switch {
		case i == 2:
			g.NeverComesBack = true
		case i == 8:
			g.Window = aws.Window{OpensIn: 2 * time.Hour}
		case i > 2:
			g.Type, g.Volumes = "", []aws.Volume{{ID: fmt.Sprintf("vol-1A2B3C%02d", i)}}
		}
		gateways = append(gateways, g)
		fmt.Fprintf(&plan, "  - {name: files-%02d, gateway: {account: sim, arn: %q}}\n", i+1, arnPrefix+g.ID)
	}
	fast := 50 * time.Millisecond
	sim, err := simcloud.New(simcloud.Scenario{AWS: aws.Scenario{
		Timing:   aws.Timing{Gap: fast, Restart: fast, OldVersion: fast, Bootstrap: fast, Snapshot: time.Hour, VisibleByID: fast, VisibleByFilter: fast},
		Gateways: gateways,
	}}, simcloud.Options{})
	require.NoError(t, err)
	server, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	w := &world{t: t, server: server, sim: sim}
	w.work()
	file := filepath.Join(t.TempDir(), "plan.yaml")
	require.NoError(t, os.WriteFile(file, []byte(plan.String()), 0o600))
	require.Equal(t, 0, w.tidegate("run", file, "--by", "alice", "--detach").status)
	return w
}

// The picture in the docs is what the program prints of a real campaign.
func TestBrowserShowsTheLiveViewInColours(t *testing.T) {
	t.Parallel()
	w := newBusyWorld(t)
	var picture string
	require.Eventually(t, func() bool {
		cmd := exec.CommandContext(t.Context(), "tidegate", "watch", "payments-q4", "--once")
		cmd.Env = append(os.Environ(), "TEMPORAL_ADDRESS="+w.server.FrontendAddress(), "CLICOLOR_FORCE=1", "COLORTERM=truecolor", "TERM=xterm-256color")
		out, err := cmd.Output()
		picture = string(out)
		return err == nil && strings.Contains(picture, "HELD: files-03") && strings.Count(picture, "snapshot") >= 4
	}, 2*time.Minute, 500*time.Millisecond)
	text := "<meta charset=utf-8><body style='margin:0;background:#0d1117'><pre style='margin:18px;color:#e6edf3;font:14px/1.35 monospace'>" + page(picture) + "</pre>"
	site := httptest.NewServer(http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		http.ServeContent(to, r, "watch.html", time.Time{}, strings.NewReader(text))
	}))
	t.Cleanup(site.Close)
	tab := browsertest.Open(t)
	require.NoError(t, chromedp.Do(tab, chromedp.Navigate(site.URL)))
	browsertest.WaitForText(tab, t, "payments-q4", "files-03", "HELD: files-03", "MARGIN", "blocked by")
	path := filepath.Join(t.TempDir(), "watch.png")
	if os.Getenv("TIDEGATE_PICTURES") == "1" {
		path = "../../docs/images/watch.png"
	}
	browsertest.Screenshot(tab, t, path, 890, 20*int64(strings.Count(picture, "\n")+1))
}

var style = regexp.MustCompile("\x1b\\[([0-9;]*)m")

// page turns a text's colours into HTML.
func page(text string) string {
	var b strings.Builder
	at, open := 0, false
	for _, m := range style.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(html.EscapeString(text[at:m[0]]))
		at = m[1]
		if open {
			b.WriteString("</span>")
		}
		css := cssOf(text[m[2]:m[3]])
		if open = css != ""; open {
			b.WriteString("<span style='" + css + "'>")
		}
	}
	return b.String() + html.EscapeString(text[at:])
}

var colour = regexp.MustCompile(`38;2;(\d+);(\d+);(\d+)`)

func cssOf(codes string) string {
	css := ""
	if strings.HasPrefix(codes, "1") {
		css = "font-weight:bold;"
	}
	if rgb := colour.FindStringSubmatch(codes); rgb != nil {
		css += fmt.Sprintf("color:rgb(%s,%s,%s)", rgb[1], rgb[2], rgb[3])
	}
	return css
}
