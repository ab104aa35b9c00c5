package chaos_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	tick = 3 * time.Millisecond // between two looks whether a cue has come
	// patience is when a run that has not ended is stuck: its deadlines are at
	// most two minutes.
	patience = 5 * time.Minute
)

// armed is a strike that waits for its cue.
type armed struct {
	strike

	rule int       // the id of its fault, 0 for none
	cued time.Time // when its cue came; zero: not yet
}

// arm has the clouds hold the calls that strikes wait for.
func (s *stage) arm(strikes []strike) []*armed {
	s.t.Helper()
	var all []*armed
	for _, one := range strikes {
		a := &armed{strike: one}
		if rule, ok := one.rule(); ok {
			require.NoError(s.t, s.clouds.Inject(rule))
			a.rule = len(s.clouds.Faults())
		}
		all = append(all, a)
	}
	return all
}

// play strikes until every run has ended, and gives their results, a zero one
// for a run that left none, and what was struck.
func (s *stage) play(strikes []*armed) (results []maintenance.Result, struck []strike) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	results = make([]maintenance.Result, len(s.runs))
	var group sync.WaitGroup
	for i, run := range s.runs {
		group.Go(func() { results[i] = s.end(ctx, run) })
		if act := s.members[i].act; act != nil {
			group.Go(func() { s.befall(ctx, run, i) })
		}
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		group.Wait()
	}()
	start := time.Now()
	last := start
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			s.t.Logf("%5.1fs every run has ended", time.Since(start).Seconds())
			return results, struck
		case <-ticker.C:
		}
		for i, a := range strikes {
			if a == nil || !s.due(a, last) {
				continue
			}
			s.t.Logf("%5.1fs %s", time.Since(start).Seconds(), a.strike)
			s.carryOut(a.strike)
			strikes[i], last, struck = nil, time.Now(), append(struck, a.strike)
			break // of those at random, one at a time
		}
	}
}

// due tells whether a strike's moment has come; last is when the one before ended.
func (s *stage) due(a *armed, last time.Time) bool {
	if a.cued.IsZero() {
		switch {
		case a.cue == passed:
			return time.Since(last) >= a.delay
		case a.rule != 0 && s.clouds.Faults()[a.rule-1].Fired == 0:
			return false
		case a.rule == 0 && s.happened(a.call) < a.nth:
			return false
		}
		a.cued = time.Now()
	}
	return time.Since(a.cued) >= a.delay
}

// happened is how often the cloud has done a call.
func (s *stage) happened(call effect) int {
	n := 0
	for _, e := range s.clouds.Effects() {
		if seen := identify(e); seen.kind == call.kind && seen.resource == call.resource {
			n++
		}
	}
	return n
}

// carryOut kills, waits, and starts again.
func (s *stage) carryOut(one strike) {
	if one.worker {
		s.worker.kill()
	}
	if one.server {
		s.server.kill()
	}
	<-time.After(one.down)
	if one.server {
		s.server.start()
	}
	if one.worker {
		s.worker.start()
	}
}

// end is a run's record. While the server is away, it is asked again.
func (s *stage) end(ctx context.Context, run client.WorkflowRun) maintenance.Result {
	var result maintenance.Result
	s.until(ctx, "the end of "+run.GetID(), func() (bool, error) {
		var err error
		result, err = endrecord.Of(ctx, run)
		return err == nil || errors.Is(err, endrecord.ErrNoResult), err
	})
	return result
}

// befall does what is to befall a gateway while its run waits.
func (s *stage) befall(ctx context.Context, run client.WorkflowRun, i int) {
	s.until(ctx, "the wait of "+run.GetID(), func() (bool, error) {
		events, err := s.history(ctx, run)
		for _, e := range events {
			if e.GetEventType() == enumspb.EVENT_TYPE_TIMER_STARTED {
				return true, nil
			}
		}
		return false, err
	})
	if err := s.members[i].act(s.clouds.AWS()); err != nil {
		s.t.Errorf("%s: %v", s.members[i].name, err)
	}
}

// until looks again and again until it is done.
func (s *stage) until(ctx context.Context, what string, look func() (done bool, err error)) {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		done, err := look()
		if done {
			return
		}
		select {
		case <-ctx.Done():
			s.t.Errorf("%s did not come within %s; the last response: %v", what, patience, err)
			return
		case <-ticker.C:
		}
	}
}

func (s *stage) history(ctx context.Context, run client.WorkflowRun) ([]*historypb.HistoryEvent, error) {
	var events []*historypb.HistoryEvent
	pages := s.client.GetWorkflowHistory(ctx, run.GetID(), run.GetRunID(), false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		if err != nil {
			return nil, fmt.Errorf("read the history of %s: %w", run.GetID(), err)
		}
		events = append(events, event)
	}
	return events, nil
}
