package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// CampaignAttribute is the search attribute of a run that names its campaign.
const CampaignAttribute = "TidegateCampaign"

// ObstacleLookup asks whether a gateway can be maintained now.
type ObstacleLookup struct {
	Gateway     string           `json:"gateway"`     // its id
	Quarantine  string           `json:"quarantine"`  // the id of the workflow that stands for its quarantine
	Maintenance string           `json:"maintenance"` // the id of its run
	Pace        maintenance.Pace `json:"pace,omitzero"`
}

// Obstacle is what keeps a gateway from being maintained now. The zero value:
// nothing does.
type Obstacle struct {
	WorkflowID string `json:"workflowId,omitempty"`
	RunID      string `json:"runId,omitempty"`
	Reason     string `json:"reason,omitempty"` // for people
}

// FindObstacle looks for a quarantine of the gateway, and for an open run of it.
func (e *Engine) FindObstacle(ctx context.Context, in ObstacleLookup) (out Obstacle, err error) {
	defer edge(ctx, in.Pace, &err)
	return e.findObstacle(ctx, in)
}

func (e *Engine) findObstacle(ctx context.Context, in ObstacleLookup) (Obstacle, error) {
	info, err := e.open(ctx, in.Quarantine, "")
	if err != nil || info != nil {
		return obstacle(info, quarantined(info, in.Gateway)), err
	}
	info, err = e.open(ctx, in.Maintenance, "")
	return obstacle(info, running(info)), err
}

// InstanceHolder is what keeps a DB instance from being worked on now: the workflow that
// holds it for another run. The zero value: nothing does.
func (e *Engine) InstanceHolder(ctx context.Context, in WorkflowLookup) (out Obstacle, err error) {
	defer edge(ctx, in.Pace, &err)
	info, err := e.open(ctx, in.WorkflowID, in.RunID)
	if err != nil || info == nil {
		return out, err
	}
	var hold maintenance.InstanceHold
	if err := decode(info.GetMemo().GetFields()[names.InstanceHoldMemo], &hold); err != nil {
		return obstacle(info, fmt.Sprintf("the DB instance is in use: the workflow %s holds it, and does not say for which run: %v", in.WorkflowID, err)), nil
	}
	return obstacle(info, hold.String()), nil
}

func obstacle(info *workflowpb.WorkflowExecutionInfo, reason string) Obstacle {
	if info == nil {
		return Obstacle{}
	}
	return Obstacle{WorkflowID: info.GetExecution().GetWorkflowId(), RunID: info.GetExecution().GetRunId(), Reason: reason}
}

// WorkflowLookup names a workflow's run.
type WorkflowLookup struct {
	WorkflowID string           `json:"workflowId"`
	RunID      string           `json:"runId,omitempty"` // empty: the latest
	Pace       maintenance.Pace `json:"pace,omitzero"`
	// First, where given, is the run id of its first run: another workflow may have
	// taken its id since.
	First string `json:"first,omitempty"`
	// Reason is why it is waited for; empty: that it is open.
	Reason string `json:"reason,omitempty"`
}

// AwaitClosed ends when the run has, or is gone. Until then every poll fails.
func (e *Engine) AwaitClosed(ctx context.Context, in WorkflowLookup) (out struct{}, err error) {
	defer edge(ctx, in.Pace, &err)
	info, err := e.open(ctx, in.WorkflowID, in.RunID)
	other := in.First != "" && info.GetFirstRunId() != "" && info.GetFirstRunId() != in.First
	if err == nil && info != nil && !other {
		err = notYet("%s", cmp.Or(in.Reason, "the workflow "+in.WorkflowID+" is still open"))
	}
	return out, err
}

// AnyLookup names workflows by their ids.
type AnyLookup struct {
	WorkflowIDs []string         `json:"workflowIds"`
	Pace        maintenance.Pace `json:"pace,omitzero"`
}

// AwaitAnyClosed ends when at least one of the workflows has, or is gone, and gives
// the ids of those. It asks Temporal for each, so it does not matter how one went.
func (e *Engine) AwaitAnyClosed(ctx context.Context, in AnyLookup) (gone []string, err error) {
	defer edge(ctx, in.Pace, &err)
	for _, id := range in.WorkflowIDs {
		info, err := e.open(ctx, id, "")
		if err != nil {
			return nil, err
		}
		if info == nil {
			gone = append(gone, id)
		}
	}
	if len(gone) == 0 {
		return nil, notYet("of %s none has ended", maintenance.Counted(len(in.WorkflowIDs), "workflow", "workflows"))
	}
	return gone, nil
}

