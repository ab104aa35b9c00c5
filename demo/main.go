// Command demo runs Tidegate's main job in one process: an embedded Temporal
// with its Web UI, two simulated clouds, a worker, and a campaign over 22 gateways
// with different outcomes. It needs no network, no account and no files.
//
//	go run ./demo
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/tidegate/tidegate/internal/bounded"
)

func main() {
	bounded.DefaultClients() // before anything is sent
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
