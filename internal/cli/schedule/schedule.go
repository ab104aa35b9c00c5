// Package schedule has the commands for Temporal Schedules, which start campaigns. It does not
// decide when a gateway has its window: the campaign does. Start at New.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows/api"
)

// New is the command whose subcommands keep the schedules by which
// campaigns start.
func New(a *shell.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schedule",
		Short: "Start campaigns by the calendar",
		Long: "schedule keeps Temporal Schedules that start campaigns. A schedule says when a campaign starts; the campaign then\n" +
			"finds each gateway's next window, in the gateway's own zone. docs/how-to/schedule-campaigns.md shows it by example.",
		Example: "  tidegate schedule create weekly payments-q4.yaml --cron '0 2 * * 1'\n  tidegate schedule list\n" +
			"  tidegate schedule pause weekly --why \"change freeze\"",
		Args:                       shell.NoSuchCommand,
		SuggestionsMinimumDistance: 2,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCreate(a), newUpdate(a), newList(a), newDescribe(a))
	for _, o := range Instructions() {
		cmd.AddCommand(newAction(a, o))
	}
	return cmd
}

var scheduleNameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

func scheduleArgument(name string) error {
	if scheduleNameForm.MatchString(name) {
		return nil
	}
	return shell.Wrong("schedule name", name, "1 to 63 lower-case letters, digits, dots, underscores or dashes")
}

// campaignSchedule is a schedule of a campaign that there is.
type campaignSchedule struct {
	client.ScheduleHandle
	described *client.ScheduleDescription
	action    *client.ScheduleWorkflowAction
}

// findSchedule looks a schedule up. One that starts something else than campaigns
// is another program's, and is left alone.
func findSchedule(ctx context.Context, c operate.Session, name string) (campaignSchedule, error) {
	handle := c.ScheduleClient().GetHandle(ctx, name)
	described, err := handle.Describe(ctx)
	if err != nil {
		return campaignSchedule{}, scheduleFailure(c.Namespace, name, "read", err)
	}
	action, ok := described.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok || action.Workflow != api.CampaignName {
		return campaignSchedule{}, shell.Usage(fmt.Errorf("the schedule %s in namespace %s starts no campaign; those that do: tidegate schedule list", name, c.Namespace))
	}
	return campaignSchedule{ScheduleHandle: handle, described: described, action: action}, nil
}

func scheduleFailure(namespace, name, doing string, err error) error {
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return shell.Usage(fmt.Errorf("there is no schedule %s in namespace %s; those that there are: tidegate schedule list", name, namespace))
	}
	return fmt.Errorf("%s the schedule %s: %w", doing, name, err)
}

// lookAgain is the time between two reads a schedule that is about to change:
// Temporal takes an action before it has applied it.
const lookAgain = 100 * time.Millisecond

// until reads the schedule until it is as wanted.
func (s *campaignSchedule) until(ctx context.Context, wanted func(*client.ScheduleDescription) bool) error {
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		described, err := s.Describe(ctx)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("temporal has taken the order and not applied it within %s; look with: tidegate schedule describe %s", operate.AnswerTimeout, s.GetID())
		case err != nil:
			return fmt.Errorf("the order was given, and what became of it is not known; look with: tidegate schedule describe %s: %w", s.GetID(), err)
		case wanted(described):
			s.described = described
			return nil
		}
		select {
		case <-ctx.Done():
		case <-again.C:
		}
	}
}
