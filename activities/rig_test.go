package activities_test

import (
	"cmp"
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/checks/checkstest"
	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/polling"
	"github.com/tidegate/tidegate/test/teststart"
)

// rig runs activities against fake clouds at a fixed time.
type rig struct {
	t          *testing.T
	aws        fakeAWS
	huawei     fakeHuawei
	runs       fakeRuns
	known      fakeKnown
	channels   *fakeChannels // nil: the worker has none
	webUI      string
	health     *checkstest.Sources
	servers    activities.Servers         // nil: the worker has none
	gateways   *activities.StorageGateway // names for method values
	proxies    *activities.TaurusDB
	engine     *activities.Engine
	now        time.Time
	clock      activities.Clock // shows now, unless a test says otherwise
	server     time.Time        // what the server's clock shows; now where zero
	waited     time.Duration    // since the activity was scheduled, by the server's clock
	attempt    int32
	run, id    string // of the workflow's run and of the activity; the environment's where empty
	stoodStill bool   // past the attempt's end, which no timer has noticed yet
	heartbeat  any    // of an attempt before; nil for none
	heartbeats []any
	beat       func() error  // the server's answer to each heartbeat that wants one; nil: it takes them
	slot       time.Duration // after the time that is asked for
	ahead      time.Duration
	stood      time.Duration  // for how long the machine stood still
	slots      []string       // the keys that were asked for
	kept       polling.Memory // of all workers, in Temporal
}

// RecordActivityHeartbeat is a client's.
func (r *rig) RecordActivityHeartbeat(ctx context.Context, _ []byte, details ...any) error {
	if r.beat != nil {
		if err := r.beat(); err != nil {
			return err
		}
	}
	activity.RecordHeartbeat(ctx, details...)
	return nil
}

// Slot is the account's.
func (r *rig) Slot(_ context.Context, account, key string, from time.Time) (time.Time, error) {
	r.slots = append(r.slots, account+" "+key)
	return from.Add(r.slot), nil
}

// SignalWithStartWorkflow keeps what a worker has seen.
func (r *rig) SignalWithStartWorkflow(
	_ context.Context, _, signal string, seen any, _ client.StartWorkflowOptions, workflow any, _ ...any,
) (client.WorkflowRun, error) {
	require.Equal(r.t, []any{durations.SeenSignal, durations.WorkflowName}, []any{signal, workflow})
	if r.kept == nil {
		r.kept = polling.Memory{}
	}
	memory, ok := seen.(polling.Memory)
	require.True(r.t, ok)
	r.kept.Add(memory)
	return nil, nil
}

// QueryWorkflow gives what was kept.
func (r *rig) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(r.kept)
	return client.NewValue(payloads), err
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, now: teststart.On(time.Sunday, 2), attempt: 1}
	r.clock = func() time.Time { return r.now }
	r.health = &checkstest.Sources{Now: func() time.Time { return r.clock() }}
	t.Cleanup(func() {
		require.Empty(t, r.aws.unbounded, "calls without a deadline of their own")
		require.Empty(t, r.huawei.unbounded, "calls without a deadline of their own")
	})
	return r
}

// providers are the rig's fakes.
func (r *rig) providers() activities.Providers {
	p := activities.Providers{
		AWS: awsAccounts{&r.aws}, Huawei: huaweiAccounts{&r.huawei}, Known: &r.known, Runs: r.runs,
		Now: r.clock, Beats: r, Slots: r, Ahead: r.ahead, Durations: durations.New(r, "tidegate", nil, r.clock),
		Asker: r.health, Muter: r.health,
	}
	p.WebUI, p.Servers = r.webUI, r.servers
	if r.channels != nil {
		p.Channels = r.channels
	}
	return p
}

// environment is the SDK's, which keeps the time of the machine: the tap tells an
// activity the rig's.
func (r *rig) environment() *testsuite.TestActivityEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent())
	env := suite.NewTestActivityEnvironment() //nolint:forbidigo // the tap tells the rig's time
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&tap{rig: r}}})
	activities.Register(env, r.providers())
	return env
}

// run executes one attempt of an activity as a worker does.
func run[In, Out any](t *testing.T, r *rig, do func(context.Context, In) (Out, error), in In) (Out, error) {
	t.Helper()
	env := r.environment()
	if r.heartbeat != nil {
		env.SetHeartbeatDetails(r.heartbeat)
	}
	var out Out
	value, err := env.ExecuteActivity(do, in)
	if err == nil {
		require.NoError(t, value.Get(&out))
	}
	return out, err
}

