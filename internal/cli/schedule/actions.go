package schedule

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/show"
)

// Action is what people may tell a schedule.
type Action struct {
	Name, past  string
	short, long string
	example     string // of why
	// apply gives what is to be said alongside that it is done. The note is for the
	// schedule: who, when and why.
	apply func(ctx context.Context, s *campaignSchedule, note string) (more string, err error)
}

// Instructions are the operator actions on a schedule, a command each.
func Instructions() []Action {
	return []Action{
		{
			Name: "pause", past: "paused", apply: pauseSchedule, example: "freeze until the audit is over",
			short: "Keep a schedule from starting campaigns",
			long:  "pause keeps a schedule from starting campaigns. One that runs goes on: tidegate pause is for that.",
		},
		{
			Name: "resume", past: "resumed", apply: resumeSchedule, example: "the audit is over",
			short: "Let a schedule start campaigns again",
			long:  "resume ends a pause, also the one that a failed campaign has caused. What was missed meanwhile is not made up for.",
		},
		{
			Name: "trigger", past: "triggered", apply: triggerSchedule, example: "CHG-1234: not before next week otherwise",
			short: "Start a schedule's campaign now",
			long: "trigger starts the campaign now, also while the schedule is paused; it is refused while the schedule's last\n" +
				"campaign runs. The campaign starts nothing outside the gateways' windows.",
		},
		{
			Name: "delete", past: "deleted", apply: deleteSchedule, example: "replaced by monthly",
			short: "End a schedule",
			long: "delete ends a schedule. A campaign that runs goes on. Temporal keeps nothing of a deleted schedule: what this\n" +
				"command prints is the record.",
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
				faults = append(faults, shell.Wrong("--why", why, "the reason, for the record"))
			}
			c, err := a.Dial(cmd.Context(), faults...)
			if err != nil {
				return err
			}
			defer c.Close()
			s, err := findSchedule(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			decision := maintenance.Decision{What: o.Name, By: by, Why: why, At: time.Now().UTC().Truncate(time.Second)}
			more, err := o.apply(cmd.Context(), &s, fmt.Sprintf("%s by %s at %s: %s", o.past, by, show.Clock(&decision.At), why))
			if _, refused := errors.AsType[refusal](err); refused {
				return fmt.Errorf("schedule %s %s is refused: %w", o.Name, args[0], err)
			}
			if err != nil {
				return scheduleFailure(c.Namespace, args[0], o.Name, err)
			}
			return a.Printer(cmd).Print(decision, func(p show.Printer) {
				said := fmt.Sprintf("%s: %s by %s at %s%s", args[0], o.past, by, show.Clock(&decision.At), more)
				for line := range strings.SplitSeq(said, "\n") {
					p.Linef("%s", line)
				}
			})
		},
	}
	cmd.Flags().StringVar(&by, "by", "", "who you are (default: your login name)")
	cmd.Flags().StringVar(&why, "why", "", "the reason, for the record (required)")
	a.OutputFlag(cmd)
	return cmd
}

// refusal is an action that makes no sense now.
type refusal string

// Error is why.
func (r refusal) Error() string { return string(r) }

func pauseSchedule(ctx context.Context, s *campaignSchedule, note string) (string, error) {
	if s.described.Schedule.State.Paused {
		return "", refusal("it is paused already: " + s.described.Schedule.State.Note)
	}
	if err := s.Pause(ctx, client.SchedulePauseOptions{Note: note}); err != nil {
		return "", err
	}
	err := s.until(ctx, func(d *client.ScheduleDescription) bool { return d.Schedule.State.Paused })
	return goesOn(s), err
}

func resumeSchedule(ctx context.Context, s *campaignSchedule, note string) (string, error) {
	if !s.described.Schedule.State.Paused {
		return "", refusal("it is not paused")
	}
	if err := s.Unpause(ctx, client.ScheduleUnpauseOptions{Note: note}); err != nil {
		return "", err
	}
	err := s.until(ctx, func(d *client.ScheduleDescription) bool { return !d.Schedule.State.Paused })
	if next := s.described.Info.NextActionTimes; err == nil && len(next) > 0 {
		return "; next " + show.Clock(&next[0]), nil
	}
	return "", err
}

// triggerSchedule writes the note first, so that nothing starts without a
// record: Temporal's trigger takes no reason.
func triggerSchedule(ctx context.Context, s *campaignSchedule, note string) (string, error) {
	const still = "its campaign %s still runs, and a second one is not started alongside it: see tidegate status %[1]s"
	if open := s.described.Info.RunningWorkflows; len(open) > 0 {
		return "", refusal(fmt.Sprintf(still, open[0].WorkflowID))
	}
	if err := s.annotate(ctx, note); err != nil {
		return "", err
	}
	before := s.described.Info
	if err := s.Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP}); err != nil {
		return "", err
	}
	err := s.until(ctx, func(d *client.ScheduleDescription) bool {
		return d.Info.NumActions > before.NumActions || d.Info.NumActionsSkippedOverlap > before.NumActionsSkippedOverlap
	})
	if err != nil {
		return "", err
	}
	runs := s.described.Info.RecentActions
	if s.described.Info.NumActions == before.NumActions || len(runs) == 0 {
		return "", refusal("its last campaign still runs, and a second one is not started alongside it: see tidegate schedule describe " + s.GetID())
	}
	id := runs[len(runs)-1].StartWorkflowResult.WorkflowID
	return fmt.Sprintf(": started %s\nFollow it with: tidegate watch %s", id, id), nil
}

// annotate changes the schedule's note. Why it is paused stays its first line.
func (s *campaignSchedule) annotate(ctx context.Context, note string) error {
	return s.Update(ctx,
		client.ScheduleUpdateOptions{DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			changed := in.Description.Schedule
			if changed.State.Paused {
				first, _, _ := strings.Cut(changed.State.Note, "\n")
				note = first + "\n" + note
			}
			changed.State.Note = note
			return &client.ScheduleUpdate{Schedule: &changed}, nil
		}})
}

func deleteSchedule(ctx context.Context, s *campaignSchedule, _ string) (string, error) {
	return goesOn(s), s.Delete(ctx)
}

// goesOn names the campaigns that an action to their schedule does not end.
func goesOn(s *campaignSchedule) string {
	var b strings.Builder
	for _, run := range s.described.Info.RunningWorkflows {
		fmt.Fprintf(&b, "\n%s goes on; end it with: tidegate abort %s --why TEXT", run.WorkflowID, run.WorkflowID)
	}
	return b.String()
}
