package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/cli/target"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/workflows/api"
)

// newRun is the command that starts a campaign, or one gateway's maintenance.
func newRun(a *shell.App) *cobra.Command {
	var by, queue, checks string
	var detach bool
	var signs shell.SignFlags
	cmd := &cobra.Command{
		Use:   "run [FILE]",
		Short: "Start a campaign from a plan file, or the maintenance of one gateway from flags",
		Long: "run FILE starts the campaign of a plan file. Each target is maintained in its own next window, as the plan\n" +
			"allows. docs/reference/plan.md describes plan files. Without a file, flags name one gateway, and run\n" +
			"starts its maintenance: the update in its next window, the snapshots of its volumes and the upgrades of\n" +
			"its proxies.\n\n" +
			"run follows the run until it ends or a person has to act. You can stop following at any time; the run\n" +
			"continues. A gateway has at most one maintenance at a time, and a plan name at most one campaign: if one\n" +
			"is running, run starts nothing.",
		Example: "  tidegate run payments-q4.yaml\n" +
			"  tidegate run --name payments-1 --account prod --gateway arn:aws:storagegateway:...:gateway/sgw-12A3456B --detach",
		Args: shell.AtMostOne,
	}
	subject, policy := target.NewTargetFlags(cmd), target.NewPolicyFlags(cmd)
	cmd.Flags().BoolVar(&detach, "detach", false, "return once a worker has picked up the run; exit status 4 if none does within 10s")
	cmd.Flags().StringVar(&queue, "task-queue", api.TaskQueue, "Temporal task queue of the workers")
	cmd.Flags().StringVar(&checks, "checks", "", "plan file whose health checks (before, after) and mutes a single maintenance takes")
	a.OutputFlag(cmd)
	cmd.Flags().StringVar(&by, "by", "", "who starts the campaign (default: your login name)")
	signs.Register(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return campaign.Start(cmd, a, args[0], by, queue, &signs, detach, target.ConflictsWithFile(cmd, policy))
		}
		in, errs := target.FromFlags(subject, policy)
		if cmd.Flags().Changed("by") {
			errs = append(errs, errors.New("--by: requires FILE"))
		}
		if checks != "" {
			errs = append(errs, takeChecks(cmd, checks, &in)...)
		}
		return target.Start(cmd, a, in, queue, detach, errs)
	}
	return cmd
}

// takeChecks takes the health checks and mutes of a plan file for one maintenance: those at bake and for a whole
// campaign have no meaning there.
func takeChecks(cmd *cobra.Command, file string, in *api.MaintenanceInput) []error {
	f, err := campaign.ReadPlan(cmd, file, time.Now())
	errs := []error{err}
	subject := health.Subject{Target: in.Target}
	for _, c := range f.Plan.Checks {
		if !c.Has(health.AtBefore) && !c.Has(health.AtAfter) {
			continue
		}
		in.Checks = append(in.Checks, c)
		if _, err := c.Ask(subject); err != nil {
			errs = append(errs, fmt.Errorf("--checks: check %q cannot be asked of %s: %w", c.Name, in.Target.Name, err))
		}
	}
	in.Mutes = f.Plan.Mutes
	for i, m := range in.Mutes {
		if _, err := m.Ask(subject); err != nil {
			errs = append(errs, fmt.Errorf("--checks: mute[%d] does not fit %s: %w", i, in.Target.Name, err))
		}
	}
	return errs
}
