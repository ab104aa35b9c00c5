// Command worker is cmd/tidegate-worker, run from a checkout: go run ./worker.
package main

import (
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/workers"
)

func main() { program.Main(workers.Run) }
