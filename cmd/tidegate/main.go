// Command tidegate is the operator's command. All of it is in internal/cli.
package main

import (
	"github.com/tidegate/tidegate/internal/cli"
	"github.com/tidegate/tidegate/internal/program"
)

func main() { program.Main(cli.Run) }
