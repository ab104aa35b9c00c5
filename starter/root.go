package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit statuses.
const (
	statusDone    = 0
	statusFailed  = 1 // it failed, or its end could not be learnt
	statusUsage   = 2 // called wrongly: nothing was started
	statusPartial = 3 // the maintenance ended PARTIAL
	statusHeld    = 4 // a person has to act: it is held, or its gateway is quarantined
)

// usageError is a wrong flag, argument or file.
type usageError struct{ error }

// Unwrap is what is wrong.
func (e usageError) Unwrap() error { return e.error }

func isUsage(err error) bool {
	_, ok := errors.AsType[usageError](err)
	return ok
}

// heldError is a maintenance that was not started, since a person has to act.
type heldError struct{ error }

// Unwrap is why.
func (e heldError) Unwrap() error { return e.error }

// endError is a maintenance that was followed to an end other than COMPLETED.
// What became of it has been printed.
type endError struct{ status int }

// Error is for programs that do not look at the status.
func (e endError) Error() string { return fmt.Sprintf("ended with exit status %d", e.status) }

// Run runs tidegate, and returns its exit status: 0 done, 1 failed, 2 called
// wrongly, 3 a maintenance that ended PARTIAL, 4 one that waits for a person: it
// is held, or refused because its gateway is quarantined.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cmd := newRoot() //nolint:contextcheck // cobra gives each command its context
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	var end endError
	switch {
	case err == nil:
		return statusDone
	case errors.As(err, &end):
		return end.status
	}
	cmd.PrintErrln("tidegate:", err)
	if isUsage(err) {
		return statusUsage
	}
	if _, held := errors.AsType[heldError](err); held {
		return statusHeld
	}
	return statusFailed
}

func newRoot() *cobra.Command {
	a := &app{}
	cmd := &cobra.Command{
		Use:   "tidegate",
		Short: "Maintain storage gateways and their proxies, each in its own window",
		Long: "tidegate starts, shows and steers the maintenance of AWS Storage Gateways and of the TaurusDB proxies\n" +
			"that belong to them. It finds Temporal by the same variables, profiles and flags as the Temporal CLI.\n" +
			"tidegate doctor says what is missing.\n\n" +
			"Exit status: 0 done, 1 failed or refused, 2 called wrongly (nothing was done), 3 ended PARTIAL,\n" +
			"4 a person has to act (the maintenance is held, or was refused because its gateway is quarantined).",
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
	for _, o := range orders() {
		cmd.AddCommand(newOrder(a, o))
	}
	completions(cmd, a)
	return cmd
}

func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "see tidegate --help"
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
