package workers

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows/call"
)

// subjectHeader is the header in which an activity has its subject.
const subjectHeader = "tidegate-subject"

// subject is what a line of the log is about. It has names that the search attributes have too.
type subject struct {
	Campaign string `json:"campaign,omitempty"`
	Target   string `json:"target,omitempty"` // the gateway's id
	Step     string `json:"step,omitempty"`
}

func subjectOf(ctx workflow.Context) subject {
	s := subject{Step: string(call.StepOf(ctx))}
	attributes := workflow.GetTypedSearchAttributes(ctx)
	s.Campaign, _ = attributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(operate.CampaignAttribute))
	s.Target, _ = attributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword(operate.GatewayAttribute))
	return s
}

// fields are those of a line; the workflow and its run are the SDK's.
func (s subject) fields() (fields []any) {
	for _, field := range [][2]string{{"campaign", s.Campaign}, {"target", s.Target}, {"step", s.Step}} {
		if field[1] != "" {
			fields = append(fields, field[0], field[1])
		}
	}
	return fields
}

// logged has each line of a workflow and of an activity say what it is about, and logs how activities fail.
type logged struct {
	interceptor.WorkerInterceptorBase
}

// InterceptWorkflow is how the SDK builds the chain.
func (*logged) InterceptWorkflow(
	_ workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	inbound := &loggedWorkflow{}
	inbound.Next = next
	return inbound
}

type loggedWorkflow struct {
	interceptor.WorkflowInboundInterceptorBase
}

// Init gives the workflow its way out.
func (w *loggedWorkflow) Init(next interceptor.WorkflowOutboundInterceptor) error {
	outbound := &loggedCalls{}
	outbound.Next = next
	return w.Next.Init(outbound)
}

type loggedCalls struct {
	interceptor.WorkflowOutboundInterceptorBase
}

// GetLogger is the workflow's, with its subject.
func (c *loggedCalls) GetLogger(ctx workflow.Context) log.Logger {
	return log.With(c.Next.GetLogger(ctx), subjectOf(ctx).fields()...)
}

// ExecuteActivity gives the activity its subject.
func (c *loggedCalls) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	if payload, err := converter.GetDefaultDataConverter().ToPayload(subjectOf(ctx)); err == nil {
		interceptor.WorkflowHeader(ctx)[subjectHeader] = payload
	}
	return c.Next.ExecuteActivity(ctx, name, args...)
}

// InterceptActivity is how the SDK builds the chain.
func (*logged) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	inbound := &loggedActivity{}
	inbound.Next = next
	return inbound
}

type loggedActivity struct {
	interceptor.ActivityInboundInterceptorBase
}

// Init gives the activity its way out.
func (a *loggedActivity) Init(next interceptor.ActivityOutboundInterceptor) error {
	outbound := &subjectLogger{}
	outbound.Next = next
	return a.Next.Init(outbound)
}

// ExecuteActivity runs the activity, and logs how it failed: what is not ready yet is nothing that people look for, and
// what is tried again is no error.
func (a *loggedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	out, err := a.Next.ExecuteActivity(ctx, in)
	if err == nil {
		return out, nil
	}
	logger := activity.GetLogger(ctx)
	failed, typed := errors.AsType[*temporal.ApplicationError](err)
	switch {
	case typed && failed.Category() == temporal.ApplicationErrorCategoryBenign, temporal.IsCanceledError(err):
		logger.Debug("not yet", "error", err)
	case typed && !failed.NonRetryable():
		logger.Warn("the call failed, and is tried again", "type", failed.Type(), "error", err)
	case typed:
		logger.Warn("the call failed", "type", failed.Type(), "error", err)
	default:
		logger.Error("the activity failed", "error", err)
	}
	return out, err
}

type subjectLogger struct {
	interceptor.ActivityOutboundInterceptorBase
}

// GetLogger is the activity's, with its subject.
func (l *subjectLogger) GetLogger(ctx context.Context) log.Logger {
	return log.With(l.Next.GetLogger(ctx), subjectIn(interceptor.Header(ctx)).fields()...)
}

func subjectIn(header map[string]*commonpb.Payload) (s subject) {
	if payload := header[subjectHeader]; payload != nil {
		_ = converter.GetDefaultDataConverter().FromPayload(payload, &s) // without it the line has its run
	}
	return s
}

// ownLines drops what the SDK logs of an activity that failed: every one as an error, and without its subject.
type ownLines struct{ slog.Handler }

// Handle passes on the lines.
func (h ownLines) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "Activity error.") {
		return nil
	}
	return h.Handler.Handle(ctx, r) //nolint:wrapcheck // of the handler itself
}

// WithAttrs keeps dropping them.
func (h ownLines) WithAttrs(attrs []slog.Attr) slog.Handler {
	return ownLines{h.Handler.WithAttrs(attrs)}
}

// WithGroup keeps dropping them.
func (h ownLines) WithGroup(name string) slog.Handler { return ownLines{h.Handler.WithGroup(name)} }
