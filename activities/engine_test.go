package activities_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// fakeRuns is Temporal with one workflow in it, or with a failure.
type fakeRuns struct {
	status enumspb.WorkflowExecutionStatus // unspecified: there is none
	memo   any
	fails  error
}

func (f *fakeRuns) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	switch {
	case f.fails != nil:
		return nil, f.fails
	case f.status == enumspb.WORKFLOW_EXECUTION_STATUS_UNSPECIFIED:
		return nil, serviceerror.NewNotFound("no workflow " + id)
	}
	memo, err := converter.GetDefaultDataConverter().ToPayload(f.memo)
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Status: f.status, Memo: &commonpb.Memo{Fields: map[string]*commonpb.Payload{activities.QuarantineMemo: memo}},
	}}, err
}

func TestRefuseQuarantined(t *testing.T) {
	t.Parallel()
	q := maintenance.Quarantine{WorkflowID: "gateway-sgw-1", RunID: "run-7", Reason: "the upgrade of proxy p failed"}
	for name, tc := range map[string]struct {
		runs fakeRuns
		kind string
		says []string
	}{
		"never quarantined":     {},
		"released":              {runs: fakeRuns{status: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, memo: q}},
		"terminated by a hand":  {runs: fakeRuns{status: enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, memo: q}},
		"quarantined":           {runs: fakeRuns{status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, memo: q}, kind: activities.TypeQuarantined, says: []string{"gateway-sgw-1", "run-7", "proxy p failed", "tidegate release sgw-1"}},
		"quarantined, unknown":  {runs: fakeRuns{status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, memo: 7}, kind: activities.TypeQuarantined, says: []string{"does not say why"}},
		"Temporal does not say": {runs: fakeRuns{fails: errors.New("connection refused")}, kind: activities.TypeUnavailable, says: []string{"quarantine-sgw-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.runs = tc.runs
			_, err := run(t, r, r.engine.RefuseQuarantined, activities.QuarantineLookup{Gateway: "sgw-1", WorkflowID: "quarantine-sgw-1"})
			if tc.kind == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, tc.kind == activities.TypeQuarantined, requireKind(t, err, tc.kind).NonRetryable())
			for _, words := range tc.says {
				require.ErrorContains(t, err, words)
			}
		})
	}
}
