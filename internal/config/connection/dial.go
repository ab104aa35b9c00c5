package connection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

const (
	// again is how long after a refused connection the next is tried. The SDK
	// itself tries once.
	again = 500 * time.Millisecond
	// hasty is how long DialNow tries before it finds out whether more time can help.
	hasty = time.Second
	// probing is how long a poll may take at why nobody answers.
	probing = 2 * time.Second
)

// Dial connects with options of Flags.Options. It tries until Temporal answers
// or the flags' time is up; the error then says why and what to do. The SDK's log
// goes to logger. The caller closes the client.
func Dial(ctx context.Context, options client.Options, logger *slog.Logger) (client.Client, error) {
	options.Logger = log.NewStructuredLogger(logger)
	return dial(ctx, options)
}

// DialNow is Dial for someone who waits for the answer: where nobody listens at
// the address, or its host is not known, it ends within some seconds.
func DialNow(ctx context.Context, options client.Options, logger *slog.Logger) (client.Client, error) {
	options.Logger = log.NewStructuredLogger(logger)
	brief := options
	brief.ConnectionOptions.GetSystemInfoTimeout = min(hasty, options.ConnectionOptions.GetSystemInfoTimeout)
	c, err := client.DialContext(ctx, brief)
	if err == nil {
		return c, nil
	}
	if !unavailable(err) || hopeless(probe(ctx, options)) {
		return nil, unreachable(ctx, options, err)
	}
	return dial(ctx, options)
}

func dial(ctx context.Context, options client.Options) (client.Client, error) {
	trying, cancel := context.WithTimeout(ctx, options.ConnectionOptions.GetSystemInfoTimeout)
	defer cancel()
	tick := time.NewTicker(again)
	defer tick.Stop()
	for {
		c, err := client.DialContext(trying, options)
		if err == nil {
			return c, nil
		}
		if !unavailable(err) {
			return nil, unreachable(ctx, options, err)
		}
		select {
		case <-tick.C:
		case <-trying.Done():
			return nil, unreachable(ctx, options, err)
		}
	}
}

// unavailable is true where a server that is just starting, or far away, would
// be, too.
func unavailable(err error) bool {
	_, refused := errors.AsType[*serviceerror.Unavailable](err)
	_, late := errors.AsType[*serviceerror.DeadlineExceeded](err)
	return refused || late || errors.Is(err, context.DeadlineExceeded)
}

// unreachable says why, as far as it can be known, and what to do.
func unreachable(ctx context.Context, options client.Options, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("no connection to Temporal at %s yet: %w", options.HostPort, ctx.Err())
	}
	if unavailable(err) {
		if cause := probe(ctx, options); cause != nil {
			err = cause
		}
	} else if cause := unauthorized(options, err); cause != nil {
		err = cause
	}
	if known, is := errors.AsType[*fault](err); is {
		return fmt.Errorf("no connection to Temporal at %s: %w", options.HostPort, known)
	}
	return fmt.Errorf("no connection to Temporal at %s: check the address (--address, TEMPORAL_ADDRESS or a profile) and TLS, "+
		"or start a server there (devserver --db temporal.db): %w", options.HostPort, err)
}

// probe is what keeps a connection from being made, plain or by TLS; nil where nothing does, or where
// gRPC goes by a proxy. The SDK's own error often hides it.
func probe(ctx context.Context, options client.Options) error {
	address := strings.TrimPrefix(options.HostPort, "dns:///")
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil // a target that only gRPC understands
	}
	// gRPC asks the same, with the same URL.
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: &url.URL{Scheme: "https", Host: address}})
	if err != nil {
		return fmt.Errorf("find the proxy: %w", err)
	}
	if proxy != nil {
		return nil
	}
	dialer := net.Dialer{Timeout: probing}
	c, err := dialer.DialContext(ctx, "tcp", address)
	if err == nil {
		defer c.Close() //nolint:errcheck // nothing is sent
		return shake(ctx, c, host, options.ConnectionOptions.TLS)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return syscall.ECONNREFUSED // the address is named already
	}
	if missing, ok := errors.AsType[*net.DNSError](err); ok {
		return missing
	}
	return fmt.Errorf("plain TCP connection: %w", err)
}

// hopeless is true where waiting alone does not help.
func hopeless(cause error) bool {
	missing, unknown := errors.AsType[*net.DNSError](cause)
	_, known := errors.AsType[*fault](cause)
	return errors.Is(cause, syscall.ECONNREFUSED) || unknown && missing.IsNotFound || known
}
