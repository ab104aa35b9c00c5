package campaign

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/workflows/api"
)

// NewList is the command that lists campaigns.
func NewList(a *shell.App) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the campaigns of the namespace, those that run first",
		Long: "list shows the campaigns that run, with what keeps them (approval, pause and failure wait for a person), and those that\n" +
			"have ended for as long as the namespace keeps them. What has just changed may be shown some seconds late. No worker is\n" +
			"needed.",
		Example: "  tidegate list",
		Args:    shell.Arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.Dial(cmd.Context(), a.CheckOutput())
			if err != nil {
				return err
			}
			defer c.Close()
			campaigns, err := listCampaigns(cmd.Context(), c)
			if err != nil {
				return err
			}
			return a.Printer(cmd).Print(campaigns, func(p show.Printer) { render.PrintCampaigns(p, campaigns, c.Namespace) })
		},
	}
	a.OutputFlag(cmd)
	return cmd
}

// listCampaigns are all campaigns, without those that only plan.
func listCampaigns(ctx context.Context, c operate.Session) ([]render.CampaignLine, error) {
	all := []render.CampaignLine{}
	err := eachCampaign(ctx, c, "ExecutionStatus != 'ContinuedAsNew'", func(info *workflowpb.WorkflowExecutionInfo) {
		all = append(all, campaignLine(ctx, c, info))
	})
	slices.SortStableFunc(all, func(a, b render.CampaignLine) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), b.Start.Compare(a.Start))
	})
	return all, err
}

// eachCampaign gives the runs of campaigns for which a condition holds, without those
// of campaigns that only plan.
func eachCampaign(
	ctx context.Context, c operate.Session, condition string, give func(*workflowpb.WorkflowExecutionInfo),
) error {
	query := fmt.Sprintf("WorkflowType = '%s' AND %s", api.CampaignName, condition)
	var next []byte
	for {
		page, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: query, NextPageToken: next})
		if err != nil {
			return fmt.Errorf("list the campaigns: %w", err)
		}
		for _, info := range page.GetExecutions() {
			if !strings.HasPrefix(info.GetExecution().GetWorkflowId(), planOnlyPrefix) {
				give(info)
			}
		}
		if next = page.GetNextPageToken(); len(next) == 0 {
			return nil
		}
	}
}

// rank puts first what runs.
func rank(l render.CampaignLine) int {
	if l.Execution == record.Running {
		return 0
	}
	return 1
}

func campaignLine(ctx context.Context, c operate.Session, info *workflowpb.WorkflowExecutionInfo) render.CampaignLine {
	id := info.GetExecution().GetWorkflowId()
	l := render.CampaignLine{
		Campaign: nameOf(id), WorkflowID: id, RunID: info.GetExecution().GetRunId(),
		Execution: info.GetStatus().String(), Start: firstStart(ctx, c, info),
	}
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		l.Blocker = operate.AttributeOf(info, operate.BlockerAttribute)
	} else {
		l.End, l.State = info.GetCloseTime().AsTime(), operate.AttributeOf(info, operate.StateAttribute)
	}
	return l
}

// nameOf is by what the other commands know a campaign.
func nameOf(workflowID string) string {
	return strings.TrimPrefix(workflowID, api.CampaignWorkflowID(""))
}

// firstStart is when a campaign started, which may be some runs ago. Where Temporal
// does not keep the first run any more, it is when this one did.
func firstStart(ctx context.Context, c operate.Session, info *workflowpb.WorkflowExecutionInfo) time.Time {
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
