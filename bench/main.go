// Command bench maintains one simulated fleet with Tidegate and with its alternatives, one after
// the other, and compares them. All of it is in internal/bench.
//
//	go run ./bench --targets 20
package main

import (
	"github.com/tidegate/tidegate/internal/bench"
	"github.com/tidegate/tidegate/internal/program"
)

func main() { program.Main(bench.Run) }
