// Package command is the command devserver: its flags, and what it prints. The server is in
// internal/devserver. Start at Main.
package command

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// Main runs the command with the process's arguments, and ends the process with its exit status.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
