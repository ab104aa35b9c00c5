package fleet

import (
	"slices"
	"time"
)

// Simulate plays a fleet in virtual time from now on, until nothing changes any
// more or the limit is reached. Each target takes its forecast, and ends as
// outcome says. It gives the fleet as it then is, and the last turn, whose waits
// say what keeps those that have not begun.
func Simulate(f Fleet, now, limit time.Time, outcome func(Entry) State) (Fleet, Turn) {
	f.Entries = slices.Clone(f.Entries)
	for {
		turn := Decide(f, now)
		for _, i := range turn.Begin {
			f.Entries[i].State, f.Entries[i].Begun = Running, now
		}
		next := f.nextEvent(turn)
		if next.IsZero() || next.After(limit) {
			return f, turn
		}
		now = next
		for i, e := range f.Entries {
			if e.State == Running && !f.expectedEnd(e).After(now) {
				f.Entries[i].State, f.Entries[i].End = outcome(e), f.expectedEnd(e)
			}
		}
	}
}

// nextEvent is when something happens next: a running target's end, or what a
// waiting one waits for. Zero: nothing does.
func (f Fleet) nextEvent(turn Turn) time.Time {
	next := turn.Wake
	for _, e := range f.Entries {
		if end := f.expectedEnd(e); e.State == Running && (next.IsZero() || end.Before(next)) {
			next = end
		}
	}
	return next
}

func (f Fleet) expectedEnd(e Entry) time.Time { return e.Begun.Add(f.Forecast(e)) }
