package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/workflows/api"
)

// nextRuns is how many of the starts that are ahead are shown.
const nextRuns = 5

// MemoAbout is the memo that keeps --note: Temporal's own note is overwritten by
// the next pause.
const MemoAbout = "about"

// Input is what its campaigns start with. One that cannot be read is another
// version's, and shown without it.
func (s *Schedule) Input() api.CampaignInput {
	var in api.CampaignInput
	if len(s.Action.Args) == 0 {
		return in
	}
	if payload, ok := s.Action.Args[0].(*commonpb.Payload); ok {
		if err := converter.GetDefaultDataConverter().FromPayload(payload, &in); err != nil {
			return api.CampaignInput{}
		}
	}
	return in
}

// Describe reads a schedule, and what became of the campaigns that it started last.
func Describe(ctx context.Context, c operate.Session, name string) (record.Schedule, error) {
	s, err := Find(ctx, c, name)
	if err != nil {
		return record.Schedule{}, err
	}
	d, in := s.Described, s.Input()
	shown := record.Schedule{
		Name: s.GetID(), When: whenOf(d.Schedule.Spec), Paused: d.Schedule.State.Paused, Note: d.Schedule.State.Note,
		Started: d.Info.NumActions, Overlap: d.Info.NumActionsSkippedOverlap, Missed: d.Info.NumActionsMissedCatchupWindow,
		Catchup: maintenance.Duration(d.Schedule.Policy.CatchupWindow), Created: d.Info.CreatedAt,
		Plan: record.SchedulePlan{
			Name: in.Plan.Name, Digest: in.Digest, Summary: in.Plan.Summary(), Submitter: in.Submitter,
			FreezesUntil: FreezesEnd(in.Plan.Policy.Freezes), TaskQueue: s.Action.TaskQueue,
		},
	}
	if about := d.Memo.GetFields()[MemoAbout]; about != nil {
		if err := converter.GetDefaultDataConverter().FromPayload(about, &shown.About); err != nil {
			shown.About = "" // another program's memo
		}
	}
	if d.Info.LastUpdateAt.After(d.Info.CreatedAt) {
		shown.Changed = d.Info.LastUpdateAt
	}
	if !shown.Paused {
		shown.Next = d.Info.NextActionTimes[:min(nextRuns, len(d.Info.NextActionTimes))]
	}
	for _, run := range slices.Backward(d.Info.RecentActions) {
		if run.StartWorkflowResult == nil {
			continue
		}
		id := run.StartWorkflowResult.WorkflowID
		state, err := campaignState(ctx, c, id)
		if err != nil {
			return shown, err
		}
		shown.Runs = append(shown.Runs, record.ScheduleRun{At: run.ActualTime, WorkflowID: id, State: state})
	}
	return shown, nil
}

// campaignState is how far the campaign's last run is, or how it ended. No
// worker is needed for that.
func campaignState(ctx context.Context, c operate.Session, id string) (string, error) {
	described, err := c.DescribeWorkflowExecution(ctx, id, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return "gone", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the campaign %s: %w", id, err)
	}
	info := described.GetWorkflowExecutionInfo()
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return info.GetStatus().String(), nil
	}
	result, err := endrecord.OfCampaign(ctx, c.GetWorkflow(ctx, id, info.GetExecution().GetRunId()))
	switch {
	case errors.Is(err, endrecord.ErrNoResult), err == nil && result.State == "":
		return info.GetStatus().String(), nil
	case err != nil:
		return "", fmt.Errorf("read the campaign %s: %w", id, err)
	}
	return string(result.State), nil
}

// FreezesEnd is when the last of them is over; zero for none.
func FreezesEnd(freezes []maintenance.Freeze) time.Time {
	var end time.Time
	for _, f := range freezes {
		if f.To.After(end) {
			end = f.To
		}
	}
	return end
}

// whenOf is a schedule's time in words, as it was given. One that the Web UI has
// made has no comment.
func whenOf(spec *client.ScheduleSpec) string {
	var parts []string
	if spec == nil {
		return ""
	}
	for _, c := range spec.Calendars {
		if c.Comment == "" {
			c.Comment = "a calendar created elsewhere"
		}
		parts = append(parts, c.Comment)
	}
	for _, i := range spec.Intervals {
		text := "every " + maintenance.Duration(i.Every).String()
		if i.Offset > 0 {
			text += " + " + maintenance.Duration(i.Offset).String()
		}
		parts = append(parts, text)
	}
	zone := spec.TimeZoneName
	if zone == "" {
		zone = time.UTC.String()
	}
	return fmt.Sprintf("%s (%s)", strings.Join(parts, " and "), zone)
}
