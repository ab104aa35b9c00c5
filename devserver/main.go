// Command devserver runs Temporal and its Web UI on loopback, for development
// and for small installations: one process, one SQLite file, no Docker.
//
//	go run ./devserver --db tidegate.db
package main

import (
	"github.com/tidegate/tidegate/internal/devserver/command"
	"github.com/tidegate/tidegate/internal/program"
)

func main() { program.Main(command.Run) }
