package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/channels"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// oncall is the channel that the plan notifies.
const oncall = "oncall"

// message is what people are sent.
type message struct {
	At      time.Time `json:"-"`
	Title   string    `json:"title"`
	Message string    `json:"message"`
}

// hook is a webhook in this process, in the place of a chat or a pager: it keeps
// what it is sent, and shows it to a browser.
type hook struct {
	address string // as host:port
	mu      sync.Mutex
	got     []message
}

// openHook listens on a free port until stop is called.
func openHook(ctx context.Context) (h *hook, stop func(), err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", loopback(0))
	if err != nil {
		return nil, nil, fmt.Errorf("listen for the channel %s: %w", oncall, err)
	}
	h = &hook{address: l.Addr().String()}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = server.Serve(l) // what it does not take, the campaign reports as undelivered
	}()
	return h, func() {
		_ = server.Close() // nothing is lost by it
		<-served
	}, nil
}

// channels are those of the worker.
func (h *hook) channels() *channels.Channels {
	return channels.New([]channels.Channel{{
		Name: oncall, Address: channels.Address("generic://" + h.address + "/?template=json&disabletls=yes"),
	}})
}

// ServeHTTP takes a message, or shows those that have come.
func (h *hook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		for _, m := range h.messages() {
			_, _ = fmt.Fprintf(w, "%s  %s\n%s\n\n", m.At.UTC().Format(time.TimeOnly), m.Title, m.Message) // the browser has gone
		}
		return
	}
	m := message{At: time.Now()}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bounded.MaxError)).Decode(&m); err != nil {
		http.Error(w, "want JSON with title and message: "+err.Error(), http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got = append(h.got, m)
}

// messages are those that have come, in their order.
func (h *hook) messages() []message {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.got)
}

// announced are the titles that the channel should get, each once.
func announced(campaign string, targets []member) map[string]int {
	titles := map[string]int{
		campaign + ": the campaign needs approval (0 of 1 given)": 1, campaign + ": " + string(fleet.Partial): 1,
	}
	titles[campaign+": a health check failed while wave 1 baked"]++
	for _, m := range targets {
		if m.dirty {
			titles[campaign+": "+m.name+" blocked by a health check"]++
		}
		if m.decide != nil {
			titles[campaign+": "+m.name+" held"]++
		}
		if m.expect.state == fleet.Failed {
			titles[campaign+": "+m.name+" failed"]++
		}
	}
	return titles
}

func titles(messages []message) map[string]int {
	counts := map[string]int{}
	for _, m := range messages {
		counts[m.Title]++
	}
	return counts
}
