package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud"
)

// call is one call of a cloud: when it arrived, its operation in AWS's terms or its method in
// Huawei's, and the text in which it names what it is about.
type call struct {
	at        time.Time
	operation string
	about     string
}

// tap serves a simulation and keeps the calls with their times, which the simulation only counts.
type tap struct {
	mu   sync.Mutex
	sim  *simcloud.Simulation
	kept []call
}

// serve serves the clouds that show is told on a free port, until stop is called.
func serve(ctx context.Context) (t *tap, endpoint string, stop func(), err error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", nil, fmt.Errorf("listen for the simulated clouds: %w", err)
	}
	t = &tap{}
	server := &http.Server{Handler: t, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with ErrServerClosed, by stop
	}()
	return t, "http://" + l.Addr().String(), func() {
		_ = server.Close() // nobody waits for answers any more
		<-done
	}, nil
}

// show lets the next round begin, on clouds of its own.
func (t *tap) show(sim *simcloud.Simulation) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.sim, t.kept = sim, nil
}

// ServeHTTP notes the call and passes it on unchanged.
func (t *tap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	operation, about := describe(r, body)
	t.mu.Lock()
	t.kept = append(t.kept, call{at: at, operation: operation, about: about})
	sim := t.sim
	t.mu.Unlock()
	sim.ServeHTTP(w, r)
}

// describe names a call. A call about volumes is one about their gateway too, since a volume's ARN
// contains the gateway's.
func describe(r *http.Request, body []byte) (operation, about string) {
	if header := r.Header.Get("X-Amz-Target"); header != "" {
		_, operation, _ = strings.Cut(header, ".")
		var in struct {
			GatewayARN string
			VolumeARN  string
			VolumeARNs []string
		}
		_ = json.Unmarshal(body, &in) // what is no JSON is the simulation's to refuse
		return operation, strings.Join(append(in.VolumeARNs, in.GatewayARN, in.VolumeARN), " ")
	}
	if form, err := url.ParseQuery(string(body)); err == nil && form.Get("Action") != "" {
		return form.Get("Action"), form.Get("SnapshotId.1") + " " + form.Get("Filter.1.Value.1")
	}
	return r.Method, r.URL.RequestURI()
}

// calls are the calls so far, in the order of their arrival.
func (t *tap) calls() []call {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]call(nil), t.kept...)
}
