package health

import (
	"fmt"
	"strings"
	"time"
)

// State is where a check stands at one moment for one target, after the answers so far.
type State string

// The states.
const (
	Unasked State = "not asked" // there is no answer yet
	Passing State = "passing"   // the last answer passes
	Suspect State = "suspect"   // the last answers fail, but fewer in a row than count as failed
	Failing State = "failing"   // the last answer fails, and the check may still pass
	Waiting State = "no data"   // the last answer has no data, and that is waited for
	Failed  State = "failed"    // for good: later answers change nothing
)

// Watch follows a check at one moment for one target. It is begun by Begin.
type Watch struct {
	State   State     `json:"state"`
	Started time.Time `json:"started"` // Within counts from here
	// Since is when the first of the answers was given that all say the same: that it passes, or that it does not.
	Since time.Time `json:"since,omitzero"`
	// InARow is how many answers have failed, without one between them that passed.
	InARow int     `json:"inARow,omitempty"`
	Last   *Answer `json:"last,omitempty"`
}

// Begin starts to follow a check.
func Begin(now time.Time) Watch { return Watch{State: Unasked, Started: now} }

// MaxAge is how old an answer before the trigger is at most when the trigger is sent.
const MaxAge = 30 * time.Second

// On is the watch after one more answer.
func (w Watch) On(c Check, m Moment, a Answer) Watch {
	if w.State == Failed {
		return w
	}
	meaning := c.meaning(a.Outcome)
	if passes := meaning == OutcomePass; w.Last == nil || passes != (w.State == Passing) {
		w.Since = a.At
	}
	switch meaning {
	case OutcomePass:
		w.InARow = 0
	case OutcomeFail:
		if w.Last == nil || !a.At.Equal(w.Last.At) { // an answer that others have asked for counts once
			w.InARow++
		}
	case OutcomeNoData, OutcomeError:
	}
	w.State, w.Last = w.next(c, m, meaning, a.At), &a
	return w
}

// meaning is pass, fail, or, for what is waited for, no data.
func (c Check) meaning(o Outcome) Outcome {
	switch {
	case o == OutcomePass, o == OutcomeNoData && c.NoData == NoDataPass:
		return OutcomePass
	case o == OutcomeNoData && c.NoData == NoDataWait:
		return OutcomeNoData
	}
	return OutcomeFail
}

// next is the state that a pass, a failure or missing data leads to.
func (w Watch) next(c Check, m Moment, meaning Outcome, at time.Time) State {
	if meaning == OutcomePass {
		return Passing
	}
	enough := w.InARow >= c.Failures
	late := !at.Before(w.Started.Add(c.Within.Std()))
	switch {
	case c.isFinal(m, meaning, enough, late):
		return Failed
	case meaning == OutcomeNoData:
		return Waiting
	case m == AtBake, m == AtCampaign && !enough && (w.State == Passing || w.State == Suspect):
		return Suspect
	}
	return Failing
}

// isFinal is true if an answer that does not pass is the last that counts. enough have failed in a row; late is it once
// Within is over.
func (c Check) isFinal(m Moment, meaning Outcome, enough, late bool) bool {
	switch m {
	case AtBefore:
		return late && c.Within > 0
	case AtAfter:
		return late && (enough || meaning == OutcomeNoData)
	case AtBake:
		return enough && meaning == OutcomeFail
	case AtCampaign: // it recovers
	}
	return false
}

// Permits is true if what the check decides at that moment may go on now: the trigger, the end of the target or of the
// bake, the start of more targets. An answer that is too old is none.
func (w Watch) Permits(c Check, m Moment, now time.Time) bool {
	switch {
	case w.Last == nil || now.Sub(w.Last.At) > c.freshFor(m):
		return false
	case m == AtCampaign && w.State == Suspect:
		return true
	}
	return w.State == Passing
}

// freshFor is how old an answer may be that permits something: MaxAge before the trigger, and three rounds more
// otherwise. After the update and at bake, what decides was asked just then.
func (c Check) freshFor(m Moment) time.Duration {
	if m == AtBefore {
		return MaxAge
	}
	return 3*c.Every.Std() + MaxAge
}

// Deadline is until when a check before or after may take to pass; zero: it has no time limit of its own.
func (w Watch) Deadline(c Check, m Moment) time.Time {
	if c.Within == 0 || w.Started.IsZero() || m != AtBefore && m != AtAfter {
		return time.Time{}
	}
	return w.Started.Add(c.Within.Std())
}

// Reason says for people why the check does not permit, such as: check "cache is clean": cache dirty 12%, must be
// below 5%; since 02:04, until 02:45 at the latest.
func (w Watch) Reason(c Check, m Moment) string {
	if w.Last == nil {
		return fmt.Sprintf("check %q has no answer yet", c.Name)
	}
	if w.State == Passing { // and does not permit all the same
		return fmt.Sprintf("check %q has no fresh answer: %s at %s, which is too old to count", c.Name, w.Last, stamp(w.Last.At))
	}
	says := fmt.Sprintf("check %q: %s; since %s", c.Name, w.Last, stamp(w.Since))
	if deadline := w.Deadline(c, m); !deadline.IsZero() && w.State != Failed {
		says += ", until " + stamp(deadline) + " at the latest"
	}
	return says
}

// Block is a check that does not permit what waits for it.
type Block struct {
	Check  string    `json:"check"`
	State  State     `json:"state"`
	Reason string    `json:"reason"` // the value, its limit, since when, until when
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"` // when it counts as failed, if it does not pass; zero: no such time
}

// Block is the check as one that does not permit what waits for it, by where it stands.
func (w Watch) Block(c Check, m Moment) Block {
	return Block{Check: c.Name, State: w.State, Reason: w.Reason(c, m), Since: w.Since, Until: w.Deadline(c, m)}
}

// Reasons are those of all blocks, for people.
func Reasons(blocks []Block) string {
	says := make([]string, 0, len(blocks))
	for _, b := range blocks {
		says = append(says, b.Reason)
	}
	return strings.Join(says, "; ")
}

// Gate is what is known of a target's checks at one moment, or of the campaign's: those that count.
type Gate struct {
	Checks  []Check
	Watches map[string]Watch // by the check's name
}

// Blocks are the checks of the moment that keep the target, or the campaign, from going on now, in their order. A check
// without a watch has no answer, and so blocks.
func (g Gate) Blocks(m Moment, now time.Time) (blocks []Block) {
	for _, c := range At(g.Checks, m) {
		w, asked := g.Watches[c.Name]
		if !asked {
			w.State = Unasked
		}
		if !w.Permits(c, m, now) {
			blocks = append(blocks, w.Block(c, m))
		}
	}
	return blocks
}
