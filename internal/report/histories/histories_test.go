package histories_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/internal/report/histories"
)

var update = flag.Bool("update", false, "write the golden files again")

const campaignID = "campaign-long"

// recorded are the histories of a campaign of three runs, by workflow id and run
// id as they were asked for. internal/cli's TestAReportReachesAcrossACampaignsRuns has
// recorded them (TIDEGATE_RECORD_REPORT=1).
type recorded map[string][]*historypb.HistoryEvent

func load(tb testing.TB) recorded {
	tb.Helper()
	files, err := filepath.Glob("testdata/histories/*.json")
	require.NoError(tb, err)
	require.NotEmpty(tb, files)
	all := recorded{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(tb, err)
		var history historypb.History
		require.NoError(tb, protojson.Unmarshal(text, &history))
		key := strings.TrimSuffix(filepath.Base(file), ".json")
		all[key] = history.GetEvents()
		if id, run, _ := strings.Cut(key, "@"); run == "" {
			all[id+"@"+history.GetEvents()[0].GetWorkflowExecutionStartedEventAttributes().GetOriginalExecutionRunId()] = history.GetEvents()
		} else if id != campaignID {
			all[id+"@"] = history.GetEvents() // its last run, too
		}
	}
	return all
}

func (r recorded) History(_ context.Context, workflowID, runID string) ([]*historypb.HistoryEvent, error) {
	if events, ok := r[workflowID+"@"+runID]; ok {
		return events, nil
	}
	return nil, fmt.Errorf("%w: %s %s", histories.ErrGone, workflowID, runID)
}

// lose takes a history away.
func (r recorded) lose(workflowID, runID string) {
	delete(r, workflowID+"@"+runID)
}

func (r recorded) make(t *testing.T) report.Document {
	t.Helper()
	d, err := histories.Make(t.Context(), r, campaignID, "")
	require.NoError(t, err)
	return d
}

func (r recorded) verify(t *testing.T, d report.Document) []string {
	t.Helper()
	return r.verdict(t, d).Differences
}

func (r recorded) verdict(t *testing.T, d report.Document) histories.Verdict {
	t.Helper()
	text, err := report.Render(d, report.JSON)
	require.NoError(t, err)
	v, err := histories.Verify(t.Context(), r, text)
	require.NoError(t, err)
	return v
}

func TestARecordedCampaignIsReportedAsItWas(t *testing.T) {
	t.Parallel()
	text, err := report.Render(load(t).make(t), report.Markdown)
	require.NoError(t, err)
	const golden = "testdata/recorded.md"
	if *update {
		require.NoError(t, os.WriteFile(golden, text, 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(text), "where this changes (-update), the version of the documents rises")
}

func TestWhatIsGoneIsSaid(t *testing.T) {
	t.Parallel()
	whole := load(t).make(t)
	require.Empty(t, whole.Remarks)
	first, failed := whole.Chain.Links[0], whole.Targets[len(whole.Targets)-2].Runs[0]

	r := load(t)
	r.lose(first.WorkflowID, first.RunID)
	d := r.make(t)
	require.Len(t, d.Remarks, 1)
	require.Contains(t, d.Remarks[0], first.RunID+", is gone")
	require.Equal(t, whole.Counts, d.Counts, "later runs carry what the first has left")
	require.Equal(t, whole.Start, d.Start)
	require.Len(t, d.Decisions, len(whole.Decisions))
	require.Empty(t, r.verify(t, d), "a report that says so is genuine")
	require.Contains(t, r.verify(t, whole)[0], "the history of campaign-long, run "+first.RunID+": it is gone: the namespace does not keep it any longer")

	r = load(t)
	r.lose(failed.WorkflowID, failed.RunID)
	d = r.make(t)
	require.Contains(t, d.Remarks[0], failed.WorkflowID)
	require.Equal(t, whole.Counts, d.Counts)

	_, err := histories.Make(t.Context(), recorded{}, campaignID, "")
	require.ErrorIs(t, err, histories.ErrGone)
}

func TestVerificationNamesTheHistoryThatWasAltered(t *testing.T) {
	t.Parallel()
	whole := load(t).make(t)
	for _, link := range whole.Chain.Links {
		t.Run(link.WorkflowID+" "+link.RunID, func(t *testing.T) {
			t.Parallel()
			r := load(t)
			events := r[link.WorkflowID+"@"+link.RunID]
			e := events[len(events)/2]
			e.EventTime = timestamppb.New(e.GetEventTime().AsTime().Add(time.Nanosecond))
			differences := r.verify(t, whole)
			require.Contains(t, differences[0], "the history of "+link.WorkflowID+", run "+link.RunID+": its events are not those")
		})
	}
}

// What Temporal adds whenever a history is read, or gives again where it is
// replicated, is no alteration.
func TestWhatTemporalSaysOtherwiseLaterBreaksNothing(t *testing.T) {
	t.Parallel()
	whole := load(t).make(t)
	r := load(t)
	for _, events := range r {
		for _, e := range events {
			e.TaskId += 1000
			fields := e.GetUpsertWorkflowSearchAttributesEventAttributes().GetSearchAttributes().GetIndexedFields()
			for name, payload := range fields {
				payload.Metadata["type"] = []byte("Int")
				delete(fields, name)
				fields["Renamed"+name] = payload
			}
			if started := e.GetWorkflowExecutionStartedEventAttributes(); started != nil {
				started.SearchAttributes = &commonpb.SearchAttributes{IndexedFields: started.GetSearchAttributes().GetIndexedFields()}
			}
		}
	}
	require.Empty(t, r.verify(t, whole))
}

func TestWhatIsNoReportIsRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                    "not a Tidegate report",
		"# Campaign":          "not a Tidegate report",
		`{"schemaVersion": 1`: "the report's data cannot be read",
		`{"schemaVersion":1}`: "the report is of version 1, and this release of tidegate writes version 7",
		`<!-- tidegate-report {"schemaVersion":2} --> or else <!-- tidegate-report 7 -->`: "the report's data cannot be read",
	} {
		_, err := histories.Verify(t.Context(), recorded{}, []byte(text))
		require.ErrorContains(t, err, says, text)
	}
}
