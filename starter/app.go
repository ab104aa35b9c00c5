package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/config/connection"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// connectTimeout is how long a command that a person waits for tries to reach
// Temporal.
const connectTimeout = 10 * time.Second

// answerTimeout is how long a worker may take to answer what an operator asks
// of a run.
const answerTimeout = 20 * time.Second

// app is what the commands share.
type app struct {
	connection connection.Flags
	output     string
}

// session is a connection to one namespace. Whoever made it closes it.
type session struct {
	client.Client
	namespace string
}

// dial connects to Temporal. Before that it tells what is wrong, all at once:
// the faults that the command found, and those of the connection's flags.
func (a *app) dial(ctx context.Context, faults ...error) (session, error) {
	options, err := a.connection.Options()
	if err := errors.Join(append(faults, err)...); err != nil {
		return session{}, usageError{err}
	}
	c, err := connection.Dial(ctx, options, slog.New(slog.DiscardHandler))
	if err != nil {
		return session{}, err
	}
	return session{Client: c, namespace: options.Namespace}, nil
}

// The forms of --output.
const (
	outputTable = "table"
	outputJSON  = "json"
	outputYAML  = "yaml"

	wantOutput = "table, json or yaml"
)

// outputFlag adds --output to a command that prints data.
func (a *app) outputFlag(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&a.output, "output", "o", outputTable, wantOutput)
}

func (a *app) checkOutput() error {
	switch a.output {
	case outputTable, outputJSON, outputYAML:
		return nil
	}
	return wrong("--output", a.output, wantOutput)
}

var gatewayIDForm = regexp.MustCompile(`^sgw-[0-9A-Fa-f]{8,17}$`)

// gatewayArgument is a gateway's id, also where its ARN was given.
func gatewayArgument(arg string) (string, error) {
	id := maintenance.GatewayID(arg)
	if !gatewayIDForm.MatchString(id) {
		return "", wrong("GATEWAY_ID", arg, "a gateway's id, such as sgw-12A3456B, or its ARN")
	}
	return id, nil
}

func wrong(field, value, want string) error {
	return &maintenance.FieldError{Field: field, Value: value, Want: want}
}

// unanswered adds to the error of a question what most often is the cause where
// nobody answered it.
func unanswered(doing string, err error) error {
	_, late := errors.AsType[*serviceerror.DeadlineExceeded](err)
	_, nobody := errors.AsType[*serviceerror.FailedPrecondition](err) // no poller was seen lately
	if late || nobody || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("%s: no worker answers; is one running? (go run ./worker --accounts FILE; tidegate doctor says what is missing)", doing)
	}
	return fmt.Errorf("%s: %w", doing, err)
}
