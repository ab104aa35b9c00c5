package campaign_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// A run by a cron schedule names the one before it as the one that it continues, and gets the same input: whoever may start
// workflows could so give a campaign any state. No run of it begins, neither the first nor the next.
func TestACampaignIsNotStartedByACronSchedule(t *testing.T) {
	t.Parallel()
	server, err := devserver.Start(t.Context(), devserver.Options{
		UIPort: devserver.NoUI, SearchAttributes: webui.SearchAttributes(),
	})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	c, err := server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	w := worker.New(c, api.TaskQueue, worker.Options{})
	workflows.Register(w)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	id := api.CampaignWorkflowID("q4")
	first, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: id, TaskQueue: api.TaskQueue, CronSchedule: "@every 1s",
	}, api.CampaignName, api.CampaignInput{Plan: plan.Plan{Name: "q4"}, Carried: &api.Carried{Batches: []string{"batch-0"}}})
	require.NoError(t, err)
	refused := func(run string) {
		t.Helper()
		events := c.GetWorkflowHistory(t.Context(), id, run, true, enumspb.HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT)
		closed, err := events.Next() // the schedule goes on
		require.NoError(t, err)
		attributes := closed.GetWorkflowExecutionContinuedAsNewEventAttributes()
		failure := attributes.GetFailure() //nolint:staticcheck // Temporal still tells a cron run's failure here, and nowhere else
		require.Contains(t, failure.GetMessage(), "a campaign runs once")
	}
	refused(first.GetRunID())
	next, err := c.DescribeWorkflowExecution(t.Context(), id, "")
	require.NoError(t, err)
	require.NotEqual(t, first.GetRunID(), next.GetWorkflowExecutionInfo().GetExecution().GetRunId())
	refused(next.GetWorkflowExecutionInfo().GetExecution().GetRunId())
}
