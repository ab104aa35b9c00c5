package schedules

import (
	"context"
	"fmt"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/printer"
)

// RefusedError is an action that makes no sense now.
type RefusedError string

// Error is why.
func (r RefusedError) Error() string { return string(r) }

// Pause keeps a schedule from starting campaigns, and names those that go on.
func Pause(ctx context.Context, s *Schedule, note string) (string, error) {
	if s.Described.Schedule.State.Paused {
		return "", RefusedError("it is already paused: " + s.Described.Schedule.State.Note)
	}
	if err := s.Pause(ctx, client.SchedulePauseOptions{Note: note}); err != nil {
		return "", err
	}
	err := s.Until(ctx, func(d *client.ScheduleDescription) bool { return d.Schedule.State.Paused })
	return goesOn(s), err
}

// Resume ends a pause, and says when the schedule starts a campaign next.
func Resume(ctx context.Context, s *Schedule, note string) (string, error) {
	if !s.Described.Schedule.State.Paused {
		return "", RefusedError("it is not paused")
	}
	if err := s.Unpause(ctx, client.ScheduleUnpauseOptions{Note: note}); err != nil {
		return "", err
	}
	err := s.Until(ctx, func(d *client.ScheduleDescription) bool { return !d.Schedule.State.Paused })
	if next := s.Described.Info.NextActionTimes; err == nil && len(next) > 0 {
		return "; next " + printer.Clock(&next[0]), nil
	}
	return "", err
}

// Trigger starts the campaign now, and says which it is. It writes the note first, so that nothing
// starts without a record: Temporal's trigger takes no reason.
func Trigger(ctx context.Context, s *Schedule, note string) (string, error) {
	const still = "its campaign %s still runs, and a second one is not started; see tidegate status %[1]s"
	if open := s.Described.Info.RunningWorkflows; len(open) > 0 {
		return "", RefusedError(fmt.Sprintf(still, open[0].WorkflowID))
	}
	if err := s.annotate(ctx, note); err != nil {
		return "", err
	}
	before := s.Described.Info
	if err := s.Trigger(ctx, client.ScheduleTriggerOptions{Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP}); err != nil {
		return "", err
	}
	err := s.Until(ctx, func(d *client.ScheduleDescription) bool {
		return d.Info.NumActions > before.NumActions || d.Info.NumActionsSkippedOverlap > before.NumActionsSkippedOverlap
	})
	if err != nil {
		return "", err
	}
	runs := s.Described.Info.RecentActions
	if s.Described.Info.NumActions == before.NumActions || len(runs) == 0 {
		return "", RefusedError("its last campaign still runs, and a second one is not started; see tidegate schedule describe " + s.GetID())
	}
	id := runs[len(runs)-1].StartWorkflowResult.WorkflowID
	return fmt.Sprintf(": started %s\nTo follow it: tidegate watch %s", id, id), nil
}

// annotate changes the schedule's note. Why it is paused stays its first line.
func (s *Schedule) annotate(ctx context.Context, note string) error {
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

// Delete ends a schedule, and names the campaigns that go on.
func Delete(ctx context.Context, s *Schedule, _ string) (string, error) {
	return goesOn(s), s.Delete(ctx)
}

// goesOn names the campaigns that an action to their schedule does not end.
func goesOn(s *Schedule) string {
	var b strings.Builder
	for _, run := range s.Described.Info.RunningWorkflows {
		fmt.Fprintf(&b, "\n%s continues; to end it: tidegate abort %s --why TEXT", run.WorkflowID, run.WorkflowID)
	}
	return b.String()
}
