package main

import (
	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/workflows"
)

// newMaintain is the command that starts one gateway's maintenance from flags.
func newMaintain(a *app) *cobra.Command {
	var s start
	cmd := &cobra.Command{
		Use:   "maintain --name NAME --account ACCOUNT --gateway ARN [--proxy ...]",
		Short: "Start the maintenance of one gateway with its proxies",
		Long: "maintain starts the maintenance of one gateway: its update in its next window, the snapshots of its\n" +
			"volumes, the upgrades of its proxies. It returns at once, or with --wait when the maintenance has ended.\n" +
			"A gateway is never in two maintenances: where one is running, nothing is started.",
		Example: "  tidegate maintain --name payments-1 --account prod \\\n" +
			"    --gateway arn:aws:storagegateway:eu-central-1:123456789012:gateway/sgw-12A3456B --snapshot both --wait",
		Args: arguments(),
	}
	target, policy := newTargetFlags(cmd), newPolicyFlags(cmd)
	s.flags(a, cmd)
	cmd.Flags().BoolVar(&s.wait, "wait", false, "follow the maintenance to its end")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		in, errs := fromFlags(target, policy)
		s.input = in
		return s.run(cmd, a, errs)
	}
	return cmd
}

// fromFlags is what to start as the flags say it, with what is wrong with them.
func fromFlags(target *targetFlags, policy *policyFlags) (workflows.MaintenanceInput, []error) {
	t, errs := target.result()
	p, wrongs := policy.result()
	return workflows.MaintenanceInput{Target: t, Policy: p}, append(errs, wrongs...)
}
