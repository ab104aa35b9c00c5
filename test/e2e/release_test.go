package e2e_test

import (
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/server/common/dynamicconfig"
	"go.temporal.io/server/temporal"
	"go.temporal.io/server/temporaltest"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	scheduler "github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/namespace"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// deployment is the builds' own.
const deployment = "tidegate"

// The gateways of a release, by what they do while it happens.
const (
	away    = "sgw-0E2E00B1" // restarts, in a campaign
	apart   = "sgw-0E2E00B2" // restarts too, by itself
	behind  = "sgw-0E2E00B3" // starts when away has ended
	asleep  = "sgw-0E2E00B4" // waits for its window, by itself
	planned = "sgw-0E2E00B5" // waits for its window, in a campaign of its own
)

// release is a Temporal whose worker is upgraded.
type release struct {
	*lab
	address string
	woken   int // how often the sleeping run's window was moved
}

// newRelease is a server that looks every second whether a build has drained; its
// default is three minutes.
func newRelease(t *testing.T) *release {
	t.Helper()
	server := temporaltest.NewServer(
		temporaltest.WithBaseClientOptions(client.Options{Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))}),
		temporaltest.WithBaseServerOptions(temporal.WithDynamicConfigClient(dynamicconfig.StaticClient{
			dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key():    true,
			dynamicconfig.VersionDrainageStatusVisibilityGracePeriod.Key(): time.Second,
			dynamicconfig.VersionDrainageStatusRefreshInterval.Key():       time.Second,
		})))
	t.Cleanup(server.Stop)
	c := server.GetDefaultClient()
	require.NoError(t, namespace.Ensure(t.Context(), c, server.GetDefaultNamespace(), webui.SearchAttributes()))
	scenario := gatewaysFor(away, apart, behind, asleep, planned)
	for i := range scenario.AWS.Gateways[:2] {
		scenario.AWS.Gateways[i].Timing.Restart = 8 * time.Second // or until keepAway has its way
	}
	scenario.AWS.Gateways[3].Window = aws.Window{OpensIn: 3 * 24 * time.Hour}
	scenario.AWS.Gateways[4].Window = aws.Window{OpensIn: 3 * 24 * time.Hour}
	sim, err := simcloud.New(scenario, simcloud.Options{})
	require.NoError(t, err)
	address, stop, err := sim.Start(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(stop)
	return &release{lab: &lab{t: t, sim: sim, client: c, queue: api.TaskQueue}, address: address}
}

// gatewaysFor are gateways without volumes whose windows are open.
func gatewaysFor(ids ...string) simcloud.Scenario {
	var s simcloud.Scenario
	for _, id := range ids {
		g := fleet().AWS.Gateways[0]
		g.ID, g.Name, g.Volumes = id, id, nil
		s.AWS.Gateways = append(s.AWS.Gateways, g)
	}
	return s
}

// each is what a build's workers have in common. They wait for calls under way, as
// the worker process does: one that is cut off is made again only when its time is up.
func each(identity string) worker.Options {
	return worker.Options{Identity: identity, WorkerStopTimeout: 10 * time.Second}
}

// upgrade starts a build's workers and makes it current, as `worker --promote` does.
func (r *release) upgrade(build string) (stop func()) {
	r.t.Helper()
	version := workers.Version{DeploymentName: deployment, BuildID: build}
	clouds := cloudsAt(r.t, "http://"+r.address)
	stop, err := workers.Start(r.client, clouds, workers.Options{Queue: r.queue, Version: version, Each: each("build " + build)})
	require.NoError(r.t, err)
	require.NoError(r.t, workers.Promote(r.t.Context(), r.client, version, workers.Queues(r.queue, clouds)))
	return stop
}

func (r *release) target(id string) maintenance.Target {
	return maintenance.Target{Name: strings.ToLower(id), Gateway: maintenance.GatewayRef{
		Account: awsAccount, ARN: "arn:aws:storagegateway:us-east-1:123456789012:gateway/" + id,
	}}
}

// patient is quick for gateways that are kept away, however slow this machine is.
func patient() maintenance.Policy {
	p := quick()
	p.UpdateDeadline, p.Attempt = maintenance.Duration(10*time.Minute), maintenance.Duration(10*time.Second)
	return p
}

// keepAway keeps gateways that restart from coming back until the faults are cleared.
func (r *release) keepAway(ids ...string) {
	r.t.Helper()
	for _, id := range ids {
		r.eventually(id+" restarts", func() bool { return r.restarts(id) })
		require.NoError(r.t, r.sim.Inject(fault.Rule{
			Operation: "storagegateway:DescribeGatewayInformation", Resource: id, Kind: fault.RefusedBefore, Code: "GatewayNotConnected",
		}))
	}
}

