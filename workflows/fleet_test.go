package workflows_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
)

// sky is a fleet of gateways, each in a fake cloud of its own. They are asked by
// their ARNs.
type sky struct {
	gateways []*cloud // in the order of their ARNs

	mu    sync.Mutex
	open  map[string]string             // workflows of others that are open, with what they say
	gone  map[string]bool               // batches that were ended
	ended map[string]maintenance.Result // by the id of a maintenance: how it ended
	// parents are the ids of the workflows that started the open maintenances, by theirs;
	// update sends one of those an update.
	parents  map[string]string
	update   func(id, name, updateID string, callbacks testsuite.TestUpdateCallback, arg any)
	unlisted bool         // no list of gateways is answered
	asker    checks.Asker // nil: no health check has an answer
	muter    checks.Muter
	signers  signatures.Signers // nil: there are none, and nothing is demanded
	// lookedUp, if set, gets the id of every workflow that is looked up.
	lookedUp func(id string)
}

// campaignID is what the test environment calls the workflow under test.
const campaignID = "default-test-workflow-id"

// newSky has n gateways with an available update and no volumes. Their windows open
// on Sunday at noon.
func newSky(n int) *sky {
	s := &sky{open: map[string]string{campaignID: "the campaign itself"}}
	for i := range n {
		c := newCloud()
		c.gateway.ARN = arnOf(i)
		c.gateway.ID = maintenance.GatewayID(c.gateway.ARN)
		c.gateway.Name = nameOf(i)
		c.gateway.Type = "FILE_S3"
		c.volumes = nil
		s.gateways = append(s.gateways, c)
	}
	return s
}

func arnOf(i int) string {
	return fmt.Sprintf("arn:aws:storagegateway:us-east-1:123456789012:gateway/sgw-%08X", i+1)
}

func nameOf(i int) string { return fmt.Sprintf("files-%03d", i) }

// plan names every gateway of the sky.
func (s *sky) plan() plan.Plan {
	p := plan.Plan{Name: "test", Accounts: plan.Accounts{AWS: []plan.AWSAccount{{Name: "prod", Region: "us-east-1"}}}}
	p.Policy = maintenance.Policy{
		UpdateDelay: new(maintenance.Duration(0)), SteadyFor: maintenance.Duration(3 * time.Millisecond),
		WindowLength: maintenance.Duration(2 * time.Hour),
	}.WithDefaults()
	p.Rollout = maintenance.Rollout{MaxConcurrent: 3}.WithDefaults()
	for i := range s.gateways {
		p.Targets = append(p.Targets, maintenance.Target{
			Name: nameOf(i), Gateway: maintenance.GatewayRef{Account: "prod", ARN: arnOf(i)},
		})
	}
	return p
}

func (s *sky) at(arn string) *cloud {
	for _, c := range s.gateways {
		if c.gateway.ARN == arn {
			return c
		}
	}
	return nil
}

// triggered is when each gateway's update was triggered, by its place.
func (s *sky) triggered() map[int]time.Time {
	all := map[int]time.Time{}
	for i, c := range s.gateways {
		if !c.triggered.IsZero() {
			all[i] = c.triggered
		}
	}
	return all
}

func (s *sky) Gateways(account string) (activities.GatewayCloud, error) {
	return skyGateways{s}, known(account)
}

func (s *sky) Volumes(account string) (activities.VolumeCloud, error) {
	return volumeCloud{s.gateways[0]}, known(account)
}

func (s *sky) Proxies(account string) (activities.ProxyCloud, error) {
	return proxyCloud{s.gateways[0]}, known(account)
}

func (s *sky) Check(plan.Accounts) error { return nil }

// DescribeWorkflowExecution knows the open workflows of others.
func (s *sky) DescribeWorkflowExecution(_ context.Context, id, _ string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if s.lookedUp != nil {
		s.lookedUp(id)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if parent := s.parents[id]; parent != "" {
		return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
			Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, Execution: &commonpb.WorkflowExecution{WorkflowId: id},
			ParentExecution: &commonpb.WorkflowExecution{WorkflowId: parent},
		}}, nil
	}
	_, ended := s.ended[id]
	if _, open := s.open[id]; !open && !ended && (s.gone[id] || !strings.Contains(id, "batch-")) {
		return nil, serviceerror.NewNotFound("no workflow " + id)
	}
	status := enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	if ended {
		status = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Status: status, Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "other"},
		ParentExecution: &commonpb.WorkflowExecution{WorkflowId: "batch-0"}, StartTime: timestamppb.New(noon), CloseTime: timestamppb.New(noon.Add(time.Minute)),
	}}, nil
}

