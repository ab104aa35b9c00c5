package workers

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"

	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/capture/recorder"
	"github.com/tidegate/tidegate/workflows/api"
)

// observed has the requests of activities to clouds reported, and recorded.
type observed struct {
	interceptor.WorkerInterceptorBase
	requested func(context.Context, calltrace.Request)
	recorder  *recorder.Recorder
}

// InterceptActivity is how the SDK builds the chain.
func (o *observed) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	if o.requested == nil && o.recorder == nil {
		return next
	}
	inbound := &observedActivity{requested: o.requested, recorder: o.recorder}
	inbound.Next = next
	return inbound
}

type observedActivity struct {
	interceptor.ActivityInboundInterceptorBase
	requested func(context.Context, calltrace.Request)
	recorder  *recorder.Recorder
}

// ExecuteActivity runs the activity.
func (o *observedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	if o.requested != nil {
		ctx = calltrace.With(ctx, o.requested)
	}
	if o.recorder != nil {
		ctx = o.recorder.Context(ctx, int(activity.GetInfo(ctx).Attempt))
	}
	return o.Next.ExecuteActivity(ctx, in)
}

// exportAgain is how soon the workflow that has one worker show the state of campaigns is started again where somebody
// has ended it.
const exportAgain = time.Minute

// alsoExport starts that workflow where it does not run, again and again until the function that it returns is called,
// which also calls stop. What keeps it from being started is seen in the metrics: nobody shows when the state was read.
func alsoExport(c client.Client, queue string, stop func()) func() {
	ctx, cancel := context.WithCancel(context.Background()) //nolint:forbidigo // it ends by the function that is returned
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(exportAgain)
		defer tick.Stop()
		for {
			_, _ = c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ // the next round tries again
				ID: api.ExportStateWorkflowID(queue), TaskQueue: queue,
				WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
				StaticSummary:            "Which worker shows the state of campaigns in its metrics",
			}, api.ExportStateName)
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() {
		cancel()
		<-ended
		stop()
	}
}
