package activities_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/test/teststart"
)

// fakeRuns is Temporal with workflows in it, by their ids.
type fakeRuns map[string]fakeRun

type fakeRun struct {
	status   enumspb.WorkflowExecutionStatus
	run      string // any, where it is empty
	first    string // run id of its first run
	memo     any    // under the quarantine's name
	campaign any    // the search attribute
	fails    error
	parent   string // id of the workflow that started it
	result   any
	answer   any   // to an update
	refuses  error // it
	ends     error // in the place of a result
}

func (f fakeRuns) GetWorkflow(_ context.Context, id, _ string) client.WorkflowRun {
	return endedRun{fakeRun: f[id]}
}

// endedRun gives what a run left behind.
type endedRun struct {
	client.WorkflowRun
	fakeRun
}

func (r endedRun) Get(_ context.Context, to any) error {
	if r.ends != nil {
		return r.ends
	}
	payload, err := converter.GetDefaultDataConverter().ToPayload(r.result)
	if err != nil {
		return err
	}
	return converter.GetDefaultDataConverter().FromPayload(payload, to)
}

func (r endedRun) GetID() string { return "w" }

func (f fakeRuns) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	found := f[o.WorkflowID]
	if o.RunID != found.run || o.UpdateID == "" {
		return nil, serviceerror.NewNotFound("no run " + o.RunID)
	}
	if found.refuses != nil {
		return nil, found.refuses
	}
	return givenUpdate{answer: found.answer}, nil
}

// givenUpdate gives the answer to an update.
type givenUpdate struct {
	client.WorkflowUpdateHandle

	answer any
}

func (u givenUpdate) Get(ctx context.Context, to any) error {
	return endedRun{fakeRun: fakeRun{result: u.answer}}.Get(ctx, to)
}

func (f fakeRuns) DescribeWorkflowExecution(_ context.Context, id, run string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	found, ok := f[id]
	switch {
	case found.fails != nil:
		return nil, found.fails
	case !ok, run != "" && run != found.run:
		return nil, serviceerror.NewNotFound("no workflow " + id)
	}
	memo, err := converter.GetDefaultDataConverter().ToPayload(found.memo)
	if err != nil {
		return nil, err
	}
	attributes := map[string]*commonpb.Payload{}
	if found.campaign != nil {
		if attributes[activities.CampaignAttribute], err = converter.GetDefaultDataConverter().ToPayload(found.campaign); err != nil {
			return nil, err
		}
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Execution:        &commonpb.WorkflowExecution{WorkflowId: id, RunId: found.run},
		FirstRunId:       found.first,
		ParentExecution:  &commonpb.WorkflowExecution{WorkflowId: found.parent},
		Status:           found.status,
		StartTime:        timestamppb.New(teststart.On(time.Sunday, 1)),
		Memo:             &commonpb.Memo{Fields: map[string]*commonpb.Payload{names.QuarantineMemo: memo}},
		SearchAttributes: &commonpb.SearchAttributes{IndexedFields: attributes},
	}}, nil
}

const (
	open   = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	paused = enumspb.WORKFLOW_EXECUTION_STATUS_PAUSED
)

// ended are all the ways in which a run ends.
func ended() []enumspb.WorkflowExecutionStatus {
	return []enumspb.WorkflowExecutionStatus{
		enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, enumspb.WORKFLOW_EXECUTION_STATUS_CANCELED,
		enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, enumspb.WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW, enumspb.WORKFLOW_EXECUTION_STATUS_TIMED_OUT,
	}
}

