package workers_test

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/accounts"
	awsaccounts "github.com/tidegate/tidegate/internal/awscloud/accounts"
	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

const arnPrefix = "arn:aws:storagegateway:us-east-1:123456789012:gateway/"

// engine is a Temporal with its client.
func engine(t *testing.T) client.Client {
	t.Helper()
	attributes := maps.Clone(webui.SearchAttributes())
	attributes[activities.CampaignAttribute] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	server, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI, SearchAttributes: attributes})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	c, err := client.DialContext(t.Context(), client.Options{
		HostPort: server.FrontendAddress(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// work starts workers of AWS accounts with these rates, in a simulated cloud
// with so many gateways.
func work(t *testing.T, c client.Client, gateways int, perSecond map[string]float64) {
	t.Helper()
	var scenario aws.Scenario
	for i := range gateways {
		scenario.Gateways = append(scenario.Gateways, aws.Gateway{ID: fmt.Sprintf("sgw-%08X", i), Type: "FILE_S3"})
	}
	sim, err := simcloud.New(simcloud.Scenario{AWS: scenario}, simcloud.Options{})
	require.NoError(t, err)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	var known []accounts.AWS
	for name, rate := range perSecond {
		known = append(known, accounts.AWS{
			Account:   awsaccounts.Account{Name: name, Region: aws.DefaultRegion, Endpoint: server.URL},
			Keys:      &accounts.Keys{AccessKeyID: aws.DefaultAccessKeyID, SecretAccessKey: aws.DefaultSecretAccessKey},
			PerSecond: rate,
		})
	}
	stop, err := workers.Start(c, accounts.New(t.Context(), known, nil), workers.Options{})
	require.NoError(t, err)
	t.Cleanup(stop)
}

// drive runs a workflow of the test's own.
func drive(t *testing.T, c client.Client, drive func(workflow.Context) error) error {
	t.Helper()
	driver := worker.New(c, "driver", worker.Options{})
	driver.RegisterWorkflowWithOptions(drive, workflow.RegisterOptions{Name: "Drive"})
	require.NoError(t, driver.Start())
	defer driver.Stop()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "driver"}, "Drive")
	require.NoError(t, err)
	return run.Get(t.Context(), nil)
}

// start has an activity wait in the queue of its account.
func start(ctx workflow.Context, activity any, in activities.Input) workflow.Future {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: in.Queue(api.TaskQueue), StartToCloseTimeout: time.Minute,
	}), activity, in)
}

func survey(account string, i int) activities.SurveyInput {
	return activities.SurveyInput{Gateway: maintenance.GatewayRef{Account: account, ARN: fmt.Sprintf("%ssgw-%08X", arnPrefix, i)}}
}

// Surveys of the whole fleet that start at once come at the rate of their
// account; those of another account do not wait for them.
func TestTheServerKeepsEachAccountsRate(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it measures time")
	}
	const many, rate = 300, 100
	c := engine(t)
	work(t, c, many, map[string]float64{"slow": rate, "quick": 0})
	var gateways *activities.StorageGateway
	var atRest int // of the slow ones, when all quick ones had ended
	started := time.Now()
	require.NoError(t, drive(t, c, func(ctx workflow.Context) error {
		surveys := func(account string, n int) (all []workflow.Future) {
			for i := range n {
				all = append(all, start(ctx, gateways.SurveyGateway, survey(account, i)))
			}
			return all
		}
		ended := func(all []workflow.Future) error {
			for _, f := range all {
				if err := f.Get(ctx, nil); err != nil {
					return err
				}
			}
			return nil
		}
		slow, quick := surveys("slow", many), surveys("quick", 20)
		if err := ended(quick); err != nil {
			return err
		}
		atRest = len(slow)
		for _, f := range slow {
			if f.IsReady() {
				atRest--
			}
		}
		return ended(slow)
	}))
	took := time.Since(started)
	t.Logf("%d surveys in %s; %d had not ended when the quick account's had", many, took, atRest)
	// The server gives out the rate of one second at once, and then keeps to it.
	require.GreaterOrEqual(t, took, (many-rate)*time.Second/rate)
	require.Positive(t, atRest)
}

func TestARunOfAnAccountThatNoWorkerKnowsFailsAndSaysSo(t *testing.T) {
	t.Parallel()
	c := engine(t)
	work(t, c, 1, map[string]float64{"prod": 0, "lab": 0})
	in := api.MaintenanceInput{Target: maintenance.Target{
		Name: "one", Gateway: maintenance.GatewayRef{Account: "other", ARN: arnPrefix + "sgw-00000000"},
		Proxies: []maintenance.ProxyRef{{Account: "db", InstanceID: "0123456789abcdef0123456789abcdefin07", ProxyID: "0123456789abcdef0123456789abcdefpo01"}},
	}}
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: api.TaskQueue}, api.GatewayMaintenanceName, in)
	require.NoError(t, err)
	err = run.Get(t.Context(), nil)
	require.ErrorContains(t, err, `the worker's configuration has no AWS account "other"; it has: lab, prod`)
	require.ErrorContains(t, err, `the worker's configuration has no Huawei Cloud account "db"; it has: none`)
}

// What the server shows of a run's search attributes is read as it is.
func TestARunOfAnotherCampaignIsAnObstacleWithItsName(t *testing.T) {
	t.Parallel()
	c := engine(t)
	work(t, c, 1, map[string]float64{"prod": 0})
	campaign := temporal.NewSearchAttributeKeyKeyword(activities.CampaignAttribute)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: "gateway-sgw-1", TaskQueue: "of nobody", TypedSearchAttributes: temporal.NewSearchAttributes(campaign.ValueSet("campaign-autumn")),
	}, "Anything")
	require.NoError(t, err)
	var runs *activities.Engine
	var found activities.Obstacle
	require.NoError(t, drive(t, c, func(ctx workflow.Context) error {
		lookup := activities.ObstacleLookup{Gateway: "sgw-1", Quarantine: "quarantine-sgw-1", Maintenance: "gateway-sgw-1"}
		if err := start(ctx, runs.FindObstacle, lookup).Get(ctx, &found); err != nil {
			return err
		}
		in := activities.WorkflowLookup{WorkflowID: found.WorkflowID, RunID: found.RunID, Pace: maintenance.Pace{Min: maintenance.Duration(50 * time.Millisecond), Max: maintenance.Duration(50 * time.Millisecond)}}
		closed := start(ctx, runs.AwaitClosed, in)
		end := workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{ScheduleToCloseTimeout: time.Minute}),
			func() error { return c.TerminateWorkflow(t.Context(), in.WorkflowID, in.RunID, "the test") })
		if err := end.Get(ctx, nil); err != nil {
			return err
		}
		return closed.Get(ctx, nil)
	}))
	require.Equal(t, activities.Obstacle{WorkflowID: "gateway-sgw-1", RunID: run.GetRunID(), Reason: found.Reason}, found)
	require.Contains(t, found.Reason, "in the run gateway-sgw-1 of campaign-autumn since ")
}
