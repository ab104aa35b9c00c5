package chaos_test

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate/tidegate/test/waiting"
)

const (
	shortRuns = 6
	// usualRun is about how long one run takes, for the check of -timeout.
	usualRun = 45 * time.Second
)

func TestMain(m *testing.M) {
	waiting.SideBySide()
	m.Run()
}

// The worker and the server are killed at seeded moments, and every effect
// takes place exactly once all the same.
func TestChaos(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills processes in real time: a minute")
	}
	seed, runs := number(t, "CHAOS_SEED", 1), number(t, "CHAOS_RUNS", shortRuns)
	if os.Getenv("CHAOS_SEED") != "" && os.Getenv("CHAOS_RUNS") == "" {
		runs = 1
	}
	// A run mostly waits: it uses about a tenth of a processor.
	atOnce := min(runs, 3*runtime.GOMAXPROCS(0))
	needed := time.Duration((runs+atOnce-1)/atOnce) * usualRun
	if deadline, ok := t.Deadline(); ok && time.Until(deadline) < needed {
		require.Failf(t, "too little time", "%d runs take about %s: give -timeout", runs, needed.Round(time.Minute))
	}
	programs := build(t)
	var total score
	var group errgroup.Group
	group.SetLimit(atOnce)
	for n := range runs {
		group.Go(func() error {
			t.Run(fmt.Sprintf("seed%d", seed+n), func(t *testing.T) { total.add(chaos(t, programs, seed+n)) })
			return nil
		})
	}
	require.NoError(t, group.Wait())
	t.Log(total.String())
}

func number(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "%s: want a number", name)
	require.Positive(t, n, "%s: want at least 1", name)
	return n
}

// chaos is one run; it gives what was struck.
func chaos(t *testing.T, programs string, seed int) []strike {
	t.Helper()
	start := time.Now()
	s := raise(t, programs, fleet(start))
	strikes := plan(seed, calls(s.members))
	for _, one := range strikes {
		t.Logf("plan: %s", one)
	}
	results, struck := s.play(s.arm(strikes))
	faults := s.check(results)
	t.Logf("%d of %d strikes struck; %s", len(struck), len(strikes), time.Since(start).Round(100*time.Millisecond))
	s.require(faults, seed)
	return struck
}

// require fails the test where there are faults, with what is known of them.
func (s *stage) require(faults []string, seed int) {
	s.t.Helper()
	if len(faults) == 0 {
		return
	}
	for _, e := range s.clouds.Effects() {
		s.t.Logf("effect %d at %s: %v", e.Seq, e.Time.Format("15:04:05.000"), identify(e))
	}
	for _, name := range []string{s.server.name, s.worker.name} {
		s.t.Logf("the end of the %s's log:\n%s", name, tail(s.t, name, 4000))
	}
	require.Failf(s.t, "chaos found", "%s\nRepeat it: CHAOS_SEED=%d go test -count=1 -v -artifacts ./test/chaos", strings.Join(faults, "\n"), seed)
}

// score counts the kills of all runs.
type score struct {
	mu     sync.Mutex
	runs   int
	counts map[string]int
}

func (s *score) add(struck []strike) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[string]int{}
	}
	s.runs++
	for _, one := range struck {
		s.counts[string(one.cue)]++
		switch {
		case one.worker && one.server:
			s.counts["both"]++
		case one.worker:
			s.counts["worker"]++
		default:
			s.counts["server"]++
		}
	}
}

func (s *score) String() string {
	text := fmt.Sprintf("%d runs as they should be", s.runs)
	for _, what := range slices.Sorted(maps.Keys(s.counts)) {
		text += fmt.Sprintf("; %s: %d", what, s.counts[what])
	}
	return text
}
