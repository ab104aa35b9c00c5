package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/workflows/api"
)

// nextRuns is how many of the starts that are ahead are shown.
const nextRuns = 5

// scheduled is a schedule as describe prints it.
type scheduled struct {
	Name    string               `json:"name"`
	About   string               `json:"about,omitempty"` // the note that it was created with
	When    string               `json:"when"`
	Paused  bool                 `json:"paused"`
	Note    string               `json:"note,omitempty"` // who did what last, and why; why it is paused
	Next    []time.Time          `json:"next,omitempty"` // none while it is paused
	Runs    []scheduledRun       `json:"runs,omitempty"` // the last ten, the newest first
	Started int                  `json:"started"`
	Overlap int                  `json:"skippedForOverlap"`
	Missed  int                  `json:"missedCatchup"`
	Catchup maintenance.Duration `json:"catchup"`
	Created time.Time            `json:"created"`
	Changed time.Time            `json:"changed,omitzero"` // its plan, or its note by a trigger
	Plan    scheduledPlan        `json:"plan"`
}

// scheduledPlan is what a schedule's campaigns begin with.
type scheduledPlan struct {
	Name         string    `json:"name"`
	Digest       string    `json:"digest"` // SHA-256 of the file
	Summary      string    `json:"summary"`
	Submitter    string    `json:"submitter"`
	FreezesUntil time.Time `json:"freezesUntil,omitzero"` // the end of the last
	TaskQueue    string    `json:"taskQueue"`
}

// scheduledRun is a campaign that a schedule has started.
type scheduledRun struct {
	At         time.Time `json:"at"`
	WorkflowID string    `json:"workflowId"`
	// State is Running, COMPLETED, PARTIAL, ABORTED or EXPIRED; where the campaign left
	// no record what Temporal says, such as Terminated, or gone once that is deleted.
	State string `json:"state,omitempty"`
}

func newScheduleDescribe(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "describe NAME",
		Short: "Show a schedule: its next starts, its last campaigns, its plan",
		Long: "describe shows when a schedule starts campaigns next, what became of the last ones, whether it is paused and why,\n" +
			"and the plan that it keeps. Compare the digest with sha256sum FILE.",
		Example: "  tidegate schedule describe weekly\n  tidegate schedule describe weekly --output json | jq .plan.digest",
		Args:    arguments("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := a.dial(cmd.Context(), scheduleArgument(args[0]), a.checkOutput())
			if err != nil {
				return err
			}
			defer c.Close()
			return a.showSchedule(cmd, c, args[0])
		},
	}
	a.outputFlag(cmd)
	return cmd
}

func (a *app) showSchedule(cmd *cobra.Command, c operate.Session, name string) error {
	s, err := findSchedule(cmd.Context(), c, name)
	if err != nil {
		return err
	}
	shown, err := s.show(cmd.Context(), c)
	if err != nil {
		return err
	}
	return a.printer(cmd).Print(shown, func(p show.Printer) { printSchedule(p, shown) })
}

