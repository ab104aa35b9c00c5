package workers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	// healthPath is where a worker says whether it is ready.
	healthPath = "/healthz"
	// pollTimeout bounds one poll at Temporal's list of pollers.
	pollTimeout = 3 * time.Second
	// pollFresh is how old a worker's last poll may be: a long poll lasts a
	// minute.
	pollFresh = 2 * time.Minute
)

// health answers GET /healthz with 200 while Temporal itself lists this worker
// among the pollers of all its task queues: what the worker believes of itself
// does not count.
type health struct {
	identity string
	queues   []string     // the workflows' first
	server   *http.Server // nil for none
	done     chan struct{}

	mu     sync.Mutex
	client client.Client // nil while the worker does not poll
}

// serveHealth answers on a listener; a nil one is not served.
func serveHealth(listener net.Listener, identity string, queues []string) *health {
	h := &health{identity: identity, queues: queues, done: make(chan struct{})}
	if listener == nil {
		close(h.done)
		return h
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+healthPath, h.answer)
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

// watch has the answers follow a client that polls; nil: none does.
func (h *health) watch(c client.Client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.client = c
}

func (h *health) answer(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), pollTimeout)
	defer cancel()
	status, answer := http.StatusOK, map[string]string{"status": "ready", "taskQueue": h.queues[0], "identity": h.identity}
	if err := h.polls(ctx); err != nil {
		status, answer["status"], answer["reason"] = http.StatusServiceUnavailable, "not ready", maintenance.Plain(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) //nolint:errchkjson // who asked has gone
}

func (h *health) polls(ctx context.Context) error {
	h.mu.Lock()
	c := h.client
	h.mu.Unlock()
	if c == nil {
		return errors.New("the worker does not poll")
	}
	if err := h.pollsFor(ctx, c, h.queues[0], enumspb.TASK_QUEUE_TYPE_WORKFLOW); err != nil {
		return err
	}
	for _, queue := range h.queues {
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
