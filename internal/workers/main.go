package workers

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tidegate/tidegate/internal/bounded"
)

// Main runs the command with the process's arguments, and ends the process
// with its exit status: 0 stopped by a signal, 1 failed, 2 called wrongly.
func Main() {
	bounded.DefaultClients() // before anything is sent
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	status := Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}
