package fleetstate_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
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

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/metrics"
	"github.com/tidegate/tidegate/internal/metrics/fleetstate"
	"github.com/tidegate/tidegate/internal/operate"
)

// noon is the time of the tests.
var noon = time.Unix(1_800_000_000, 0).UTC()

// temporal is a namespace with one campaign of the task queue, one of another, and one that only plans.
type temporal struct {
	client.Client
	status  fleet.Status
	answers error // of the campaign; nil: it gives its status
	events  int64
	asked   int
	down    error // of the list
}

func payload(value any) *commonpb.Payload {
	p, err := converter.GetDefaultDataConverter().ToPayload(value)
	if err != nil {
		return nil
	}
	return p
}

func running(id, queue string) *workflowpb.WorkflowExecutionInfo {
	return &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "run-of-" + id}, TaskQueue: queue,
		Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
		SearchAttributes: &commonpb.SearchAttributes{IndexedFields: map[string]*commonpb.Payload{
			"TidegateBlocker": payload("held"), "TidegateSince": payload(noon.Add(-time.Hour)),
		}},
	}
}

func (f *temporal) ListWorkflow(
	context.Context, *workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	return &workflowservice.ListWorkflowExecutionsResponse{Executions: []*workflowpb.WorkflowExecutionInfo{
		running("campaign-q4", "tidegate"), running("campaign-lab", "another"), running("plan-q5", "tidegate"),
	}}, f.down
}

func (f *temporal) DescribeWorkflowExecution(
	context.Context, string, string,
) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return &workflowservice.DescribeWorkflowExecutionResponse{
		WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{HistoryLength: f.events},
		PendingWorkflowTask:   &workflowpb.PendingWorkflowTaskInfo{Attempt: 4},
	}, nil
}

func (f *temporal) QueryWorkflow(context.Context, string, string, string, ...any) (converter.EncodedValue, error) {
	f.asked++
	if f.answers != nil {
		return nil, f.answers
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(f.status)
	return client.NewValue(payloads), err
}

func (f *temporal) CountWorkflow(
	_ context.Context, in *workflowservice.CountWorkflowExecutionsRequest,
) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	if !strings.Contains(in.GetQuery(), "TaskQueue = 'tidegate'") {
		return nil, errors.New("of every task queue")
	}
	return &workflowservice.CountWorkflowExecutionsResponse{Count: 3}, nil
}

// clock is the worker's.
type clock struct{ now time.Time }

func (c *clock) time() time.Time { return c.now }

// shown are the samples that Prometheus reads, of the metrics of these names or of all.
func shown(t *testing.T, s *fleetstate.State, names ...string) string {
	t.Helper()
	answer := httptest.NewRecorder()
	metrics.New(s).Handler().ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	require.Equal(t, 200, answer.Code, answer.Body.String())
	var samples []string
	for line := range strings.Lines(answer.Body.String()) {
		name, _, _ := strings.Cut(line, "{")
		name, _, _ = strings.Cut(name, " ")
		if strings.HasPrefix(line, "tidegate_") && (len(names) == 0 || slices.Contains(names, name)) {
			samples = append(samples, strings.TrimSpace(line))
		}
	}
	return strings.Join(samples, "\n")
}

func campaign() *temporal {
	return &temporal{events: 10, status: fleet.Status{
		Phase: fleet.InProgress, Counts: fleet.Counts{Total: 9, Waiting: 5, Running: 1, Held: 1, Failed: 2},
		Blockers: map[maintenance.Blocker]int{maintenance.BlockedByWindow: 3, maintenance.BlockedByConcurrency: 1},
		Waves:    []fleet.WaveLine{{State: fleet.WaveEnded}, {State: fleet.WaveOpen}, {State: fleet.WaveWaiting}},
		Approval: &fleet.Approval{Wanted: 2, Given: []fleet.Consent{{By: "bob"}}, Asked: noon},
		Next:     noon.Add(time.Hour), MaxFailures: 1, Closing: &fleet.Closing{At: noon.Add(2 * time.Hour), Waiting: 1},
	}}
}

func state(t *testing.T, f *temporal) (*fleetstate.State, *clock) {
	t.Helper()
	t.Helper()
	c := &clock{noon}
	s := fleetstate.New(c.time)
	s.Of(operate.Session{Client: f}, "tidegate")
	require.NoError(t, s.Read(t.Context()))
	s.Show(noon.Add(24 * time.Hour))
	return s, c
}

