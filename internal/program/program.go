// Package program is what the programs have in common: a signal ends them, an error is one line on
// standard error, and the exit status tells a wrong call from a failure. The operator's command
// has more exit statuses, in internal/cli/shell. Start at Main.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// The exit statuses.
const (
	StatusDone   = 0
	StatusFailed = 1
	StatusUsage  = 2 // a wrong flag, argument, file or port: nothing was started
)

// Main runs a program with the process's arguments until SIGINT or SIGTERM, and ends the process
// with the exit status that run returns.
func Main(run func(ctx context.Context, args []string, stdout, stderr io.Writer) int) {
	bounded.DefaultClients() // before anything is sent
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Run runs the command that is made and returns its exit status.
func Run(ctx context.Context, command func() *cobra.Command, args []string, stdout, stderr io.Writer) int {
	cmd := command()
	cmd.Version = ThisBuild().String()
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return Usage(fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
	})
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return StatusDone
	}
	cmd.PrintErrln(cmd.Name()+":", maintenance.Plain(err))
	if IsUsage(err) {
		return StatusUsage
	}
	return StatusFailed
}

// FlagsOnly refuses arguments.
func FlagsOnly(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return Usage(fmt.Errorf("unexpected argument %q; see %s --help", args[0], cmd.CommandPath()))
	}
	return nil
}

// usageError is a wrong flag, argument or file.
type usageError struct{ error }

// Unwrap is what is wrong.
func (e usageError) Unwrap() error { return e.error }

// Usage marks an error as a usage error: nothing was started.
func Usage(err error) error { return usageError{err} }

// IsUsage is true for what Usage says.
func IsUsage(err error) bool {
	_, ok := errors.AsType[usageError](err)
	return ok
}
