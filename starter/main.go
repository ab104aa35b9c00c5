// Command starter is cmd/tidegate, the operator's command, run from a checkout: go run ./starter.
package main

import (
	"github.com/tidegate/tidegate/internal/cli"
	"github.com/tidegate/tidegate/internal/program"
)

func main() { program.Main(cli.Run) }
