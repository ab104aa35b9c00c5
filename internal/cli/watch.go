package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/cli/target"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/printer"
)

// watchFlags say how a campaign is to be shown.
type watchFlags struct{ plain, exit, once bool }

// newWatch is the command that follows what someone else has started, or what
// was held.
func newWatch(a *shell.App) *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch CAMPAIGN | GATEWAY_ID",
		Short: "Follow a campaign or a gateway's maintenance until it ends or a person has to act",
		Long: "watch CAMPAIGN shows a campaign live on the whole terminal, with keys for operator actions; ? lists them.\n" +
			"Press q to leave. Without a terminal, or with --plain or --output json, it prints one line per change\n" +
			"until the campaign ends or a person has to act. For a campaign that has ended it prints the recorded lines\n" +
			"at once.\n\n" +
			"watch GATEWAY_ID prints one line per change of a single maintenance. The exit status is as for run;\n" +
			"leaving a campaign that still runs gives 1, or 4 if a person has to act.",
		Example: "  tidegate watch payments-q4\n  tidegate watch payments-q4 --plain\n  tidegate watch payments-q4 --once\n  tidegate watch sgw-12A3456B",
		Args:    shell.Arguments("CAMPAIGN or GATEWAY_ID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return runWatch(a, cmd, args[0], f) },
	}
	cmd.Flags().BoolVar(&f.plain, "plain", false, "print lines, even on a terminal")
	cmd.Flags().BoolVar(&f.exit, "exit", false, "leave the live view when the campaign ends")
	cmd.Flags().BoolVar(&f.once, "once", false, "print the live view once, and exit")
	a.OutputFlag(cmd)
	return cmd
}

func runWatch(a *shell.App, cmd *cobra.Command, subject string, f watchFlags) error {
	id, err := shell.SubjectArgument(subject)
	faults := []error{err, a.CheckOutput()}
	if f.once && (f.plain || id != "" || a.Output != printer.FormTable) {
		faults = append(faults, errors.New("--once: requires a campaign, and cannot be combined with --plain or --output; for JSON: tidegate status CAMPAIGN --output json"))
	}
	c, err := a.Dial(cmd.Context(), faults...)
	if err != nil {
		return err
	}
	defer c.Close()
	if id != "" {
		return target.Watch(a, cmd, c, id)
	}
	g, err := operate.FindCampaign(cmd.Context(), c, subject)
	switch {
	case err != nil:
		return err
	case f.once:
		return campaign.Glance(a, cmd, c, g)
	case f.plain || a.Output != printer.FormTable || !printer.Interactive(cmd.InOrStdin(), cmd.OutOrStdout()):
		return campaign.Attend(a, cmd, c, g)
	}
	return campaign.Watch(a, cmd, c, g, f.exit)
}
