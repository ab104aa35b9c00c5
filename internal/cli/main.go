package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Main runs the command with the process's arguments, and ends the process
// with its exit status; see Run.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	status := Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
