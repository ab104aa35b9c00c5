// Package monitoring starts real monitoring servers for tests: Debian's prometheus and prometheus-alertmanager. A test
// that needs one is skipped where it is not installed; .ci/run installs both. Start at Prometheus, Scraping and
// Alertmanager.
package monitoring

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// Prometheus starts a Prometheus that scrapes itself, with rules if there are any, and gives its URL.
func Prometheus(t *testing.T, rules string) string {
	t.Helper()
	return Scraping(t, rules, "prometheus")
}

// Scraping is Prometheus for a job of that name that scrapes the targets each second, where there are any.
func Scraping(t *testing.T, rules, job string, targets ...string) string {
	t.Helper()
	address := free(t)
	folder := t.TempDir()
	if len(targets) == 0 {
		targets = []string{address}
	}
	write(t, folder, "rules.yml", rules)
	write(t, folder, "prometheus.yml", fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [rules.yml]\n"+
		"scrape_configs: [{job_name: %s, static_configs: [{targets: ['%s']}]}]\n", job, strings.Join(targets, "', '")))
	return start(t, address, "prometheus", "--config.file="+filepath.Join(folder, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+address)
}

// Alertmanager starts an Alertmanager that tells nobody, and gives its URL.
func Alertmanager(t *testing.T) string {
	t.Helper()
	address := free(t)
	folder := t.TempDir()
	write(t, folder, "alertmanager.yml", "route: {receiver: nobody, group_wait: 1s}\nreceivers: [{name: nobody}]\n")
	return start(t, address, "prometheus-alertmanager", "--config.file="+filepath.Join(folder, "alertmanager.yml"),
		"--storage.path="+filepath.Join(folder, "data"), "--web.listen-address="+address, "--cluster.listen-address=")
}

// Labels are those of an alert.
type Labels map[string]string

// Fire sends alerts to the Alertmanager of that URL, as Prometheus does.
func Fire(t *testing.T, at string, alerts ...Labels) {
	t.Helper()
	type alert struct {
		Labels Labels `json:"labels"`
	}
	var all []alert
	for _, labels := range alerts {
		all = append(all, alert{labels})
	}
	body, err := json.Marshal(all)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at+"/api/v2/alerts", bytes.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

// Silencer lists the silences of an Alertmanager, real or simulated: our adapter does.
type Silencer interface {
	Silences(ctx context.Context, which func(comment string) bool) ([]health.Silence, error)
}

// InForce are the silences that have not expired.
func InForce(t *testing.T, s Silencer) []health.Silence {
	t.Helper()
	all, err := s.Silences(t.Context(), nil)
	require.NoError(t, err)
	return slices.DeleteFunc(all, func(one health.Silence) bool { return one.Expired })
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600))
}

// free is an address at which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

// readyWithin is how long a server may take to start, on a machine that is busy with other tests.
const readyWithin = time.Minute

// start runs a program until the test ends, and waits until it is ready.
func start(t *testing.T, address, program string, args ...string) (url string) {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		t.Skipf("%s is not installed: apt-get install %s", program, program)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	command := exec.CommandContext(ctx, path, args...)                //nolint:gosec // one of the two programs above
	log, err := os.Create(filepath.Join(t.TempDir(), program+".log")) //nolint:gosec // the test's own folder
	require.NoError(t, err)
	command.Stdout, command.Stderr = log, log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		stop()
		_ = command.Wait() // it was killed
		require.NoError(t, log.Close())
	})
	url = "http://" + address
	isReady := func() bool { return ready(t, url) }
	require.Eventually(t, isReady, readyWithin, 50*time.Millisecond, "%s does not start", program)
	return url
}

func ready(t *testing.T, url string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/-/ready", http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode == http.StatusOK
}
