// Package demo is Tidegate's main job in one process: an embedded Temporal with its Web UI, two
// simulated clouds, a worker, and the campaign of plan.yaml over the gateways of scenario.yaml. It
// plays the people too, and compares every outcome with what was promised. Start at Main.
package demo

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tidegate/tidegate/internal/bounded"
)

// Main runs the command with the process's arguments, and ends the process with its exit status.
func Main() {
	bounded.DefaultClients() // before anything is sent
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
