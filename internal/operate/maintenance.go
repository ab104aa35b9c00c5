package operate

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/workflows/api"
)

// FindMaintenance reads a run of the gateway, without a run's id the open one, else the
// last; and the gateway's quarantine. What is there and does not tell more gives
// a record and an error.
func FindMaintenance(ctx context.Context, c Session, gatewayID, runID string) (record.Maintenance, error) {
	r := record.Maintenance{Gateway: gatewayID}
	var err error
	if r.Quarantine, err = FindQuarantine(ctx, c, gatewayID); err != nil {
		return record.Maintenance{}, err
	}
	err = readMaintenance(ctx, c, &r, runID)
	r.May = may(r)
	_, missing := errors.AsType[*serviceerror.NotFound](err)
	switch {
	case missing && r.Quarantine != nil:
		return r, nil // a quarantine outlives what Temporal keeps of its run
	case r.WorkflowID == "":
		return record.Maintenance{}, NoRun(c.Namespace, gatewayID, err)
	}
	return r, err
}

// may are the actions that a gateway would take as it is now, by name.
func may(r record.Maintenance) []string {
	switch {
	case r.Status != nil && r.Execution == record.Running:
		return r.Status.May
	case r.Quarantine != nil:
		return []string{api.ReleaseUpdate}
	}
	return nil
}

// NoRun is the error of a maintenance that could not be read; a MissingError where
// there is none.
func NoRun(namespace, gatewayID string, err error) error {
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return MissingError{fmt.Errorf("no maintenance of %s in namespace %s; to start one: tidegate run", gatewayID, namespace)}
	}
	return fmt.Errorf("read the maintenance of %s: %w", gatewayID, err)
}

// readMaintenance fills in what the run itself says.
func readMaintenance(ctx context.Context, c Session, r *record.Maintenance, runID string) error {
	workflowID := api.GatewayWorkflowID(r.Gateway)
	described, err := c.DescribeWorkflowExecution(ctx, workflowID, runID)
	if err != nil {
		return err
	}
	info := described.GetWorkflowExecutionInfo()
	r.WorkflowID, r.RunID, r.Execution = workflowID, info.GetExecution().GetRunId(), info.GetStatus().String()
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		err := askMaintenance(ctx, c, r)
		if r.Status == nil {
			r.Calls = callsOf(described.GetPendingActivities())
		}
		return err
	}
	result, err := endrecord.Of(ctx, c.GetWorkflow(ctx, r.WorkflowID, r.RunID))
	switch {
	case err == nil:
		r.Result = &result
	case errors.Is(err, endrecord.ErrNoResult):
		// What it has changed stands as its ledger says: a worker still knows.
		err = errors.Join(err, askMaintenance(ctx, c, r))
	}
	return err
}

// askMaintenance fills in what a run says of itself, also one that was terminated.
func askMaintenance(ctx context.Context, c Session, r *record.Maintenance) error {
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
		return nil, fmt.Errorf("check whether %s is quarantined: %w", gatewayID, err)
	}
	info := described.GetWorkflowExecutionInfo()
	if info.GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return nil, nil
	}
	q := maintenance.Quarantine{Gateway: gatewayID}
	if err := converter.GetDefaultDataConverter().FromPayload(info.GetMemo().GetFields()[api.QuarantineMemo],
		&q); err != nil {
		q.Reason = "the workflow " + id + " does not say why"
	}
	return &q, nil
}