func TestFindObstacle(t *testing.T) {
	t.Parallel()
	const gateway, quarantine = "gateway-sgw-1", "quarantine-sgw-1"
	why := maintenance.Quarantine{WorkflowID: gateway, RunID: "run-7", Reason: "the upgrade of proxy p failed", Since: teststart.OnDay(1, 2)}
	for name, tc := range map[string]struct {
		runs fakeRuns
		want activities.Obstacle
	}{
		"nothing":               {},
		"a run that has ended":  {runs: fakeRuns{gateway: {status: enumspb.WORKFLOW_EXECUTION_STATUS_FAILED}}},
		"a quarantine released": {runs: fakeRuns{quarantine: {status: enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, memo: why}}},
		"a quarantine": {fakeRuns{quarantine: {status: open, run: "run-8", memo: why}}, activities.Obstacle{
			WorkflowID: quarantine, RunID: "run-8",
			Reason: "quarantined since " + why.Since.Format(time.RFC3339) + ": the upgrade of proxy p failed. The run gateway-sgw-1 (run-7) did so. " +
				"Once it is fixed: tidegate release sgw-1 --why \"what was done\"",
		}},
		"a run of a campaign": {fakeRuns{gateway: {status: open, run: "run-9", campaign: "campaign-autumn"}}, activities.Obstacle{
			WorkflowID: gateway, RunID: "run-9", Reason: "in the run gateway-sgw-1 of campaign-autumn since " + teststart.On(time.Sunday, 1).Format(time.RFC3339),
		}},
		"a run that is paused": {fakeRuns{gateway: {status: paused, campaign: "campaign-autumn"}}, activities.Obstacle{
			WorkflowID: gateway, Reason: "in the run gateway-sgw-1 of campaign-autumn since " + teststart.On(time.Sunday, 1).Format(time.RFC3339),
		}},
		"a run that someone started": {fakeRuns{gateway: {status: open, run: "run-9"}}, activities.Obstacle{
			WorkflowID: gateway, RunID: "run-9", Reason: "in the run gateway-sgw-1, which was started without a campaign, since " + teststart.On(time.Sunday, 1).Format(time.RFC3339),
		}},
		"both: the one that a person must end": {fakeRuns{quarantine: {status: open, memo: why}, gateway: {status: open}}, activities.Obstacle{
			WorkflowID: quarantine,
			Reason: "quarantined since " + why.Since.Format(time.RFC3339) + ": the upgrade of proxy p failed. The run gateway-sgw-1 (run-7) did so. " +
				"Once it is fixed: tidegate release sgw-1 --why \"what was done\"",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.runs = tc.runs
			out, err := run(t, r, r.engine.FindObstacle, activities.ObstacleLookup{Gateway: "sgw-1", Quarantine: quarantine, Maintenance: gateway})
			require.NoError(t, err)
			require.Equal(t, tc.want, out)
		})
	}
}

func TestAnObstacleThatCannotBeReadIsAnObstacle(t *testing.T) {
	t.Parallel()
	in := activities.ObstacleLookup{Gateway: "sgw-1", Quarantine: "q", Maintenance: "m"}
	for name, runs := range map[string]fakeRuns{
		"a memo of another form":      {"q": {status: open, memo: 7}},
		"a campaign of another form":  {"m": {status: open, campaign: 7}},
		"a campaign without its name": {"m": {status: open, campaign: ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.runs = runs
			out, err := run(t, r, r.engine.FindObstacle, in)
			require.NoError(t, err)
			require.NotEmpty(t, out.WorkflowID)
			require.NotEmpty(t, out.Reason)
		})
	}
	for _, id := range []string{"q", "m"} {
		r := newRig(t)
		r.runs = fakeRuns{id: {fails: errors.New("connection refused")}}
		_, err := run(t, r, r.engine.FindObstacle, in)
		require.Contains(t, requireKind(t, err, names.TypeUnavailable).Message(), "ask Temporal for the workflow "+id)
	}
}

