// Package schedules finds, reads, pauses, resumes, triggers and deletes the Temporal Schedules that
// start campaigns. It prints nothing: their commands are in internal/cli/schedule. Start at Find.
package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/workflows/api"
)

// Schedule is a schedule of a campaign that there is.
type Schedule struct {
	client.ScheduleHandle
	Described *client.ScheduleDescription
	Action    *client.ScheduleWorkflowAction
}

// Find finds a schedule. One that starts something else than campaigns
// is another program's, and is left alone.
func Find(ctx context.Context, c operate.Session, name string) (Schedule, error) {
	handle := c.ScheduleClient().GetHandle(ctx, name)
	described, err := handle.Describe(ctx)
	if err != nil {
		return Schedule{}, Failure(c.Namespace, name, "read", err)
	}
	action, ok := described.Schedule.Action.(*client.ScheduleWorkflowAction)
	if !ok || action.Workflow != api.CampaignName {
		return Schedule{}, operate.Missing(fmt.Errorf("the schedule %s in namespace %s starts no campaign; to list schedules that do: tidegate schedule list", name, c.Namespace))
	}
	return Schedule{ScheduleHandle: handle, Described: described, Action: action}, nil
}

// Failure is why something could not be done to a schedule: a MissingError where there is none of
// that name.
func Failure(namespace, name, doing string, err error) error {
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return operate.Missing(fmt.Errorf("no schedule %s in namespace %s; to list schedules: tidegate schedule list", name, namespace))
	}
	return fmt.Errorf("%s the schedule %s: %w", doing, name, err)
}

// lookAgain is the time between two reads of a schedule that is about to change:
// Temporal takes an action before it has applied it.
const lookAgain = 100 * time.Millisecond

// Until reads the schedule until it is as wanted.
func (s *Schedule) Until(ctx context.Context, wanted func(*client.ScheduleDescription) bool) error {
	ctx, cancel := context.WithTimeout(ctx, operate.AnswerTimeout)
	defer cancel()
	again := time.NewTicker(lookAgain)
	defer again.Stop()
	for {
		described, err := s.Describe(ctx)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("the Temporal server accepted the request and has not applied it within %s; to check: tidegate schedule describe %s", operate.AnswerTimeout, s.GetID())
		case err != nil:
			return fmt.Errorf("the request was sent and its outcome is unknown; to check: tidegate schedule describe %s: %w", s.GetID(), err)
		case wanted(described):
			s.Described = described
			return nil
		}
		select {
		case <-ctx.Done():
		case <-again.C:
		}
	}
}

// List are those of campaigns, by name.
func List(ctx context.Context, c operate.Session) ([]record.ScheduleLine, error) {
	pages, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the schedules: %w", err)
	}
	all := []record.ScheduleLine{}
	for pages.HasNext() {
		entry, err := pages.Next()
		if err != nil {
			return nil, fmt.Errorf("list the schedules of namespace %s: %w", c.Namespace, err)
		}
		if entry.WorkflowType.Name == api.CampaignName {
			all = append(all, lineOf(entry))
		}
	}
	slices.SortFunc(all, func(a, b record.ScheduleLine) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func lineOf(entry *client.ScheduleListEntry) record.ScheduleLine {
	line := record.ScheduleLine{Name: entry.ID, When: whenOf(entry.Spec), Paused: entry.Paused, Note: entry.Note}
	if len(entry.NextActionTimes) > 0 && !entry.Paused {
		line.Next = &entry.NextActionTimes[0]
	}
	if n := len(entry.RecentActions); n > 0 && entry.RecentActions[n-1].StartWorkflowResult != nil {
		last := entry.RecentActions[n-1]
		line.Last = &record.ScheduleRun{At: last.ActualTime, WorkflowID: last.StartWorkflowResult.WorkflowID}
	}
	return line
}
