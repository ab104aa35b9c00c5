// Command demo runs a campaign over 22 gateways with different outcomes in one process: an embedded
// Temporal with its Web UI, two simulated clouds and a worker. It needs no network, no account and
// no files.
//
//	go run ./demo
package main

import (
	"github.com/tidegate/tidegate/internal/demo"
	"github.com/tidegate/tidegate/internal/program"
)

func main() { program.Main(demo.Run) }
