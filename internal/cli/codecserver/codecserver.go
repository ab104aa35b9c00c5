// Package codecserver has the command that serves decryption to the Web UI and the Temporal CLI. What
// it serves is in internal/codec. Start at New.
package codecserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/codec"
	"github.com/tidegate/tidegate/internal/config/connection"
	"github.com/tidegate/tidegate/internal/config/secret"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// tokenVariable is the environment variable that holds the token.
const tokenVariable = "TIDEGATE_CODEC_TOKEN" //nolint:gosec // the name, not what it holds

const (
	// patience is how long a request may take, and how long one under way is waited for at the end.
	patience = 30 * time.Second
	// patienceAtStart is how long a request's headers may take.
	patienceAtStart = 5 * time.Second
)

// New is the command that runs a codec server.
func New(a *shell.App) *cobra.Command {
	var listen string
	var origins []string
	cmd := &cobra.Command{
		Use:   "codec",
		Short: "Run a codec server: decrypt payloads for the Web UI and the Temporal CLI",
		Long: "codec serves the encryption keys of TIDEGATE_ENCRYPTION_KEYS by Temporal's protocol for codec servers, for\n" +
			"one namespace, to Web UIs at the named origins and to the Temporal CLI. Whoever asks shows the token of\n" +
			"TIDEGATE_CODEC_TOKEN. Without a token it listens on loopback only. Both may come from files: ..._FILE.\n" +
			"docs/how-to/encrypt-payloads.md has the setup.",
		Example: "  tidegate codec --origin http://localhost:8233\n" +
			"  tidegate codec --namespace maintenance --listen :8234 --origin https://temporal.example.com",
		Args: shell.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, server, err := configured(a, origins)
			if err := errors.Join(err, mayListen(listen, server.Token)); err != nil {
				return shell.Usage(err)
			}
			return serve(cmd, listen, server, keys)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8234", "host:port to listen on")
	cmd.Flags().StringArrayVar(&origins, "origin", nil, "address of a Web UI whose pages may ask, such as https://temporal.example.com; may be repeated")
	return cmd
}

// configured are the keys, and whom the server answers. The error names everything that is wrong.
func configured(a *shell.App, origins []string) (connection.Keyring, codec.Server, error) {
	keys, err := connection.Keys()
	errs := []error{err}
	if err == nil && len(keys.Get().IDs()) == 0 {
		errs = append(errs, fmt.Errorf("there is no encryption key: set %s or %[1]s%s", codec.Variable, secret.Suffix))
	}
	token, err := secret.Lookup(os.Getenv, tokenVariable)
	errs = append(errs, err)
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || u.Host == "" || origin != u.Scheme+"://"+u.Host {
			errs = append(errs, maintenance.Invalid("--origin", origin, "scheme://host[:port] without a path, such as https://temporal.example.com"))
		}
	}
	options, err := a.Connection.Options() // for the namespace: it connects to nothing
	errs = append(errs, err)
	return keys, codec.Server{Namespace: options.Namespace, Origins: origins, Token: token}, errors.Join(errs...)
}

// mayListen refuses an address at which others than this machine's users ask, without a token.
func mayListen(listen, token string) error {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "" {
		return maintenance.Invalid("--listen", listen, "host:port, such as 127.0.0.1:8234")
	}
	ip := net.ParseIP(host)
	if token == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("--listen %s: others than this machine could decrypt: set %s or %[2]s%s, or listen on 127.0.0.1",
			listen, tokenVariable, secret.Suffix)
	}
	return nil
}

func serve(cmd *cobra.Command, listen string, server codec.Server, keys connection.Keyring) error {
	ctx := cmd.Context()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen: must be a free host:port: %w", err)
	}
	h := &http.Server{
		Handler: server.Handler(keys), ReadHeaderTimeout: patienceAtStart, ReadTimeout: patience, WriteTimeout: patience,
	}
	cmd.PrintErrf("The codec server of namespace %s listens at http://%s, with the keys %s. Ctrl-C ends it.\n",
		server.Namespace, listener.Addr(), strings.Join(keys.Get().IDs(), ", "))
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("the codec server ended: %w", err)
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := h.Shutdown(stopping); err != nil {
		return fmt.Errorf("stop the codec server: %w", err)
	}
	return nil
}
