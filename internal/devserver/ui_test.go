package devserver_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/devserver"
)

func get(t *testing.T, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s: %s", url, body)
	return string(body)
}

func TestWebUIServesItsOwnAssetsAndAllowsActions(t *testing.T) {
	t.Parallel()
	srv := start(t, devserver.Options{Namespace: "tides"})
	require.True(t, strings.HasPrefix(srv.UIAddress(), "http://127.0.0.1:"), srv.UIAddress())
	script := regexp.MustCompile(`/_app/immutable/entry/start\.[^"]+\.js`).FindString(get(t, srv.UIAddress()+"/"))
	require.NotEmpty(t, script)
	require.Contains(t, get(t, srv.UIAddress()+script), "import")
	require.Contains(t, get(t, srv.UIAddress()+"/api/v1/namespaces/tides"), `"tides"`)

	var settings struct {
		DefaultNamespace, FeedbackURL                  string
		DisableNewsFetch                               bool
		DisableWriteActions, WorkflowUpdateDisabled    bool
		WorkflowSignalDisabled, WorkflowCancelDisabled bool
		NotifyOnNewVersion                             bool
		Auth                                           struct{ Enabled bool }
		Codec                                          struct{ Endpoint string }
	}
	require.NoError(t, json.Unmarshal([]byte(get(t, srv.UIAddress()+"/api/v1/settings")), &settings))
	require.Equal(t, "tides", settings.DefaultNamespace)
	require.True(t, settings.DisableNewsFetch)
	settings.DefaultNamespace, settings.DisableNewsFetch = "", false
	require.Zero(t, settings, "nothing is switched off, nothing is fetched, nobody logs in")
}

// Linux lists the sockets of a process; elsewhere the options' check must do.
func TestEveryListenerIsOnLoopback(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/net/tcp"); err != nil {
		t.Skip("needs Linux's /proc/self/net/tcp")
	}
	start(t, devserver.Options{})
	mine := ownSockets(t)
	listening := 0
	for _, table := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile("/proc/self/net/" + table)
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			const listen = "0A"
			if len(f) < 10 || f[3] != listen || !mine[f[9]] {
				continue
			}
			listening++
			require.Regexp(t, `^(0100007F|00000000000000000000000001000000):`, f[1], "%s: %s", table, line)
		}
	}
	require.GreaterOrEqual(t, listening, 5, "four services and the Web UI")
}

func ownSockets(t *testing.T) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	sockets := map[string]bool{}
	for _, e := range entries {
		link, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil {
			continue // closed since
		}
		if inode, ok := strings.CutPrefix(link, "socket:["); ok {
			sockets[strings.TrimSuffix(inode, "]")] = true
		}
	}
	return sockets
}
