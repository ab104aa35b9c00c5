package main

import (
	"context"
	"errors"
	"log/slog"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/config/connection"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/show"
)

// connectTimeout is how long a command that a person waits for tries to reach
// Temporal.
const connectTimeout = 10 * time.Second

// app is what the commands share.
type app struct {
	connection connection.Flags
	output     string
	waits      bool           // also for a Temporal that is just starting
	advised    *regexp.Regexp // a command of tidegate's in a text
}

// dial connects to Temporal. Before that it tells what is wrong, all at once:
// the faults that the command found, and those of the connection's flags.
func (a *app) dial(ctx context.Context, faults ...error) (operate.Session, error) {
	options, err := a.connection.Options()
	if err := errors.Join(append(faults, err)...); err != nil {
		return operate.Session{}, usageError{err}
	}
	dial := connection.DialNow
	if a.waits || a.connection.TimeoutGiven() {
		dial = connection.Dial
	}
	c, err := dial(ctx, options, slog.New(slog.DiscardHandler))
	if err != nil {
		return operate.Session{}, err
	}
	return operate.Session{Client: c, Namespace: options.Namespace}, nil
}

// outputFlag adds --output to a command that prints data.
func (a *app) outputFlag(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&a.output, "output", "o", show.FormTable, show.Forms)
}

// printer writes a command's answer in the form that was asked for.
func (a *app) printer(cmd *cobra.Command) show.Printer {
	return show.Printer{Out: cmd.OutOrStdout(), Form: a.output}
}

func (a *app) checkOutput() error {
	switch a.output {
	case show.FormTable, show.FormJSON, show.FormYAML:
		return nil
	}
	return wrong("--output", a.output, show.Forms)
}

var gatewayIDForm = regexp.MustCompile(`^sgw-[0-9A-Fa-f]{8,17}$`)

// gatewayArgument is a gateway's id, also where its ARN was given.
func gatewayArgument(arg string) (string, error) {
	id := maintenance.GatewayID(arg)
	if !gatewayIDForm.MatchString(id) {
		return "", wrong("gateway", arg, "a gateway's id, such as sgw-12A3456B, or its ARN")
	}
	return id, nil
}

func wrong(field, value, want string) error {
	return &maintenance.FieldError{Field: field, Value: value, Want: want}
}