func TestARunIsAwaitedUntilItIsClosedOrGone(t *testing.T) {
	t.Parallel()
	look := func(in activities.WorkflowLookup, runs fakeRuns) error {
		in.WorkflowID, in.Pace = "w", pace()
		r := newRig(t)
		r.runs = runs
		_, err := run(t, r, r.engine.AwaitClosed, in)
		return err
	}
	first := activities.WorkflowLookup{RunID: "run-1"}
	for _, status := range []enumspb.WorkflowExecutionStatus{open, paused} {
		requireNotYet(t, look(first, fakeRuns{"w": {status: status, run: "run-1"}}), "the workflow w is still open")
	}
	gone := []fakeRuns{{}, {"w": {status: open, run: "run-2"}}}
	for _, status := range ended() {
		gone = append(gone, fakeRuns{"w": {status: status, run: "run-1"}})
	}
	for _, runs := range gone {
		require.NoError(t, look(first, runs))
	}
	for id, still := range map[string]bool{"": true, "run-0": true, "another": false} {
		err := look(activities.WorkflowLookup{First: "run-0"}, fakeRuns{"w": {status: open, first: id}})
		require.Equal(t, still, err != nil, id)
	}
	err := look(first, fakeRuns{"w": {fails: errors.New("connection refused")}})
	require.False(t, requireKind(t, err, names.TypeUnavailable).NonRetryable())
}

func TestWorkflowsAreWatchedUntilOneIsGoneByAnyWay(t *testing.T) {
	t.Parallel()
	look := func(runs fakeRuns) ([]string, error) {
		r := newRig(t)
		r.runs = runs
		return run(t, r, r.engine.AwaitAnyClosed, activities.AnyLookup{WorkflowIDs: []string{"a", "b", "c"}, Pace: pace()})
	}
	there := fakeRun{status: open}
	_, err := look(fakeRuns{"a": there, "b": {status: paused}, "c": there})
	requireNotYet(t, err, "of 3 workflows none has ended")
	for _, status := range ended() {
		gone, err := look(fakeRuns{"a": there, "b": {status: status}, "c": there})
		require.NoError(t, err)
		require.Equal(t, []string{"b"}, gone)
	}
	gone, err := look(fakeRuns{"b": there}) // the others were deleted
	require.NoError(t, err)
	require.Equal(t, []string{"a", "c"}, gone)
	_, err = look(fakeRuns{"a": {status: ended()[0]}, "b": {fails: errors.New("connection refused")}, "c": there})
	require.False(t, requireKind(t, err, names.TypeUnavailable).NonRetryable())
}

// How a target ended is asked of its own run, and only of the run that is meant.
func TestTheRecordOfAMaintenanceIsReadFromItsOwnRun(t *testing.T) {
	t.Parallel()
	since := teststart.On(time.Sunday, 1)
	in := activities.RecordLookup{WorkflowID: "w", Parent: "batch", Since: since, Pace: pace()}
	look := func(in activities.RecordLookup, w fakeRun) (activities.Record, error) {
		r := newRig(t)
		r.runs = fakeRuns{"w": w}
		return run(t, r, r.engine.AwaitRecord, in)
	}
	_, err := look(in, fakeRun{status: open, parent: "batch"})
	requireNotYet(t, err, "the workflow w is still open")

	completed := maintenance.Result{Target: "files", State: maintenance.StateCompleted}
	partial := maintenance.Result{Target: "files", State: maintenance.StatePartial}
	failure := temporal.NewApplicationErrorWithOptions("stuck", "PARTIAL", temporal.ApplicationErrorOptions{Details: []any{partial}})
	for state, w := range map[maintenance.EndState]fakeRun{
		maintenance.StateCompleted: {result: completed},
		maintenance.StatePartial:   {ends: failure},
	} {
		w.status, w.parent = ended()[0], "batch"
		record, err := look(in, w)
		require.NoError(t, err)
		require.Equal(t, state, record.Result.State)
	}

	record, err := look(in, fakeRun{status: ended()[0], parent: "another", result: completed})
	require.NoError(t, err)
	require.Nil(t, record.Result, "it is another run's")
	later := in
	later.Since = since.Add(time.Second)
	record, err = look(later, fakeRun{status: ended()[0], parent: "batch", result: completed})
	require.NoError(t, err)
	require.Nil(t, record.Result, "it is an earlier attempt's")
	record, err = look(in, fakeRun{status: ended()[0], parent: "batch", ends: &temporal.WorkflowExecutionError{}})
	require.NoError(t, err)
	require.Contains(t, record.Why, "left no record")
}
