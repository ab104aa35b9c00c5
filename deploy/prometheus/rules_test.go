// Package prometheus_test holds the alerts to their tests, to the runbook, and to the metrics that there are.
package prometheus_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/metric"
)

// rule is an alert.
type rule struct {
	Alert, Expr         string
	Labels, Annotations map[string]string
}

func rules(t *testing.T) (all []rule) {
	t.Helper()
	text, err := os.ReadFile("tidegate.rules.yml")
	require.NoError(t, err)
	var file struct {
		Groups []struct{ Rules []rule }
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}

func TestAlertsFireWhenTheyShould(t *testing.T) {
	t.Parallel()
	promtool, err := exec.LookPath("promtool")
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("promtool is not installed: apt-get install prometheus")
	}
	require.NoError(t, err, "CI installs the package prometheus")
	out, err := exec.CommandContext(t.Context(), promtool, "test", "rules", "tidegate.rules.test.yml").CombinedOutput()
	require.NoError(t, err, string(out))
	tests, err := os.ReadFile("tidegate.rules.test.yml")
	require.NoError(t, err)
	for _, r := range rules(t) {
		require.Regexp(t, `alertname: `+r.Alert+`\n +exp_alerts:`, string(tests), "no test has it fire")
		require.Contains(t, string(tests), ", alertname: "+r.Alert+"}", "no test has it silent")
	}
}

func TestEachAlertSaysWhatItMeansAndWhatToDo(t *testing.T) {
	t.Parallel()
	runbook, err := os.ReadFile("../../docs/runbook.md")
	require.NoError(t, err)
	for _, r := range rules(t) {
		require.Contains(t, []string{"critical", "warning", "info"}, r.Labels["severity"], r.Alert)
		require.NotEmpty(t, r.Annotations["summary"], r.Alert)
		require.NotEmpty(t, r.Annotations["description"], r.Alert)
		_, anchor, _ := strings.Cut(r.Annotations["runbook_url"], "/blob/main/docs/runbook.md#")
		require.Equal(t, strings.ToLower(r.Alert), anchor)
		require.Contains(t, string(runbook), "\n### "+r.Alert+"\n")
	}
}

// name is a metric in an expression.
var name = regexp.MustCompile(`\b(tidegate|temporal|go|process)_[a-z0-9_]+\b`)

func TestEveryQueryNamesMetricsThatThereAre(t *testing.T) {
	t.Parallel()
	known := append(ours(), sdk(t)...)
	expressions := dashboard(t)
	for _, r := range rules(t) {
		expressions = append(expressions, r.Expr)
	}
	page, err := os.ReadFile("../../docs/reference/metrics.md")
	require.NoError(t, err)
	for _, e := range expressions {
		found := name.FindAllString(e, -1)
		require.NotEmpty(t, found, e)
		for _, n := range found {
			require.True(t, slices.Contains(known, n) || strings.HasPrefix(n, "go_") || strings.HasPrefix(n, "process_"), "%s in %s", n, e)
			base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(n, "_bucket"), "_sum"), "_count")
			require.True(t, strings.HasPrefix(n, "go_") || strings.HasPrefix(n, "process_") || strings.Contains(string(page), "`"+base+"`"), "%s is not in docs/reference/metrics.md", n)
		}
	}
}

func histogram(name string) []string {
	return []string{name + "_bucket", name + "_sum", name + "_count"}
}

func ours() (names []string) {
	for _, d := range metric.Definitions() {
		if d.Kind == metric.Histogram {
			names = append(names, histogram(d.Name)...)
		} else {
			names = append(names, d.Name)
		}
	}
	return names
}

var (
	constant = regexp.MustCompile(`(?m)^\t(\w+) += (\w+) \+ "(\w+)"`)
	use      = regexp.MustCompile(`\b(Counter|Gauge|Timer)\(metrics\.(\w+)\)`)
)

// sdk are the names under which a worker shows what Temporal's SDK counts, read from the SDK's source: which constants
// it has, and whether it counts them by a counter, a gauge or a timer.
func sdk(t *testing.T) (names []string) {
	t.Helper()
	found, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "go.temporal.io/sdk").Output()
	require.NoError(t, err)
	internal := filepath.Join(strings.TrimSpace(string(found)), "internal")
	text, err := os.ReadFile(filepath.Join(internal, "common", "metrics", "constants.go"))
	require.NoError(t, err)
	prefixes := map[string]string{"TemporalMetricsPrefix": "temporal_"}
	for _, c := range constant.FindAllStringSubmatch(string(text), -1) {
		prefixes[c[1]] = prefixes[c[2]] + c[3]
	}
	for constant, full := range prefixes { // which of these is counted is chosen at run time, in grpc.go
		switch {
		case !strings.Contains(constant, "Request"):
		case strings.HasSuffix(constant, "Latency"):
			names = append(names, histogram(full+"_seconds")...)
		default:
			names = append(names, full+"_total")
		}
	}
	files, err := filepath.Glob(filepath.Join(internal, "*.go"))
	require.NoError(t, err)
	for _, file := range files {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, u := range use.FindAllStringSubmatch(string(source), -1) {
			switch full := prefixes[u[2]]; u[1] {
			case "Counter":
				names = append(names, full+"_total")
			case "Gauge":
				names = append(names, full)
			case "Timer":
				names = append(names, histogram(full+"_seconds")...)
			}
		}
	}
	require.NotEmpty(t, names)
	return names
}

// dashboard are the queries of the dashboard.
func dashboard(t *testing.T) (expressions []string) {
	t.Helper()
	text, err := os.ReadFile("../grafana/tidegate.json")
	require.NoError(t, err)
	var board struct {
		Panels []struct {
			Title, Description string
			Targets            []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &board))
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			require.NotEmpty(t, target.Expr, p.Title)
			expressions = append(expressions, target.Expr)
		}
	}
	require.NotEmpty(t, expressions)
	return expressions
}
