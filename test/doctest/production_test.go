package doctest_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/stretchr/testify/require"
)

// production is the whole page, on ports that are free here. The monitoring servers are Debian's.
func production() page {
	signatures := step{elsewhere: "deploy/release/release_test.go TestSignaturesAskNoService"}
	const (
		fired    = `curl -s http://127.0.0.1:9090/api/v1/alerts | jq -r '.data.alerts[] | .labels.alertname + " " + .state'`
		received = `curl -s http://127.0.0.1:9093/api/v2/alerts | jq -r '.[] | .labels.alertname + " " + .annotations.runbook_url'`
		polled   = `curl -s 'http://127.0.0.1:9090/api/v1/query?query=tidegate_worker_info' | jq -r '.data.result[].metric.task_queue'`
	)
	return page{start: (*shell).site, lines: map[string]step{
		"cosign verify-blob --key cosign.pub --insecure-ignore-tlog --bundle SHA256SUMS.sigstore.json SHA256SUMS": signatures,
		"sha256sum --check --ignore-missing SHA256SUMS":                                                           signatures,
		"cosign verify --key cosign.pub --insecure-ignore-tlog ghcr.io/tidegate/tidegate:0.1.0":                   signatures,

		"devserver --db temporal.db --port 7233 --ui-port 8233":                                {up: says("Ctrl-C ends it")},
		"simcloud --listen 127.0.0.1:4599":                                                     stays("http://127.0.0.1:4599/_sim/healthz"),
		"tidegate-worker --accounts deploy/local/accounts.yaml --health-listen 127.0.0.1:8081": stays("http://127.0.0.1:8081/readyz"),
		"tidegate doctor deploy/local/campaign.yaml": {after: func(s *shell, got answer) {
			require.Regexp(s.t, `(?m)^OK +encryption +default +payloads are encrypted with the key 2026-11`, got.out)
		}},
		"tidegate codec --listen 127.0.0.1:8234 --origin http://localhost:8233": stays("http://127.0.0.1:8234/healthz"),

		"prometheus --config.file=deploy/local/prometheus.yml --storage.tsdb.path=prometheus.data --web.listen-address=127.0.0.1:9090":                                       stays("http://127.0.0.1:9090/-/ready"),
		"prometheus-alertmanager --config.file=deploy/local/alertmanager.yml --storage.path=alertmanager.data --web.listen-address=127.0.0.1:9093 --cluster.listen-address=": stays("http://127.0.0.1:9093/-/ready"),

		polled: {before: func(s *shell) { s.until(polled, `(?m)^tidegate$`) }},

		"tidegate run november.yaml --by alice": {status: 4}, // somebody else has to approve it
		"tidegate run november.yaml --by carol": {status: 4},
		"tidegate watch november": {status: 3, after: func(s *shell, got answer) {
			require.Contains(s.t, got.out, "PARTIAL")
			require.Contains(s.t, got.out, "2 of 4 targets succeeded")
		}},
		fired:    {before: func(s *shell) { s.until(fired, `(?m)^TidegateMaintenanceFailed firing$`) }},
		received: {before: func(s *shell) { s.until(received, `(?m)^TidegateMaintenanceFailed `) }},
		"tidegate status november": {
			before: func(s *shell) { s.until("tidegate status november", `COMPLETED`) },
			after:  func(s *shell, got answer) { require.Contains(s.t, got.out, "1 of 4 targets succeeded") },
		},
		"tidegate report --verify november.html": {after: func(s *shell, got answer) {
			require.Regexp(s.t, "^OK: november, COMPLETED", got.out)
			require.Contains(s.t, s.run("tidegate report november --format md", 0).out, "CHG-4711", "that was encrypted can be read")
		}},
		"tidegate report --all --since 720h --dir records": {after: func(s *shell, _ answer) {
			require.Len(s.t, strings.Fields(s.run("ls records", 0).out), 2, "both campaigns")
		}},
		`cat temporal.db* | grep -a -c "CHG-4711"`: {status: 1, after: func(s *shell, got answer) {
			require.Equal(s.t, "0", strings.TrimSpace(got.out))
			require.NotEqual(s.t, "0", strings.TrimSpace(s.run(`cat temporal.db* | grep -a -c november`, 0).out), "ids stay readable")
		}},
	}}
}

// says is what a program that stays up says once it does.
func says(text string) func(string, *shell) bool {
	return func(log string, _ *shell) bool { return strings.Contains(log, text) }
}

// site is the folder of the page: what the repository has in deploy, at ports that are free here.
func (s *shell) site() {
	s.t.Helper()
	for _, program := range []string{"prometheus", "prometheus-alertmanager", "jq"} {
		if _, err := exec.LookPath(program); err != nil {
			s.t.Skipf("%s is not installed: apt-get install %s", program, program)
		}
	}
	for _, port := range []string{"7233", "8233", "4599", "8081", "8234", "9090", "9093"} {
		var config net.ListenConfig
		listener, err := config.Listen(s.t.Context(), "tcp", "127.0.0.1:0")
		require.NoError(s.t, err)
		_, free, err := net.SplitHostPort(listener.Addr().String())
		require.NoError(s.t, err)
		require.NoError(s.t, listener.Close())
		s.replace = append(s.replace, port, free)
	}
	s.env = append(s.env, "TEMPORAL_ADDRESS="+s.here("127.0.0.1:7233"))
	require.NoError(s.t, os.MkdirAll(filepath.Join(s.folder, "deploy/local"), 0o700))
	for _, name := range []string{"accounts.yaml", "campaign.yaml", "prometheus.yml", "alertmanager.yml"} {
		s.write("deploy/local/"+name, s.here(read(s.t, "deploy/local/"+name)))
	}
	s.link("deploy/prometheus")
}
