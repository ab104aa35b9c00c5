package export_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/tidegate/tidegate/activities/export"
)

// state notes what it is told.
type state struct {
	mu    sync.Mutex
	reads int
	until time.Time
}

func (s *state) Read(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return nil
}

func (s *state) Show(until time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.until = until
}

func (s *state) readings() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

func (s *state) shows() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Before(s.until) //nolint:forbidigo // the bubble's clock
}

// server is what Temporal answers to heartbeats.
type server struct {
	mu     sync.Mutex
	answer error
	acked  time.Time // the last heartbeat that it took
}

func (s *server) RecordActivityHeartbeat(context.Context, []byte, ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer == nil {
		s.acked = time.Now() //nolint:forbidigo // as above
	}
	return s.answer
}

func (s *server) lastAcked() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.acked
}

func (s *server) answers(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = err
}

// exports runs the activity until it ends, beside what else happens.
func exports(t *testing.T, s export.State, beats export.Heartbeats, stop chan struct{}, beside func()) error {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment() //nolint:forbidigo // the bubble has its own time
	env.SetTestTimeout(time.Hour)
	env.SetWorkerOptions(worker.Options{})
	env.SetWorkerStopChannel(stop)
	exporter := &export.Exporter{State: s, Beats: beats, Now: time.Now} //nolint:forbidigo // as above
	env.RegisterActivityWithOptions(exporter.ExportState, activity.RegisterOptions{Name: "ExportState"})
	go beside()
	_, err := env.ExecuteActivity("ExportState", export.Input{})
	return err
}

func TestAWorkerShowsTheStateWhileTemporalSaysThatItMay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, temporal := &state{}, &server{}
		err := exports(t, s, temporal, nil, func() {
			time.Sleep(2 * time.Minute) //nolint:forbidigo // of the bubble
			require.True(t, s.shows())
			require.Greater(t, s.readings(), 7, "every 15 seconds")
			temporal.answers(serviceerror.NewNotFound("activity timed out"))
		})
		requireAgain(t, err, "another worker has taken over")
		require.False(t, s.shows())
	})
}

// Temporal gives the activity to another worker when it has heard nothing for the lease: by then this one, which is
// cut off and does not know, has ended to show the state.
func TestAWorkerThatIsCutOffEndsToShowTheStateBeforeAnotherMayStart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, temporal := &state{}, &server{}
		stop := make(chan struct{})
		err := exports(t, s, temporal, stop, func() {
			time.Sleep(time.Minute) //nolint:forbidigo // of the bubble
			temporal.answers(errors.New("no connection"))
			last := temporal.lastAcked()
			require.True(t, s.shows(), "the lease lasts")
			time.Sleep(time.Until(last.Add(export.Lease - time.Second))) //nolint:forbidigo // of the bubble
			require.False(t, s.shows())
			temporal.answers(nil)
			time.Sleep(export.Lease / 3) //nolint:forbidigo // of the bubble
			require.True(t, s.shows(), "Temporal had not given it to another one")
			close(stop)
		})
		requireAgain(t, err, "this worker stops")
		require.False(t, s.shows(), "it hands over at once")
	})
}

func TestAWorkerWithoutMetricsLeavesItToOthers(t *testing.T) {
	t.Parallel()
	requireAgain(t, exports(t, nil, &server{}, nil, func() {}), "this worker serves no metrics")
}

// requireAgain is an end that another attempt follows, and that is no alarm.
func requireAgain(t *testing.T, err error, why string) {
	t.Helper()
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, err, why)
	require.False(t, failed.NonRetryable())
	require.Equal(t, temporal.ApplicationErrorCategoryBenign, failed.Category())
}
