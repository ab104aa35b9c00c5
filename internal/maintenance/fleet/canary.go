package fleet

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// The first of several waves is the canary: a few targets that show whether the
// update does harm before many get it. One in which nothing was updated shows
// nothing. The next wave then starts with one target, and the rest of it waits until
// that one has succeeded and baked. Where it is up to date, or a person
// skips it, the next one takes its place.

// needsCanary is true of a wave before which nothing was updated, though it is not
// the first.
func (b *board) needsCanary(n int) bool {
	if n == 0 {
		return false
	}
	for _, w := range b.waves[:n] {
		if w.updated > 0 {
			return false
		}
	}
	return true
}

// findCanary finds what blocks the rest of the open wave, and whether its next target
// starts alone.
func (b *board) findCanary() {
	b.canary, b.alone = Wait{}, false
	w, bake := &b.waves[b.open], b.fleet.Rollout.Bake.Std()
	if len(w.waiting) == 0 || !b.needsCanary(b.open) {
		return
	}
	if w.updated > 0 {
		b.canary = b.endOfBake(fmt.Sprintf("the canary of wave %d", b.open+1), b.open, w.proof.Add(bake), b.isCanary)
		if b.canary.Blocker == maintenance.BlockedByBake {
			b.canary = b.byCanary(b.canary.Reason, b.canary.Next)
		}
		return
	}
	b.alone = true
	for _, r := range b.running {
		if e := &b.fleet.Entries[r.entry]; e.Wave == b.open {
			b.canary = b.runsAsCanary(e, r.end)
			return
		}
	}
}

// runsAsCanary is the reason that the rest of the wave shows while a target runs as its canary;
// end is when it is expected to end.
func (b *board) runsAsCanary(e *Entry, end time.Time) Wait {
	if e.State == Held {
		return b.byCanary(fmt.Sprintf("%s is the canary of wave %d, and is held", e.Name, e.Wave+1), time.Time{})
	}
	return b.byCanary(fmt.Sprintf("%s runs as the canary of wave %d", e.Name, e.Wave+1),
		end.Add(b.fleet.Rollout.Bake.Std()))
}

func (b *board) byCanary(reason string, next time.Time) Wait {
	return Wait{Blocker: maintenance.BlockedByCanary, Reason: reason + ": nothing was updated before it", Next: next}
}

// Canary is a target that starts alone since nothing was updated in the waves before
// its own.
type Canary struct {
	Wave  int // from 0 on
	Entry int // index into Fleet.Entries
}

// Canaries are those of a fleet that was played to its end, by Timetable, in the order
// of their waves.
func (f Fleet) Canaries() (all []Canary) {
	waves, updated := 0, map[int]bool{}
	first := map[int]int{}
	for i := range f.Entries {
		e := &f.Entries[i]
		waves = max(waves, e.Wave+1)
		if e.Started.IsZero() {
			continue
		}
		updated[e.Wave] = updated[e.Wave] || e.State == Succeeded || e.State.InProgress()
		if n, known := first[e.Wave]; !known || e.Started.Before(f.Entries[n].Started) {
			first[e.Wave] = i
		}
	}
	for wave := range waves {
		if i, starts := first[wave]; starts && wave > 0 {
			all = append(all, Canary{Wave: wave, Entry: i})
		}
		if updated[wave] {
			return all
		}
	}
	return all
}
