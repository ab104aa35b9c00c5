package workers_test

import (
	"bufio"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/workflows/api"
)

// series are the samples of a worker by their series, such as tidegate_campaign_targets{campaign="q4"}; none if it does
// not answer.
func series(t *testing.T, address string) map[string]float64 {
	t.Helper()
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/metrics", http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer answer.Body.Close() //nolint:errcheck // it is read
	all := map[string]float64{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		at := strings.LastIndexByte(lines.Text(), ' ')
		if value, err := strconv.ParseFloat(lines.Text()[at+1:], 64); err == nil && at > 0 {
			all[lines.Text()[:at]] = value
		}
	}
	return all
}

// watched are workers that are read as Prometheus does.
type watched struct {
	*stage
	workers map[string]func() // by address: how it is killed
}

func (w *watched) hire(flags ...string) {
	w.t.Helper()
	address := freeAddress(w.t)
	args := w.args
	w.args = append(append([]string{}, args...), append(flags, "--health-listen", address)...)
	w.workers[address] = w.work()
	w.args = args
}

func (w *watched) kill(address string) {
	w.workers[address]()
	delete(w.workers, address)
}

// sum adds the series whose name and labels start with a text, over all workers.
func (w *watched) sum(prefix string) (sum float64) {
	for address := range w.workers {
		for name, value := range series(w.t, address) {
			if strings.HasPrefix(name, prefix) {
				sum += value
			}
		}
	}
	return sum
}

// shows is the worker that shows the state of the campaign; empty: none does.
func (w *watched) shows() string {
	for address := range w.workers {
		for name := range series(w.t, address) {
			if strings.HasPrefix(name, `tidegate_campaign_blocked_timestamp_seconds{blocker="approval",campaign="q4"}`) {
				return address
			}
		}
	}
	return ""
}

const (
	targets = `tidegate_campaign_targets{`
	since   = `tidegate_campaign_blocked_timestamp_seconds{blocker="approval",campaign="q4"}`
)

// eventually waits until the sum over all workers is right, and never finds more.
func (w *watched) eventually(prefix string, want float64) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		sum := w.sum(prefix)
		require.LessOrEqual(w.t, sum, want, prefix)
		return sum == want
	}, 2*time.Minute, 100*time.Millisecond, "%s %v %s", prefix, want, w.logs.String())
}

// A campaign of two targets waits for an approval. Three workers show it once: after the one that shows it was killed,
// after all were, and after a release that does not answer for it.
func TestASumOverWorkersIsRight(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it waits for a worker that was killed to be given up")
	}
	w := &watched{newStage(t, freeAddress(t)), map[string]func(){}}
	first := []string{"--deployment", "tidegate", "--build-id", "1", "--promote"}
	for range 3 {
		w.hire(first...)
	}
	w.run()
	w.eventually(targets, 2)
	at := w.sum(since)
	require.WithinDuration(t, time.Now(), time.Unix(int64(at), 0), time.Minute)
	require.InDelta(t, 1, w.sum(`tidegate_campaign_approvals_missing{campaign="q4"}`), 0)
	require.InDelta(t, 3, w.sum(`tidegate_worker_info{`), 0)

	w.kill(w.shows())
	w.eventually(targets, 2)
	require.InDelta(t, at, w.sum(since), 0)

	for address := range maps.Clone(w.workers) {
		w.kill(address)
	}
	w.hire(first...)
	w.eventually(targets, 2)
	require.InDelta(t, at, w.sum(since), 0, "since when it is blocked is known after all workers were lost")

	w.kill(w.shows())
	w.hire("--deployment", "tidegate", "--build-id", "2", "--promote")
	w.eventually(since, at)
	require.Zero(t, w.sum(`tidegate_campaign_answered`), "the campaign is pinned to a build that has no worker")
}

// approve approves the campaign, once it has read its fleet.
func (s *stage) approve(run client.WorkflowRun) {
	s.t.Helper()
	require.Eventually(s.t, func() bool {
		update, err := s.client.UpdateWorkflow(s.t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: run.GetID(), UpdateName: api.ApproveUpdate, WaitForStage: client.WorkflowUpdateStageCompleted,
			Args: []any{api.CampaignAction{Action: api.Action{By: "bob", Why: "for the test"}}},
		})
		return err == nil && update.Get(s.t.Context(), nil) == nil
	}, time.Minute, 100*time.Millisecond)
}
