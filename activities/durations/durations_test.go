package durations_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/internal/maintenance/polling"
	"github.com/tidegate/tidegate/test/teststart"
)

const queue = "tidegate-aws-prod"

var noon = teststart.On(time.Tuesday, 12)

// server is Temporal with the workflows that keep durations.
type server struct {
	kept    map[string]polling.Memory
	down    bool
	signals int
	stuck   bool // answers nothing
}

func (s *server) SignalWithStartWorkflow(
	_ context.Context, id, _ string, seen any, options client.StartWorkflowOptions, _ any, _ ...any,
) (client.WorkflowRun, error) {
	s.signals++
	if s.down {
		return nil, errors.New("unavailable")
	}
	if options.TaskQueue != "tidegate" {
		return nil, errors.New("nobody polls " + options.TaskQueue)
	}
	if s.kept[id] == nil {
		s.kept[id] = polling.Memory{}
	}
	memory, ok := seen.(polling.Memory)
	if !ok {
		return nil, fmt.Errorf("a signal of %T", seen)
	}
	s.kept[id].Add(memory)
	return nil, nil
}

func (s *server) QueryWorkflow(ctx context.Context, id, _, _ string, _ ...any) (converter.EncodedValue, error) {
	if s.stuck {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if s.down || s.kept[id] == nil {
		return nil, errors.New("no such workflow")
	}
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(s.kept[id])
	return client.NewValue(payloads), err
}

// worker is a worker's memory at a time that a test moves.
type worker struct {
	*durations.Memory
	now time.Time
}

func newWorker(s *server) *worker {
	w := &worker{now: noon}
	w.Memory = durations.New(s, "tidegate", map[string]float64{queue: 1}, func() time.Time { return w.now })
	return w
}

// saw has a worker see an update end that took so many minutes, after so many of the test.
func (w *worker) saw(t *testing.T, minutes, after int) {
	t.Helper()
	w.now = noon.Add(time.Duration(after) * time.Minute)
	took := time.Duration(minutes) * time.Minute
	w.Add(t.Context(), queue, "update", polling.Change{Started: w.now.Add(-took), Took: polling.SpanOf(took-10*time.Second, took)})
}

func (w *worker) knows(t *testing.T, after int) int {
	t.Helper()
	w.now = noon.Add(time.Duration(after) * time.Minute)
	return len(w.Before(t.Context(), queue, "update", w.now.Add(time.Hour)))
}

// A later campaign, on another worker, finds what an earlier one saw.
func TestWhatOneWorkerSawAnotherOneFinds(t *testing.T) {
	t.Parallel()
	s := &server{kept: map[string]polling.Memory{}}
	one, other := newWorker(s), newWorker(s)
	require.Zero(t, other.knows(t, 0))
	one.saw(t, 10, 1)
	require.Zero(t, other.knows(t, 0), "it reads once a minute")
	require.Equal(t, 1, other.knows(t, 2))
	require.Empty(t, other.Before(t.Context(), queue, "snapshot", noon.Add(time.Hour)), "another kind")
	require.Empty(t, other.Before(t.Context(), "tidegate-aws-lab", "update", noon.Add(time.Hour)), "another account")
}

func TestAWorkerSendsWhatItSawTogether(t *testing.T) {
	t.Parallel()
	s := &server{kept: map[string]polling.Memory{}}
	w := newWorker(s)
	for minutes := range 20 {
		w.saw(t, minutes+1, 1)
	}
	require.Equal(t, 1, s.signals)
	w.knows(t, 2)
	require.Equal(t, 2, s.signals)
	require.Len(t, s.kept[durations.WorkflowID(queue)]["update"], 20)
}

// Polls go on by what the worker knows, and what was not sent is sent later.
func TestWithoutTemporalAWorkerKnowsWhatItSaw(t *testing.T) {
	t.Parallel()
	s := &server{kept: map[string]polling.Memory{}, down: true}
	w := newWorker(s)
	w.saw(t, 10, 1)
	require.Equal(t, 1, w.knows(t, 5))
	s.down = false
	require.Equal(t, 1, w.knows(t, 10))
	require.Len(t, s.kept[durations.WorkflowID(queue)]["update"], 1)
}

func TestAPollDoesNotWaitForTemporalForLong(t *testing.T) {
	t.Parallel()
	w := newWorker(&server{stuck: true})
	started := time.Now() //nolint:forbidigo // how long it takes, not what time it is
	require.Zero(t, w.knows(t, 0))
	require.Less(t, time.Since(started), 10*time.Second) //nolint:forbidigo // as above
}

func TestNoMemoryKnowsNothing(t *testing.T) {
	t.Parallel()
	var none *durations.Memory
	none.Add(t.Context(), queue, "update", polling.Change{})
	require.Empty(t, none.Before(t.Context(), queue, "update", noon))
	require.Equal(t, time.Minute, none.Interval(queue, "1", time.Minute))
}

func TestManyPollsOfAnAccountWaitForLonger(t *testing.T) {
	t.Parallel()
	w := newWorker(&server{})
	for _, id := range []string{"1", "2", "3", "4", "5", "6"} {
		w.Interval(queue, id, 5*time.Second)
	}
	require.Equal(t, 12*time.Second, w.Interval(queue, "1", 5*time.Second), "half of one call a second, for six")
	require.Equal(t, 5*time.Second, w.Interval("tidegate-aws-lab", "1", 5*time.Second), "an account without a rate")
}
