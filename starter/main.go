// Command starter is the operator's command. Installed, it is called tidegate.
// internal/cli has all of it.
package main

import (
	"github.com/tidegate/tidegate/internal/cli"
	"github.com/tidegate/tidegate/internal/program"
)

func main() { program.Main(cli.Run) }
