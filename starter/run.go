package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows/api"
)

// newRun is the command that starts a campaign, or one gateway's maintenance.
func newRun(a *app) *cobra.Command {
	var s start
	var by string
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
		Args: atMostOne,
	}
	target, policy := newTargetFlags(cmd), newPolicyFlags(cmd)
	s.flags(a, cmd)
	cmd.Flags().StringVar(&by, "by", "", "who starts the campaign (default: your login name)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 1 {
			return s.campaign(cmd, a, args[0], by, besideFile(cmd, policy))
		}
		var errs []error
		s.input, errs = fromFlags(target, policy)
		if cmd.Flags().Changed("by") {
			errs = append(errs, errors.New("--by: want a FILE beside it"))
		}
		return s.run(cmd, a, errs)
	}
	return cmd
}

// campaign starts the campaign of a plan file, unless there are faults, and
// follows it where that is wanted.
func (s *start) campaign(cmd *cobra.Command, a *app, file, by string, faults []error) error {
	p, err := readPlan(cmd, file, time.Now())
	if !cmd.Flags().Changed("by") {
		by = operate.LoginName()
	}
	if strings.TrimSpace(by) == "" {
		faults = append(faults, wrong("--by", by, "who you are"))
	}
	faults = append(faults, err, wrongQueue(s.queue), a.checkOutput())
	c, err := a.dial(cmd.Context(), faults...)
	if err != nil {
		return err
	}
	defer c.Close()
	name := p.plan.Name
	run, err := launchCampaign(cmd.Context(), c, p, campaignInput(p, by), campaignStart(p, api.CampaignWorkflowID(name), s.queue))
	if err != nil {
		return err
	}
	cmd.PrintErrf("Started the campaign %s (%s) as workflow %s, run %s.\n", name, summaryOf(p.plan), run.GetID(), run.GetRunID())
	tellWarnings(cmd, p.plan)
	g := operate.Started(name, run)
	if !s.detach {
		return a.attendCampaign(cmd, c, g)
	}
	return detached(cmd, c, run, s.queue, name, func() error {
		return operate.CampaignRecord{Campaign: name, WorkflowID: g.WorkflowID, RunID: g.RunID, Execution: operate.Running}.Print(a.printer(cmd))
	})
}

// besideFile are the flags that were given though the file says what they say.
func besideFile(cmd *cobra.Command, policy *policyFlags) []error {
	names := []string{"name", "account", "gateway", "proxy", "label", "freeze", "approval", "shift-reads"}
	names = append(names, slices.Sorted(maps.Values(policy.names))...)
	var errs []error
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			errs = append(errs, fmt.Errorf("--%s: want it in FILE, or no FILE", name))
		}
	}
	return errs
}

// fromFlags is what to start as the flags say it, with what is wrong with them.
func fromFlags(target *targetFlags, policy *policyFlags) (api.MaintenanceInput, []error) {
	t, errs := target.result()
	p, wrongs := policy.result()
	return api.MaintenanceInput{Target: t, Policy: p}, append(errs, wrongs...)
}
