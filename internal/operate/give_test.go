package operate_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/workflows/api"
)

// engine is a Temporal that has some campaigns, and answers updates one after the
// other with the errors that are given; after them it applies.
type engine struct {
	client.Client
	campaigns []string // their workflows' ids
	errs      []error
	told      []client.UpdateWorkflowOptions
}

func (e *engine) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if !slices.Contains(e.campaigns, id) {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "run of " + id},
		Type:      &commonpb.WorkflowType{Name: api.CampaignName}, Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
	}}, nil
}

func (e *engine) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	e.told = append(e.told, o)
	if n := len(e.told); n <= len(e.errs) {
		return nil, e.errs[n-1]
	}
	return applied{what: o.UpdateName}, nil
}

type applied struct {
	client.WorkflowUpdateHandle
	what string
}

func (o applied) Get(_ context.Context, value any) error {
	d, ok := value.(*maintenance.Decision)
	if !ok {
		return fmt.Errorf("a %T is asked for", value)
	}
	d.What = o.what
	return nil
}

func pause(t *testing.T) operate.Command {
	t.Helper()
	order, ok := action.Of(api.PauseUpdate)
	require.True(t, ok)
	return operate.Command{Action: order, Name: "x"}
}

// By its id Temporal knows an action that has arrived already.
func TestAnActionThatWasCutIsSentAgainUnderTheSameID(t *testing.T) {
	t.Parallel()
	e := &engine{campaigns: []string{"campaign-x"}, errs: []error{serviceerror.NewUnavailable("cut"), serviceerror.NewWorkflowNotReady("it continues as new")}}
	decision, err := pause(t).Give(t.Context(), operate.Session{Client: e})
	require.NoError(t, err)
	require.Equal(t, api.PauseUpdate, decision.What)
	require.Len(t, e.told, 3)
	require.NotEmpty(t, e.told[0].UpdateID)
	for _, o := range e.told {
		require.Equal(t, e.told[0].UpdateID, o.UpdateID)
	}
	_, err = pause(t).Give(t.Context(), operate.Session{Client: e})
	require.NoError(t, err)
	require.NotEqual(t, e.told[0].UpdateID, e.told[3].UpdateID, "another action is another")
}

func TestARefusalIsNotSentAgain(t *testing.T) {
	t.Parallel()
	e := &engine{campaigns: []string{"campaign-x"}, errs: []error{temporal.NewApplicationError("it is already paused, by bob: INC-77", "")}}
	_, err := pause(t).Give(t.Context(), operate.Session{Client: e})
	var refused operate.RefusedError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "it is already paused, by bob: INC-77", refused.Why)
	require.EqualError(t, err, "pause x is refused: it is already paused, by bob: INC-77")
	require.Len(t, e.told, 1)
}

func TestWithoutAWorkflowTheActionIsRefused(t *testing.T) {
	t.Parallel()
	_, err := pause(t).Give(t.Context(), operate.Session{Client: &engine{}, Namespace: "maint"})
	var missing operate.MissingError
	require.ErrorAs(t, err, &missing)
	require.EqualError(t, err, "pause x: no campaign x in namespace maint; see tidegate list")
	gone := &engine{campaigns: []string{"campaign-x"}, errs: []error{serviceerror.NewNotFound("it has ended")}}
	_, err = pause(t).Give(t.Context(), operate.Session{Client: gone, Namespace: "maint"})
	require.ErrorAs(t, err, &missing)
	require.ErrorContains(t, err, "the campaign is not running")
}

// The workflow of the campaign x is campaign-x, which another campaign may be called.
func TestACampaignThatWasFoundIsNotMistakenForItsNamesake(t *testing.T) {
	t.Parallel()
	e := &engine{campaigns: []string{"campaign-x", "campaign-campaign-x"}}
	c := operate.Session{Client: e}
	found, err := operate.FindCampaign(t.Context(), c, "x")
	require.NoError(t, err)
	found, err = found.Again(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "campaign-x", found.WorkflowID)
	order := pause(t)
	order.Name, order.Found = found.Name, found
	_, err = order.Give(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "campaign-x", e.told[0].WorkflowID)

	e.campaigns = nil
	_, err = found.Again(t.Context(), c)
	require.ErrorAs(t, err, new(operate.MissingError))
}
