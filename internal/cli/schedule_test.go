package cli_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

const weeklyPlan = `
apiVersion: tidegate/v1
name: files
accounts:
  aws: [{name: sim, region: us-east-1}]
targets:
  - {name: one, gateway: {account: sim, arn: ` + arnPrefix + `sgw-55555555}}
`

// planned writes a plan file.
func planned(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "plan.yaml")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestAScheduleInANamespaceWithoutSearchAttributesSuggestsSetup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bare := w.tidegate("schedule", "create", "weekly", planned(t, weeklyPlan), "--cron", "0 2 * * 1")
	require.Equal(t, 1, bare.status, "the time is right")
	require.Contains(t, bare.errors, "namespace default lacks search attributes of Tidegate; nothing was created; to register them: tidegate setup --namespace default")
	require.NotContains(t, bare.errors, "--cron")
}

// describedSchedule is the JSON that describe prints.
type describedSchedule struct {
	Paused bool
	Note   string
	Next   []time.Time
	Runs   []struct {
		WorkflowID string
		State      string
	}
	Started int
	Plan    struct{ Digest string }
}

func (w *world) schedule(name string) describedSchedule {
	w.t.Helper()
	shown := w.tidegate("schedule", "describe", name, "--output", "json")
	require.Equal(w.t, 0, shown.status)
	var d describedSchedule
	require.NoError(w.t, json.Unmarshal([]byte(shown.out), &d))
	return d
}

// startedWith is what a campaign was started with.
func startedWith(ctx context.Context, t *testing.T, c client.Client, workflowID string) api.CampaignInput {
	t.Helper()
	event, err := c.GetWorkflowHistory(ctx, workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT).Next()
	require.NoError(t, err)
	started := event.GetWorkflowExecutionStartedEventAttributes()
	require.Equal(t, api.CampaignName, started.GetWorkflowType().GetName())
	require.Equal(t, api.TaskQueue, started.GetTaskQueue().GetName())
	var in api.CampaignInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(started.GetInput(), &in))
	return in
}

func TestAScheduleStartsTheCampaignThatRunWouldStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file := planned(t, weeklyPlan)
	early := w.tidegate("schedule", "create", "weekly", file, "--calendar", "daily 02:00")
	require.Equal(t, 1, early.status)
	require.Contains(t, early.errors, "tidegate setup", "else its campaigns could not be started when their time comes")
	require.Equal(t, 0, w.tidegate("setup").status)
	require.Equal(t, 0, w.tidegate("schedule", "create", "weekly", file, "--calendar", "2nd Tue 02:00", "--by", "alice", "--paused").status)
	require.Empty(t, w.schedule("weekly").Next, "nothing is next while it is paused")

	triggered := w.tidegate("schedule", "trigger", "weekly", "--why", "CHG-1", "--by", "bob")
	require.Equal(t, 0, triggered.status)
	shown := w.schedule("weekly")
	require.Len(t, shown.Runs, 1)
	require.Equal(t, "Running", shown.Runs[0].State)
	require.True(t, strings.HasPrefix(shown.Runs[0].WorkflowID, api.CampaignWorkflowID("files")+"-20"), shown.Runs[0].WorkflowID)
	require.Contains(t, triggered.out, "tidegate watch "+shown.Runs[0].WorkflowID)
	require.Regexp(t, `^created by alice\ntriggered by bob at 20.*: CHG-1$`, shown.Note)
	require.True(t, shown.Paused)

	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	in := startedWith(t.Context(), t, c, shown.Runs[0].WorkflowID)
	require.Equal(t, "alice", in.Submitter)
	require.Equal(t, "weekly", in.Schedule)
	sum := sha256.Sum256([]byte(weeklyPlan))
	require.Equal(t, hex.EncodeToString(sum[:]), in.Digest)
	require.Equal(t, in.Digest, shown.Plan.Digest)
	require.Equal(t, "sgw-55555555", in.Plan.Targets[0].Gateway.ID())
	described, err := c.DescribeWorkflow(t.Context(), shown.Runs[0].WorkflowID, "")
	require.NoError(t, err)
	summary, err := described.GetStaticSummary()
	require.NoError(t, err)
	require.Contains(t, summary, "files")
	campaign, ok := described.TypedSearchAttributes.GetKeyword(temporal.NewSearchAttributeKeyKeyword("TidegateCampaign"))
	require.True(t, ok)
	require.Contains(t, campaign, "files")

	twice := w.tidegate("schedule", "trigger", "weekly", "--why", "CHG-2")
	require.Equal(t, 1, twice.status)
	require.Contains(t, twice.errors, "schedule trigger weekly is refused: its campaign "+shown.Runs[0].WorkflowID+" still runs")
	gone := w.tidegate("schedule", "delete", "weekly", "--why", "enough")
	require.Equal(t, 0, gone.status)
	require.Contains(t, gone.out, shown.Runs[0].WorkflowID+" continues; to end it: tidegate abort "+shown.Runs[0].WorkflowID+" --why TEXT")
}

