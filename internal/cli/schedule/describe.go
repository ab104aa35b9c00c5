package schedule

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/operate/schedules"
	"github.com/tidegate/tidegate/internal/printer"
)

func newDescribe(a *shell.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "describe NAME",
		Short: "Show a schedule: its next starts, its last campaigns, its plan",
		Long: "describe shows the next starts of a schedule, the outcomes of its last campaigns, whether it is paused and\n" +
			"why, and the plan that it stores. To compare the plan's digest: sha256sum plan.yaml.",
		Example: "  tidegate schedule describe weekly\n  tidegate schedule describe weekly --output json | jq .plan.digest",
		Args:    shell.Arguments("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ask := func(ctx context.Context, c operate.Session) (record.Schedule, error) {
				return schedules.Describe(ctx, c, args[0])
			}
			return shell.Show(a, cmd, ask, printSchedule, scheduleArgument(args[0]))
		},
	}
	a.OutputFlag(cmd)
	return cmd
}

func printSchedule(p printer.Printer, _ operate.Session, s record.Schedule) {
	render.PrintSchedule(p, s)
}

// describe prints a schedule that was changed.
func describe(a *shell.App, cmd *cobra.Command, c operate.Session, name string) error {
	s, err := schedules.Describe(cmd.Context(), c, name)
	if err != nil {
		return err
	}
	return a.Printer(cmd).Print(s, func(p printer.Printer) { printSchedule(p, c, s) })
}

func newList(a *shell.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the schedules that start campaigns",
		Long: "list shows the schedules of the namespace that start campaigns. A new schedule can take some seconds to\n" +
			"appear.",
		Example: "  tidegate schedule list\n  tidegate schedule list --output yaml",
		Args:    shell.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return shell.Show(a, cmd, schedules.List, func(p printer.Printer, c operate.Session, all []record.ScheduleLine) {
				render.PrintSchedules(p, all, c.Namespace)
			})
		},
	}
	a.OutputFlag(cmd)
	return cmd
}
