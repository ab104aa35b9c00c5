package e2e_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/server/temporaltest"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/internal/namespace"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/servers/wire"
	"github.com/tidegate/tidegate/internal/signers"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/test/waiting"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// engine is the Temporal server that this package's tests share: one costs half
// a second and 170 MB.
var engine *temporaltest.TestServer

func TestMain(m *testing.M) {
	waiting.SideBySide()
	engine = temporaltest.NewServer(temporaltest.WithBaseClientOptions(client.Options{
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	}))
	m.Run()
	engine.Stop()
}

// ready says whether the shared engine's namespace is set up, once: the server limits how often it may be
// asked for that.
var ready struct {
	sync.Once
	err error
}

const (
	awsAccount    = "prod"
	huaweiAccount = "db"
)

// lab is one test's clouds, with a worker of its own.
type lab struct {
	t      *testing.T
	sim    *simcloud.Simulation
	client client.Client
	prefix string
	queue  string
}

// newLab starts the clouds of a scenario on the shared engine.
func newLab(t *testing.T, scenario simcloud.Scenario) *lab {
	t.Helper()
	return newLabOn(t, prepared(t), t.Name()+"-", scenario)
}

// prepared is a client of the shared engine, whose namespace is set up.
func prepared(t *testing.T) client.Client {
	t.Helper()
	ready.Do(func() {
		ready.err = namespace.Ensure(t.Context(), engine.GetDefaultClient(), engine.GetDefaultNamespace(), webui.SearchAttributes())
	})
	require.NoError(t, ready.err)
	return engine.GetDefaultClient()
}

// newLabOn starts the clouds of a scenario, and workers that know them. What it
// starts in Temporal has the prefix in its name, since tests share an engine.
func newLabOn(t *testing.T, c client.Client, prefix string, scenario simcloud.Scenario) *lab {
	t.Helper()
	return newLabWith(t, c, prefix, scenario, signing.Demand{}, nil)
}

// newLabWith is newLabOn with groups of signers, and an AWS account that demands their signatures.
func newLabWith(
	t *testing.T, c client.Client, prefix string, scenario simcloud.Scenario, demand signing.Demand, groups *signers.Groups,
) *lab {
	t.Helper()
	sim, err := simcloud.New(scenario, simcloud.Options{})
	require.NoError(t, err)
	address, stop, err := sim.Start(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(stop)
	l := &lab{t: t, sim: sim, client: c, prefix: prefix, queue: prefix + api.TaskQueue}
	stopWorkers, err := workers.Start(l.client, cloudsDemanding(t, "http://"+address, demand),
		workers.Options{Queue: l.queue, Servers: serversAt(t, "http://"+address), Signers: groups})
	require.NoError(t, err)
	t.Cleanup(stopWorkers)
	return l
}

func cloudsAt(t *testing.T, endpoint string) *accounts.Accounts {
	t.Helper()
	return cloudsDemanding(t, endpoint, signing.Demand{})
}

func cloudsDemanding(t *testing.T, endpoint string, demand signing.Demand) *accounts.Accounts {
	t.Helper()
	return accounts.New(t.Context(),
		[]accounts.AWS{{
			Account:   awsaccounts.Account{Name: awsAccount, Region: aws.DefaultRegion, Endpoint: endpoint},
			Keys:      &accounts.Keys{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey},
			Approvals: demand,
		}},
		[]accounts.Huawei{{
			Account:     huaweicloud.Account{Name: huaweiAccount, Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion, Endpoint: endpoint},
			Credentials: huaweicloud.Credentials{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey},
		}})
}

// monitor is the name of the Prometheus and of the Alertmanager.
const monitor = "monitor"

func serversAt(t *testing.T, endpoint string) *servers.Servers {
	t.Helper()
	all, err := servers.New(servers.Configured{
		Prometheus:   []wire.Server{{Name: monitor, URL: endpoint + monitoring.PrometheusPath, PerSecond: 100}},
		Alertmanager: []wire.Server{{Name: monitor, URL: endpoint + monitoring.AlertmanagerPath, PerSecond: 100}},
	}, nil)
	require.NoError(t, err)
	return all
}

// start starts a gateway's maintenance.
func (l *lab) start(in api.MaintenanceInput) client.WorkflowRun {
	l.t.Helper()
	run, err := l.client.ExecuteWorkflow(l.t.Context(), client.StartWorkflowOptions{
		ID:                    l.prefix + api.GatewayWorkflowID(in.Target.Gateway.ID()),
		TaskQueue:             l.queue,
		TypedSearchAttributes: webui.StartAttributes(in.Target),
		StaticSummary:         "Maintenance of " + in.Target.Name + " (" + in.Target.Gateway.ID() + ")",
	}, api.GatewayMaintenanceName, in)
	require.NoError(l.t, err)
	return run
}

// maintain runs a gateway's maintenance to its end.
func (l *lab) maintain(in api.MaintenanceInput) (maintenance.Result, []*historypb.HistoryEvent) {
	l.t.Helper()
	return l.end(l.start(in))
}

func (l *lab) end(run client.WorkflowRun) (maintenance.Result, []*historypb.HistoryEvent) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), 3*time.Minute)
	defer cancel()
	result, err := endrecord.Of(ctx, run)
	require.NoError(l.t, err)
	history := l.history(run)
	l.record(history)
	return result, history
}

func (l *lab) history(run client.WorkflowRun) []*historypb.HistoryEvent {
	l.t.Helper()
	var events []*historypb.HistoryEvent
	pages := l.client.GetWorkflowHistory(l.t.Context(), run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		require.NoError(l.t, err)
		events = append(events, event)
	}
	return events
}

// status asks a run what it says of itself.
func (l *lab) status(run client.WorkflowRun) maintenance.Status {
	l.t.Helper()
	value, err := l.client.QueryWorkflow(l.t.Context(), run.GetID(), run.GetRunID(), api.StatusQuery)
	require.NoError(l.t, err)
	var s maintenance.Status
	require.NoError(l.t, value.Get(&s))
	return s
}

// order sends a run an operator's order, and wants it accepted.
func (l *lab) order(workflowID, name string, o any) {
	l.t.Helper()
	handle, err := l.client.UpdateWorkflow(l.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: workflowID, UpdateName: name, Args: []any{o}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	require.NoError(l.t, err)
	require.NoError(l.t, handle.Get(l.t.Context(), nil))
}

// refused sends an operator action that the workflow accepts, and then refuses.
func (l *lab) refused(workflowID, name string, o any, why string) {
	l.t.Helper()
	handle, err := l.client.UpdateWorkflow(l.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: workflowID, UpdateName: name, Args: []any{o}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(l.t.Context(), nil)
	}
	require.ErrorContains(l.t, err, why)
}

// effects are what the clouds did, as "kind resource", without the calls that
// only prepare (tags).
func (l *lab) effects() []string {
	var all []string
	for _, e := range l.sim.Effects() {
		all = append(all, e.Kind+" "+maintenance.GatewayID(e.Resource))
	}
	return all
}

// quick is a policy whose waits are as short as the simulated clouds are.
func quick() maintenance.Policy {
	ms := func(n int) maintenance.Duration { return maintenance.Duration(time.Duration(n) * time.Millisecond) }
	return maintenance.Policy{
		UpdateStart: ms(5000), UpdateDeadline: ms(60_000), SteadyFor: ms(90), SnapshotSettle: ms(3000),
		WindowRecheck: ms(1000), Pace: maintenance.Pace{Min: ms(50), Max: ms(200)},
		Proxies: maintenance.ProxyPolicy{Settle: ms(3000), ShiftReads: true},
	}
}
