package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// PassOnInput is an operator action that a campaign was given, for the run of one of
// its targets.
type PassOnInput struct {
	WorkflowID string         `json:"workflowId"`
	Parent     string         `json:"parent"` // id of the workflow that started the run: another campaign's is not meant
	Update     string         `json:"update"` // its name
	UpdateID   string         `json:"updateId"`
	Action     OperatorAction `json:"action"`
	// Pace is how soon Temporal is asked again where it did not answer.
	Pace maintenance.Pace `json:"pace,omitzero"`
}

// OperatorAction is what the update of a run takes.
type OperatorAction struct {
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
}

// PassOn gives the action to the run and waits for its answer. It may be sent several
// times: by the update's id the run takes it once. It fails with names.TypeRefused where the
// run refuses it, in the run's words, and with names.TypeNotFound where there is no such run.
func (e *Engine) PassOn(ctx context.Context, in PassOnInput) (out maintenance.Decision, err error) {
	defer edge(ctx, in.Pace, &err)
	info, err := e.open(ctx, in.WorkflowID, "")
	if err != nil {
		return out, err
	}
	if info == nil || info.GetParentExecution().GetWorkflowId() != in.Parent {
		return out, errNoRun
	}
	ctx, cancel := limited(ctx)
	defer cancel()
	handle, err := e.Runs.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: in.WorkflowID, RunID: info.GetExecution().GetRunId(), UpdateID: in.UpdateID, UpdateName: in.Update,
		Args: []any{in.Action}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &out)
	}
	refused, isRefused := errors.AsType[*temporal.ApplicationError](err)
	_, gone := errors.AsType[*serviceerror.NotFound](err)
	switch {
	case isRefused:
		return out, fmt.Errorf("%w: %s", errRefused, refused.Message())
	case gone:
		return out, errNoRun
	case err != nil:
		return out, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return out, nil
}
