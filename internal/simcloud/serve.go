package simcloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// stopPatience is how long calls under way may take to end when the server stops.
const stopPatience = time.Second

// ErrListen is an address that cannot be listened on: taken, not this
// machine's, or not an address.
var ErrListen = errors.New("cannot listen")

// ErrAddress is a text that is not HOST:PORT.
var ErrAddress = errors.New("not HOST:PORT")

// Start serves the simulation on an address such as 127.0.0.1:4599 (port 0 is
// a free one) until stop is called or ctx ends. It returns the address that it
// serves on. Calling stop again does nothing.
func (s *Simulation) Start(ctx context.Context, listen string) (address string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", listen)
	if err != nil {
		return "", nil, fmt.Errorf("%w on %s: %w", ErrListen, listen, err)
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with ErrServerClosed, by stop
	}()
	halt := func() {
		graceful, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		if server.Shutdown(graceful) != nil {
			_ = server.Close() // the connections are dropped either way
		}
		<-done
	}
	cancelWatch := context.AfterFunc(ctx, halt)
	return listener.Addr().String(), func() {
		cancelWatch()
		halt()
	}, nil
}

// healthPatience is how long a simulation may take to say that it serves.
const healthPatience = 3 * time.Second

// Healthy asks whether a simulation serves at an address, HOST:PORT; else its error says
// what answers there. ErrAddress: nothing was asked.
func Healthy(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/_sim/healthz", nil)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAddress, err)
	}
	client := &http.Client{Timeout: healthPatience}
	reply, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("nothing answers at %s: %s", address, maintenance.Plain(err))
	}
	if err := reply.Body.Close(); err != nil {
		return fmt.Errorf("read the answer of %s: %w", address, err)
	}
	if reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", address, reply.Status)
	}
	return nil
}
