package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/report/histories"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// recordReportEnv, where it is 1, has the histories kept from which the tests of
// internal/report/histories make their reports.
const recordReportEnv = "TIDEGATE_RECORD_REPORT"

// recorder keeps the histories that it reads.
type recorder struct {
	histories.Reader

	mu   sync.Mutex
	read map[string]*historypb.History
}

func (r *recorder) History(ctx context.Context, workflowID, runID string) ([]*historypb.HistoryEvent, error) {
	events, err := r.Reader.History(ctx, workflowID, runID)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		r.read[workflowID+"@"+runID] = &historypb.History{Events: events}
	}
	return events, err
}

// A campaign that has continued as new on its way is reported as one.
func TestAReportReachesAcrossACampaignsRuns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.work()
	c, err := w.server.NewClient(t.Context())
	require.NoError(t, err)
	t.Cleanup(c.Close)
	canary, err := maintenance.ParseShare("1")
	require.NoError(t, err)
	target := func(name, id string) maintenance.Target {
		return maintenance.Target{Name: name, Gateway: maintenance.GatewayRef{Account: "sim", ARN: arnPrefix + id}}
	}
	p := plan.Plan{
		Name: "long", Rollout: maintenance.Rollout{Waves: []maintenance.Share{canary}, MaxConcurrent: 2}, Approvals: maintenance.Approvals{Count: 1, EachWave: true},
		Accounts: plan.Accounts{AWS: []plan.AWSAccount{{Name: "sim", Region: "us-east-1"}}},
		Policy: maintenance.Policy{
			Pace:      maintenance.Pace{Min: maintenance.Duration(20 * time.Millisecond), Max: maintenance.Duration(100 * time.Millisecond)},
			SteadyFor: maintenance.Duration(20 * time.Millisecond), UpdateDeadline: maintenance.Duration(3 * time.Second), UpdateStart: maintenance.Duration(time.Second),
			Attempt: maintenance.Duration(2 * time.Second),
		},
		Targets:   []maintenance.Target{target("canary", "sgw-11111111")},
		Selectors: []plan.Selector{{Account: "sim", Types: []string{"FILE_S3"}}},
	}
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: api.CampaignWorkflowID("long"), TaskQueue: api.TaskQueue, TypedSearchAttributes: webui.CampaignAttributes("long"),
	}, api.CampaignName, api.CampaignInput{Plan: p, Submitter: "alice", EventsPerRun: 30})
	require.NoError(t, err)
	for _, args := range [][]string{
		{"approve", "long", "--by", "bob", "--why", "CHG-1"},
		{"approve", "long", "--by", "carol", "--why", "CHG-2"},
		{"concurrency", "long", "3", "--by", "dora", "--why", "went well"},
		{"skip", "long", "sgw-55555555", "--by", "dora", "--why", "is replaced"},
	} {
		require.Eventually(t, func() bool { return w.tidegate(args...).status == 0 }, time.Minute, 200*time.Millisecond)
	}
	result, err := endrecord.OfCampaign(t.Context(), c.GetWorkflow(t.Context(), run.GetID(), ""))
	require.NoError(t, err)
	require.Equal(t, fleet.Partial, result.State)

	r := &recorder{Reader: histories.Temporal{Client: c}, read: map[string]*historypb.History{}}
	d, err := histories.Make(t.Context(), r, run.GetID(), "")
	require.NoError(t, err)
	require.Empty(t, d.Remarks, "what is made of the histories is what the campaign counted")
	require.Equal(t, result.Counts, d.Counts)
	require.Equal(t, result.Start.UTC(), d.Start)
	require.Len(t, d.Decisions, 4)
	require.NotEqual(t, run.GetRunID(), d.RunID, "it never continued as new")
	if os.Getenv(recordReportEnv) != "1" {
		return
	}
	for name, history := range r.read {
		text, err := protojson.Marshal(history)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join("../report/histories/testdata/histories", name+".json"), text, 0o600))
	}
}