// UpdateWorkflow gives an update to a run in the same environment, and its answer.
func (s *sky) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	given := givenUpdate{answered: make(chan error, 1)}
	s.update(o.WorkflowID, o.UpdateName, o.UpdateID, testsuite.TestUpdateCallback{
		OnAccept: func() {},
		OnReject: func(err error) { given.answered <- temporal.NewApplicationError(err.Error(), "") },
		OnComplete: func(answer any, err error) {
			decision, ok := answer.(maintenance.Decision)
			if err == nil && !ok {
				err = fmt.Errorf("not a decision: %T", answer)
			}
			given.decision = decision
			given.answered <- err
		},
	}, o.Args[0])
	if err := <-given.answered; err != nil {
		return nil, err
	}
	return given, nil
}

type givenUpdate struct {
	client.WorkflowUpdateHandle

	answered chan error
	decision maintenance.Decision
}

func (u givenUpdate) Get(_ context.Context, to any) error {
	into, ok := to.(*maintenance.Decision)
	if !ok {
		return fmt.Errorf("not a decision: %T", to)
	}
	*into = u.decision
	return nil
}

// GetWorkflow gives how a maintenance ended.
func (s *sky) GetWorkflow(_ context.Context, id, _ string) client.WorkflowRun {
	s.mu.Lock()
	defer s.mu.Unlock()
	return endedRun{result: s.ended[id]}
}

type endedRun struct {
	client.WorkflowRun
	result maintenance.Result
}

func (r endedRun) Get(_ context.Context, to any) error {
	into, ok := to.(*maintenance.Result)
	if !ok {
		return fmt.Errorf("not a record: %T", to)
	}
	*into = r.result
	return nil
}

// end leaves the record of a maintenance, or ends a batch.
func (s *sky) end(id string, result maintenance.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
	if s.ended == nil {
		s.ended, s.gone = map[string]maintenance.Result{}, map[string]bool{}
	}
	if result.State == "" {
		s.gone[id] = true
		return
	}
	s.ended[id] = result
}

func (s *sky) set(id string, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, id)
	if open {
		s.open[id] = "open"
	}
}

// skyGateways hands each call to the gateway's own cloud.
type skyGateways struct{ *sky }

func (s skyGateways) of(arn string) (gatewayCloud, error) {
	if c := s.at(arn); c != nil {
		return gatewayCloud{c}, nil
	}
	return gatewayCloud{}, fmt.Errorf("gateway %s: %w", arn, maintenance.ErrNotFound)
}

func (s skyGateways) Gateway(ctx context.Context, arn string) (maintenance.Gateway, error) {
	c, err := s.of(arn)
	if err != nil {
		return maintenance.Gateway{}, err
	}
	return c.Gateway(ctx, arn)
}

func (s skyGateways) Gateways(_ context.Context, marker string) (page []maintenance.Gateway, next string, err error) {
	if s.unlisted {
		return nil, "", maintenance.ErrUnavailable
	}
	from := slices.IndexFunc(s.gateways, func(c *cloud) bool { return c.gateway.ARN > marker })
	if from < 0 {
		return nil, "", nil
	}
	const size = 3
	for _, c := range s.gateways[from:min(from+size, len(s.gateways))] {
		page = append(page, c.gateway)
	}
	if from+size < len(s.gateways) {
		next = page[len(page)-1].ARN
	}
	return page, next, nil
}

func (s skyGateways) Schedule(ctx context.Context, arn string) (maintenance.RawSchedule, error) {
	c, err := s.of(arn)
	if err != nil {
		return maintenance.RawSchedule{}, err
	}
	return c.Schedule(ctx, arn)
}

func (s skyGateways) UpdateSoftware(ctx context.Context, arn string) error {
	c, err := s.of(arn)
	if err != nil {
		return err
	}
	return c.UpdateSoftware(ctx, arn)
}

