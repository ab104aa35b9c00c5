package fleet

import (
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Simulate plays a fleet in virtual time from now on, until nothing changes any
// more or the limit is reached. Each target takes its forecast, and what already
// runs ends now at the earliest; outcome says how, which must be an end. It gives
// the fleet as it then is, and the last turn, whose waits say what keeps those
// that have not begun.
func Simulate(f Fleet, now, limit time.Time, outcome func(Entry) State) (Fleet, Turn) {
	f.Entries = slices.Clone(f.Entries)
	b := newBoard(f, now)
	for {
		begin, wake := b.decide(now)
		next := b.nextEvent(begin, wake)
		if next.IsZero() || next.After(limit) {
			last := b.turn(begin, wake)
			b.start(begin)
			return b.fleet, last
		}
		b.start(begin)
		b.finish(next, outcome)
		now = next
	}
}

// nextEvent is when something happens next: a running target's end, or what a
// waiting one waits for. Zero: nothing does.
func (b *board) nextEvent(begin []int, wake time.Time) time.Time {
	next := wake
	for _, r := range b.running {
		next = sooner(next, r.end)
	}
	for _, i := range begin {
		next = sooner(next, b.now.Add(b.pace.of(b.fleet.Entries[i].Work)))
	}
	return next
}

// Timetable says when each target is expected to begin and to end, if every one
// succeeds, every approval is given, a pause ends now, and what is barred stays
// so. Entries that do not begin before the limit are left as they are, and the
// last turn says what keeps them.
func Timetable(f Fleet, now, limit time.Time) (Fleet, Turn) {
	paused, approvals := f.Paused, f.Approvals
	f.Paused, f.Approvals = "", maintenance.Approvals{}
	f, last := Simulate(f, now, limit, func(Entry) State { return Succeeded })
	f.Paused, f.Approvals = paused, approvals
	pace := f.pace()
	for i := range f.Entries {
		if e := &f.Entries[i]; e.State.InProgress() {
			e.End = later(e.Begun.Add(pace.of(e.Work)), now)
		}
	}
	return f, last
}
