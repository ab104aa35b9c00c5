package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/show"
)

// Run runs tidegate, and returns its exit status: 0 done, 1 failed, 2 called
// wrongly, 3 a maintenance that ended PARTIAL, 4 one that waits for a person: it
// is held, waits for an approval, was refused since its gateway is quarantined, or was
// started and no worker takes it up.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{}
	cmd := newRoot(a) //nolint:contextcheck // cobra gives each command its context
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	a.repeat(cmd)
	err := cmd.ExecuteContext(ctx)
	var end endError
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &end):
		return end.status
	}
	cmd.PrintErrln("tidegate:", show.Lines(maintenance.Plain(nextStep(err))))
	return statusOf(err)
}

func newRoot(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tidegate",
		Version: version(),
		Short:   "Maintain storage gateways and their proxies, each in its own window",
		Long: "tidegate starts, shows and steers the maintenance of AWS Storage Gateways and of the TaurusDB proxies\n" +
			"that belong to them. It finds Temporal by the same variables, profiles and flags as the Temporal CLI.\n" +
			"tidegate doctor says what is missing.\n\n" +
			"Exit status: 0 done, 1 failed or refused, 2 called wrongly (nothing was done), 3 ended PARTIAL,\n" +
			"4 a person has to act (it is held, waits for an approval, was refused since its gateway is quarantined, or was started\n" +
			"and no worker takes it up).",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,
		// How many letters a mistyped command may be off.
		SuggestionsMinimumDistance: 2,
		Example: "  tidegate plan payments-q4.yaml     what it would do, and when\n" +
			"  tidegate run payments-q4.yaml      do it, each gateway in its own window\n" +
			"  tidegate watch payments-q4         see it happen, and say what is to be done",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see %s --help", err, cmd.CommandPath())}
	})
	a.connection.Register(cmd, connectTimeout)
	cmd.AddCommand(newRun(a), newWatch(a), newStatus(a), newWindow(a), newSetup(a), newValidate(a), newSchedule(a), newPlan(a), newList(a), newReport(a), newDoctor(a))
	for _, o := range operate.Orders() {
		cmd.AddCommand(newOrder(a, o))
	}
	adopt(cmd)
	completions(cmd, a)
	return cmd
}

func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := fmt.Sprintf("see %s --help", cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean " + strings.Join(near, ", ") + "?"
	}
	return usageError{fmt.Errorf("there is no command %q; %s", args[0], hint)}
}

// arguments demands so many arguments, named as in the command's usage.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usageError{fmt.Errorf("%s is missing; see %s --help", names[len(args)], cmd.CommandPath())}
		case len(args) > len(names):
			return usageError{fmt.Errorf("the argument %q is one too many; see %s --help", args[len(names)], cmd.CommandPath())}
		}
		return nil
	}
}

// atMostOne is for a command that takes a FILE or none.
func atMostOne(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usageError{fmt.Errorf("the argument %q is one too many; see %s --help", args[1], cmd.CommandPath())}
	}
	return nil
}