// input is what its campaigns start with. One that cannot be read is another
// version's, and shown without it.
func (s *schedule) input() api.CampaignInput {
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

func (s *schedule) show(ctx context.Context, c operate.Session) (scheduled, error) {
	d, in := s.described, s.input()
	shown := scheduled{
		Name: s.GetID(), When: whenOf(d.Schedule.Spec), Paused: d.Schedule.State.Paused, Note: d.Schedule.State.Note,
		Started: d.Info.NumActions, Overlap: d.Info.NumActionsSkippedOverlap, Missed: d.Info.NumActionsMissedCatchupWindow,
		Catchup: maintenance.Duration(d.Schedule.Policy.CatchupWindow), Created: d.Info.CreatedAt,
		Plan: scheduledPlan{
			Name: in.Plan.Name, Digest: in.Digest, Summary: summaryOf(in.Plan), Submitter: in.Submitter,
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
		shown.Runs = append(shown.Runs, scheduledRun{At: run.ActualTime, WorkflowID: id, State: state})
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

func printSchedule(p show.Printer, s scheduled) {
	field := func(name, format string, args ...any) { p.Linef("%-10s%s", name, fmt.Sprintf(format, args...)) }
	field("schedule", "%s", s.Name)
	if s.About != "" {
		field("about", "%s", s.About)
	}
	field("starts", "%s, up to %s late", s.When, s.Catchup)
	if s.Paused {
		field("paused", "yes; go on with: tidegate schedule resume %s --why TEXT", s.Name)
	}
	if s.Note != "" {
		field("note", "%s", strings.ReplaceAll(s.Note, "\n", "; "))
	}
	field("plan", "%s: %s", s.Plan.Name, s.Plan.Summary)
	field("digest", "sha256:%s", s.Plan.Digest)
	if !s.Plan.FreezesUntil.IsZero() {
		field("freezes", "known until %s", show.Clock(&s.Plan.FreezesUntil))
	}
	field("submitter", "%s", s.Plan.Submitter)
	field("created", "%s", show.Clock(&s.Created))
	if !s.Changed.IsZero() {
		field("changed", "%s", show.Clock(&s.Changed))
	}
	field("so far", "%d started, %d skipped since the last one still ran, %d missed by more than %s", s.Started, s.Overlap, s.Missed, s.Catchup)
	for i, next := range s.Next {
		name := ""
		if i == 0 {
			name = "next"
		}
		field(name, "%s", show.Clock(&next))
	}
	if len(s.Runs) == 0 {
		return
	}
	p.Linef("")
	rows := make([][]string, 0, len(s.Runs))
	for _, run := range s.Runs {
		rows = append(rows, []string{show.Clock(&run.At), run.State, run.WorkflowID})
	}
	p.Table([]string{"STARTED", "STATE", "CAMPAIGN"}, rows)
}

// listedSchedule is a line of list.
type listedSchedule struct {
	Name   string        `json:"name"`
	When   string        `json:"when"`
	Paused bool          `json:"paused"`
	Note   string        `json:"note,omitempty"`
	Next   *time.Time    `json:"next,omitempty"`
	Last   *scheduledRun `json:"last,omitempty"`
}

func newScheduleList(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the schedules that start campaigns",
		Long:    "list shows the schedules of the namespace that start campaigns. A new one may take a moment to be listed.",
		Example: "  tidegate schedule list\n  tidegate schedule list --output yaml",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.dial(cmd.Context(), a.checkOutput())
			if err != nil {
				return err
			}
			defer c.Close()
			all, err := listSchedules(cmd.Context(), c)
			if err != nil {
				return err
			}
			return a.printer(cmd).Print(all, func(p show.Printer) { printSchedules(p, all, c.Namespace) })
		},
	}
	a.outputFlag(cmd)
	return cmd
}

// listSchedules are those of campaigns, by name.
func listSchedules(ctx context.Context, c operate.Session) ([]listedSchedule, error) {
	pages, err := c.ScheduleClient().List(ctx, client.ScheduleListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list the schedules: %w", err)
	}
	all := []listedSchedule{}
	for pages.HasNext() {
		entry, err := pages.Next()
		if err != nil {
			return nil, fmt.Errorf("list the schedules of namespace %s: %w", c.Namespace, err)
		}
		if entry.WorkflowType.Name == api.CampaignName {
			all = append(all, listed(entry))
		}
	}
	slices.SortFunc(all, func(a, b listedSchedule) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func listed(entry *client.ScheduleListEntry) listedSchedule {
	line := listedSchedule{Name: entry.ID, When: whenOf(entry.Spec), Paused: entry.Paused, Note: entry.Note}
	if len(entry.NextActionTimes) > 0 && !entry.Paused {
		line.Next = &entry.NextActionTimes[0]
	}
	if n := len(entry.RecentActions); n > 0 && entry.RecentActions[n-1].StartWorkflowResult != nil {
		last := entry.RecentActions[n-1]
		line.Last = &scheduledRun{At: last.ActualTime, WorkflowID: last.StartWorkflowResult.WorkflowID}
	}
	return line
}

func printSchedules(p show.Printer, all []listedSchedule, namespace string) {
	if len(all) == 0 {
		p.Linef("There is no schedule of a campaign in namespace %s; make one with: tidegate schedule create", namespace)
		return
	}
	rows := make([][]string, 0, len(all))
	for _, s := range all {
		next, last := show.Clock(s.Next), "-"
		if s.Paused {
			next = "paused"
		}
		if s.Last != nil {
			last = show.Clock(&s.Last.At)
		}
		rows = append(rows, []string{s.Name, s.When, next, last, s.Note})
	}
	p.Table([]string{"NAME", "STARTS", "NEXT", "LAST", "NOTE"}, rows)
}
