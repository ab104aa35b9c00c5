package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

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
	kind   string        // of the call, where the cue is one
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
	if s.kind != "" {
		what += fmt.Sprintf(" %d of %s", s.nth, s.kind)
	}
	return fmt.Sprintf("kill %s %s, after %s, for %s", strings.Join(who, " and "), what, s.delay, s.down)
}

// rule has the cloud hold the call that the strike waits for; false where none
// is held.
func (s strike) rule() (fault.Rule, bool) {
	rule := fault.Rule{Operation: s.kind, Nth: s.nth, Limit: time.Minute}
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

// plan draws the strikes of a seed. calls are the effects that the fleet's fates
// ask for, by kind.
func plan(seed uint64, calls []string, count map[string]int) []strike {
	chance := rand.New(rand.NewPCG(seed, 0x71de9a7e)) //nolint:gosec // to be repeated, not to be secret
	upTo := func(d time.Duration) time.Duration {
		return time.Duration(chance.Int64N(int64(d))).Round(time.Millisecond)
	}
	var strikes []strike
	for range 3 + chance.IntN(3) {
		s := strike{kind: calls[chance.IntN(len(calls))], down: upTo(1500 * time.Millisecond)}
		s.nth = 1 + chance.IntN(count[s.kind])
		switch n := chance.IntN(100); {
		case n < 40:
			s.cue = held
		case n < 50:
			s.cue = asked
		case n < 75:
			s.cue, s.delay = done, upTo(40*time.Millisecond)
		default:
			s.cue, s.kind, s.nth, s.delay = passed, "", 0, upTo(5*time.Second)
		}
		switch n := chance.IntN(100); {
		case n < 55:
			s.worker = true
		case n < 75:
			s.server = true
		default:
			s.worker, s.server = true, true
		}
		strikes = append(strikes, s)
	}
	return strikes
}