func silent() log.Logger { return log.NewStructuredLogger(slog.New(slog.DiscardHandler)) }

// requireKind says of which type the error is that leaves the activity.
func requireKind(t *testing.T, err error, kind string) *temporal.ApplicationError {
	t.Helper()
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, kind, app.Type(), app.Message())
	return app
}

// requireNotYet says that the poll is repeated, quietly, and why.
func requireNotYet(t *testing.T, err error, says string) {
	t.Helper()
	app := requireKind(t, err, names.TypeNotReady)
	require.False(t, app.NonRetryable())
	require.Equal(t, temporal.ApplicationErrorCategoryBenign, app.Category())
	require.Contains(t, app.Message(), says)
}

// tap tells an activity the attempt and the time that the rig says, and keeps
// its heartbeats.
type tap struct {
	interceptor.WorkerInterceptorBase
	rig *rig
}

func (w *tap) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &inbound{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, rig: w.rig}
}

type inbound struct {
	interceptor.ActivityInboundInterceptorBase
	rig *rig
}

func (i *inbound) Init(next interceptor.ActivityOutboundInterceptor) error {
	return i.Next.Init(&outbound{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: next}, rig: i.rig})
}

func (i *inbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) { //nolint:contextcheck // it inherits all but the deadline
	if i.rig.stoodStill {
		ctx = stopped{ctx}
	}
	return i.Next.ExecuteActivity(ctx, in)
}

// stopped is over, and does not know it.
type stopped struct{ context.Context }

func (stopped) Deadline() (time.Time, bool) {
	return time.Now().Add(-time.Second), true //nolint:forbidigo // a context counts by the machine's clock
}

type outbound struct {
	interceptor.ActivityOutboundInterceptorBase
	rig *rig
}

func (o *outbound) GetInfo(ctx context.Context) activity.Info {
	info := o.Next.GetInfo(ctx)
	info.Attempt, info.StartedTime = o.rig.attempt, o.rig.now
	if !o.rig.server.IsZero() {
		info.StartedTime = o.rig.server
	}
	info.ScheduledTime = info.StartedTime.Add(-o.rig.waited)
	info.WorkflowExecution.RunID = cmp.Or(o.rig.run, info.WorkflowExecution.RunID)
	info.ActivityID = cmp.Or(o.rig.id, info.ActivityID)
	return info
}

func (o *outbound) RecordHeartbeat(ctx context.Context, details ...any) {
	o.rig.heartbeats = append(o.rig.heartbeats, details...)
	o.Next.RecordHeartbeat(ctx, details...)
}

const (
	gatewayARN = "arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-12A3456B"
	volumeARN  = gatewayARN + "/volume/vol-1122AABB"
	volumeID   = "vol-1122aabb"
	instanceID = "0123456789abcdef0123456789abcdefin07"
	proxyID    = "0123456789abcdef0123456789abcdefpo01"
)

func gatewayRef() maintenance.GatewayRef {
	return maintenance.GatewayRef{Account: "prod", ARN: gatewayARN}
}

func pace() maintenance.Pace {
	return maintenance.Pace{Min: maintenance.Duration(5 * time.Second), Max: maintenance.Duration(time.Minute)}
}

func lookup() activities.Lookup { return activities.Lookup{Gateway: gatewayRef(), Pace: pace()} }

func verifyLookup() activities.VerifyGatewayInput {
	return activities.VerifyGatewayInput{Lookup: lookup(), Volumes: true, AutomaticUpdates: true}
}

// gatewayBefore runs 1.2.3 and is offered an update.
func gatewayBefore() maintenance.Gateway {
	return maintenance.Gateway{
		ARN: gatewayARN, ID: "sgw-12A3456B", Type: "CACHED", State: "RUNNING",
		SoftwareVersion: "1.2.3", NextUpdateAvailable: "2026-11-20T00:00:00",
	}
}

func gatewayAfter() maintenance.Gateway {
	g := gatewayBefore()
	g.SoftwareVersion, g.LastSoftwareUpdate, g.NextUpdateAvailable = "1.2.4", "2026-11-22T02:10:00", ""
	return g
}

func gatewayAway() maintenance.Gateway {
	g := gatewayBefore()
	g.State = "SHUTDOWN"
	return g
}

func withdrawn() maintenance.Gateway {
	g := gatewayBefore()
	g.NextUpdateAvailable = ""
	return g
}
