package operate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/workflows/api"
)

// PlanOnlyPrefix stands before the workflow ids of campaigns that only plan.
const PlanOnlyPrefix = "plan-"

// ListCampaigns are all campaigns, without those that only plan.
func ListCampaigns(ctx context.Context, c Session) ([]record.CampaignLine, error) {
	all := []record.CampaignLine{}
	err := eachCampaign(ctx, c, "ExecutionStatus != 'ContinuedAsNew'", func(info *workflowpb.WorkflowExecutionInfo) {
		all = append(all, campaignLine(ctx, c, info))
	})
	slices.SortStableFunc(all, func(a, b record.CampaignLine) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), b.Start.Compare(a.Start))
	})
	return all, err
}

// eachCampaign gives the runs of campaigns for which a condition holds, without those
// of campaigns that only plan.
func eachCampaign(
	ctx context.Context, c Session, condition string, give func(*workflowpb.WorkflowExecutionInfo),
) error {
	query := fmt.Sprintf("WorkflowType = '%s' AND %s", api.CampaignName, condition)
	var next []byte
	for {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, NextPageToken: next})
		if err != nil {
			return fmt.Errorf("list the campaigns: %w", err)
		}
		for _, info := range page.GetExecutions() {
			if !strings.HasPrefix(info.GetExecution().GetWorkflowId(), PlanOnlyPrefix) {
				give(info)
			}
		}
		if next = page.GetNextPageToken(); len(next) == 0 {
			return nil
		}
	}
}

// rank puts first what runs.
func rank(l record.CampaignLine) int {
	if l.Execution == record.Running {
		return 0
	}
	return 1
}

func campaignLine(ctx context.Context, c Session, info *workflowpb.WorkflowExecutionInfo) record.CampaignLine {
	id := info.GetExecution().GetWorkflowId()
	l := record.CampaignLine{
		Campaign: nameOf(id), WorkflowID: id, RunID: info.GetExecution().GetRunId(),
		Execution: info.GetStatus().String(), Start: firstStart(ctx, c, info),
	}
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		l.Blocker = AttributeOf(info, BlockerAttribute)
	} else {
		l.End, l.State = info.GetCloseTime().AsTime(), AttributeOf(info, StateAttribute)
	}
	return l
}

// nameOf is by what the other commands know a campaign.
func nameOf(workflowID string) string {
	return strings.TrimPrefix(workflowID, api.CampaignWorkflowID(""))
}

// firstStart is when a campaign started, which may be some runs ago. Where Temporal
// does not keep the first run any more, it is when this one did.
func firstStart(ctx context.Context, c Session, info *workflowpb.WorkflowExecutionInfo) time.Time {
	start, first := info.GetStartTime().AsTime(), info.GetFirstRunId()
	if first == "" || first == info.GetExecution().GetRunId() {
		return start
	}
	described, err := c.DescribeWorkflowExecution(ctx, info.GetExecution().GetWorkflowId(), first)
	if err != nil {
		return start
	}
	return described.GetWorkflowExecutionInfo().GetStartTime().AsTime()
}

// CampaignsSince are the campaigns that run, or have ended at a time or later, each by its last run, by name and first
// run; without those that only plan.
func CampaignsSince(ctx context.Context, c Session, since time.Time) ([]Campaign, error) {
	all := []Campaign{}
	condition := fmt.Sprintf("ExecutionStatus != 'ContinuedAsNew' AND (ExecutionStatus = 'Running' OR CloseTime >= '%s')",
		since.UTC().Format(time.RFC3339))
	err := eachCampaign(ctx, c, condition, func(info *workflowpb.WorkflowExecutionInfo) {
		id, run := info.GetExecution().GetWorkflowId(), info.GetExecution().GetRunId()
		all = append(all, Campaign{
			Name: nameOf(id), WorkflowID: id, RunID: run, FirstRunID: cmp.Or(info.GetFirstRunId(), run),
			Execution: info.GetStatus(),
		})
	})
	slices.SortFunc(all, func(a, b Campaign) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.FirstRunID, b.FirstRunID))
	})
	return all, err
}

// RunningCampaigns are the campaigns that are open, by name, without those that only plan.
func RunningCampaigns(ctx context.Context, c Session) ([]Campaign, error) {
	all := []Campaign{}
	err := eachCampaign(ctx, c, "ExecutionStatus = 'Running'", func(info *workflowpb.WorkflowExecutionInfo) {
		id := info.GetExecution().GetWorkflowId()
		all = append(all, Campaign{
			Name: nameOf(id), WorkflowID: id, RunID: info.GetExecution().GetRunId(), Execution: info.GetStatus(),
			Blocker: AttributeOf(info, BlockerAttribute), Since: timeOf(info, SinceAttribute),
			TaskQueue: info.GetTaskQueue(),
		})
	})
	slices.SortFunc(all, func(a, b Campaign) int { return strings.Compare(a.Name, b.Name) })
	return all, err
}