// RecordLookup asks how a maintenance ended.
type RecordLookup struct {
	WorkflowID string           `json:"workflowId"`
	Parent     string           `json:"parent"` // id of the workflow that started it
	Since      time.Time        `json:"since"`  // it was started then, or later
	Pace       maintenance.Pace `json:"pace,omitzero"`
}

// Record is how a maintenance ended.
type Record struct {
	// Result is nil where it left none, and Why says why.
	Result *maintenance.Result `json:"result,omitempty"`
	Why    string              `json:"why,omitempty"`
	End    time.Time           `json:"end,omitzero"`
}

// AwaitRecord ends when the maintenance has, with what it left behind: how a target
// ended is asked of its own run.
func (e *Engine) AwaitRecord(ctx context.Context, in RecordLookup) (out Record, err error) {
	defer edge(ctx, in.Pace, &err)
	info, err := e.describe(ctx, in.WorkflowID, "")
	switch {
	case err != nil:
		return out, err
	case info == nil || info.GetParentExecution().GetWorkflowId() != in.Parent ||
		info.GetStartTime().AsTime().Before(in.Since):
		return Record{Why: "no run of it was started, or it was deleted"}, nil
	case isOpen(info):
		return out, notYet("the workflow %s is still open", in.WorkflowID)
	}
	out.End = info.GetCloseTime().AsTime()
	result, err := call2(ctx, func(ctx context.Context, id, run string) (maintenance.Result, error) {
		return endrecord.Of(ctx, e.Runs.GetWorkflow(ctx, id, run))
	}, in.WorkflowID, info.GetExecution().GetRunId())
	switch {
	case errors.Is(err, endrecord.ErrNoResult):
		out.Why = "its run left no record: " + maintenance.Plain(err)
		return out, nil
	case err != nil:
		return out, fmt.Errorf("%w: %w", maintenance.ErrUnavailable, err)
	}
	out.Result = &result
	return out, nil
}

// open is the run, or nil where there is none or it has ended.
func (e *Engine) open(ctx context.Context, workflowID, runID string) (*workflowpb.WorkflowExecutionInfo, error) {
	info, err := e.describe(ctx, workflowID, runID)
	if err != nil || !isOpen(info) {
		return nil, err
	}
	return info, nil
}

func isOpen(info *workflowpb.WorkflowExecutionInfo) bool {
	return info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING ||
		info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED
}

// describe is what Temporal knows of the run, or nil where there is none.
func (e *Engine) describe(ctx context.Context, workflowID, runID string) (*workflowpb.WorkflowExecutionInfo, error) {
	described, err := call2(ctx, e.Runs.DescribeWorkflowExecution, workflowID, runID)
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return nil, nil //nolint:nilnil // there is none
	}
	if err != nil {
		return nil, fmt.Errorf("ask Temporal for the workflow %s: %w: %w", workflowID, maintenance.ErrUnavailable, err)
	}
	return described.GetWorkflowExecutionInfo(), nil
}

// quarantined is why a gateway is, for people.
func quarantined(info *workflowpb.WorkflowExecutionInfo, gateway string) string {
	var q maintenance.Quarantine
	if err := decode(info.GetMemo().GetFields()[names.QuarantineMemo], &q); err != nil {
		return fmt.Sprintf("quarantined by the workflow %s, which does not say why: %v", info.GetExecution().GetWorkflowId(),
			err)
	}
	return fmt.Sprintf("quarantined since %s: %s. The run %s (%s) did so. Once it is fixed: tidegate release %s --why \"what was done\"",
		q.Since.UTC().Format(time.RFC3339), q.Reason, q.WorkflowID, q.RunID, gateway)
}

// running is which run has a gateway, for people.
func running(info *workflowpb.WorkflowExecutionInfo) string {
	var campaign string
	of := " of "
	err := decode(info.GetSearchAttributes().GetIndexedFields()[CampaignAttribute], &campaign)
	if err != nil || campaign == "" {
		of, campaign = ", which was started without a campaign,", ""
	}
	return fmt.Sprintf("in the run %s%s%s since %s", info.GetExecution().GetWorkflowId(), of, campaign,
		info.GetStartTime().AsTime().Format(time.RFC3339))
}

func decode(payload *commonpb.Payload, to any) error {
	return converter.GetDefaultDataConverter().FromPayload(payload, to)
}
