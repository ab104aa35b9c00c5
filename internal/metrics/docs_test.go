package metrics_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance/metric"
)

var update = flag.Bool("update", false, "write the tables of docs/reference/metrics.md again")

// The tables of the page are the definitions.
func TestThePageHasEveryMetric(t *testing.T) {
	t.Parallel()
	const path = "../../docs/reference/metrics.md"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	want := string(text)
	for part, all := range map[string][]metric.Definition{"did": metric.Did(), "state": metric.State()} {
		before, rest, found := strings.Cut(want, "<!-- "+part+": written by go test ./internal/metrics -run Page -update -->\n")
		require.True(t, found)
		_, after, found := strings.Cut(rest, "<!-- end -->")
		require.True(t, found)
		want = before + "<!-- " + part + ": written by go test ./internal/metrics -run Page -update -->\n" + table(all) + "<!-- end -->" + after
	}
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o600))
	}
	require.Equal(t, want, string(text), "-update writes it")
}

func table(all []metric.Definition) string {
	text := "| metric | kind | labels | |\n|---|---|---|---|\n"
	for _, d := range all {
		labels := make([]string, 0, len(d.Labels))
		for _, l := range d.Labels {
			labels = append(labels, "`"+l+"`")
		}
		text += fmt.Sprintf("| `%s` | %s | %s | %s |\n", d.Name, d.Kind, strings.Join(labels, ", "), d.Help)
	}
	return text
}

// Each name is one that Prometheus's conventions ask for, and is not defined twice.
func TestNamesSayTheirUnit(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, d := range metric.Definitions() {
		require.False(t, seen[d.Name], d.Name)
		seen[d.Name] = true
		require.Equal(t, d.Kind == metric.Counter, strings.HasSuffix(d.Name, "_total"), d.Name)
		require.Equal(t, d.Kind == metric.Histogram, len(d.Buckets) > 0, d.Name)
		require.True(t, strings.HasSuffix(d.Help, "."), d.Name)
		require.NotContains(t, strings.Join(d.Labels, " "), "gateway", "series are bounded")
	}
}
