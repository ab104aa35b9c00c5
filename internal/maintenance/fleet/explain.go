package fleet

import (
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// turn puts the last decision into words.
func (b *board) turn(start []int, wake time.Time) Turn {
	t := Turn{Waits: b.explain(), Wake: wake, Ask: b.ask(), Over: b.unended == 0, Disarm: b.disarm(), Bake: b.baking()}
	for _, i := range start {
		if a, armed := b.arm(i); armed {
			t.Arm = append(t.Arm, a)
		} else {
			t.Start = append(t.Start, i)
		}
	}
	return t
}

// explainer says of one entry after the other what keeps it. What is the same for
// many is found and written once.
type explainer struct {
	*board
	mark  []int // entry -> started, or the key that keeps it plus one
	ends  []run // of what runs, soonest first
	room  Wait
	keyed []Wait // key -> what is said of it
	nexts map[nextKey]time.Time
}

// nextKey asks when a group can start that cannot before a time.
type nextKey struct {
	group int
	from  time.Time
}

// started marks an entry that starts in this turn.
const started = -1

func (b *board) explain() []Wait {
	x := explainer{
		board: b, mark: make([]int, len(b.fleet.Entries)), nexts: map[nextKey]time.Time{},
		keyed: make([]Wait, len(b.holder)),
	}
	for _, i := range b.started {
		x.mark[i] = started
	}
	for _, kept := range b.bound {
		x.mark[kept.entry] = kept.key + 1
	}
	x.findRoom()
	waits := make([]Wait, 0, b.unended)
	for i := range b.fleet.Entries {
		if b.fleet.Entries[i].State != Waiting || x.mark[i] == started {
			continue
		}
		w := x.why(i)
		w.Entry = i
		waits = append(waits, w)
	}
	return waits
}

// findRoom finds when the first place under MaxConcurrent is expected to be free. When
// one is that is held nobody knows.
func (x *explainer) findRoom() {
	held := 0
	x.ends = slices.Clone(x.running)
	for i := range x.ends {
		if x.fleet.Entries[x.ends[i].entry].State == Held {
			x.ends[i].end = time.Time{}
			held++
		}
	}
	for _, i := range x.started {
		x.ends = append(x.ends, run{entry: i, end: x.endOfStarted(i)})
	}
	slices.SortFunc(x.ends, func(a, b run) int {
		if a.end.IsZero() != b.end.IsZero() {
			return -a.end.Compare(b.end)
		}
		return a.end.Compare(b.end)
	})
	runs, may := len(x.ends), x.fleet.Rollout.MaxConcurrent
	x.room = Wait{Blocker: maintenance.BlockedByConcurrency, Reason: fmt.Sprintf("%s, max concurrent %d",
		maintenance.Counted(runs, "target runs", "targets run"), may)}
	if held > 0 {
		x.room.Reason += fmt.Sprintf(", %d of them held", held)
	}
	if may > 0 && runs >= may {
		x.room.Next = x.ends[runs-may].end
	}
}

// why finds what keeps a waiting entry, in the order in which people want to know
// it.
func (x *explainer) why(i int) Wait {
	e := &x.fleet.Entries[i]
	g := &x.groups[x.group[i]]
	switch {
	case x.all.Blocker != maintenance.NotBlocked:
		return x.all
	case e.Wave > x.open:
		return x.after(x.between, i)
	case x.gate.Blocker != maintenance.NotBlocked:
		return x.gate
	case e.Bar != maintenance.NotBlocked:
		return e.bar()
	case x.canary.Blocker != maintenance.NotBlocked:
		return x.after(x.canary, i)
	case !g.ready(x.now):
		if g.wait.Blocker == maintenance.NotBlocked {
			g.wait = g.why(x.now, x.rules)
		}
		return g.wait
	case x.mark[i] > 0:
		return x.after(x.keptBy(x.mark[i]-1), i)
	}
	return x.after(x.room, i)
}

// keptBy is what is said of an entry that a key keeps.
func (x *explainer) keptBy(key int) Wait {
	w := &x.keyed[key]
	if w.Blocker == maintenance.NotBlocked {
		holder := x.holder[key]
		*w = Wait{Blocker: maintenance.BlockedByConstraint, Reason: fmt.Sprintf("%s runs and shares %s",
			x.fleet.Entries[holder].Name, x.names[key])}
		for _, r := range x.ends {
			if r.entry == holder {
				w.Next = r.end
			}
		}
	}
	return *w
}

// after turns the time at which something ceases to keep an entry into that at
// which it can start: its window may have shut by then. A time that is past,
// such as the end of what runs longer than expected, says nothing.
func (x *explainer) after(w Wait, i int) Wait {
	from := w.Next.Round(0).UTC()
	w.Next = time.Time{}
	if !from.After(x.now) {
		return w
	}
	key := nextKey{group: x.group[i], from: from}
	next, known := x.nexts[key]
	if !known {
		g := &x.groups[key.group]
		if opening, fits := fit(later(from, g.notBefore), g.schedule, x.rules, g.need); fits {
			next = opening.From
		}
		x.nexts[key] = next
	}
	w.Next = next
	return w
}
