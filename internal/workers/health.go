package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/metrics"
)

const (
	// livePath is where a worker's process says that it is alive, whatever else is not.
	livePath = "/livez"
	// readyPath is where a worker says whether Temporal gives it work, and healthPath the older name of that.
	readyPath, healthPath = "/readyz", "/healthz"
	// metricsPath is where Prometheus reads its metrics.
	metricsPath = "/metrics"
	// pollTimeout bounds one poll at Temporal's list of pollers.
	pollTimeout = 3 * time.Second
	// pollFresh is how old a worker's last poll may be: a long poll lasts a
	// minute.
	pollFresh = 2 * time.Minute
)

// health answers GET /readyz with 200 while Temporal itself lists this worker
// among the pollers of all its task queues: what the worker believes of itself
// does not count. GET /livez is answered with 200 as long as the process serves at all: to
// restart it would not bring Temporal back.
type health struct {
	identity string
	queue    string       // the workflows'
	server   *http.Server // nil for none
	done     chan struct{}
	polling  func(bool) // is told whether the worker polls

	mu      sync.Mutex
	client  client.Client // nil while the worker does not poll
	queues  []string      // that it polls for activities
	warning string        // what keeps a changed file from being used; empty: nothing
}

// serve answers on the worker's listener, where there is one, and gives the metrics there.
func (p parts) serve(counted *metrics.Metrics) *health {
	h := &health{identity: p.client.Identity, queue: p.queue, done: make(chan struct{})}
	h.polling = func(polls bool) { counted.Polls(p.queue, p.version.DeploymentName, p.version.BuildID, polls) }
	listener := p.health
	if listener == nil {
		close(h.done)
		return h
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+readyPath, h.ready)
	mux.HandleFunc("GET "+healthPath, h.ready)
	mux.HandleFunc("GET "+livePath, func(w http.ResponseWriter, _ *http.Request) {
		h.answer(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	mux.Handle("GET "+metricsPath, counted.Handler())
	h.server = &http.Server{Handler: mux, ReadHeaderTimeout: pollTimeout}
	go func() {
		defer close(h.done)
		_ = h.server.Serve(listener) // ends by stop; without it the health check fails, as it should
	}()
	return h
}

func (h *health) stop() {
	if h.server != nil {
		_ = h.server.Close() // the process ends
	}
	<-h.done
}

// watch has the answers follow a client that polls some queues; nil: none does.
func (h *health) watch(c client.Client, queues []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.client, h.queues = c, queues
	h.polling(c != nil)
}

// warn has the answers say what keeps a changed file from being used; empty: nothing does.
func (h *health) warn(warning string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.warning = warning
}

func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), pollTimeout)
	defer cancel()
	status, answer := http.StatusOK, map[string]string{"status": "ready", "taskQueue": h.queue}
	if err := h.polls(ctx); err != nil {
		status, answer["status"], answer["reason"] = http.StatusServiceUnavailable, "not ready", maintenance.Plain(err)
	}
	h.answer(w, status, answer)
}

func (h *health) answer(w http.ResponseWriter, status int, answer map[string]string) {
	answer["identity"] = h.identity
	h.mu.Lock()
	if h.warning != "" {
		answer["warning"] = "a changed file cannot be used; what it said before stays in force: " + h.warning
	}
	h.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) //nolint:errchkjson // who asked has gone
}

func (h *health) polls(ctx context.Context) error {
	h.mu.Lock()
	c, queues := h.client, h.queues
	h.mu.Unlock()
	if c == nil {
		return errors.New("the worker does not poll")
	}
	if err := h.pollsFor(ctx, c, h.queue, enumspb.TASK_QUEUE_TYPE_WORKFLOW); err != nil {
		return err
	}
	for _, queue := range queues {
		if err := h.pollsFor(ctx, c, queue, enumspb.TASK_QUEUE_TYPE_ACTIVITY); err != nil {
			return err
		}
	}
	return nil
}

func (h *health) pollsFor(ctx context.Context, c client.Client, queue string, kind enumspb.TaskQueueType) error {
	described, err := c.DescribeTaskQueue(ctx, queue, kind)
	if err != nil {
		return fmt.Errorf("ask Temporal who polls task queue %s: %w", queue, err)
	}
	for _, p := range described.GetPollers() {
		if p.GetIdentity() == h.identity && time.Since(p.GetLastAccessTime().AsTime()) < pollFresh {
			return nil
		}
	}
	return fmt.Errorf("Temporal has not seen this worker poll %s for %s tasks in the last %s", queue, kind, pollFresh) //nolint:staticcheck // a name starts it
}
