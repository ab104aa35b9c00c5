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
// that have not started.
func Simulate(f Fleet, now, limit time.Time, outcome func(Entry) State) (Fleet, Turn) {
	f.Entries = slices.Clone(f.Entries)
	b := newBoard(f, now)
	for {
		start, wake := b.decide(now)
		next := b.nextEvent(start, wake)
		if next.IsZero() || next.After(limit) {
			last := b.turn(start, wake)
			b.start(start)
			return b.fleet, last
		}
		b.start(start)
		b.finish(next, outcome)
		now = next
	}
}

// nextEvent is when something happens next: a running target's end, or what a
// waiting one waits for. Zero: nothing does.
func (b *board) nextEvent(start []int, wake time.Time) time.Time {
	next := wake
	for _, r := range b.running {
		next = sooner(next, r.end)
	}
	for _, i := range start {
		next = sooner(next, b.endOfStarted(i))
	}
	return next
}

// Timetable says when each target is expected to start and to end, if every one
// succeeds, every approval is given, every health check passes, a pause ends now, and
// what is unavailable stays so. Entries that do not start before the limit are left as they are, and the
// last turn says what keeps them.
func Timetable(f Fleet, now, limit time.Time) (Fleet, Turn) {
	as := f
	f.Life, f.Approvals, f.Checks = f.Life.unpaused(), maintenance.Approvals{}, nil
	f, last := Simulate(f, now, limit, func(Entry) State { return Succeeded })
	f.Life, f.Approvals, f.Checks = as.Life, as.Approvals, as.Checks
	pace := f.pace()
	for i := range f.Entries {
		if e := &f.Entries[i]; e.State.InProgress() {
			e.End = later(e.Started.Add(pace.of(e.Work)), now)
		}
	}
	return f, last
}
