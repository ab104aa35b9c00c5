// Package cli is the operator's command, tidegate: it plans, starts, shows and controls campaigns
// and maintenances, manages their schedules, writes their reports, checks prerequisites, and
// takes inventory. It reads and updates workflows; inventory alone calls clouds, and only reads them.
//
// Commands that apply to campaigns and to gateways are in this package; the others are in the
// folder of their subject. The folder render prints, shell has what commands share, and
// internal/operate reads Temporal. Start at Run.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/cli/codecserver"
	"github.com/tidegate/tidegate/internal/cli/doctor"
	"github.com/tidegate/tidegate/internal/cli/inventory"
	"github.com/tidegate/tidegate/internal/cli/report"
	"github.com/tidegate/tidegate/internal/cli/schedule"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/cli/target"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/internal/program"
)

// Run runs tidegate, and returns its exit status: 0 done, 1 failed, 2 called
// wrongly, 3 a maintenance that ended PARTIAL, 4 one that waits for a person: it
// is held, waits for an approval, was refused since its gateway is quarantined, or was
// started and no worker takes it up.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &shell.App{}
	cmd := newRoot(a) //nolint:contextcheck // cobra gives each command its context
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	a.Repeat(cmd)
	err := cmd.ExecuteContext(ctx)
	var end shell.EndError
	switch {
	case err == nil:
		return shell.StatusDone
	case errors.As(err, &end):
		return end.Status
	}
	cmd.PrintErrln("tidegate:", printer.Lines(maintenance.Plain(shell.NextStep(err))))
	return shell.StatusOf(err)
}

// Command is the command with all of its subcommands, to be described and not run.
func Command() *cobra.Command { return newRoot(&shell.App{}) }

func newRoot(a *shell.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "tidegate",
		Version: program.ThisBuild().String(),
		Short:   "Maintain storage gateways and their proxies, each in its own maintenance window",
		Long: "tidegate starts, shows and controls the maintenance of AWS Storage Gateways and of the TaurusDB proxies\n" +
			"that belong to them. It connects to Temporal with the same variables, profiles and flags as the Temporal\n" +
			"CLI. To check the setup: tidegate doctor.\n\n" +
			"Exit status: 0 success, 1 failure or refusal, 2 usage error (nothing was done), 3 the run ended PARTIAL, 4\n" +
			"a person has to act (the run is held, needs approval, was refused because its gateway is quarantined, or\n" +
			"was started and no worker has picked it up).",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          shell.NoSuchCommand,
		// How many letters a mistyped command may be off.
		SuggestionsMinimumDistance: 2,
		Example: "  tidegate plan payments-q4.yaml     what it would do, and when\n" +
			"  tidegate run payments-q4.yaml      do it, each gateway in its own window\n" +
			"  tidegate watch payments-q4         see it happen, and say what is to be done",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return shell.Usage(fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
	})
	a.Connection.Register(cmd, shell.ConnectTimeout)
	cmd.AddCommand(newRun(a), newWatch(a), newStatus(a), target.NewWindow(a), newSetup(a), campaign.NewValidate(a),
		schedule.New(a), campaign.NewPlan(a), campaign.NewCheck(a), campaign.NewList(a), report.New(a), doctor.New(a),
		codecserver.New(a), newVersion(a), inventory.New(a))
	for _, o := range action.All() {
		cmd.AddCommand(newAction(a, o))
	}
	adopt(cmd)
	completions(cmd, a)
	return cmd
}

// adopt adds cobra's own commands, help and completion, and has them refuse what
// there is not, as all others do: cobra itself shows help instead, and calls that
// done.
func adopt(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	examples := map[string]string{
		"bash": "source <(tidegate completion bash)", "zsh": "source <(tidegate completion zsh)",
		"fish": "tidegate completion fish | source", "powershell": "tidegate completion powershell | Out-String | Invoke-Expression",
	}
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			cmd.Example, cmd.Args = "  tidegate help schedule create", cobra.ArbitraryArgs
			cmd.Run, cmd.RunE = nil, func(_ *cobra.Command, args []string) error { return helpOf(root, args) }
		case "completion":
			cmd.Example, cmd.Args = "  "+examples["bash"], shell.NoSuchCommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
			for _, kind := range cmd.Commands() {
				kind.Example, kind.Args = "  "+examples[kind.Name()], shell.Arguments()
			}
		}
	}
}

func helpOf(root *cobra.Command, names []string) error {
	cmd, rest, err := root.Find(names)
	if err != nil || len(rest) > 0 {
		return shell.NoSuchCommand(cmd, rest)
	}
	cmd.InitDefaultHelpFlag()
	return cmd.Help() //nolint:wrapcheck // what could not be written cannot be reported either
}
