package workflows_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows"
	"github.com/tidegate/tidegate/workflows/api"
)

// witness sees how a workflow that is replayed ends.
type witness struct {
	interceptor.WorkerInterceptorBase
	end error
}

func (w *witness) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &witnessed{witness: w, WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

type witnessed struct {
	interceptor.WorkflowInboundInterceptorBase
	*witness
}

func (w *witnessed) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput) (any, error) {
	out, err := w.WorkflowInboundInterceptorBase.ExecuteWorkflow(ctx, in)
	w.end = err
	return out, err
}

// replay plays a history of one workflow task, before which these events came, and
// in which the campaign continued as new. It gives the input of the next run. The
// test environment plays each event in a task of its own.
func replay(t *testing.T, in api.CampaignInput, came ...*historypb.HistoryEvent) api.CampaignInput {
	t.Helper()
	input, err := converter.GetDefaultDataConverter().ToPayloads(in)
	require.NoError(t, err)
	kind := &commonpb.WorkflowType{Name: api.CampaignName}
	events := []*historypb.HistoryEvent{{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionStartedEventAttributes{WorkflowExecutionStartedEventAttributes: &historypb.WorkflowExecutionStartedEventAttributes{
			ContinuedExecutionRunId: "a-run-before", WorkflowType: kind, TaskQueue: &taskqueuepb.TaskQueue{Name: api.TaskQueue}, Input: input, OriginalExecutionRunId: "run", FirstExecutionRunId: "first",
		}},
	}}
	events = append(events, came...)
	scheduled := int64(len(events) + 1)
	events = append(events, &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
		Attributes: &historypb.HistoryEvent_WorkflowTaskScheduledEventAttributes{WorkflowTaskScheduledEventAttributes: &historypb.WorkflowTaskScheduledEventAttributes{
			TaskQueue: &taskqueuepb.TaskQueue{Name: api.TaskQueue},
		}},
	}, &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED,
		Attributes: &historypb.HistoryEvent_WorkflowTaskStartedEventAttributes{WorkflowTaskStartedEventAttributes: &historypb.WorkflowTaskStartedEventAttributes{
			ScheduledEventId: scheduled,
		}},
	}, &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
		Attributes: &historypb.HistoryEvent_WorkflowTaskCompletedEventAttributes{WorkflowTaskCompletedEventAttributes: &historypb.WorkflowTaskCompletedEventAttributes{
			ScheduledEventId: scheduled, StartedEventId: scheduled + 1,
		}},
	}, &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionContinuedAsNewEventAttributes{WorkflowExecutionContinuedAsNewEventAttributes: &historypb.WorkflowExecutionContinuedAsNewEventAttributes{
			WorkflowType: kind, TaskQueue: &taskqueuepb.TaskQueue{Name: api.TaskQueue}, WorkflowTaskCompletedEventId: scheduled + 2, NewExecutionRunId: "next",
		}},
	})
	for i, e := range events {
		e.EventId, e.EventTime = int64(i+1), timestamppb.New(noon)
	}
	w := &witness{}
	replayer, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{Interceptors: []interceptor.WorkerInterceptor{w}})
	require.NoError(t, err)
	workflows.Register(replayer)
	played := replayer.ReplayWorkflowHistory(nil, &historypb.History{Events: events})
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, w.end, &next, errors.Join(w.end, played))
	var out api.CampaignInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(next.Input, &out))
	return out
}

func TestACancelThatComesAsACampaignContinuesAsNewIsNotLost(t *testing.T) {
	t.Parallel()
	s := newSky(1)
	in := carried(s.plan(), fleet.Entry{Name: nameOf(0), Gateway: s.gateways[0].gateway.ID, State: fleet.Waiting, Bar: maintenance.BlockedByQuarantine, Unavailable: "for the test"})
	next := replay(t, in, &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED,
		Attributes: &historypb.HistoryEvent_WorkflowExecutionCancelRequestedEventAttributes{
			WorkflowExecutionCancelRequestedEventAttributes: &historypb.WorkflowExecutionCancelRequestedEventAttributes{},
		},
	})
	require.Contains(t, next.Carried.Life.Stopped(), "cancelled")
	require.NotNil(t, next.Carried.Unsent.Abort)
}
