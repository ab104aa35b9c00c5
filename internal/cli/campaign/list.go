package campaign

import (
	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
)

// NewList is the command that lists campaigns.
func NewList(a *shell.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the campaigns of the namespace, running ones first",
		Long: "list shows the running campaigns with what blocks them (approval, pause and failure need a person), and\n" +
			"the ended ones for as long as the namespace retains them. Recent changes can take some seconds to appear.\n" +
			"No worker is needed.",
		Example: "  tidegate list",
		Args:    shell.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			show := func(p printer.Printer, c operate.Session, all []record.CampaignLine) {
				render.PrintCampaigns(p, all, c.Namespace)
			}
			return shell.Show(a, cmd, operate.ListCampaigns, show)
		},
	}
	a.OutputFlag(cmd)
	return cmd
}
