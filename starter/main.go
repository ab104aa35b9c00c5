// Command starter is the operator's command. Installed, it is called tidegate: it
// plans, starts, shows and steers campaigns and maintenances, keeps their schedules,
// writes their reports, and says what is missing. It asks workflows and never a cloud:
// it has no cloud credentials.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() { Main() }

// Main runs the command with the process's arguments, and ends the process
// with its exit status; see Run.
func Main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	status := Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
