package histories_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/internal/report/histories"
)

// at are the histories as Temporal showed them at a time.
func (r recorded) at(now time.Time) recorded {
	then := recorded{}
	runs := map[string]time.Time{} // when a workflow's last run started
	for key, events := range r {
		shown := shownAt(events, now)
		if len(shown) == 0 {
			continue
		}
		start := shown[0].GetWorkflowExecutionStartedEventAttributes()
		id, started := start.GetWorkflowId(), shown[0].GetEventTime().AsTime()
		if then[id+"@"+start.GetOriginalExecutionRunId()] = shown; key != id+"@" && !started.Before(runs[id]) {
			then[id+"@"], runs[id] = shown, started
		}
	}
	return then
}

// shownAt is a history as it was shown at a time. A workflow task that is being
// tried stands at its end, and is written later; a try of an activity does not, and
// is written later, too, with the time of its starting.
func shownAt(events []*historypb.HistoryEvent, now time.Time) []*historypb.HistoryEvent {
	n := slices.IndexFunc(events, func(e *historypb.HistoryEvent) bool { return e.GetEventTime().AsTime().After(now) })
	if n < 0 {
		return events
	}
	for n > 0 && events[n-1].GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED {
		n--
	}
	if n == 0 {
		return nil
	}
	return append(slices.Clone(events[:n]),
		&historypb.HistoryEvent{EventId: int64(n + 1), EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED, EventTime: timestamppb.New(now)},
		&historypb.HistoryEvent{EventId: int64(n + 2), EventType: enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED, EventTime: timestamppb.New(now)})
}

// times are those at which something took place.
func (r recorded) instants() []time.Time {
	all := map[time.Time]bool{}
	for _, events := range r {
		for _, e := range events {
			all[e.GetEventTime().AsTime()] = true
		}
	}
	return slices.SortedFunc(maps.Keys(all), time.Time.Compare)
}

// A report of a campaign that still ran verifies whatever has come since, and says
// as of when it is.
func TestAnEarlyReportVerifiesLater(t *testing.T) {
	t.Parallel()
	whole := load(t)
	instants := whole.instants()
	for i := 0; i < len(instants)-1; i += 5 {
		d := whole.at(instants[i]).make(t)
		require.False(t, d.AsOf.After(instants[i]))
		v := whole.verdict(t, d)
		require.Empty(t, v.Differences, "as of %s", instants[i])
		require.True(t, v.Later)
	}
	d := whole.make(t)
	require.Equal(t, instants[len(instants)-1], d.AsOf)
	require.False(t, whole.verdict(t, d).Later)
}

// flowing are histories to which something is added between any two that are read.
type flowing struct {
	recorded

	instants []time.Time
	mu       *sync.Mutex
	next     *int
}

func (f flowing) History(ctx context.Context, workflowID, runID string) ([]*historypb.HistoryEvent, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	*f.next = min(*f.next+3, len(f.instants)-1)
	return f.at(f.instants[*f.next]).History(ctx, workflowID, runID)
}

func TestAReportIsOfOneTimeThoughItsHistoriesGrow(t *testing.T) {
	t.Parallel()
	whole := load(t)
	instants := whole.instants()
	for from := 0; from < len(instants)-60; from += 8 {
		d, err := histories.Make(t.Context(), flowing{whole, instants, &sync.Mutex{}, &from}, campaignID, "")
		require.NoError(t, err)
		v := whole.verdict(t, d)
		require.Empty(t, v.Differences, "as of %s", d.AsOf)
		require.True(t, v.Later)
	}
}

// A report that leaves an event out that took place by then is no genuine one,
// whatever it says of itself.
func TestAHistoryThatIsCutIsFound(t *testing.T) {
	t.Parallel()
	whole := load(t)
	genuine := whole.make(t)
	for _, link := range genuine.Chain.Links {
		for _, n := range []int{1, 2, link.Events / 2, link.Events - 1} {
			t.Run(fmt.Sprintf("%s %s to %d of %d", link.WorkflowID, link.RunID, n, link.Events), func(t *testing.T) {
				t.Parallel()
				r := maps.Clone(whole)
				for key, events := range r {
					if events[0].GetWorkflowExecutionStartedEventAttributes().GetOriginalExecutionRunId() == link.RunID {
						r[key] = events[:n]
					}
				}
				forged := r.make(t)
				if v := whole.verdict(t, forged); len(v.Differences) == 0 {
					require.True(t, forged.AsOf.Before(genuine.AsOf) && v.Later)
					require.Equal(t, whole.at(forged.AsOf).make(t), forged, "it is the report of an earlier time, and says so")
				}
				forged.AsOf = genuine.AsOf
				require.Contains(t, strings.Join(whole.verify(t, forged), "\n"), fmt.Sprintf(
					"the history of %s, run %s: it had %d events as of ", link.WorkflowID, link.RunID, link.Events))
			})
		}
	}
}

func TestAHistoryThatIsDroppedIsFound(t *testing.T) {
	t.Parallel()
	whole := load(t)
	for i, link := range whole.make(t).Chain.Links {
		r := maps.Clone(whole)
		r.lose(link.WorkflowID, link.RunID)
		if link.RunID != whole.make(t).RunID {
			// Others that only this one names may be missing too, and what came last in it is not as of the report.
			require.Contains(t, strings.Join(whole.verify(t, r.make(t)), "\n"), fmt.Sprintf(
				"the history of %s, run %s: it had ", link.WorkflowID, link.RunID), "said to be gone")
		}
		forged := whole.make(t)
		forged.Chain.Links = slices.Delete(forged.Chain.Links, i, i+1)
		for k := range forged.Targets {
			forged.Targets[k].Runs = slices.DeleteFunc(forged.Targets[k].Runs, func(r report.Run) bool { return r.RunID == link.RunID })
		}
		require.Equal(t, "the history of "+link.WorkflowID+", run "+link.RunID+": it is missing from the report", whole.verify(t, forged)[0])
	}
}

// A campaign's later runs belong to its report, too.
func TestARunThatIsLeftOutIsFound(t *testing.T) {
	t.Parallel()
	whole := load(t)
	genuine := whole.make(t)
	d, err := histories.Make(t.Context(), whole, campaignID, genuine.Chain.Links[0].RunID)
	require.NoError(t, err)
	require.Equal(t, genuine, d)
	d.RunID, d.State, d.Chain.Links = d.Chain.Links[0].RunID, report.StateRunning, d.Chain.Links[2:]
	require.Contains(t, whole.verify(t, d)[0], "it is missing from the report")
}
