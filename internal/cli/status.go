package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/operate"
)

// newStatus is the command that shows how far a campaign or a gateway's
// maintenance is, or how it ended.
func newStatus(a *shell.App) *cobra.Command {
	var f campaign.StatusFlags
	cmd := &cobra.Command{
		Use:   "status CAMPAIGN [TARGET] | GATEWAY_ID",
		Short: "Show the progress or the outcome of a campaign or a gateway's maintenance",
		Long: "status CAMPAIGN shows the number of targets in each state, the waves, what blocks the targets that wait,\n" +
			"what runs, what starts next, what failed, who decided what, and your next steps. With TARGET, a name or a\n" +
			"gateway id, it shows that target and its maintenance. CAMPAIGN is the name in the plan or the workflow id.\n\n" +
			"status GATEWAY_ID shows the steps of one maintenance, what it waits for and why, what it has changed, who\n" +
			"decided what, whether the gateway is quarantined, and your next steps.\n\n" +
			"Ended runs are read from their record. No worker is needed, except to list targets. The exit status is 0\n" +
			"if the status could be shown.",
		Example: "  tidegate status payments-q4\n  tidegate status payments-q4 files-1\n  tidegate status payments-q4 --state waiting,failed\n" +
			"  tidegate status sgw-12A3456B --output json | jq .status.reason",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 && !shell.IsGateway(args[0]) {
				return nil
			}
			return shell.Arguments("CAMPAIGN or GATEWAY_ID")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runStatus(a, cmd, args, &f) },
	}
	f.Register(cmd)
	a.OutputFlag(cmd)
	return cmd
}

// runStatus shows it.
func runStatus(a *shell.App, cmd *cobra.Command, args []string, f *campaign.StatusFlags) error {
	id, err := shell.SubjectArgument(args[0])
	faults := []error{err, a.CheckOutput()}
	target := ""
	if len(args) == 2 {
		target, err = shell.TargetArgument(args[1])
		faults = append(faults, err)
	}
	states, err := f.Wanted()
	faults = append(faults, err)
	if f.Lists() && (shell.IsGateway(args[0]) || len(args) == 2) {
		faults = append(faults, errors.New("--all and --state: require a campaign without a target"))
	}
	c, err := a.Dial(cmd.Context(), faults...)
	if err != nil {
		return err
	}
	defer c.Close()
	if id == "" {
		return campaign.Status(a, cmd, c, campaign.Question{Name: args[0], Target: target, List: f.Lists(), States: states})
	}
	r, err := operate.FindMaintenance(cmd.Context(), c, id, "")
	if r.Gateway != "" {
		err = errors.Join(err, render.PrintMaintenance(a.Printer(cmd), r))
	}
	return err
}
