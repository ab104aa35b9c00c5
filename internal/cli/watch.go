package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/cli/target"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/show"
)

// watchFlags say how a campaign is to be shown.
type watchFlags struct{ plain, exit, once bool }

// newWatch is the command that follows what somebody else has started, or what
// was held.
func newWatch(a *shell.App) *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:   "watch CAMPAIGN | GATEWAY_ID",
		Short: "Follow a campaign or a gateway's maintenance until it has ended or a person has to act",
		Long: "watch CAMPAIGN shows a campaign on the whole terminal, with keys for operator actions; ? lists them. It stays until q.\n" +
			"Where it is not on a terminal, or with --plain or --output json, it writes a line for each change, until the campaign\n" +
			"has ended or a person has to act. Of one that has ended those lines are its record, at once.\n" +
			"watch GATEWAY_ID writes such lines of one maintenance. The exit statuses are those of run; leaving a campaign that\n" +
			"goes on is 1, or 4 where a person has to act.",
		Example: "  tidegate watch payments-q4\n  tidegate watch payments-q4 --plain\n  tidegate watch payments-q4 --once\n  tidegate watch sgw-12A3456B",
		Args:    shell.Arguments("CAMPAIGN or GATEWAY_ID"),
		RunE:    func(cmd *cobra.Command, args []string) error { return runWatch(a, cmd, args[0], f) },
	}
	cmd.Flags().BoolVar(&f.plain, "plain", false, "write lines, also on a terminal")
	cmd.Flags().BoolVar(&f.exit, "exit", false, "leave a campaign's live view when the campaign ends")
	cmd.Flags().BoolVar(&f.once, "once", false, "print a campaign's live view as it is now, and leave")
	a.OutputFlag(cmd)
	return cmd
}

func runWatch(a *shell.App, cmd *cobra.Command, subject string, f watchFlags) error {
	id, err := shell.SubjectArgument(subject)
	faults := []error{err, a.CheckOutput()}
	if f.once && (f.plain || id != "" || a.Output != show.FormTable) {
		faults = append(faults, errors.New("--once: want a campaign, and neither --plain nor --output alongside it; as JSON: tidegate status CAMPAIGN --output json"))
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
	case f.plain || a.Output != show.FormTable || !show.Interactive(cmd.InOrStdin(), cmd.OutOrStdout()):
		return campaign.Attend(a, cmd, c, g)
	}
	return campaign.Watch(a, cmd, c, g, f.exit)
}
