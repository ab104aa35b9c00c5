package workers_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/test/browsertest"
	"github.com/tidegate/tidegate/test/monitoring"
)

// asked are the values that the real Prometheus answers a query with.
func asked(t *testing.T, prometheus, query string) (values []string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet,
		prometheus+"/api/v1/query?query="+url.QueryEscape(query), http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close() //nolint:errcheck // it is read
	var body struct {
		Status string
		Error  string
		Data   struct {
			Result []struct{ Value [2]any }
		}
	}
	require.NoError(t, json.NewDecoder(answer.Body).Decode(&body))
	require.Equal(t, "success", body.Status, "%s: %s", query, body.Error)
	for _, r := range body.Data.Result {
		value, ok := r.Value[1].(string)
		require.True(t, ok)
		values = append(values, value)
	}
	return values
}

// The campaign's second target fails, since its cloud refuses the update. The real Prometheus reads two workers, knows
// that, and fires the alert that says so.
func TestBrowserShowsPrometheusWithAFiringAlert(t *testing.T) {
	t.Parallel()
	rules, err := os.ReadFile("../../deploy/prometheus/tidegate.rules.yml")
	require.NoError(t, err)
	w := &watched{newStage(t, freeAddress(t)), map[string]func(){}}
	w.hire()
	w.hire()
	var addresses []string
	for address := range w.workers {
		addresses = append(addresses, address)
	}
	prometheus := monitoring.Scraping(t, string(rules), "tidegate", addresses...)
	run := w.run()
	answers := func(query string, want ...string) {
		t.Helper()
		require.Eventually(t, func() bool {
			got := asked(t, prometheus, query)
			return len(got) == len(want) && (len(want) == 0 || got[0] == want[0])
		}, 2*time.Minute, 200*time.Millisecond, "%s is not %v but %v", query, want, asked(t, prometheus, query))
	}
	answers(`sum(tidegate_campaign_targets{state="waiting",blocker="approval"})`, "2")
	answers(`tidegate_campaign_approvals_missing{campaign="q4"}`, "1")
	w.approve(run)
	require.Error(t, run.Get(t.Context(), nil), "it ends PARTIAL")

	answers(`sum(tidegate_maintenances_failed_last_day{state="FAILED"})`, "1")
	answers(`ALERTS{alertname="TidegateMaintenanceFailed",alertstate="firing",state="FAILED"}`, "1")
	answers(`ALERTS{alertname="TidegateNoWorker"}`)
	answers(`sum(tidegate_cloud_requests_total{operation="UpdateGatewaySoftwareNow",outcome="ok"})`, "1")
	answers(`sum(tidegate_maintenances_total{state="COMPLETED"})`, "1")
	answers(`sum(tidegate_messages_total{channel="gone",outcome="sent"})`)
	answers(`sum(tidegate_step_duration_seconds_count{step="update",state="done"})`, "1")
	answers(`tidegate_campaign_targets`) // it has ended
	require.NotEmpty(t, asked(t, prometheus, `temporal_workflow_task_schedule_to_start_latency_seconds_bucket`))
	require.NotEmpty(t, asked(t, prometheus, `temporal_worker_task_slots_available`))

	t.Logf("series, and seconds for reading them: %v %v", asked(t, prometheus, "scrape_samples_scraped"),
		asked(t, prometheus, "scrape_duration_seconds"))
	tab := browsertest.Open(t)
	page := prometheus + "/classic/graph?g0.expr=" + url.QueryEscape(`ALERTS{alertstate="firing"}`) + "&g0.tab=1&g1.expr=" +
		url.QueryEscape(`{__name__=~"tidegate_(cloud_requests|maintenances|repeated|unknown|reverts).*"}`) + "&g1.tab=1"
	browsertest.Visit(tab, t, page, "TidegateMaintenanceFailed", "tidegate_cloud_requests_total", "UpdateGatewaySoftwareNow")
	browsertest.Screenshot(tab, t, picture(t, "prometheus.png"), 1440, 1040)
	browsertest.Visit(tab, t, prometheus+"/classic/alerts", "TidegateMaintenanceFailed (1 active)")
}

// picture is where a screenshot goes: among the docs where they are made again.
func picture(t *testing.T, name string) string {
	t.Helper()
	if os.Getenv("TIDEGATE_PICTURES") == "1" {
		return filepath.Join("../../docs/images", name)
	}
	return filepath.Join(t.TempDir(), name)
}
