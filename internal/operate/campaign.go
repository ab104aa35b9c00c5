package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// Campaign is one that there is.
type Campaign struct {
	Name       string // as it was asked for
	WorkflowID string
	RunID      string
	FirstRunID string // of one of CampaignsSince
	Execution  enumspb.WorkflowExecutionStatus
	// Blocker is what blocks one of RunningCampaigns as Temporal lists it, which needs no worker: approval, pause, held
	// or window; empty: nothing does. Since is when it became so.
	Blocker   string
	Since     time.Time
	TaskQueue string // of one of RunningCampaigns
	attribute string // by which its targets' runs are found
}

// Started is a campaign that was started just now.
func Started(name string, run client.WorkflowRun) Campaign {
	return Campaign{
		Name: name, WorkflowID: run.GetID(), RunID: run.GetRunID(),
		Execution: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
	}
}

// Open is true while the campaign has not ended.
func (g Campaign) Open() bool { return g.Execution == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING }

// MissingError is what an operator named and there is not.
type MissingError struct{ error }

// Unwrap is what was not found.
func (e MissingError) Unwrap() error { return e.error }

// Missing says of an error that what an operator named is not there.
func Missing(err error) error { return MissingError{err} }

// FindCampaign looks for a campaign by its name, else by its workflow's id: the
// open run, else the last. Its error is a MissingError where there is none.
func FindCampaign(ctx context.Context, c Session, name string) (Campaign, error) {
	for _, id := range []string{api.CampaignWorkflowID(name), name} {
		g, err := Campaign{Name: name, WorkflowID: id}.Again(ctx, c)
		if _, missing := errors.AsType[MissingError](err); !missing {
			return g, err
		}
	}
	return Campaign{}, missing(c, name)
}

func missing(c Session, name string) error {
	return MissingError{fmt.Errorf("no campaign %s in namespace %s; see tidegate list", name, c.Namespace)}
}

// Again is the campaign as it is now: its open run, else the last. Its error is a
// MissingError where it is gone.
func (g Campaign) Again(ctx context.Context, c Session) (Campaign, error) {
	described, err := c.DescribeWorkflowExecution(ctx, g.WorkflowID, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return Campaign{}, missing(c, g.Name)
	}
	if err != nil {
		return Campaign{}, fmt.Errorf("find the campaign %s: %w", g.Name, err)
	}
	info := described.GetWorkflowExecutionInfo()
	if info.GetType().GetName() != api.CampaignName {
		return Campaign{}, missing(c, g.Name)
	}
	return Campaign{
		Name: g.Name, WorkflowID: g.WorkflowID, RunID: info.GetExecution().GetRunId(), Execution: info.GetStatus(),
		attribute: AttributeOf(info, CampaignAttribute),
	}, nil
}

// Ask asks a campaign a question. An open one may continue as a new run at any
// time: it is asked by its id.
func (g Campaign) Ask(ctx context.Context, c Session, query string, answer any, args ...any) error {
	runID := g.RunID
	if g.Open() {
		runID = ""
	}
	return c.Ask(ctx, g.WorkflowID, runID, query, answer, args...)
}

// PageOfRows is how many targets are asked for at once.
const PageOfRows = 1000

// AllRows are the targets of a campaign that are in one of the states, or all. They
// are chosen here: pages of those in a state would shift while targets leave it.
func AllRows(ctx context.Context, c Session, g Campaign, states ...fleet.State) ([]fleet.Row, error) {
	all := []fleet.Row{}
	for from := 0; ; from += PageOfRows {
		var rows []fleet.Row
		if err := g.Ask(ctx, c, api.TargetsQuery, &rows, fleet.Page{From: from, Count: PageOfRows}); err != nil {
			return all, err
		}
		for _, r := range rows {
			if len(states) == 0 || slices.Contains(states, r.State) {
				all = append(all, r)
			}
		}
		if len(rows) < PageOfRows {
			return all, nil
		}
	}
}

// early is how long before its target a run may start: it is armed before, and the clocks
// by which the two starts are recorded may differ.
const early = maintenance.MostArmBefore + time.Minute

// RunOf is the run of a target's last maintenance in this campaign: the gateway's
// last one, unless another campaign or a person has started one since. Empty: there
// is none.
func RunOf(ctx context.Context, c Session, g Campaign, r fleet.Row) (string, error) {
	if r.Started.IsZero() {
		return "", nil
	}
	id := api.GatewayWorkflowID(r.Gateway)
	ours := func(info *workflowpb.WorkflowExecutionInfo) bool {
		return AttributeOf(info, CampaignAttribute) == g.attribute &&
			!info.GetStartTime().AsTime().Before(r.Started.Add(-early))
	}
	described, err := c.DescribeWorkflowExecution(ctx, id, "")
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("find the run %s: %w", id, err)
	}
	if last := described.GetWorkflowExecutionInfo(); ours(last) {
		return last.GetExecution().GetRunId(), nil
	}
	list, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Query: fmt.Sprintf("WorkflowId = '%s'",
		id)})
	if err != nil {
		return "", fmt.Errorf("find the runs %s: %w", id, err)
	}
	for _, info := range list.GetExecutions() {
		if ours(info) {
			return info.GetExecution().GetRunId(), nil
		}
	}
	return "", nil
}
