package workflows_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// counted are the samples of Tidegate's counters, and how often each histogram was counted.
func counted(t *testing.T, env environment) (lines []string) {
	t.Helper()
	answer := httptest.NewRecorder()
	env.metrics.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	for line := range strings.Lines(answer.Body.String()) {
		name, _, _ := strings.Cut(line, "{")
		name, _, _ = strings.Cut(name, " ")
		if strings.HasPrefix(line, "tidegate_") && (strings.HasSuffix(name, "_total") || strings.HasSuffix(name, "_count")) {
			lines = append(lines, strings.TrimSpace(strings.TrimPrefix(line, "tidegate_")))
		}
	}
	return lines
}

func TestARunIsCounted(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		arrange func(*cloud)
		policy  maintenance.Policy
		proxies int
		counts  []string
	}{
		"all goes well": {
			arrange: func(c *cloud) { c.volumes = nil },
			counts: []string{
				`maintenances_total{state="COMPLETED"} 1`,
				`step_duration_seconds_count{state="done",step="assess"} 1`,
				`step_duration_seconds_count{state="done",step="await-running"} 1`,
				`step_duration_seconds_count{state="done",step="snapshot"} 1`,
				`step_duration_seconds_count{state="done",step="update"} 1`,
				`step_duration_seconds_count{state="done",step="verify"} 1`,
				`step_duration_seconds_count{state="done",step="wait"} 1`,
				`step_duration_seconds_count{state="skipped",step="upgrade-proxies"} 1`,
			},
		},
		"no answer to the trigger": {
			arrange: func(c *cloud) { c.lose["update"] = 1; c.volumes = nil },
			counts:  []string{`unknown_outcomes_total{change="update"} 1`},
		},
		"a trigger without effect is sent again": {
			arrange: func(c *cloud) { c.noEffect = true },
			counts:  []string{`repeated_sends_total{change="update"} 1`, `maintenances_total{state="FAILED"} 1`},
		},
		"a snapshot without answer and without a sign is sent again": {
			arrange: func(c *cloud) { c.refuse["snapshot"] = 1; c.volumes = c.volumes[:1] },
			counts:  []string{`unknown_outcomes_total{change="snapshot"} 1`, `repeated_sends_total{change="snapshot"} 1`},
		},
		"what is unfinished is reverted": {
			arrange: func(c *cloud) { c.pending = never; c.volumes = c.volumes[:1] },
			counts:  []string{`reverts_total{outcome="reverted"} 1`, `maintenances_total{state="PARTIAL"} 1`},
		},
		"a gateway that never comes back is quarantined": {
			arrange: func(c *cloud) { c.restart = never },
			counts:  []string{`quarantines_total 1`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCloud().withProxies(tc.proxies)
			tc.arrange(c)
			env := at(t, noon.Add(time.Minute), c)
			_, _ = maintain(t, env, c.input(tc.policy))
			got := counted(t, env)
			require.Subset(t, got, tc.counts)
			if name == "all goes well" {
				require.Equal(t, tc.counts, got)
			}
		})
	}
}
