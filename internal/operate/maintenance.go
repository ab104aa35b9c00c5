package operate

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/workflows/api"
)

// Running is Temporal's word for what has not ended.
const Running = "Running"

// Record is what run, watch and status print. Its fields are added to, and never
// renamed.
type Record struct {
	Gateway    string              `json:"gateway"` // sgw-...
	WorkflowID string              `json:"workflowId,omitempty"`
	RunID      string              `json:"runId,omitempty"`
	Execution  string              `json:"execution,omitempty"` // Temporal's word, such as Running, Failed or Terminated
	Status     *maintenance.Status `json:"status,omitempty"`    // while it runs
	Result     *maintenance.Result `json:"result,omitempty"`    // once it has ended
	// Calls are those in progress of a run that does not say them itself, for want of a
	// worker.
	Calls []maintenance.Call `json:"calls,omitempty"`
	// Quarantine is what keeps later runs from the gateway.
	Quarantine *maintenance.Quarantine `json:"quarantine,omitempty"`
	// May are the orders that it would take now: approve, retry, skip, abort, release.
	May []string `json:"may,omitempty"`
}

// FindMaintenance reads a run of the gateway, without a run's id the open one, else the
// last; and the gateway's quarantine. What is there and does not tell more gives
// a record and an error.
func FindMaintenance(ctx context.Context, c Session, gatewayID, runID string) (Record, error) {
	r := Record{Gateway: gatewayID}
	var err error
	if r.Quarantine, err = FindQuarantine(ctx, c, gatewayID); err != nil {
		return Record{}, err
	}
	err = r.read(ctx, c, runID)
	r.May = r.may()
	_, missing := errors.AsType[*serviceerror.NotFound](err)
	switch {
	case missing && r.Quarantine != nil:
		return r, nil // a quarantine outlives what Temporal keeps of its run
	case r.WorkflowID == "":
		return Record{}, NoRun(c.Namespace, gatewayID, err)
	}
	return r, err
}

// NoRun is the error of a maintenance that could not be read; a MissingError where
// there is none.
func NoRun(namespace, gatewayID string, err error) error {
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return MissingError{fmt.Errorf("there is no maintenance of %s in namespace %s; start one with: tidegate run", gatewayID, namespace)}
	}
	return fmt.Errorf("read the maintenance of %s: %w", gatewayID, err)
}

// read fills in what the run itself says.
func (r *Record) read(ctx context.Context, c Session, runID string) error {
	workflowID := api.GatewayWorkflowID(r.Gateway)
	described, err := c.DescribeWorkflowExecution(ctx, workflowID, runID)
	if err != nil {
		return err
	}
	info := described.GetWorkflowExecutionInfo()
	r.WorkflowID, r.RunID, r.Execution = workflowID, info.GetExecution().GetRunId(), info.GetStatus().String()
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		err := r.ask(ctx, c)
		if r.Status == nil {
			r.Calls = callsOf(described.GetPendingActivities())
		}
		return err
	}
	result, err := outcome.Of(ctx, c.GetWorkflow(ctx, r.WorkflowID, r.RunID))
	switch {
	case err == nil:
		r.Result = &result
	case errors.Is(err, outcome.ErrNoResult):
		// What it has changed stands as its ledger says: a worker still knows.
		err = errors.Join(err, r.ask(ctx, c))
	}
	return err
}

// ask fills in what a run says of itself, also one that was terminated.
func (r *Record) ask(ctx context.Context, c Session) error {
	status, err := ReadStatus(ctx, c, r.WorkflowID, r.RunID)
	if err == nil {
		r.Status = &status
	}
	return err
}

// ReadStatus asks a maintenance how far it is, and Temporal what its calls in progress
// were answered last.
func ReadStatus(ctx context.Context, c Session, workflowID, runID string) (maintenance.Status, error) {
	var status maintenance.Status
	err := c.Ask(ctx, workflowID, runID, api.StatusQuery, &status)
	if err != nil || len(status.Calls) == 0 {
		return status, err
	}
	described, err := c.DescribeWorkflowExecution(ctx, workflowID, runID)
	if err != nil {
		return status, fmt.Errorf("read the calls in progress of %s: %w", workflowID, err)
	}
	respond(status.Calls, described.GetPendingActivities())
	return status, nil
}

// FindQuarantine is what keeps runs from the gateway; nil where nothing does. It
// is read from the workflow's description, so no worker is needed.
func FindQuarantine(ctx context.Context, c Session, gatewayID string) (*maintenance.Quarantine, error) {
	id := api.QuarantineWorkflowID(gatewayID)
	described, err := c.DescribeWorkflowExecution(ctx, id, "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look whether %s is quarantined: %w", gatewayID, err)
	}
	info := described.GetWorkflowExecutionInfo()
	if info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil, nil
	}
	q := maintenance.Quarantine{Gateway: gatewayID}
	if err := converter.GetDefaultDataConverter().FromPayload(info.GetMemo().GetFields()[api.QuarantineMemo], &q); err != nil {
		q.Reason = "the workflow " + id + " does not say why"
	}
	return &q, nil
}
