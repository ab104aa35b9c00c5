package maintenance

import (
	"fmt"
	"slices"
	"time"
)

// Freeze is a half-open interval in which nothing disruptive may start. It is
// resolved to UTC before a workflow starts.
type Freeze struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to"`
	Reason string    `json:"reason,omitempty"`
}

// Rules are what the plan adds to a gateway's schedule.
type Rules struct {
	Length  time.Duration // of the window, from its start; above 0
	Cutoff  time.Duration // before the window's end, in which nothing disruptive starts; below Length
	Freezes []Freeze
}

// Opening is an interval [From, Until) inside one window in which a disruptive
// step may start.
type Opening struct {
	Window Window    `json:"window"`
	From   time.Time `json:"from"`
	Until  time.Time `json:"until"`
}

// SendSlot is the time at which one trigger is sent.
type SendSlot struct {
	Key string    `json:"key"` // of the trigger; the same trigger has the same slot
	At  time.Time `json:"at"`
}

// SendSlots are the times that an account's triggers have, the earliest first: no two are closer
// than the account's rate allows. The zero value has none.
type SendSlots []SendSlot

// Allot gives a trigger the first time from a given one on that keeps its distance from all others,
// and the one that it has where it has one. A trigger that is never sent leaves a hole.
func (s *SendSlots) Allot(key string, from time.Time, distance time.Duration) time.Time {
	at, place := from, len(*s)
	for i, taken := range *s {
		switch {
		case taken.Key == key:
			return taken.At
		case place < len(*s) || !at.Before(taken.At.Add(distance)):
		case at.Add(distance).After(taken.At):
			at = taken.At.Add(distance)
		default:
			place = i
		}
	}
	*s = slices.Insert(*s, place, SendSlot{Key: key, At: at})
	return at
}

// Forget drops the slots before a time.
func (s *SendSlots) Forget(before time.Time) {
	*s = slices.DeleteFunc(*s, func(one SendSlot) bool { return one.At.Before(before) })
}

// Blocker is the rule that keeps a target from going on.
type Blocker string

// The blockers of a single target.
const (
	NotBlocked        Blocker = ""
	BlockedByWindow   Blocker = "window"   // the window has not opened
	BlockedByCutoff   Blocker = "cutoff"   // the window is open, and too near its end
	BlockedByFreeze   Blocker = "freeze"   // a freeze covers the time
	BlockedByApproval Blocker = "approval" // a person has to approve
	BlockedByHold     Blocker = "held"     // a step failed, and a person has to say what now
	BlockedByInstance Blocker = "instance" // another run works on the proxy's DB instance
	BlockedByCheck    Blocker = "check"    // a health check does not pass
)

// The blockers of a target in a campaign, in addition to those above.
const (
	BlockedByStop           Blocker = "stopped"
	BlockedByPause          Blocker = "pause"
	BlockedByBudget         Blocker = "error budget"
	BlockedByWave           Blocker = "wave"
	BlockedByBake           Blocker = "bake"
	BlockedByCanary         Blocker = "canary"     // of the rest of a wave, while one of its targets is the canary
	BlockedByReading        Blocker = "reading"    // it is being read
	BlockedByUnread         Blocker = "not read"   // it could not be read, and is tried again
	BlockedByQuarantine     Blocker = "quarantine" // until a person releases it
	BlockedByRun            Blocker = "other run"  // another run works on its gateway
	BlockedByRequestedStart Blocker = "requested start"
	BlockedByForecast       Blocker = "forecast"
	BlockedByConstraint     Blocker = "constraint"
	BlockedByConcurrency    Blocker = "concurrency"
)

// Verdict says whether a disruptive step may start at the time asked for,
// and if not, why not and when it may.
type Verdict struct {
	Blocker Blocker // NotBlocked: it may start now
	Reason  string  // the blocker in words, with its times; empty when open
	Opening Opening // the opening that holds now, else the next one
}

// Open is true when a disruptive step may start.
func (v Verdict) Open() bool { return v.Blocker == NotBlocked }

// maxWindowsAhead bounds the search for a window that no freeze covers: two
// years of weekly windows. A freeze longer than that is a mistake in a plan.
const maxWindowsAhead = 105