// alone starts a gateway's maintenance that belongs to no campaign.
func (r *release) alone(id string) client.WorkflowRun {
	r.t.Helper()
	policy := patient()
	policy.AutomaticUpdates = maintenance.AutomaticUpdatesHold
	return r.start(api.MaintenanceInput{Target: r.target(id), Policy: policy})
}

// campaign starts one that maintains one gateway at a time.
func (r *release) campaign(name string, ids ...string) client.WorkflowRun {
	r.t.Helper()
	p := plan.Plan{Name: name, Accounts: plan.Accounts{AWS: []plan.AWSAccount{{Name: awsAccount, Region: aws.DefaultRegion}}}}
	p.Policy = patient().WithDefaults()
	p.Rollout = maintenance.Rollout{MaxConcurrent: 1, Order: maintenance.OrderAsListed}.WithDefaults()
	for _, id := range ids {
		p.Targets = append(p.Targets, r.target(id))
	}
	run, err := r.client.ExecuteWorkflow(r.t.Context(), client.StartWorkflowOptions{
		ID: api.CampaignWorkflowID(name), TaskQueue: r.queue, TypedSearchAttributes: webui.CampaignAttributes(name),
	}, api.CampaignName, api.CampaignInput{Plan: p, Submitter: "alice"})
	require.NoError(r.t, err)
	return run
}

// on is the build that a workflow is on, with how it stands; of its last run, or of
// the one that is named.
func (r *release) on(workflowID, runID string) (build string, info *workflowpb.WorkflowExecutionInfo) {
	described, err := r.client.DescribeWorkflowExecution(r.t.Context(), workflowID, runID)
	if err != nil {
		return err.Error(), nil
	}
	info = described.GetWorkflowExecutionInfo()
	return info.GetVersioningInfo().GetDeploymentVersion().GetBuildId(), info
}

// eventually waits for what a release brings about.
func (r *release) eventually(what string, is func() bool) {
	r.t.Helper()
	require.Eventually(r.t, is, time.Minute, 200*time.Millisecond, what)
}

// restarts is true once a gateway's maintenance is past the point of no return.
func (r *release) restarts(id string) bool {
	value, err := r.client.QueryWorkflow(r.t.Context(), api.GatewayWorkflowID(id), "", api.StatusQuery)
	var s maintenance.Status
	return err == nil && value.Get(&s) == nil && s.PastNoReturn
}

// sleeps is true while the run of the gateway that is asleep waits for its window.
func (r *release) sleeps() bool {
	value, err := r.client.QueryWorkflow(r.t.Context(), api.GatewayWorkflowID(asleep), "", api.StatusQuery)
	var s maintenance.Status
	return err == nil && value.Get(&s) == nil && s.Blocker == maintenance.BlockedByWindow
}

// waits is true while a campaign runs and its only target waits for its window.
func (r *release) waits(campaign client.WorkflowRun) bool {
	value, err := r.client.QueryWorkflow(r.t.Context(), campaign.GetID(), "", api.StatusQuery)
	var s scheduler.Status
	return err == nil && value.Get(&s) == nil && s.Blockers[maintenance.BlockedByWindow] == 1
}

// did are the workers that started a workflow's tasks and activities.
func (r *release) did(workflowID string) map[string]bool {
	identities := map[string]bool{}
	for _, e := range r.history(r.client.GetWorkflow(r.t.Context(), workflowID, "")) {
		if a := e.GetWorkflowTaskStartedEventAttributes(); a != nil {
			identities[a.GetIdentity()] = true
		}
		if a := e.GetActivityTaskStartedEventAttributes(); a != nil {
			identities[a.GetIdentity()] = true
		}
	}
	return identities
}

