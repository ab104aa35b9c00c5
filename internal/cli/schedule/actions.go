package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate/schedules"
	"github.com/tidegate/tidegate/internal/printer"
)

// Action is an operator action on a schedule.
type Action struct {
	Name, past  string
	short, long string
	example     string // of why
	// apply does it, and returns what to add to the answer. The note is for the
	// schedule: who, when and why.
	apply func(ctx context.Context, s *schedules.Schedule, note string) (more string, err error)
}

// Instructions are the operator actions on a schedule, a command each.
func Instructions() []Action {
	return []Action{
		{
			Name: "pause", past: "paused", apply: schedules.Pause, example: "freeze until the audit is over",
			short: "Stop a schedule from starting campaigns",
			long:  "pause stops a schedule from starting campaigns. A running campaign continues; to pause it: tidegate pause.",
		},
		{
			Name: "resume", past: "resumed", apply: schedules.Resume, example: "the audit is over",
			short: "Let a schedule start campaigns again",
			long:  "resume ends a pause, also one caused by a failed campaign. Missed starts are not made up.",
		},
		{
			Name: "trigger", past: "triggered", apply: schedules.Trigger, example: "CHG-1234: not before next week otherwise",
			short: "Start a schedule's campaign now",
			long: "trigger starts the campaign now, even while the schedule is paused. It is refused while the schedule's\n" +
				"last campaign runs. The campaign still starts nothing outside the gateways' windows.",
		},
		{
			Name: "delete", past: "deleted", apply: schedules.Delete, example: "replaced by monthly",
			short: "Delete a schedule",
			long: "delete removes a schedule. A running campaign continues. Temporal retains nothing of a deleted schedule:\n" +
				"the output of this command is the only record.",
		},
	}
}

// newAction is the command that gives an action.
func newAction(a *shell.App, o Action) *cobra.Command {
	var by, why string
	cmd := &cobra.Command{
		Use:     o.Name + " NAME --why TEXT [--by NAME]",
		Short:   o.short,
		Long:    o.long,
		Example: fmt.Sprintf("  tidegate schedule %s weekly --why %q", o.Name, o.example),
		Args:    shell.Arguments("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			faults := []error{scheduleArgument(args[0]), a.CheckOutput(), shell.Who(cmd, &by)}
			if strings.TrimSpace(why) == "" {
				faults = append(faults, maintenance.Invalid("--why", why, "the reason, for the record"))
			}
			c, err := a.Dial(cmd.Context(), faults...)
			if err != nil {
				return err
			}
			defer c.Close()
			s, err := schedules.Find(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			decision := maintenance.Decision{What: o.Name, By: by, Why: why, At: time.Now().UTC().Truncate(time.Second)}
			note := fmt.Sprintf("%s by %s at %s: %s", o.past, by, printer.Clock(&decision.At), why)
			more, err := o.apply(cmd.Context(), &s, note)
			if _, refused := errors.AsType[schedules.RefusedError](err); refused {
				return fmt.Errorf("schedule %s %s is refused: %w", o.Name, args[0], err)
			}
			if err != nil {
				return schedules.Failure(c.Namespace, args[0], o.Name, err)
			}
			return a.Printer(cmd).Print(decision, func(p printer.Printer) {
				said := fmt.Sprintf("%s: %s by %s at %s%s", args[0], o.past, by, printer.Clock(&decision.At), more)
				for line := range strings.SplitSeq(said, "\n") {
					p.Linef("%s", line)
				}
			})
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "your name, for the record (default: your login name)")
	cmd.Flags().StringVar(&why, "why", "", "the reason, for the record (required)")
	a.OutputFlag(cmd)
	return cmd
}
