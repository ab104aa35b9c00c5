package main

import (
	"runtime/debug"

	"github.com/spf13/cobra"
)

// adopt adds cobra's own commands, help and completion, and has them refuse what
// there is not, as all others do: cobra itself shows help instead, and calls that
// done.
func adopt(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	examples := map[string]string{
		"bash": "source <(tidegate completion bash)", "zsh": "source <(tidegate completion zsh)",
		"fish": "tidegate completion fish | source", "powershell": "tidegate completion powershell | Out-String | Invoke-Expression",
	}
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Example, cmd.Args = "  tidegate help schedule create", cobra.ArbitraryArgs
			cmd.Run, cmd.RunE = nil, func(_ *cobra.Command, args []string) error { return helpOf(root, args) }
		case "completion":
			cmd.Example, cmd.Args = "  "+examples["bash"], noSuchCommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, shell := range cmd.Commands() {
				shell.Example, shell.Args = "  "+examples[shell.Name()], arguments()
			}
		}
	}
}

func helpOf(root *cobra.Command, names []string) error {
	cmd, rest, err := root.Find(names)
	if err != nil || len(rest) > 0 {
		return noSuchCommand(cmd, rest)
	}
	cmd.InitDefaultHelpFlag()
	return cmd.Help() //nolint:wrapcheck // what could not be written cannot be told either
}

// version is the build's: a release, or where it stands in the repository.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}
