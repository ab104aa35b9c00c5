// Package command is the command simcloud: its flags, and what it prints. The simulated clouds are
// in internal/simcloud. Start at Main.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses: 2 is the user's mistake (a flag, a file, a taken port), found
// before anything was started.
const (
	exitFailed = 1
	exitUsage  = 2
)

// Main runs the command with the process's arguments, and ends the process with its exit status.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes the command line and gives the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command := newCommand(ctx)
	command.SetArgs(args)
	command.SetOut(stdout)
	command.SetErr(stderr)
	err := command.Execute()
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "simcloud:", err) //nolint:errcheck // nobody is left to tell
	if errors.Is(err, errFailed) {
		return exitFailed
	}
	return exitUsage
}
