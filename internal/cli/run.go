package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/cli/target"
	"github.com/tidegate/tidegate/workflows/api"
)

// newRun is the command that starts a campaign, or one gateway's maintenance.
func newRun(a *shell.App) *cobra.Command {
	var by, queue string
	var detach bool
	cmd := &cobra.Command{
		Use:   "run [FILE]",
		Short: "Run a campaign from a plan file, or the maintenance of one gateway from flags",
		Long: "run FILE starts the campaign of a plan file, as docs/reference/plan.md describes it: each target is maintained in its own\n" +
			"next window, as the plan allows. Without a file, flags name one gateway, and its maintenance is started: its update in\n" +
			"its next window, the snapshots of its volumes, the upgrades of its proxies. run follows what it has started until it\n" +
			"has ended or a person has to act; it goes on without being followed. A gateway is never in two maintenances, and a\n" +
			"plan's name never in two campaigns: where one is running, nothing is started.",
		Example: "  tidegate run payments-q4.yaml\n" +
			"  tidegate run --name payments-1 --account prod --gateway arn:aws:storagegateway:...:gateway/sgw-12A3456B --detach",
		Args: shell.AtMostOne,
	}
	subject, policy := target.NewTargetFlags(cmd), target.NewPolicyFlags(cmd)
	cmd.Flags().BoolVar(&detach, "detach", false, "return once a worker has taken the campaign or the maintenance up; status 4 where none does within 10s")
	cmd.Flags().StringVar(&queue, "task-queue", api.TaskQueue, "Temporal task queue of the workers")
	a.OutputFlag(cmd)
	cmd.Flags().StringVar(&by, "by", "", "who starts the campaign (default: your login name)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return campaign.Start(cmd, a, args[0], by, queue, detach, target.BesideFile(cmd, policy))
		}
		in, errs := target.FromFlags(subject, policy)
		if cmd.Flags().Changed("by") {
			errs = append(errs, errors.New("--by: want a FILE alongside it"))
		}
		return target.Start(cmd, a, in, queue, detach, errs)
	}
	return cmd
}
