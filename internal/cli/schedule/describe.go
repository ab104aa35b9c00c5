package schedule

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/workflows/api"
)

// nextRuns is how many of the starts that are ahead are shown.
const nextRuns = 5

func newDescribe(a *shell.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "describe NAME",
		Short: "Show a schedule: its next starts, its last campaigns, its plan",
		Long: "describe shows when a schedule starts campaigns next, what became of the last ones, whether it is paused and why,\n" +
			"and the plan that it keeps. Compare the digest with sha256sum FILE.",
		Example: "  tidegate schedule describe weekly\n  tidegate schedule describe weekly --output json | jq .plan.digest",
		Args:    shell.Arguments("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.Dial(cmd.Context(), scheduleArgument(args[0]), a.CheckOutput())
			if err != nil {
				return err
			}
			defer c.Close()
			return describe(a, cmd, c, args[0])
		},
	}
	a.OutputFlag(cmd)
	return cmd
}

func describe(a *shell.App, cmd *cobra.Command, c operate.Session, name string) error {
	s, err := findSchedule(cmd.Context(), c, name)
	if err != nil {
		return err
	}
	shown, err := s.read(cmd.Context(), c)
	if err != nil {
		return err
	}
	return a.Printer(cmd).Print(shown, func(p show.Printer) { render.PrintSchedule(p, shown) })
}

// input is what its campaigns start with. One that cannot be read is another
// version's, and shown without it.
func (s *campaignSchedule) input() api.CampaignInput {
	var in api.CampaignInput
	if len(s.action.Args) == 0 {
		return in
	}
	if payload, ok := s.action.Args[0].(*commonpb.Payload); ok {
		if err := converter.GetDefaultDataConverter().FromPayload(payload, &in); err != nil {
			return api.CampaignInput{}
		}
	}
	return in
}

func (s *campaignSchedule) read(ctx context.Context, c operate.Session) (render.Schedule, error) {
	d, in := s.described, s.input()
	shown := render.Schedule{
		Name: s.GetID(), When: whenOf(d.Schedule.Spec), Paused: d.Schedule.State.Paused, Note: d.Schedule.State.Note,
		Started: d.Info.NumActions, Overlap: d.Info.NumActionsSkippedOverlap, Missed: d.Info.NumActionsMissedCatchupWindow,
		Catchup: maintenance.Duration(d.Schedule.Policy.CatchupWindow), Created: d.Info.CreatedAt,
		Plan: render.SchedulePlan{
			Name: in.Plan.Name, Digest: in.Digest, Summary: render.PlanSummary(in.Plan), Submitter: in.Submitter,
			FreezesUntil: freezesEnd(in.Plan.Policy.Freezes), TaskQueue: s.action.TaskQueue,
		},
	}
	if about := d.Memo.GetFields()[memoAbout]; about != nil {
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
		shown.Runs = append(shown.Runs, render.ScheduleRun{At: run.ActualTime, WorkflowID: id, State: state})
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
	result, err := outcome.OfCampaign(ctx, c.GetWorkflow(ctx, id, info.GetExecution().GetRunId()))
	switch {
	case errors.Is(err, outcome.ErrNoResult), err == nil && result.State == "":
		return info.GetStatus().String(), nil
	case err != nil:
		return "", fmt.Errorf("read the campaign %s: %w", id, err)
	}
	return string(result.State), nil
}

func newList(a *shell.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the schedules that start campaigns",
		Long:    "list shows the schedules of the namespace that start campaigns. A new one may take a moment to be listed.",
		Example: "  tidegate schedule list\n  tidegate schedule list --output yaml",
		Args:    shell.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.Dial(cmd.Context(), a.CheckOutput())
			if err != nil {
				return err
			}
			defer c.Close()
			all, err := List(cmd.Context(), c)
			if err != nil {
				return err
			}
			return a.Printer(cmd).Print(all, func(p show.Printer) { render.PrintSchedules(p, all, c.Namespace) })
		},
	}
	a.OutputFlag(cmd)
	return cmd
}

// List are those of campaigns, by name.
func List(ctx context.Context, c operate.Session) ([]render.ScheduleLine, error) {
	pages, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the schedules: %w", err)
	}
	all := []render.ScheduleLine{}
	for pages.HasNext() {
		entry, err := pages.Next()
		if err != nil {
			return nil, fmt.Errorf("list the schedules of namespace %s: %w", c.Namespace, err)
		}
		if entry.WorkflowType.Name == api.CampaignName {
			all = append(all, lineOf(entry))
		}
	}
	slices.SortFunc(all, func(a, b render.ScheduleLine) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func lineOf(entry *client.ScheduleListEntry) render.ScheduleLine {
	line := render.ScheduleLine{Name: entry.ID, When: whenOf(entry.Spec), Paused: entry.Paused, Note: entry.Note}
	if len(entry.NextActionTimes) > 0 && !entry.Paused {
		line.Next = &entry.NextActionTimes[0]
	}
	if n := len(entry.RecentActions); n > 0 && entry.RecentActions[n-1].StartWorkflowResult != nil {
		last := entry.RecentActions[n-1]
		line.Last = &render.ScheduleRun{At: last.ActualTime, WorkflowID: last.StartWorkflowResult.WorkflowID}
	}
	return line
}
