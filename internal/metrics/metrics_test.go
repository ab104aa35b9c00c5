package metrics_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
	"github.com/tidegate/tidegate/internal/metrics"
)

// shown are the samples that Prometheus reads whose names have the prefix.
func shown(t *testing.T, m *metrics.Metrics, prefix string) (lines []string) {
	t.Helper()
	answer := httptest.NewRecorder()
	m.Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	require.Equal(t, 200, answer.Code, answer.Body.String())
	for line := range strings.Lines(answer.Body.String()) {
		if strings.HasPrefix(line, prefix) {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestTheSDKCountsUnderTheNamesOfItsDocumentation(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	sdk := m.SDK().WithTags(map[string]string{"namespace": "default", "task_queue": "none"})
	queue := sdk.WithTags(map[string]string{"task_queue": "tidegate"})
	queue.Counter("temporal_request").Inc(2)
	queue.Counter("temporal_request").Inc(1)
	queue.WithTags(map[string]string{"status_code": "NOT_FOUND"}).Counter("temporal_request").Inc(1) // other labels, the same name
	queue.Gauge("temporal_num_pollers").Update(5)
	queue.Gauge("temporal_num_pollers").Update(4)
	sdk.Timer("temporal_request_latency").Record(40 * time.Millisecond)

	require.Equal(t, []string{
		`temporal_num_pollers{namespace="default",task_queue="tidegate"} 4`,
	}, shown(t, m, "temporal_num"))
	require.Equal(t, []string{
		`temporal_request_total{namespace="default",task_queue="tidegate"} 3`,
		`temporal_request_total{namespace="default",status_code="NOT_FOUND",task_queue="tidegate"} 1`,
	}, shown(t, m, "temporal_request_total"))
	require.Contains(t, shown(t, m, "temporal_request_latency"),
		`temporal_request_latency_seconds_bucket{namespace="default",task_queue="none",le="0.05"} 1`)
	require.Contains(t, shown(t, m, "temporal_request_latency"),
		`temporal_request_latency_seconds_sum{namespace="default",task_queue="none"} 0.04`)
}

// The SDK adds a dozen labels to what workflows and activities count; one of them would be a workflow's type, and
// none may ever be a gateway.
func TestOurOwnHaveTheirNamesAndOnlyTheirLabels(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	sdk := m.SDK().WithTags(map[string]string{"namespace": "default", "activity_type": "Notify", "gateway": "sgw-1"})
	sdk.WithTags(map[string]string{"channel": "ops", "outcome": "sent"}).Counter(metric.Messages).Inc(1)
	sdk.Counter(metric.Quarantines).Inc(1)
	sdk.WithTags(map[string]string{"step": "wait", "state": "done"}).Timer(metric.StepSeconds).Record(26 * time.Hour)
	m.Polls("tidegate", "", "", true)

	require.Equal(t, []string{`tidegate_messages_total{channel="ops",outcome="sent"} 1`}, shown(t, m, "tidegate_messages"))
	require.Equal(t, []string{`tidegate_quarantines_total 1`}, shown(t, m, "tidegate_quarantines"))
	require.Equal(t, []string{`tidegate_worker_info{build_id="",deployment="",task_queue="tidegate"} 1`}, shown(t, m, "tidegate_worker"))
	steps := shown(t, m, "tidegate_step")
	require.Contains(t, steps, `tidegate_step_duration_seconds_bucket{state="done",step="wait",le="86400"} 0`)
	require.Contains(t, steps, `tidegate_step_duration_seconds_bucket{state="done",step="wait",le="604800"} 1`)
}

func TestEachOutcomeOfARequestHasItsWord(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	for _, err := range []error{
		nil, maintenance.ErrThrottled, maintenance.ErrUnknownOutcome, maintenance.ErrDenied, maintenance.ErrNotFound,
		maintenance.ErrBusy, maintenance.ErrNotReady, maintenance.ErrNotConnected, maintenance.ErrRejected,
		maintenance.ErrUnsupported, maintenance.ErrInvalid, maintenance.ErrUnavailable,
	} {
		if err != nil {
			err = fmt.Errorf("describe gateway: %w: why", err)
		}
		m.Requested(t.Context(), calltrace.Request{Cloud: "aws", Account: "prod", Operation: "X", Err: err, Took: 300 * time.Millisecond})
	}
	var outcomes []string
	for _, line := range shown(t, m, "tidegate_cloud_requests_total") {
		_, outcome, _ := strings.Cut(line, `outcome="`)
		outcomes = append(outcomes, outcome)
	}
	require.Equal(t, []string{
		`busy"} 1`, `denied"} 1`, `invalid"} 1`, `not found"} 1`, `not ready"} 2`, `ok"} 1`, `rejected"} 1`,
		`throttled"} 1`, `unavailable"} 1`, `unknown"} 1`, `unsupported"} 1`,
	}, outcomes)
	require.Contains(t, shown(t, m, "tidegate_cloud_request_duration_seconds"),
		`tidegate_cloud_request_duration_seconds_count{account="prod",cloud="aws"} 12`)
}

func TestManyCountAtOnce(t *testing.T) {
	t.Parallel()
	m := metrics.New()
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			sdk := m.SDK().WithTags(map[string]string{"channel": "ops", "outcome": []string{"sent", "failed"}[i%2]})
			for range 50 {
				sdk.Counter(metric.Messages).Inc(1)
				shown(t, m, "none")
			}
		})
	}
	all.Wait()
	require.Equal(t, []string{
		`tidegate_messages_total{channel="ops",outcome="failed"} 200`,
		`tidegate_messages_total{channel="ops",outcome="sent"} 200`,
	}, shown(t, m, "tidegate_messages"))
}
