// Package checkstest has the sources of health checks for tests: they answer what a test says, and keep what they were
// asked and what is muted.
package checkstest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// Sources answer every question with a pass unless a test says otherwise: HTTP with 200, the others with no alarm, no
// alert, and no number.
type Sources struct {
	Now func() time.Time
	// Says is the reading of a question; nil: that of a source which is well. Its time is filled in.
	Says func(health.Question) health.Reading
	// Takes is how long an answer takes, by the clock of the test's bubble.
	Takes time.Duration
	// MuteFails is the error of each mute and unmute; nil: they succeed.
	MuteFails func() error

	mu    sync.Mutex
	asked []Asked
	muted map[string]time.Time // by mark, until when
	log   []string
}

// Asked is a question that was asked.
type Asked struct {
	At        time.Time
	NotBefore time.Time // an earlier answer would not have counted
	Question  health.Question
}

// Ask answers as the test says.
func (s *Sources) Ask(ctx context.Context, notBefore time.Time, questions []health.Question) []health.Reading {
	var late error
	if s.Takes > 0 {
		select {
		case <-time.After(s.Takes):
		case <-ctx.Done():
			late = context.Cause(ctx)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	readings := make([]health.Reading, 0, len(questions))
	for _, q := range questions {
		s.asked = append(s.asked, Asked{s.Now(), notBefore, q})
		reading := health.Reading{Status: 200}
		if s.Says != nil {
			reading = s.Says(q)
		}
		reading.At = s.Now()
		if late != nil {
			reading = health.Reading{At: s.Now(), Err: late}
		}
		readings = append(readings, reading)
	}
	return readings
}

// Asked are all questions so far.
func (s *Sources) Asked() []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// Mute keeps that it is in force.
func (s *Sources) Mute(_ context.Context, mark health.MuteMark, _ health.Question, until time.Time) error {
	return s.change("mute", mark, func(name string) { s.muted[name] = until })
}

// Unmute keeps that it has ended.
func (s *Sources) Unmute(_ context.Context, mark health.MuteMark, _ health.Question) error {
	return s.change("unmute", mark, func(name string) { delete(s.muted, name) })
}

func (s *Sources) change(what string, mark health.MuteMark, do func(name string)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.MuteFails != nil {
		if err := s.MuteFails(); err != nil {
			return err
		}
	}
	if s.muted == nil {
		s.muted = map[string]time.Time{}
	}
	do(mark.RuleName())
	s.log = append(s.log, fmt.Sprintf("%s %s %s", s.Now().UTC().Format("15:04:05"), what, mark.RuleName()))
	return nil
}

// Muted are the mutes that are in force, with the time at which each ends by itself.
func (s *Sources) Muted() map[string]time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	muted := maps.Clone(s.muted)
	maps.DeleteFunc(muted, func(_ string, until time.Time) bool { return !s.Now().Before(until) })
	return muted
}

// Log is what was muted and unmuted, with its time, such as "12:00:00 mute tidegate-default-sgw-12A3456B-1".
func (s *Sources) Log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}
