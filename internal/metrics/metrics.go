// Package metrics gives Prometheus what a worker counts: the metrics of Temporal's SDK under the names of its
// documentation, those of Tidegate as internal/maintenance/metric defines them, and those of the Go process. It decides
// nothing and reads nothing. Start at New and Metrics.
package metrics

import (
	"context"
	"errors"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
)

// Metrics are those of one worker process.
type Metrics struct {
	registry *prometheus.Registry
	series   *series
}

// New makes metrics that have counted nothing. What is given is served with them.
func New(also ...prometheus.Collector) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), series: newSeries()}
	m.registry.MustRegister(m.series, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(also...)
	return m
}

// Handler serves them in Prometheus's format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Requested counts a request to a cloud.
func (m *Metrics) Requested(_ context.Context, r calltrace.Request) {
	m.series.add(metric.CloudRequests, map[string]string{
		"cloud": r.Cloud, "account": r.Account, "operation": r.Operation, "outcome": outcome(r.Err),
	}, 1)
	m.series.observe(metric.CloudRequestSeconds, map[string]string{"cloud": r.Cloud, "account": r.Account}, r.Took)
}

// Polls shows that the worker polls, or no longer.
func (m *Metrics) Polls(taskQueue, deployment, buildID string, polls bool) {
	value := 0.0
	if polls {
		value = 1
	}
	m.series.set(metric.WorkerInfo, map[string]string{
		"task_queue": taskQueue, "deployment": deployment, "build_id": buildID,
	}, value)
}

// outcome is the label of how a request ended.
func outcome(err error) string {
	if err == nil {
		return "ok"
	}
	for _, known := range []struct {
		is   error
		word string
	}{
		{maintenance.ErrUnknownOutcome, "unknown"},
		{maintenance.ErrThrottled, "throttled"},
		{maintenance.ErrDenied, "denied"},
		{maintenance.ErrNotFound, "not found"},
		{maintenance.ErrBusy, "busy"},
		{maintenance.ErrNotReady, "not ready"},
		{maintenance.ErrNotConnected, "not ready"},
		{maintenance.ErrRejected, "rejected"},
		{maintenance.ErrUpToDate, "rejected"},
		{maintenance.ErrUnsupported, "unsupported"},
		{maintenance.ErrInvalid, "invalid"},
	} {
		if errors.Is(err, known.is) {
			return known.word
		}
	}
	return "unavailable"
}

// SDK is what Temporal's SDK, and with it workflows and activities, count by.
func (m *Metrics) SDK() Handler { return Handler{series: m.series} }
