package endrecord_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

const taskQueue = "outcome"

// ends ends as it is told, in the ways of workflows.GatewayMaintenance.
func ends(ctx workflow.Context, how string) (maintenance.Result, error) {
	partial := maintenance.Result{Target: "one", State: maintenance.StatePartial}
	switch how {
	case "completes":
		return maintenance.Result{Target: "one", State: maintenance.StateCompleted}, nil
	case "fails":
		return partial, temporal.NewApplicationErrorWithOptions("sad", string(partial.State),
			temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{partial}})
	case "fails with other details":
		return partial, temporal.NewApplicationErrorWithOptions("sad", "Odd",
			temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{"text"}})
	case "fails without details":
		return partial, temporal.NewNonRetryableApplicationError("sad", "Odd", nil)
	}
	if err := workflow.Sleep(ctx, time.Hour); err != nil {
		return partial, temporal.NewCanceledError(partial)
	}
	return partial, errors.New("slept for an hour")
}

func engine(t *testing.T) client.Client {
	t.Helper()
	server, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	c, err := server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, taskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(ends, workflow.RegisterOptions{Name: "ends"})
	w.RegisterWorkflowWithOptions(fleetEnds, workflow.RegisterOptions{Name: "fleet ends"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return c
}

func TestARunsRecordIsFoundHoweverItEnded(t *testing.T) {
	t.Parallel()
	c := engine(t)
	for how, want := range map[string]struct {
		state maintenance.EndState
		err   error
		says  string // the error; empty: not judged
		then  func(context.Context, client.WorkflowRun) error
	}{
		"completes":                {state: maintenance.StateCompleted},
		"fails":                    {state: maintenance.StatePartial},
		"fails with other details": {err: endrecord.ErrNoResult},
		"fails without details":    {err: endrecord.ErrNoResult},
		"is cancelled": {state: maintenance.StatePartial, then: func(ctx context.Context, run client.WorkflowRun) error {
			return c.CancelWorkflow(ctx, run.GetID(), "")
		}},
		"is terminated": {err: endrecord.ErrNoResult, says: "the run left no result: it was terminated in Temporal", then: func(ctx context.Context, run client.WorkflowRun) error {
			return c.TerminateWorkflow(ctx, run.GetID(), "", "enough")
		}},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: how, TaskQueue: taskQueue}, "ends", how)
			require.NoError(t, err)
			if want.then != nil {
				require.NoError(t, want.then(t.Context(), run))
			}
			result, err := endrecord.Of(t.Context(), run)
			require.ErrorIs(t, err, want.err)
			if want.says != "" {
				require.EqualError(t, err, want.says)
			}
			require.Equal(t, want.state, result.State)
		})
	}
}

// fleetEnds ends as workflows.Campaign does: continued as new, and then otherwise
// than COMPLETED.
func fleetEnds(ctx workflow.Context, how string) (fleet.Result, error) {
	partial := fleet.Result{Name: "all", State: fleet.Partial}
	switch how {
	case "goes on":
		return fleet.Result{}, workflow.NewContinueAsNewError(ctx, "fleet ends", "fails")
	case "fails":
		return partial, temporal.NewApplicationErrorWithOptions("sad", string(partial.State),
			temporal.ApplicationErrorOptions{NonRetryable: true, Details: []any{partial}})
	case "cannot be read":
		return fleet.Result{}, temporal.NewNonRetryableApplicationError("no such account", "NotFound", nil)
	}
	return fleet.Result{Name: "all", State: fleet.Completed}, nil
}

func TestACampaignsRecordIsFoundHoweverItEnded(t *testing.T) {
	t.Parallel()
	c := engine(t)
	for how, want := range map[string]struct {
		state fleet.EndState
		err   error
	}{
		"completes":      {state: fleet.Completed},
		"fails":          {state: fleet.Partial},
		"goes on":        {state: fleet.Partial},
		"cannot be read": {err: endrecord.ErrNoResult},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: how, TaskQueue: taskQueue}, "fleet ends", how)
			require.NoError(t, err)
			result, err := endrecord.OfCampaign(t.Context(), run)
			require.ErrorIs(t, err, want.err)
			require.Equal(t, want.state, result.State)
		})
	}
}

func TestARunThatThereIsNotIsNoRunWithoutRecord(t *testing.T) {
	t.Parallel()
	c := engine(t)
	_, err := endrecord.Of(t.Context(), c.GetWorkflow(t.Context(), "nobody", ""))
	require.Error(t, err)
	require.NotErrorIs(t, err, endrecord.ErrNoResult)
}
