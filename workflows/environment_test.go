package workflows_test

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/checks/checkstest"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/metrics"
	"github.com/tidegate/tidegate/workflows"
	"github.com/tidegate/tidegate/workflows/api"
)

// environment is the SDK's test environment in virtual time, with a meter.
type environment struct {
	*testsuite.TestWorkflowEnvironment
	meter   *meter
	metrics *metrics.Metrics
}

// started is an environment that starts at a time: the one way to get one.
func started(t *testing.T, start time.Time) environment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	counted := metrics.New()
	suite.SetMetricsHandler(counted.SDK())
	env := environment{suite.NewTestWorkflowEnvironment(), &meter{events: endEvents + taskEvents}, counted} //nolint:forbidigo // serverClock tells its own
	env.SetWorkerOptions(worker.Options{
		Interceptors: []interceptor.WorkerInterceptor{env.meter, &serverClock{now: env.Now}},
		// The race detector makes ten thousand targets slow.
		DeadlockDetectionTimeout: time.Minute,
	})
	env.SetStartTime(start)
	env.SetContinuedExecutionRunID("a-run-before") // a campaign's state is taken from such a run only
	env.SetTestTimeout(time.Minute)
	t.Cleanup(func() { require.Empty(t, env.meter.unsaid, "the Web UI says nothing of what these are for") })
	return env
}

// at is an environment that starts at a time, with the cloud in it.
func at(t *testing.T, start time.Time, c *cloud) environment {
	t.Helper()
	env := started(t, start)
	c.now = env.Now
	c.health = &checkstest.Sources{Now: env.Now}
	workflows.Register(env)
	// The test environment would live on for as long as a quarantine does.
	env.RegisterWorkflowWithOptions(
		func(workflow.Context, maintenance.Quarantine) (maintenance.Decision, error) {
			return maintenance.Decision{}, nil
		},
		workflow.RegisterOptions{Name: api.QuarantineName, DisableAlreadyRegisteredCheck: true})
	activities.Register(env, activities.Providers{AWS: c, Huawei: c, Known: c, Runs: c, Now: env.Now, Beats: virtual{}, Slots: virtual{}, Asker: c.health, Muter: c.health})
	return env
}

// virtual is Temporal where nobody waits in a worker, and no rate binds.
type virtual struct{}

// RecordActivityHeartbeat takes every heartbeat.
func (virtual) RecordActivityHeartbeat(ctx context.Context, _ []byte, details ...any) error {
	activity.RecordHeartbeat(ctx, details...)
	return nil
}

// Slot is the first time that may be.
func (virtual) Slot(_ context.Context, _, _ string, from time.Time) (time.Time, error) {
	return from, nil
}

// when does something once a condition holds, which is read each second of
// the test's own time: nothing says how long the steps before it take.
func (e environment) when(holds func() bool, do func()) {
	e.RegisterDelayedCallback(func() {
		if holds() {
			do()
		} else {
			e.when(holds, do)
		}
	}, time.Second)
}

// serverClock dates activities as the server does, by the one clock that it and
// the workflow have: the SDK's environment dates every attempt by the machine's
// clock at the first one, so that what is reckoned from it depends on the day.
type serverClock struct {
	interceptor.WorkerInterceptorBase
	now func() time.Time

	mu        sync.Mutex
	scheduled map[[2]string]time.Time // by run and activity
}

func (c *serverClock) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &datedInbound{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, clock: c}
}

// date is when an attempt started, and when its activity was scheduled: a first
// attempt is started at once here.
func (c *serverClock) date(info activity.Info) (scheduled, started time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	started = c.now()
	key := [2]string{info.WorkflowExecution.RunID, info.ActivityID}
	if c.scheduled == nil {
		c.scheduled = map[[2]string]time.Time{}
	}
	if info.Attempt == 1 {
		c.scheduled[key] = started
	}
	return c.scheduled[key], started
}

// datedInbound is one attempt, which started at one time.
type datedInbound struct {
	interceptor.ActivityInboundInterceptorBase
	clock *serverClock
	dated *datedOutbound
}

func (i *datedInbound) Init(next interceptor.ActivityOutboundInterceptor) error {
	i.dated = &datedOutbound{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: next}}
	return i.Next.Init(i.dated)
}

