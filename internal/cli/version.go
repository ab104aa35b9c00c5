package cli

import (
	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/program"
)

// newVersion is the command that says which build this is.
func newVersion(a *shell.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show version, commit and date of this build",
		Long: "version shows which build this is. It contacts nothing. A build from a checkout has no release: its version is\n" +
			"\"" + program.Unreleased + "\", or what Go calls the commit.",
		Example: "  tidegate version\n  tidegate version --output json",
		Args:    shell.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.CheckOutput(); err != nil {
				return shell.Usage(err)
			}
			b := program.ThisBuild()
			return a.Printer(cmd).Print(b, func(p printer.Printer) { p.Linef("tidegate %s", b) })
		},
	}
	a.OutputFlag(cmd)
	return cmd
}
