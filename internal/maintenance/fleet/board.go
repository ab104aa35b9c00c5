package fleet

import (
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// board is a fleet laid out for deciding one turn after the other: what can be
// summed up once is, and what starts or ends is taken in without reading the
// rest again. Decide lays one out for a single turn; Simulate keeps its own.
type board struct {
	fleet   Fleet
	rules   maintenance.Rules // its freezes in order, without those that are over
	pace    pace
	waves   []wave
	failed  int
	unended int
	running []run

	groups []group
	group  []int   // entry -> its group
	keys   [][]int // entry -> the numbers of its keys
	names  []string
	holder []int // key -> the running entry that has it, or nobody

	verdict
}

// nobody holds a key that is free.
const nobody = -1

// run is a running entry, with the end that is expected of it.
type run struct {
	entry int
	end   time.Time
}

// wave is one wave's sums.
type wave struct {
	size, left, failed int
	updated            int       // that succeeded
	proof              time.Time // the end of the first of those
	end                time.Time // of the last of it that was worked on; zero: none was, and nothing bakes
	waiting            []int     // its entries that time alone can keep, in the fleet's order
}

func newBoard(f Fleet, now time.Time) *board {
	b := &board{fleet: f, pace: f.pace(), rules: f.Rules, group: make([]int, len(f.Entries))}
	over := func(f maintenance.Freeze) bool { return !f.To.After(now) }
	b.rules.Freezes = slices.DeleteFunc(slices.Clone(f.Rules.Freezes), over)
	slices.SortStableFunc(b.rules.Freezes, func(a, b maintenance.Freeze) int { return a.From.Compare(b.From) })
	b.number()
	for i := range f.Entries {
		e := &f.Entries[i]
		b.count(i)
		if e.State.InProgress() {
			b.run(i, later(b.expectedEnd(e), now))
		}
	}
	b.form(now)
	return b
}

// number gives every key a number, so that a turn compares no texts.
func (b *board) number() {
	numbers := map[string]int{}
	b.keys = make([][]int, len(b.fleet.Entries))
	for i := range b.fleet.Entries {
		for _, key := range b.fleet.Entries[i].Keys {
			number, known := numbers[key]
			if !known {
				number = len(numbers)
				numbers[key] = number
				b.names, b.holder = append(b.names, key), append(b.holder, nobody)
			}
			b.keys[i] = append(b.keys[i], number)
		}
	}
}

// form puts waiting entries of the same schedule, work and requested start into one group.
func (b *board) form(now time.Time) {
	type alike struct {
		schedule  maintenance.Schedule
		need      time.Duration
		notBefore time.Time
	}
	numbers := map[alike]int{}
	for i := range b.fleet.Entries {
		e := &b.fleet.Entries[i]
		if e.State != Waiting {
			continue
		}
		of := alike{schedule: e.Schedule, need: b.pace.of(e.Work)}
		if e.NotBefore.After(now) {
			of.notBefore = e.NotBefore.Round(0).UTC() // the same time is then the same key
		}
		number, known := numbers[of]
		if !known {
			number = len(b.groups)
			numbers[of] = number
			b.groups = append(b.groups, group{schedule: of.schedule, need: of.need, notBefore: of.notBefore})
		}
		b.group[i] = number
	}
}

// count takes an entry into the sums of its wave.
func (b *board) count(i int) {
	e := &b.fleet.Entries[i]
	for len(b.waves) <= e.Wave {
		b.waves = append(b.waves, wave{})
	}
	w := &b.waves[e.Wave]
	w.size++
	if !e.State.Ended() {
		w.left++
		b.unended++
	}
	if e.State == Waiting && e.Bar == maintenance.NotBlocked {
		w.waiting = append(w.waiting, i)
	}
	b.ended(e, w)
}

// ended takes in how an entry ended, if it has. Where nothing was done, there is
// nothing to watch: such an entry bakes no wave.
func (b *board) ended(e *Entry, w *wave) {
	switch e.State {
	case Failed:
		w.failed++
		b.failed++
		w.end = later(w.end, e.End)
	case Succeeded:
		w.updated++
		w.proof = sooner(w.proof, e.End)
		w.end = later(w.end, e.End)
	case Skipped:
		if !e.Started.IsZero() {
			w.end = later(w.end, e.End)
		}
	case Waiting, Armed, Running, Held, UpToDate:
	}
}

func (b *board) run(i int, end time.Time) {
	b.running = append(b.running, run{entry: i, end: end})
	b.hold(i)
}

func (b *board) hold(i int) {
	for _, key := range b.keys[i] {
		b.holder[key] = i
	}
}

func (b *board) expectedEnd(e *Entry) time.Time { return e.Started.Add(b.pace.of(e.Work)) }

// startOf is when an entry that the turn starts, starts: now, or at the opening for which it is armed.
func (b *board) startOf(i int) time.Time {
	return later(b.now, b.groups[b.group[i]].opening.From)
}

// endOfStarted is when such an entry is expected to end.
func (b *board) endOfStarted(i int) time.Time {
	return b.startOf(i).Add(b.pace.of(b.fleet.Entries[i].Work))
}

// arm is how such an entry is armed; false: it makes its first change at once.
func (b *board) arm(i int) (Arm, bool) {
	a := Arm{Entry: i, Started: b.startOf(i)}
	a.Trigger = a.Started
	if b.fleet.Entries[i].Work.Update {
		a.Trigger = later(a.Trigger, b.groups[b.group[i]].opening.Window.Start.Add(b.fleet.Arming.Delay.Std()))
	}
	return a, a.Trigger.After(b.now)
}

// start lets entries run from the turn's time on, or from the opening for which they are armed.
func (b *board) start(start []int) {
	for _, i := range start {
		e := &b.fleet.Entries[i]
		e.State, e.Started, e.Trigger, e.End = Running, b.startOf(i), time.Time{}, time.Time{}
		if a, armed := b.arm(i); armed {
			e.Trigger = a.Trigger
		}
		b.run(i, b.expectedEnd(e))
	}
	if len(start) > 0 {
		w := &b.waves[b.open]
		w.waiting = slices.DeleteFunc(w.waiting, func(i int) bool { return b.fleet.Entries[i].State != Waiting })
	}
}

// finish ends, in the fleet's order, what is expected to have ended by then.
func (b *board) finish(at time.Time, outcome func(Entry) State) {
	var done []run
	b.running = slices.DeleteFunc(b.running, func(r run) bool {
		if r.end.After(at) {
			return false
		}
		done = append(done, r)
		return true
	})
	slices.SortFunc(done, func(a, b run) int { return a.entry - b.entry })
	for _, r := range done {
		e := &b.fleet.Entries[r.entry]
		e.State, e.Trigger, e.End = outcome(*e), time.Time{}, r.end
		w := &b.waves[e.Wave]
		w.left--
		b.unended--
		b.ended(e, w)
		for _, key := range b.keys[r.entry] {
			b.holder[key] = nobody
		}
	}
	for _, r := range b.running {
		b.hold(r.entry)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sooner is the earlier of two times, of which the zero one counts as never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
