package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/config/fault"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows"
)

// newRun is the command that starts one gateway's maintenance.
func newRun(a *app) *cobra.Command {
	var s start
	cmd := &cobra.Command{
		Use:   "run [FILE]",
		Short: "Run the maintenance of one gateway, from a YAML file or from flags",
		Long: "run starts the maintenance of one gateway: its update in its next window, the snapshots of its volumes, the\n" +
			"upgrades of its proxies. It follows it until it has ended or is held; the maintenance goes on without being\n" +
			"followed. The file holds a target and a policy, in the fields of docs/configuration.md; without a file, flags\n" +
			"say them. A gateway is never in two maintenances: where one is running, nothing is started.",
		Example: "  tidegate run payments-1.yaml\n" +
			"  tidegate run --name payments-1 --account prod --gateway arn:aws:storagegateway:...:gateway/sgw-12A3456B --detach",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usageError{fmt.Errorf("the argument %q is one too many; see %s --help", args[1], cmd.CommandPath())}
			}
			return nil
		},
	}
	target, policy := newTargetFlags(cmd), newPolicyFlags(cmd)
	s.flags(a, cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var errs []error
		if len(args) == 1 {
			s.input, errs = fromFile(args[0])
			errs = append(errs, besideFile(cmd, policy)...)
		} else {
			s.input, errs = fromFlags(target, policy)
		}
		return s.run(cmd, a, errs)
	}
	return cmd
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

// fromFile is what to start as a file says it, with what is wrong with it.
func fromFile(path string) (workflows.MaintenanceInput, []error) {
	// The file goes over the defaults, so that a zero in it is a wrong value and not
	// one that was left out.
	in := workflows.MaintenanceInput{Policy: maintenance.Policy{}.WithDefaults()}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return in, []error{fmt.Errorf("FILE: %w", err)}
	}
	if err := yaml.UnmarshalWithOptions(text, &in, yaml.Strict()); err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			pos := at.GetToken().Position
			return in, []error{fmt.Errorf("%s:%d:%d: %s", path, pos.Line, pos.Column, at.GetMessage())}
		}
		return in, []error{fmt.Errorf("%s: %w", path, err)}
	}
	var errs []error
	for _, f := range fault.Fields(errors.Join(in.Target.Validate(), in.Policy.Validate())) {
		errs = append(errs, fmt.Errorf("%s: %w", path, f))
	}
	return in, errs
}

// fromFlags is what to start as the flags say it, with what is wrong with them.
func fromFlags(target *targetFlags, policy *policyFlags) (workflows.MaintenanceInput, []error) {
	t, errs := target.result()
	p, wrongs := policy.result()
	return workflows.MaintenanceInput{Target: t, Policy: p}, append(errs, wrongs...)
}
