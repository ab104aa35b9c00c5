package main

import (
	"context"
	"errors"
	"fmt"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows"
)

// quarantineOf is what keeps runs from the gateway; nil where nothing does. It
// is read from the workflow's description, so no worker is needed.
func quarantineOf(ctx context.Context, c session, gatewayID string) (*maintenance.Quarantine, error) {
	id := workflows.QuarantineWorkflowID(gatewayID)
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
	if err := converter.GetDefaultDataConverter().FromPayload(info.GetMemo().GetFields()[workflows.QuarantineMemo], &q); err != nil {
		q.Reason = "the workflow " + id + " does not say why"
	}
	return &q, nil
}