func (i *datedInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	i.dated.scheduled, i.dated.started = i.clock.date(activity.GetInfo(ctx))
	return i.Next.ExecuteActivity(ctx, in)
}

type datedOutbound struct {
	interceptor.ActivityOutboundInterceptorBase
	scheduled, started time.Time
}

func (o *datedOutbound) GetInfo(ctx context.Context) activity.Info {
	info := o.Next.GetInfo(ctx)
	info.ScheduledTime, info.StartedTime = o.scheduled, o.started
	return info
}

// meter makes the test environment like the server in some things. Activities
// have as many attempts as their deadline allows; the SDK's own gives ten. And
// what a workflow adds to its history is counted: there is none here, so each
// command is charged what the server would write, and a workflow task of its own.
type meter struct {
	interceptor.WorkerInterceptorBase
	events int
	// actions is how long a campaign's actions are under way: nothing otherwise, and
	// on a busy server some seconds.
	instructions time.Duration
	// messages is how long a message to people is under way.
	messages time.Duration
	// gone is a workflow that no signal reaches.
	gone string
	// alone is true where the other workflows are not there, and each signal to one is
	// taken all the same.
	alone bool
	// taken says whether another workflow has this id.
	taken func(id string) bool
	// lost is how the next attempt of the trigger ends, without having run.
	lost error
	// cancelled is, by activity, with what error its next start ends, when it is cancelled; inFlight: it has started.
	cancelled map[string]error
	inFlight  bool
	// signals are how many were sent to other workflows, by name.
	signals map[string]int
	// unsaid is what had no summary or description for the Web UI.
	unsaid []string
}

// says notes what comes without a text that people read.
func (m *meter) says(text, what string) {
	if text == "" || text == "Sleep" { // the SDK's own summary of workflow.Sleep
		m.unsaid = append(m.unsaid, what)
	}
}

// metered is one workflow's way through the meter.
type metered struct {
	interceptor.WorkflowInboundInterceptorBase
	interceptor.WorkflowOutboundInterceptorBase
	*meter
}

const (
	taskEvents     = 3 // scheduled, started, completed
	activityEvents = 3
	timerEvents    = 2
	cancelEvents   = 2
	signalEvents   = 2 // to another workflow: sent, taken
	childEvents    = 3 // to be started, started, ended
	endEvents      = 2 // the execution started, and ended
)

func (m *meter) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	return &metered{meter: m, WorkflowInboundInterceptorBase: interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

func (m *metered) Init(next interceptor.WorkflowOutboundInterceptor) error {
	m.WorkflowOutboundInterceptorBase.Next = next
	return m.WorkflowInboundInterceptorBase.Next.Init(m)
}

func (m *metered) ExecuteActivity(ctx workflow.Context, name string, args ...any) workflow.Future {
	m.events += activityEvents + cancelEvents + taskEvents
	options := workflow.GetActivityOptions(ctx)
	m.says(options.Summary, "activity "+name)
	if options.RetryPolicy.MaximumAttempts == 0 {
		options.RetryPolicy.MaximumAttempts = math.MaxInt32
	}
	ctx = workflow.WithActivityOptions(ctx, options)
	if ends, ok := m.cancelled[name]; ok {
		delete(m.cancelled, name)
		m.inFlight = true
		future, done := workflow.NewFuture(ctx)
		workflow.Go(ctx, func(ctx workflow.Context) {
			ctx.Done().Receive(ctx, nil)
			done.SetError(ends)
		})
		return future
	}
	if name == "TriggerUpdate" && m.lost != nil {
		future, done := workflow.NewFuture(ctx)
		done.SetError(m.lost)
		m.lost = nil
		return future
	}
	if name != "Notify" || m.messages == 0 {
		return m.WorkflowOutboundInterceptorBase.Next.ExecuteActivity(ctx, name, args...)
	}
	answer, settle := workflow.NewFuture(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		if err := busy(ctx, m.messages); err != nil {
			settle.SetError(err)
			return
		}
		settle.Chain(m.WorkflowOutboundInterceptorBase.Next.ExecuteActivity(ctx, name, args...))
	})
	return answer
}