// The worker is upgraded under restarting gateways, sleepers and campaigns.
func TestAReleaseStrandsNobodyAndDisturbsNobody(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	stopFirst := r.upgrade("1")
	busy := r.campaign("busy", away, behind)
	single := r.alone(apart)
	sleeper := r.alone(asleep)
	sleeping := r.campaign("sleeping", planned)
	r.keepAway(away, apart)
	r.eventually("the others sleep", func() bool { return r.sleeps() && r.waits(sleeping) })

	stopSecond := r.upgrade("2")
	defer stopSecond()

	// What wakes a sleeper takes it along, be it the end of its nap or anything else.
	r.eventually("the single run moves", func() bool { return r.movesWhen("2", r.windowMoves, sleeper) && r.sleeps() })
	r.eventually("the campaign moves", func() bool { return r.movesWhen("2", r.ordered, sleeping) && r.waits(sleeping) })
	_, left := r.on(sleeper.GetID(), sleeper.GetRunID())
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW, left.GetStatus())
	r.record(r.history(sleeper))
	_, arrived := r.on(sleeper.GetID(), "")
	require.Contains(t, arrived.GetSearchAttributes().GetIndexedFields(), "TidegateGateway", "it is still found by what it was found by")

	// Who was past the point of no return stays.
	require.True(t, r.restarts(away) && r.restarts(apart))
	r.sim.ClearFaults()
	result, err := endrecord.Of(t.Context(), single)
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	whole, err := endrecord.OfCampaign(t.Context(), busy)
	require.NoError(t, err)
	require.Equal(t, 2, whole.Counts.Succeeded, whole.Summary)
	for id, build := range map[string]string{away: "1", apart: "1", behind: "2"} {
		on, info := r.on(api.GatewayWorkflowID(id), "")
		require.Equal(t, build, on, id)
		require.Equal(t, enumspb.VERSIONING_BEHAVIOR_PINNED, info.GetVersioningInfo().GetBehavior())
		require.Equal(t, map[string]bool{"build " + build: true}, r.did(api.GatewayWorkflowID(id)), id)
	}

	r.eventually("build 1 drains", func() bool { return r.drained("1") })
	require.Empty(t, r.need("1"))
	require.ElementsMatch(t, []string{sleeper.GetID(), sleeping.GetID()}, r.need("2"))
	stopFirst()
	for _, id := range []string{asleep, planned} {
		require.NoError(t, r.sim.AWS().MoveWindow(id, aws.Window{OpenedAgo: 2 * time.Minute}))
	}
	result, err = endrecord.Of(t.Context(), sleeper)
	require.NoError(t, err)
	require.Equal(t, maintenance.StateCompleted, result.State, result.Summary)
	require.WithinDuration(t, left.GetStartTime().AsTime(), result.Start, time.Minute)
	whole, err = endrecord.OfCampaign(t.Context(), sleeping)
	require.NoError(t, err)
	require.Equal(t, scheduler.Completed, whole.State, whole.Summary)
	r.requireOnce(away, apart, behind, asleep, planned)
}

// movesWhen wakes a workflow unless it is on a build already, and says whether it
// is. Temporal's queues hear within seconds which build is current: one wake may
// come too early.
func (r *release) movesWhen(build string, wake func(client.WorkflowRun) error, run client.WorkflowRun) bool {
	if on, _ := r.on(run.GetID(), ""); on == build {
		return true
	}
	if err := wake(run); err != nil {
		r.t.Logf("wake %s: %s", run.GetID(), err)
	}
	return false
}

// windowMoves wakes the sleeping run: it looks every second.
func (r *release) windowMoves(client.WorkflowRun) error {
	r.woken++
	return r.sim.AWS().MoveWindow(asleep, aws.Window{OpensIn: 2*24*time.Hour + time.Duration(r.woken)*time.Minute})
}

// ordered wakes a campaign: an operator tells it something.
func (r *release) ordered(campaign client.WorkflowRun) error {
	handle, err := r.client.UpdateWorkflow(r.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: campaign.GetID(), UpdateName: api.ConcurrencyUpdate, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{api.CampaignAction{Action: api.Action{By: "alice", Why: "CHG-1"}, MaxConcurrent: 2}},
	})
	if err != nil {
		return err
	}
	return handle.Get(r.t.Context(), nil)
}

// drained is what Temporal says of a build that was replaced.
func (r *release) drained(build string) bool {
	described, err := r.client.WorkerDeploymentClient().GetHandle(deployment).
		DescribeVersion(r.t.Context(), client.WorkerDeploymentDescribeVersionOptions{BuildID: build})
	require.NoError(r.t, err)
	info := described.Info.DrainageInfo
	return info != nil && info.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDrained
}

// need are the workflows that need a build, as the docs' query has it.
func (r *release) need(build string) (ids []string) {
	r.t.Helper()
	query := "TemporalWorkerDeploymentVersion = 'tidegate:%s' AND TemporalWorkflowVersioningBehavior = 'Pinned' AND ExecutionStatus = 'Running'"
	page, err := os.ReadFile("../../docs/how-to/upgrade-the-worker.md")
	require.NoError(r.t, err)
	require.Contains(r.t, string(page), fmt.Sprintf(query, "1.3.0"))
	list, err := r.client.ListWorkflow(r.t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: fmt.Sprintf(query, build)})
	require.NoError(r.t, err)
	for _, info := range list.GetExecutions() {
		ids = append(ids, info.GetExecution().GetWorkflowId())
	}
	return ids
}

// requireOnce says that each gateway was updated, and once.
func (r *release) requireOnce(ids ...string) {
	r.t.Helper()
	did := count(r.effects())
	for _, id := range ids {
		require.Equal(r.t, 1, did["storagegateway:UpdateGatewaySoftwareNow "+id], id)
	}
}