func (s skyGateways) SetAutomaticUpdates(ctx context.Context, arn string, policy maintenance.AutomaticUpdatePolicy) error {
	c, err := s.of(arn)
	if err != nil {
		return err
	}
	return c.SetAutomaticUpdates(ctx, arn, policy)
}

func (s skyGateways) Tags(ctx context.Context, arn string) (map[string]string, error) {
	c, err := s.of(arn)
	if err != nil {
		return nil, err
	}
	return c.Tags(ctx, arn)
}

func (s skyGateways) Tag(ctx context.Context, arn, key, value string) error {
	c, err := s.of(arn)
	if err != nil {
		return err
	}
	return c.Tag(ctx, arn, key, value)
}

func (s skyGateways) Untag(ctx context.Context, arn, key string) error {
	c, err := s.of(arn)
	if err != nil {
		return err
	}
	return c.Untag(ctx, arn, key)
}

// under is an environment in virtual time with the sky in it.
func under(t *testing.T, start time.Time, s *sky) environment {
	t.Helper()
	env := at(t, start, s.gateways[0])
	for _, c := range s.gateways {
		c.now = env.Now
	}
	activities.Register(env, activities.Providers{
		AWS: s, Huawei: s, Known: s, Runs: s, Now: env.Now, Beats: virtual{}, Slots: virtual{},
		Durations: durations.New(alone{}, api.TaskQueue, nil, env.Now), Asker: s.asker, Muter: s.muter, Servers: anyServer{},
		Signers: s.signers,
	})
	// The environment knows updates by their ids alone, whosever they are.
	s.update = func(id, name, updateID string, callbacks testsuite.TestUpdateCallback, arg any) {
		env.RegisterDelayedCallback(func() {
			if err := env.UpdateWorkflowByID(id, name, "passed on: "+updateID, &callbacks, arg); err != nil {
				callbacks.OnComplete(nil, err)
			}
		}, 0)
	}
	return env
}

// campaign runs one to its end and gives its record.
func campaign(t *testing.T, env environment, in api.CampaignInput) (fleet.Result, error) {
	t.Helper()
	if in.Submitter == "" {
		in.Submitter = "alice"
	}
	env.ExecuteWorkflow(api.CampaignName, in)
	require.True(t, env.IsWorkflowCompleted())
	err := env.GetWorkflowError()
	var result fleet.Result
	if err == nil {
		require.NoError(t, env.GetWorkflowResult(&result))
		return result, nil
	}
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	if !app.HasDetails() {
		return result, err
	}
	require.NoError(t, app.Details(&result))
	require.Equal(t, string(result.State), app.Type())
	return result, err
}

// rows are the campaign's targets as the query shows them.
func rows(t *testing.T, env environment) []fleet.Row {
	t.Helper()
	answer, err := env.QueryWorkflow(api.TargetsQuery, fleet.Page{Count: 1000})
	require.NoError(t, err)
	var all []fleet.Row
	require.NoError(t, answer.Get(&all))
	return all
}

func campaignStatus(t *testing.T, env environment) fleet.Status {
	t.Helper()
	answer, err := env.QueryWorkflow(api.StatusQuery)
	require.NoError(t, err)
	var s fleet.Status
	require.NoError(t, answer.Get(&s))
	return s
}

// action sends an update when the environment is at a time, and returns where the
// answer will be.
func (e environment) action(after time.Duration, update string, o api.CampaignAction) *answer {
	a := &answer{at: e.Now}
	if o.By == "" {
		o.By, o.Why = "bob", "for the test"
	}
	e.RegisterDelayedCallback(func() {
		e.UpdateWorkflow(update, fmt.Sprintf("%s-%s", update, after), a, o)
	}, after)
	return a
}

// answer is the outcome of an update.
type answer struct {
	accepted bool
	refused  string
	decision maintenance.Decision
	at       func() time.Time
	answered time.Time
	onAccept func()
}

func (a *answer) Accept() {
	a.accepted = true
	if a.onAccept != nil {
		a.onAccept()
	}
}

func (a *answer) Reject(err error) { a.refused = err.Error() }

func (a *answer) Complete(decision any, err error) {
	if a.at != nil {
		a.answered = a.at()
	}
	a.decision, _ = decision.(maintenance.Decision)
	if err != nil {
		a.refused = strings.TrimSpace(a.refused + " " + err.Error())
	}
}
