package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// QuarantineMemo is the memo under which a quarantine's workflow says why it is.
const QuarantineMemo = "quarantine"

// Runs is what the activities need of Temporal itself; a client has it.
type Runs interface {
	DescribeWorkflowExecution(ctx context.Context, workflowID, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error)
}

// Engine holds the activities on other runs.
type Engine struct {
	Runs Runs
	Now  Clock
}

// QuarantineLookup names the workflow that stands for a gateway's quarantine.
type QuarantineLookup struct {
	Gateway    string           `json:"gateway"`
	WorkflowID string           `json:"workflowId"`
	Pace       maintenance.Pace `json:"pace,omitzero"`
}

// RefuseQuarantined fails with TypeQuarantined where the gateway is quarantined,
// naming the run that did so and why.
func (e *Engine) RefuseQuarantined(ctx context.Context, in QuarantineLookup) (out struct{}, err error) {
	defer e.Now.edge(ctx, in.Pace, &err)
	described, err := call2(ctx, e.Runs.DescribeWorkflowExecution, in.WorkflowID, "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return out, nil
	}
	if err != nil {
		return out, fmt.Errorf("ask Temporal for the workflow %s: %w: %w", in.WorkflowID, maintenance.ErrUnavailable, err)
	}
	info := described.GetWorkflowExecutionInfo()
	if info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return out, nil
	}
	var q maintenance.Quarantine
	if err := converter.GetDefaultDataConverter().FromPayload(info.GetMemo().GetFields()[QuarantineMemo], &q); err != nil {
		return out, fmt.Errorf("%w: by the workflow %s, which does not say why: %w", errQuarantined, in.WorkflowID, err)
	}
	return out, fmt.Errorf("%w since %s: %s. The run %s (%s) did so. Once it is in order: tidegate release %s --why \"what was done\"",
		errQuarantined, q.Since.UTC().Format(time.RFC3339), q.Reason, q.WorkflowID, q.RunID, in.Gateway)
}
