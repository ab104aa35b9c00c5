package connection

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
)

// again is how long after a refused connection the next is tried. The SDK
// itself tries once.
const again = 500 * time.Millisecond

// Dial connects with options of Flags.Options. It tries until Temporal answers
// or the flags' time is up; the error then says what to do. The SDK's log goes
// to logger. The caller closes the client.
func Dial(ctx context.Context, options client.Options, logger *slog.Logger) (client.Client, error) {
	options.Logger = log.NewStructuredLogger(logger)
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
			return nil, unreachable(options, err)
		}
		select {
		case <-tick.C:
		case <-trying.Done():
			return nil, unreachable(options, err)
		}
	}
}

// unavailable is true where a server that is just starting would be, too.
func unavailable(err error) bool {
	var refused *serviceerror.Unavailable
	return errors.As(err, &refused)
}

func unreachable(options client.Options, err error) error {
	return fmt.Errorf("no connection to Temporal at %s: %w; start one (go run ./devserver --db FILE), "+
		"or say where it is with --address, TEMPORAL_ADDRESS or a profile", options.HostPort, err)
}
