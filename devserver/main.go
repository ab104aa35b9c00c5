// Command devserver runs Temporal and its Web UI on loopback, for development
// and for small installations: one process, one SQLite file, no Docker.
//
//	go run ./devserver --db tidegate.db
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the next one ends the process at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}
