package devserver

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// uiPollInterval is short: the Web UI answers within some milliseconds.
const uiPollInterval = 20 * time.Millisecond

// webUI is Temporal's Web UI with the assets that are compiled into it.
type webUI struct {
	server  *server.Server
	address string
	ended   chan struct{} // closed when the server has ended
	log     *slog.Logger
}

// newWebUI configures it for one machine: all actions allowed, no login, no
// codec, and nothing fetched from elsewhere.
func newWebUI(opts Options, frontend string, port int) *webUI {
	host := opts.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return &webUI{
		address: "http://" + net.JoinHostPort(opts.Host, strconv.Itoa(port)),
		ended:   make(chan struct{}),
		log:     opts.Logger,
		server: server.NewServer(server_options.WithConfigProvider(&config.Config{
			TemporalGRPCAddress: frontend,
			Host:                host,
			Port:                port,
			EnableUI:            true,
			DefaultNamespace:    opts.Namespace,
			// Plain HTTP on loopback: a Secure cookie would not come back.
			CORS:             config.CORS{CookieInsecure: true},
			DisableNewsFetch: true,
			HideLogs:         true,
		})),
	}
}

// start returns when the Web UI answers.
func (u *webUI) start(ctx context.Context) error {
	go func() {
		defer close(u.ended)
		if err := u.server.Start(); err != nil {
			u.log.Error("the Temporal Web UI ended", "error", err)
		}
	}()
	tick := time.NewTicker(uiPollInterval)
	defer tick.Stop()
	for {
		err := u.healthy(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-u.ended:
			return fmt.Errorf("the Temporal Web UI ended at its start (%s): %w", u.address, err)
		case <-ctx.Done():
			return fmt.Errorf("the Temporal Web UI does not answer at %s: %w: %w", u.address, ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func (u *webUI) healthy(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.address+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("ask the Temporal Web UI: %w", err)
	}
	// A transport of its own: no proxy from the environment, no connection kept.
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return fmt.Errorf("ask the Temporal Web UI: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is read from it
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("ask the Temporal Web UI: %s", resp.Status)
	}
	return nil
}

func (u *webUI) stop() {
	u.server.Stop()
	<-u.ended
}
