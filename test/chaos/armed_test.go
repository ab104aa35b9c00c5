package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	armedMembers = 10
	// openIn is how long after the start of a run the first gateway opens: the programs start, and all are armed.
	openIn = 60 * time.Second
	// openFor is how much later the last one opens: one kill meets triggers before it is recorded that they will be
	// sent, after it, and after they were sent.
	openFor = 1500 * time.Millisecond
)

// aim is a part of the life of armed triggers in which the worker is killed, as times from the first opening on.
type aim struct {
	name        string
	first, last time.Duration
}

func aims() []aim {
	return []aim{
		{"in the lead, with no attempt in the worker", -32 * time.Second, -22 * time.Second},
		{"in the lead, while the attempts wait in the worker", -15 * time.Second, -5 * time.Second},
		{"in the two seconds before the sends", -2 * time.Second, 0},
		{"among the sends", 0, openFor - 200*time.Millisecond},
	}
}

// TestKilledWhileArmed: wherever the worker is killed while its triggers are armed, and once more between the last
// trigger and its answer, each is sent once, and none before its opening.
func TestKilledWhileArmed(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("kills processes in real time: two minutes")
	}
	seed, seeds := number(t, "CHAOS_SEED", 1), number(t, "CHAOS_ARMED_RUNS", 1)
	programs := build(t)
	var group errgroup.Group
	group.SetLimit(2 * runtime.GOMAXPROCS(0))
	for n := range seeds {
		for _, a := range aims() {
			group.Go(func() error {
				t.Run(fmt.Sprintf("seed%d/%s", seed+n, a.name), func(t *testing.T) { killedWhileArmed(t, programs, a, seed+n) })
				return nil
			})
		}
	}
	require.NoError(t, group.Wait())
}

func killedWhileArmed(t *testing.T, programs string, a aim, seed int) {
	t.Helper()
	d := dice{rand.New(rand.NewPCG(uint64(seed), uint64(a.last)))}
	opening := time.Now().Add(openIn)
	var members []member
	var opens []time.Time
	for n := range armedMembers {
		at := opening.Add(d.upTo(openFor))
		if n == armedMembers-1 {
			at = opening.Add(openFor)
		}
		members, opens = append(members, opensAt(n, at)), append(opens, at)
	}
	s := raise(t, programs, members)
	wait := time.Until(opening.Add(a.first + d.upTo(a.last-a.first)))
	require.Positive(t, wait, "the programs took too long to start")
	results, struck := s.play(s.arm([]strike{
		{cue: passed, delay: wait, worker: true, down: d.upTo(1500 * time.Millisecond)},
		{cue: held, call: members[armedMembers-1].effects[0], nth: 1, worker: true, down: d.upTo(1500 * time.Millisecond)},
	}))
	faults := s.check(results)
	if len(struck) != 2 {
		faults = append(faults, fmt.Sprintf("%d of 2 strikes struck", len(struck)))
	}
	s.require(append(faults, s.early(opens)...), seed)
}

// opensAt is a gateway that opens when a freeze ends: to the millisecond, as a window cannot.
func opensAt(number int, at time.Time) member {
	g := gateway(number, 0)
	g.Type = "FILE_S3"
	return member{
		name: fmt.Sprintf("armed-%d", number), gateway: g,
		policy: func(p *maintenance.Policy) {
			p.Attempt = maintenance.Duration(10 * time.Second)
			p.Freezes = []maintenance.Freeze{{From: at.Add(-time.Hour), To: at, Reason: "chaos"}}
		},
		state: maintenance.StateCompleted, cause: maintenance.CauseTidegate,
		ledger: []maintenance.ChangeState{kept}, effects: updates(g),
	}
}

// early are the triggers that were sent before their members' openings.
func (s *stage) early(opens []time.Time) (faults []string) {
	for i, m := range s.members {
		var after []string
		for _, e := range s.clouds.Effects() {
			if identify(e) != m.effects[0] {
				continue
			}
			late := e.Time.Sub(opens[i])
			after = append(after, late.Round(time.Millisecond).String())
			if late < 0 {
				faults = append(faults, fmt.Sprintf("%s: triggered %s before its opening", m.name, -late))
			}
		}
		s.t.Logf("%s: triggered %s after its opening", m.name, strings.Join(after, ", "))
	}
	return faults
}
