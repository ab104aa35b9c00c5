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
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/teststart"
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
		Status:           found.status,
		StartTime:        timestamppb.New(teststart.On(time.Sunday, 1)),
		Memo:             &commonpb.Memo{Fields: map[string]*commonpb.Payload{activities.QuarantineMemo: memo}},
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
				"Once it is in order: tidegate release sgw-1 --why \"what was done\"",
		}},
		"a run of a campaign": {fakeRuns{gateway: {status: open, run: "run-9", campaign: "campaign-autumn"}}, activities.Obstacle{
			WorkflowID: gateway, RunID: "run-9", Reason: "in the run gateway-sgw-1 of campaign-autumn since " + teststart.On(time.Sunday, 1).Format(time.RFC3339),
		}},
		"a run that is paused": {fakeRuns{gateway: {status: paused, campaign: "campaign-autumn"}}, activities.Obstacle{
			WorkflowID: gateway, Reason: "in the run gateway-sgw-1 of campaign-autumn since " + teststart.On(time.Sunday, 1).Format(time.RFC3339),
		}},
		"a run that somebody started": {fakeRuns{gateway: {status: open, run: "run-9"}}, activities.Obstacle{
			WorkflowID: gateway, RunID: "run-9", Reason: "in the run gateway-sgw-1, which somebody started without a campaign, since " + teststart.On(time.Sunday, 1).Format(time.RFC3339),
		}},
		"both: the one that a person must end": {fakeRuns{quarantine: {status: open, memo: why}, gateway: {status: open}}, activities.Obstacle{
			WorkflowID: quarantine,
			Reason: "quarantined since " + why.Since.Format(time.RFC3339) + ": the upgrade of proxy p failed. The run gateway-sgw-1 (run-7) did so. " +
				"Once it is in order: tidegate release sgw-1 --why \"what was done\"",
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
		require.Contains(t, requireKind(t, err, activities.TypeUnavailable).Message(), "ask Temporal for the workflow "+id)
	}
}

func TestARunIsAwaitedUntilItIsClosedOrGone(t *testing.T) {
	t.Parallel()
	in := activities.WorkflowLookup{WorkflowID: "w", RunID: "run-1", Pace: pace()}
	look := func(runs fakeRuns) (bool, error) {
		r := newRig(t)
		r.runs = runs
		still, err := run(t, r, r.engine.StillRuns, in)
		require.NoError(t, err)
		_, err = run(t, r, r.engine.AwaitClosed, in)
		return still, err
	}
	for _, status := range []enumspb.WorkflowExecutionStatus{open, paused} {
		still, err := look(fakeRuns{"w": {status: status, run: "run-1"}})
		require.True(t, still)
		requireNotYet(t, err, "the workflow w is still open")
	}
	gone := []fakeRuns{{}, {"w": {status: open, run: "run-2"}}}
	for _, status := range ended() {
		gone = append(gone, fakeRuns{"w": {status: status, run: "run-1"}})
	}
	for _, runs := range gone {
		still, err := look(runs)
		require.False(t, still)
		require.NoError(t, err)
	}
	for first, want := range map[string]bool{"": true, "run-0": true, "another": false} {
		in := activities.WorkflowLookup{WorkflowID: "w", First: "run-0"}
		r := newRig(t)
		r.runs = fakeRuns{"w": {status: open, first: first}}
		still, err := run(t, r, r.engine.StillRuns, in)
		require.NoError(t, err)
		require.Equal(t, want, still, first)
	}
	r := newRig(t)
	r.runs = fakeRuns{"w": {fails: errors.New("connection refused")}}
	_, err := run(t, r, r.engine.AwaitClosed, in)
	require.False(t, requireKind(t, err, activities.TypeUnavailable).NonRetryable())
	_, err = run(t, r, r.engine.StillRuns, in)
	require.False(t, requireKind(t, err, activities.TypeUnavailable).NonRetryable())
}
