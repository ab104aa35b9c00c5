package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// cue is what a strike waits for.
type cue string

const (
	// held: the cloud has done the call and keeps the answer back, so that the
	// kill falls between the effect and its being recorded.
	held cue = "between effect and answer"
	// asked: the cloud has the call and does nothing yet.
	asked cue = "before effect"
	// done: some milliseconds after the effect, when the answer is on its way,
	// or has just been recorded.
	done cue = "just after effect"
	// passed: some time after the strike before.
	passed cue = "at random"
)

// strike is one kill.
type strike struct {
	cue    cue
	call   effect        // the call that the cue is about, by its kind and resource
	nth    int           // which of those calls
	delay  time.Duration // from the cue to the kill
	worker bool          // who is killed
	server bool
	down   time.Duration // from the kill to the start
}

func (s strike) String() string {
	var who []string
	if s.worker {
		who = append(who, "worker")
	}
	if s.server {
		who = append(who, "server")
	}
	what := string(s.cue)
	if s.nth > 0 {
		what += fmt.Sprintf(" %d of %s of %s", s.nth, s.call.kind, maintenance.GatewayID(s.call.resource))
	}
	return fmt.Sprintf("kill %s %s, after %s, for %s", strings.Join(who, " and "), what, s.delay, s.down)
}

// rule has the cloud hold the call that the strike waits for; false where none
// is held.
func (s strike) rule() (fault.Rule, bool) {
	rule := fault.Rule{Operation: s.call.kind, Resource: s.call.resource, Nth: s.nth, Limit: time.Minute}
	if strings.HasPrefix(s.call.kind, "alertmanager:") {
		rule.Resource = "" // a silence is known by the id that it gets
	}
	switch s.cue {
	case held:
		rule.Kind = fault.HangAfter
	case asked:
		rule.Kind = fault.HangBefore
	case done, passed:
		return rule, false
	}
	return rule, true
}

// plan draws the strikes of a seed, from the calls that the fleet's outcomes ask for.
func plan(seed int, calls []effect) []strike {
	d := dice{rand.New(rand.NewPCG(uint64(seed), 0x71de9a7e))}
	var strikes []strike
	for range 3 + d.IntN(3) {
		s := d.strike(calls)
		strikes = append(strikes, s)
		if s.cue == asked || s.cue == held && d.IntN(100) < 30 {
			s.nth++ // where it is sent again, or sent twice against all rules
			s.cue = []cue{asked, held}[d.IntN(2)]
			strikes = append(strikes, s)
		}
	}
	return strikes
}

type dice struct{ *rand.Rand }

func (d dice) upTo(most time.Duration) time.Duration {
	return time.Duration(d.Int64N(int64(most))).Round(time.Millisecond)
}

func (d dice) strike(calls []effect) strike {
	s := strike{call: calls[d.IntN(len(calls))], nth: 1, down: d.upTo(1500 * time.Millisecond)}
	for _, other := range calls {
		if other != s.call && other.kind == s.call.kind && other.resource == s.call.resource {
			s.nth = 1 + d.IntN(2) // the way there, or how to undo
		}
	}
	switch n := d.IntN(100); {
	case n < 40:
		s.cue = held
	case n < 50:
		s.cue = asked
	case n < 75:
		s.cue, s.delay = done, d.upTo(40*time.Millisecond)
	default:
		s.cue, s.call, s.nth, s.delay = passed, effect{}, 0, d.upTo(5*time.Second)
	}
	switch n := d.IntN(100); {
	case n < 55:
		s.worker = true
	case n < 75:
		s.server = true
	default:
		s.worker, s.server = true, true
	}
	return s
}