func TestTheNextStartsAreThoseOfTheCalendar(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	file := planned(t, weeklyPlan)
	for name, tc := range map[string]struct {
		flags []string
		is    func(time.Time) bool
	}{
		"patch-tuesday": {[]string{"--calendar", "2nd Tue 02:00"}, func(at time.Time) bool {
			return at.Weekday() == time.Tuesday && at.Day() > 7 && at.Day() < 15 && at.Hour() == 2
		}},
		"some-days": {[]string{"--calendar", "mon,thu-fri 9:05 UTC"}, func(at time.Time) bool {
			d := at.Weekday()
			return (d == time.Monday || d == time.Thursday || d == time.Friday) && at.Hour() == 9 && at.Minute() == 5
		}},
		"days-of-month": {[]string{"--calendar", "day 1,15 23:59"}, func(at time.Time) bool {
			return (at.Day() == 1 || at.Day() == 15) && at.Hour() == 23 && at.Minute() == 59
		}},
		"daily": {[]string{"--calendar", "daily 00:00"}, func(at time.Time) bool { return at.Truncate(24 * time.Hour).Equal(at) }},
		"cron":  {[]string{"--cron", "@weekly"}, func(at time.Time) bool { return at.Weekday() == time.Sunday && at.Hour() == 0 }},
		"every": {[]string{"--every", "168h", "--offset", "2h"}, func(at time.Time) bool { return at.Weekday() == time.Thursday && at.Hour() == 2 }},
	} {
		require.Equal(t, 0, w.tidegate(append([]string{"schedule", "create", name, file}, tc.flags...)...).status)
		next := w.schedule(name).Next
		require.Len(t, next, 5)
		for _, at := range next {
			require.True(t, tc.is(at.UTC()), "%s: %s", name, at)
		}
	}
}

func TestAPausedScheduleSaysWhichCampaignFailed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	require.Equal(t, 0, w.tidegate("schedule", "create", "weekly", planned(t, weeklyPlan), "--every", "168h").status)
	require.Equal(t, 0, w.tidegate("schedule", "trigger", "weekly", "--why", "CHG-1").status)
	id := w.schedule("weekly").Runs[0].WorkflowID
	w.failCampaigns()
	require.Eventually(t, func() bool { return w.schedule("weekly").Paused }, time.Minute, 100*time.Millisecond)
	shown := w.schedule("weekly")
	require.Equal(t, "PARTIAL", shown.Runs[0].State)
	require.Contains(t, shown.Note, "paused due to workflow failure: "+id)
	require.Equal(t, 0, w.tidegate("schedule", "resume", "weekly", "--why", "host replaced").status)
}

// failCampaigns lets every campaign end as one does of which some targets failed.
func (w *world) failCampaigns() {
	w.t.Helper()
	c, err := w.server.NewClient(w.t.Context())
	require.NoError(w.t, err)
	w.t.Cleanup(c.Close)
	failing := worker.New(c, api.TaskQueue, worker.Options{})
	failing.RegisterWorkflowWithOptions(func(workflow.Context, api.CampaignInput) error {
		partial := fleet.Result{Name: "files", State: fleet.Partial, Summary: "two of three failed"}
		return temporal.NewNonRetryableApplicationError(partial.Summary, string(partial.State), nil, partial)
	}, workflow.RegisterOptions{Name: api.CampaignName})
	require.NoError(w.t, failing.Start())
	w.t.Cleanup(failing.Stop)
}

func TestAPlanThatNamesManyTargetsIsNotScheduled(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	many.WriteString("apiVersion: tidegate/v1\nname: files\naccounts: {aws: [{name: sim, region: us-east-1}]}\ntargets:\n")
	for i := range api.PageSize + 1 {
		fmt.Fprintf(&many, "  - {name: t%d, gateway: {account: sim, arn: %ssgw-%08X}}\n", i, arnPrefix, i)
	}
	w := newWorld(t)
	refused := w.tidegate("schedule", "create", "weekly", planned(t, many.String()), "--every", "168h")
	require.Equal(t, 2, refused.status)
	require.Contains(t, refused.errors, "names 201 targets, and a schedule takes at most 200 of this size; use selectors, which also find new gateways")
}

// Other programs' schedules share the namespace.
func TestAScheduleOfOtherWorkflowsIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	_, err = c.ScheduleClient().Create(t.Context(), client.ScheduleOptions{
		ID: "backup", Spec: client.ScheduleSpec{CronExpressions: []string{"@daily"}},
		Action: &client.ScheduleWorkflowAction{ID: "backup", Workflow: "Backup", TaskQueue: "backup"},
	})
	require.NoError(t, err)
	require.NotContains(t, w.tidegate("schedule", "list").out, "backup")
	for _, order := range []string{"pause", "resume", "trigger", "delete"} {
		refused := w.tidegate("schedule", order, "backup", "--why", "x")
		require.Equal(t, 2, refused.status)
		require.Contains(t, refused.errors, "the schedule backup in namespace default starts no campaign")
	}
}
