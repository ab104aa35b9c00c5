package workers

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/program"
)

// newHealthcheck is the command by which a container without a shell asks the
// worker in it: exit status 0 when that is ready, else 1.
func newHealthcheck(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "healthcheck",
		Short: "Ask the worker at --health-listen whether it is ready",
		Args:  program.FlagsOnly,
		RunE: func(cmd *cobra.Command, _ []string) error {
			address, err := reachable(s.healthListen)
			if err != nil {
				return program.Usage(err)
			}
			return ask(cmd.Context(), address, cmd.OutOrStdout())
		},
	}
}

// reachable is the address at which a listener is found.
func reachable(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil || port == "" {
		return "", maintenance.Invalid("--health-listen", listen, "host:port, such as 127.0.0.1:8081")
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port), nil
}

func ask(ctx context.Context, address string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, pollTimeout+pollTimeout/2) // the worker itself polls for pollTimeout
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+readyPath, nil)
	if err != nil {
		return fmt.Errorf("ask the worker at %s: %w", address, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("ask the worker: %w", err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	text := strings.TrimSpace(string(body))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the worker at %s is not ready: %s", address, cmp.Or(text, response.Status))
	}
	if err == nil {
		_, err = fmt.Fprintln(out, text)
	}
	if err != nil {
		return fmt.Errorf("read the worker's answer: %w", err)
	}
	return nil
}