func TestACampaignIsShownAsItStands(t *testing.T) {
	t.Parallel()
	s, _ := state(t, campaign())
	require.Equal(t, strings.TrimSpace(`
tidegate_campaign_answered_timestamp_seconds{campaign="q4"} 1.8e+09
tidegate_campaign_approvals_missing{campaign="q4"} 1
tidegate_campaign_blocked_timestamp_seconds{blocker="held",campaign="q4"} 1.7999964e+09
tidegate_campaign_failures_left{campaign="q4"} -1
tidegate_campaign_next_start_timestamp_seconds{campaign="q4"} 1.8000036e+09
tidegate_campaign_targets{blocker="",campaign="q4",state="armed"} 0
tidegate_campaign_targets{blocker="",campaign="q4",state="failed"} 2
tidegate_campaign_targets{blocker="",campaign="q4",state="held"} 1
tidegate_campaign_targets{blocker="",campaign="q4",state="running"} 1
tidegate_campaign_targets{blocker="",campaign="q4",state="skipped"} 0
tidegate_campaign_targets{blocker="",campaign="q4",state="succeeded"} 0
tidegate_campaign_targets{blocker="",campaign="q4",state="up-to-date"} 0
tidegate_campaign_targets{blocker="",campaign="q4",state="waiting"} 1
tidegate_campaign_targets{blocker="concurrency",campaign="q4",state="waiting"} 1
tidegate_campaign_targets{blocker="window",campaign="q4",state="waiting"} 3
tidegate_campaign_task_attempts{campaign="q4"} 4
tidegate_campaign_waves{campaign="q4",state="baking"} 0
tidegate_campaign_waves{campaign="q4",state="ended"} 1
tidegate_campaign_waves{campaign="q4",state="open"} 1
tidegate_campaign_waves{campaign="q4",state="stopped"} 0
tidegate_campaign_waves{campaign="q4",state="waiting"} 1
tidegate_campaign_window_closes_timestamp_seconds{campaign="q4"} 1.8000072e+09
tidegate_campaign_window_waiting_targets{campaign="q4"} 1
tidegate_maintenances_failed_last_day{state="COMPENSATED"} 3
tidegate_maintenances_failed_last_day{state="COMPENSATION_FAILED"} 3
tidegate_maintenances_failed_last_day{state="FAILED"} 3
tidegate_maintenances_failed_last_day{state="PARTIAL"} 3
tidegate_maintenances_failed_last_day{state="VERIFICATION_FAILED"} 3
tidegate_maintenances_held 3
tidegate_maintenances_running 3
tidegate_quarantined_gateways 3
tidegate_state_read_timestamp_seconds 1.8e+09
`), shown(t, s))
}

func TestACampaignIsAskedWhenItsHistoryGrowsOrAfterAWhile(t *testing.T) {
	t.Parallel()
	f := campaign()
	s, c := state(t, f)
	for _, step := range []struct {
		passes time.Duration
		events int64
		asked  int
	}{{time.Second, 0, 1}, {time.Second, 1, 2}, {time.Minute, 0, 2}, {time.Minute, 0, 3}} {
		c.now = c.now.Add(step.passes)
		f.events += step.events
		require.NoError(t, s.Read(t.Context()))
		require.Equal(t, step.asked, f.asked)
	}
}

// A campaign that is held, and that no worker answers for, is still shown as held, with what it said last.
func TestACampaignThatDoesNotAnswerIsShown(t *testing.T) {
	t.Parallel()
	f := campaign()
	f.answers = serviceerror.NewFailedPrecondition("no poller")
	s, c := state(t, f)
	const held = `tidegate_campaign_blocked_timestamp_seconds{blocker="held",campaign="q4"} 1.7999964e+09`
	require.Equal(t, held, shown(t, s, "tidegate_campaign_blocked_timestamp_seconds"))
	require.Empty(t, shown(t, s, "tidegate_campaign_targets", "tidegate_campaign_answered_timestamp_seconds"))

	f.answers = nil
	c.now = noon.Add(3 * time.Minute)
	require.NoError(t, s.Read(t.Context()))
	f.answers, f.events = serviceerror.NewFailedPrecondition("no poller"), f.events+1
	c.now = noon.Add(time.Hour)
	require.NoError(t, s.Read(t.Context()))
	require.Equal(t, held, shown(t, s, "tidegate_campaign_blocked_timestamp_seconds"))
	require.Contains(t, shown(t, s), `tidegate_campaign_targets{blocker="window",campaign="q4",state="waiting"} 3`)
	require.Equal(t, `tidegate_campaign_answered_timestamp_seconds{campaign="q4"} 1.80000018e+09`,
		shown(t, s, "tidegate_campaign_answered_timestamp_seconds"), "as of then")
}

func TestWhatCannotBeReadStaysAsItWas(t *testing.T) {
	t.Parallel()
	f := campaign()
	s, c := state(t, f)
	f.down = errors.New("no connection")
	c.now = noon.Add(time.Minute)
	require.ErrorContains(t, s.Read(t.Context()), "no connection")
	require.Equal(t, `tidegate_state_read_timestamp_seconds 1.8e+09`, shown(t, s, "tidegate_state_read_timestamp_seconds"))
}

func TestNothingIsShownWithoutTheRight(t *testing.T) {
	t.Parallel()
	s, c := state(t, campaign())
	c.now = noon.Add(24 * time.Hour)
	require.Empty(t, shown(t, s))
	s.Show(c.now.Add(time.Minute))
	require.NotEmpty(t, shown(t, s))
	s.Show(time.Time{})
	require.Empty(t, shown(t, s))
	s.Show(c.now.Add(time.Minute))
	require.Empty(t, shown(t, s), "what another worker may have shown since is not older")
}