// Decide is the gate before every disruptive step. It fails only where freezes
// cover every window of the next two years (or, monthly, longer).
func Decide(now time.Time, s Schedule, r Rules) (Verdict, error) {
	window := s.WindowAt(now, r.Length)
	first := window
	for range maxWindowsAhead {
		if o, ok := openingIn(window, now, r); ok {
			v := Verdict{Opening: o}
			if now.Before(o.From) {
				v.Blocker, v.Reason = why(now, first, o, s, r)
			}
			return v, nil
		}
		start := s.NextStart(window.Start)
		window = Window{Start: start, End: start.Add(r.Length)}
	}
	return Verdict{}, fmt.Errorf("every window until %s is frozen: shorten the freezes of the plan", stamp(window.Start))
}

// DecideFinish is the gate for a run that may finish past its window's end: only
// freezes count. A zero Opening.Until means that no freeze is in sight.
func DecideFinish(now time.Time, freezes []Freeze) Verdict {
	o := Opening{From: now}
	v := Verdict{}
	for _, f := range byStart(freezes) {
		switch {
		case !f.To.After(o.From):
		case !f.From.After(o.From):
			o.From = f.To
			v.Blocker, v.Reason = BlockedByFreeze, fmt.Sprintf("frozen until %s (%s)", stamp(f.To), orNone(f.Reason))
		case o.Until.IsZero():
			o.Until = f.From
		}
	}
	v.Opening = o
	return v
}

// Fit is the first opening from now on that has room for something which takes
// so long, from its starting to the cutoff or the next freeze. ok is false where
// there is none in the next two years: it needs longer than the windows leave.
func Fit(now time.Time, s Schedule, r Rules, need time.Duration) (o Opening, ok bool) {
	window := s.WindowAt(now, r.Length)
	for range maxWindowsAhead {
		for _, o := range openingsIn(window, now, r) {
			if o.Until.Sub(o.From) >= need {
				return o, true
			}
		}
		start := s.NextStart(window.Start)
		window = Window{Start: start, End: start.Add(r.Length)}
	}
	return Opening{}, false
}

// openingIn is the first piece of what is left of a window.
func openingIn(w Window, now time.Time, r Rules) (Opening, bool) {
	openings := openingsIn(w, now, r)
	if len(openings) == 0 {
		return Opening{}, false
	}
	return openings[0], true
}

// openingsIn are the pieces that now, the cutoff and the freezes leave of a
// window, in their order.
func openingsIn(w Window, now time.Time, r Rules) (openings []Opening) {
	from, end := w.Start, w.End.Add(-r.Cutoff)
	if now.After(from) {
		from = now
	}
	for _, f := range byStart(r.Freezes) {
		if !f.To.After(from) {
			continue
		}
		if until := earlier(f.From, end); from.Before(until) {
			openings = append(openings, Opening{Window: w, From: from, Until: until})
		}
		from = f.To
	}
	if from.Before(end) {
		openings = append(openings, Opening{Window: w, From: from, Until: end})
	}
	return openings
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func byStart(freezes []Freeze) []Freeze {
	return slices.SortedStableFunc(slices.Values(freezes), func(a, b Freeze) int { return a.From.Compare(b.From) })
}

// why names the rule that stands before the opening. A freeze comes first: it
// is the one that a person made. One that is still to come, and touches no more
// of the window than its cutoff, stands before nothing.
func why(now time.Time, window Window, o Opening, s Schedule, r Rules) (Blocker, string) {
	next := stamp(o.From.In(s.Zone.Location()))
	for _, f := range r.Freezes {
		matters := !f.From.After(now) || f.From.Before(window.End.Add(-r.Cutoff))
		if matters && f.From.Before(o.From) && f.To.After(now) && f.To.After(window.Start) {
			return BlockedByFreeze, fmt.Sprintf("frozen until %s (%s); may start %s", stamp(f.To), orNone(f.Reason), next)
		}
	}
	if window.Contains(now) {
		return BlockedByCutoff, fmt.Sprintf("the window ends %s, which is inside the cutoff of %s; the next one opens %s",
			stamp(window.End.In(s.Zone.Location())), r.Cutoff, next)
	}
	return BlockedByWindow, fmt.Sprintf("the window opens %s (%s)", next, s)
}

func orNone(reason string) string {
	if reason == "" {
		return "no reason given"
	}
	return reason
}

// stamp writes a time for people, to the minute, with its zone.
func stamp(t time.Time) string { return t.Format("2006-01-02 15:04 MST") }
