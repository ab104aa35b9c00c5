package campaign_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/huaweicloud"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/servers/wire"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/test/waiting"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// home and away are two AWS accounts, each in a region of its own; db is a project
// of Huawei Cloud.
const (
	home, homeRegion, homeID = "home", "us-east-1", "123456789012"
	away, awayRegion, awayID = "away", "eu-central-1", "210987654321"
	awayKey, awaySecret      = "AKIDAWAY", "awaySecretOfTheSimulatedCloud0123456789A"
	db                       = "db"
	monitor                  = "monitor" // the Prometheus and the Alertmanager
)

// lab is a Temporal server and both clouds, all in this process.
type lab struct {
	t         testing.TB
	server    *devserver.Server
	client    client.Client
	sim       *simcloud.Simulation
	endpoint  string
	dismissed func()       // stops the worker
	repeated  atomic.Int64 // updates that had to be sent again
}

func TestMain(m *testing.M) {
	waiting.SideBySide()
	m.Run()
}

// newLab starts the server, the clouds of a scenario, and a worker.
func newLab(tb testing.TB, scenario simcloud.Scenario) *lab {
	tb.Helper()
	server, err := devserver.Start(tb.Context(), devserver.Options{UIPort: devserver.NoUI, SearchAttributes: webui.SearchAttributes()})
	require.NoError(tb, err)
	tb.Cleanup(server.Stop)
	l := &lab{t: tb, server: server}
	l.client, err = server.NewClient(tb.Context())
	require.NoError(tb, err)
	tb.Cleanup(l.client.Close)
	scenario.AWS.Credentials = []aws.Credential{
		{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey, Account: homeID},
		{AccessKeyID: awayKey, SecretAccessKey: awaySecret, Account: awayID},
	}
	l.sim, err = simcloud.New(scenario, simcloud.Options{})
	require.NoError(tb, err)
	address, stop, err := l.sim.Start(tb.Context(), "127.0.0.1:0")
	require.NoError(tb, err)
	tb.Cleanup(stop)
	l.endpoint = "http://" + address
	l.hire()
	tb.Cleanup(func() { l.dismissed() })
	return l
}

// hire starts a worker that knows the clouds.
func (l *lab) hire() {
	l.t.Helper()
	known := accounts.New(context.WithoutCancel(l.t.Context()),
		[]accounts.AWS{
			{
				Account: awsaccounts.Account{Name: home, Region: homeRegion, Endpoint: l.endpoint},
				Keys:    &accounts.Keys{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey},
			},
			{
				Account: awsaccounts.Account{Name: away, Region: awayRegion, Endpoint: l.endpoint},
				Keys:    &accounts.Keys{AccessKeyID: awayKey, SecretAccessKey: awaySecret},
			},
		},
		[]accounts.Huawei{{
			Account:     huaweicloud.Account{Name: db, Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion, Endpoint: l.endpoint},
			Credentials: huaweicloud.Credentials{AccessKey: huawei.DefaultAccessKey, SecretKey: huawei.DefaultSecretKey},
		}})
	monitors, err := servers.New(servers.Configured{
		Prometheus:   []wire.Server{{Name: monitor, URL: l.endpoint + monitoring.PrometheusPath, PerSecond: 1000}},
		Alertmanager: []wire.Server{{Name: monitor, URL: l.endpoint + monitoring.AlertmanagerPath, PerSecond: 1000}},
	}, nil)
	require.NoError(l.t, err)
	stop, err := workers.Start(l.client, known, workers.Options{Each: worker.Options{}, Servers: monitors})
	require.NoError(l.t, err)
	l.dismissed = stop
}

// theAccounts are the lab's, as a plan names them.
func theAccounts() plan.Accounts {
	return plan.Accounts{
		AWS:    []plan.AWSAccount{{Name: home, Region: homeRegion}, {Name: away, Region: awayRegion}},
		Huawei: []plan.HuaweiAccount{{Name: db, Project: huawei.DefaultProjectID, Region: huawei.DefaultRegion}},
	}
}

// launch starts a campaign as tidegate run does, in pages of the given sizes; what
// is left after them goes in pages of workflows.PageSize.
func (l *lab) launch(in api.CampaignInput, pages ...int) client.WorkflowRun {
	l.t.Helper()
	all, size := in.Plan.Targets, func(left int) int {
		most := api.PageSize
		if len(pages) > 0 {
			most, pages = pages[0], pages[1:]
		}
		return min(most, left)
	}
	first := size(len(all))
	in.Plan.Targets, in.More, in.Submitter = all[:first], len(all)-first, "alice"
	run, err := l.client.ExecuteWorkflow(l.t.Context(), client.StartWorkflowOptions{
		ID: api.CampaignWorkflowID(in.Plan.Name), TaskQueue: api.TaskQueue,
		TypedSearchAttributes: webui.CampaignAttributes(in.Plan.Name),
	}, api.CampaignName, in)
	require.NoError(l.t, err)
	for from := first; from < len(all); {
		to := from + size(len(all)-from)
		l.update(run, api.AddTargetsUpdate, api.AddTargets{From: from, Targets: all[from:to]})
		from = to
	}
	return run
}

// update sends an update and wants it accepted and done.
func (l *lab) update(run client.WorkflowRun, name string, in any) {
	l.t.Helper()
	require.NoError(l.t, l.send(l.t.Context(), run, name, in), name)
}

// send sends an update as tidegate does: again where Temporal says that it was not
// taken, since news came while the workflow was about to continue as new.
func (l *lab) send(ctx context.Context, run client.WorkflowRun, name string, in any) error {
	for {
		handle, err := l.client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), UpdateName: name, Args: []any{in}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err == nil {
			err = handle.Get(ctx, nil)
		}
		if _, notTaken := errors.AsType[*serviceerror.WorkflowNotReady](err); !notTaken {
			return err
		}
		l.repeated.Add(1)
	}
}

// order is update for what operators say.
func (l *lab) order(run client.WorkflowRun, name string, o api.CampaignAction) {
	l.t.Helper()
	if o.By == "" {
		o.By, o.Why = "bob", "for the test"
	}
	l.update(run, name, o)
}

// status is what a campaign says of itself. While it continues as new nobody may
// answer: the error says so.
func (l *lab) status(run client.WorkflowRun) (s fleet.Status, err error) {
	value, err := l.client.QueryWorkflow(l.t.Context(), run.GetID(), "", api.StatusQuery)
	if err != nil {
		return s, err
	}
	return s, value.Get(&s)
}

// row is what a campaign says of one target.
func (l *lab) row(run client.WorkflowRun, target string) (r fleet.Row, err error) {
	value, err := l.client.QueryWorkflow(l.t.Context(), run.GetID(), "", api.TargetsQuery, fleet.Page{Count: 1, Target: target})
	if err != nil {
		return r, err
	}
	var rows []fleet.Row
	if err := value.Get(&rows); err != nil || len(rows) == 0 {
		return r, err
	}
	return rows[0], nil
}