func (m *metered) NewTimerWithOptions(ctx workflow.Context, d time.Duration, o workflow.TimerOptions) workflow.Future {
	m.events += timerEvents + taskEvents
	m.says(o.Summary, "timer of "+d.String())
	return m.WorkflowOutboundInterceptorBase.Next.NewTimerWithOptions(ctx, d, o)
}

func (m *metered) UpsertTypedSearchAttributes(ctx workflow.Context, a ...temporal.SearchAttributeUpdate) error {
	m.events++
	return m.WorkflowOutboundInterceptorBase.Next.UpsertTypedSearchAttributes(ctx, a...)
}

func (m *metered) SignalExternalWorkflow(ctx workflow.Context, id, runID, name string, arg any) workflow.Future {
	if id == m.gone {
		future, done := workflow.NewFuture(ctx)
		done.SetError(&temporal.UnknownExternalWorkflowExecutionError{})
		return future
	}
	m.events += signalEvents + taskEvents
	if m.signals == nil {
		m.signals = map[string]int{}
	}
	m.signals[name]++
	if m.alone {
		future, done := workflow.NewFuture(ctx)
		done.SetValue(nil)
		return future
	}
	if name == "instructions" && m.instructions > 0 {
		if err := busy(ctx, m.instructions); err != nil {
			workflow.GetLogger(ctx).Warn("not so slow", "error", err)
		}
	}
	return m.WorkflowOutboundInterceptorBase.Next.SignalExternalWorkflow(ctx, id, runID, name, arg)
}

// busy is how long a server takes.
func busy(ctx workflow.Context, d time.Duration) error {
	return workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: "the server is busy"}).Get(ctx, nil)
}

func (m *metered) NewTimer(ctx workflow.Context, d time.Duration) workflow.Future {
	m.says("", "timer of "+d.String())
	return m.WorkflowOutboundInterceptorBase.Next.NewTimer(ctx, d)
}

func (m *metered) ExecuteChildWorkflow(ctx workflow.Context, name string, args ...any) workflow.ChildWorkflowFuture {
	options := workflow.GetChildWorkflowOptions(ctx)
	m.events += childEvents + 2*taskEvents
	m.says(options.StaticSummary, "child workflow "+name)
	if m.taken != nil && m.taken(options.WorkflowID) {
		future, done := workflow.NewFuture(ctx)
		done.SetError(&temporal.ChildWorkflowExecutionAlreadyStartedError{})
		return takenChild{future}
	}
	return m.WorkflowOutboundInterceptorBase.Next.ExecuteChildWorkflow(ctx, name, args...)
}

// takenChild is a child whose id another workflow has.
type takenChild struct{ workflow.Future }

func (c takenChild) GetChildWorkflowExecution() workflow.Future { return c.Future }

func (c takenChild) SignalChildWorkflow(workflow.Context, string, any) workflow.Future {
	return c.Future
}

func (m *metered) GetSignalChannel(ctx workflow.Context, name string) workflow.ReceiveChannel {
	m.says("", "signal "+name)
	return m.WorkflowOutboundInterceptorBase.Next.GetSignalChannel(ctx, name)
}

func (m *metered) GetSignalChannelWithOptions(ctx workflow.Context, name string, o workflow.SignalChannelOptions) workflow.ReceiveChannel {
	m.says(o.Description, "signal "+name)
	return m.WorkflowOutboundInterceptorBase.Next.GetSignalChannelWithOptions(ctx, name, o)
}

func (m *metered) SetQueryHandler(ctx workflow.Context, name string, handler any) error {
	m.says("", "query "+name)
	return m.WorkflowOutboundInterceptorBase.Next.SetQueryHandler(ctx, name, handler)
}

func (m *metered) SetQueryHandlerWithOptions(ctx workflow.Context, name string, handler any, o workflow.QueryHandlerOptions) error {
	m.says(o.Description, "query "+name)
	return m.WorkflowOutboundInterceptorBase.Next.SetQueryHandlerWithOptions(ctx, name, handler, o)
}

func (m *metered) SetUpdateHandler(ctx workflow.Context, name string, handler any, o workflow.UpdateHandlerOptions) error {
	m.says(o.Description, "update "+name)
	return m.WorkflowOutboundInterceptorBase.Next.SetUpdateHandler(ctx, name, handler, o)
}
