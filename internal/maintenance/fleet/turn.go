package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// verdict is what one turn has found out, for explain to put into words.
type verdict struct {
	now     time.Time
	turns   int  // how many there were
	open    int  // the wave that is open
	all     Wait // what keeps the whole fleet; no blocker: nothing
	between Wait // what keeps the waves after the open one
	gate    Wait // what keeps the open wave itself
	// unapproved is the wave that is next and needs an approval, from 1 on; 0: none does.
	unapproved int
	first      time.Time // when its first target can start; zero: none can
	canary     Wait      // what keeps the rest of the open wave
	alone      bool      // whether the next target of the open wave starts as its canary
	started    []int     // what starts now
	bound      []bound   // what a key keeps
}

// bound is an entry that a key keeps which another one holds.
type bound struct{ entry, key int }

// decide finds what starts now, best first, and when to decide again where there
// is no news.
func (b *board) decide(now time.Time) (start []int, wake time.Time) {
	b.verdict = verdict{now: now, turns: b.turns + 1, bound: b.bound[:0]}
	if b.all = b.everybody(); b.all.Blocker != maintenance.NotBlocked {
		return nil, time.Time{}
	}
	b.findWave()
	if len(b.waves) == 0 || b.gate.Blocker != maintenance.NotBlocked {
		return nil, time.Time{}
	}
	if b.afterWave() && b.leftAfter(b.open) {
		return nil, sooner(b.between.Next, b.wakeToAsk())
	}
	if b.unapproved == b.open+1 { // it is not asked for yet, and so nothing is ready
		b.ready()
		return nil, b.wakeToAsk()
	}
	if b.findCanary(); b.canary.Blocker != maintenance.NotBlocked {
		if b.alone { // it runs
			return nil, time.Time{}
		}
		return nil, b.canary.Next
	}
	ready, wake := b.ready()
	b.started = b.pick(ready)
	return b.started, wake
}

// everybody is what keeps the whole fleet.
func (b *board) everybody() Wait {
	if stopped := b.fleet.Life.Stopped(); stopped != "" {
		return Wait{Blocker: maintenance.BlockedByStop, Reason: stopped}
	}
	if paused := b.fleet.Life.Paused(); paused != "" {
		return Wait{Blocker: maintenance.BlockedByPause, Reason: "paused by " + paused}
	}
	if budget := b.budget(); budget.Blocker != maintenance.NotBlocked {
		return budget
	}
	return b.fleet.blockedByCheck()
}

// budget is what keeps the whole fleet where too many of it failed.
func (b *board) budget() Wait {
	if allowed := b.fleet.Rollout.MaxFailures.Within(len(b.fleet.Entries)); b.failed > allowed {
		return Wait{Blocker: maintenance.BlockedByBudget, Reason: fmt.Sprintf("%s failed, max failures %d",
			maintenance.Counted(b.failed, "target", "targets"), allowed)}
	}
	return Wait{}
}

// findWave finds the wave that is open: the first that has not ended, unless the
// one before it still bakes or has failed.
func (b *board) findWave() {
	for n := range b.waves {
		b.open = n
		if b.between = b.endOf(n); b.between.Blocker != maintenance.NotBlocked {
			break
		}
	}
	b.findApproval()
	switch {
	case b.between.Blocker == maintenance.BlockedByBudget:
		b.gate = b.between
	case b.unapproved == b.open+1 && b.ask().Wave > 0:
		b.gate = Wait{Blocker: maintenance.BlockedByApproval, Reason: b.approval().Short()}
	}
}

// afterWave is true where the open wave has ended, and its bake keeps those after it.
func (b *board) afterWave() bool {
	return b.between.Blocker == maintenance.BlockedByBake || b.between.Blocker == maintenance.BlockedByCheck
}

// endOf is what keeps the waves after the nth: that it failed, has not ended,
// bakes, or has not baked well.
func (b *board) endOf(n int) Wait {
	w := &b.waves[n]
	baked := w.end.Add(b.fleet.Rollout.Bake.Std())
	allowed := b.allowed(n)
	switch {
	case w.failed > allowed && w.updated == 0 && b.needsCanary(n):
		reason := fmt.Sprintf("the canary of wave %d failed; nothing else was updated", n+1)
		return Wait{Blocker: maintenance.BlockedByBudget, Reason: reason}
	case w.failed > allowed:
		reason := fmt.Sprintf("%d of wave %d failed, max failures %d", w.failed, n+1, allowed)
		return Wait{Blocker: maintenance.BlockedByBudget, Reason: reason}
	case w.left > 0:
		return Wait{Blocker: maintenance.BlockedByWave, Reason: fmt.Sprintf("wave %d has not ended", n+1)}
	case w.end.IsZero():
		return Wait{}
	}
	return b.endOfBake(fmt.Sprintf("wave %d", n+1), n, baked, func(int) bool { return true })
}

// allowed is how many targets of a wave may fail. Of a canary not one may: that is the
// first of several waves, or who stands in for it.
func (b *board) allowed(n int) int {
	if (n == 0 && len(b.waves) > 1) || (b.waves[n].updated == 0 && b.needsCanary(n)) {
		return 0
	}
	return b.fleet.Rollout.MaxFailures.Within(b.waves[n].size)
}

func (b *board) leftAfter(n int) bool {
	return slices.ContainsFunc(b.waves[n+1:], func(w wave) bool { return w.left > 0 })
}

// ready are the entries of the open wave that nothing of their own keeps, best
// first; wake is when the first of the others can start.
func (b *board) ready() (ready []int, wake time.Time) {
	var open []*group
	for _, i := range b.waves[b.open].waiting {
		g := &b.groups[b.group[i]]
		if g.turn != b.turns {
			g.turn = b.turns
			g.look(b.now, b.rules, b.fleet.Arming.Before.Std())
			if g.ready(b.now) {
				open = append(open, g)
			} else if g.fits {
				wake = sooner(wake, g.from)
			}
		}
		if g.ready(b.now) {
			ready = append(ready, i)
		}
	}
	if b.room() <= 0 {
		return ready, wake
	}
	return b.sort(ready, open), wake
}

// order puts what can start now before what is armed: no place stands empty that could be used. By
// window, what has the least time left comes first.
func (b *board) order(g, h *group) int {
	if soon := h.opening.From.After(b.now); g.opening.From.After(b.now) != soon {
		if soon {
			return -1
		}
		return 1
	}
	if b.fleet.Rollout.Order != maintenance.OrderByWindow {
		return 0
	}
	return g.opening.Until.Compare(h.opening.Until)
}

// sort sorts by that order, and else leaves the fleet's. It counts instead of
// comparing: the groups are few.
func (b *board) sort(ready []int, open []*group) []int {
	slices.SortFunc(open, b.order)
	ranks := 0
	for n, g := range open {
		if n > 0 && b.order(open[n-1], g) != 0 {
			ranks++
		}
		g.rank = ranks
	}
	place := make([]int, ranks+2) // of the next entry of each rank
	for _, i := range ready {
		place[b.groups[b.group[i]].rank+1]++
	}
	for rank := range ranks {
		place[rank+1] += place[rank]
	}
	sorted := make([]int, len(ready))
	for _, i := range ready {
		rank := b.groups[b.group[i]].rank
		sorted[place[rank]] = i
		place[rank]++
	}
	return sorted
}

// disarm finds the entries that must not go on: if nothing may start now, all that may not have changed
// anything yet; if too many are in progress, so many of those that are still armed. Of those, what starts
// last goes first.
func (b *board) disarm() Disarm {
	var may []int
	why, over := cmp.Or(b.all.Reason, b.gate.Reason), -b.room()
	for _, r := range b.running {
		if e := &b.fleet.Entries[r.entry]; e.MayDisarm() && (why != "" || e.StateAt(b.now) == Armed) {
			may = append(may, r.entry)
		}
	}
	slices.SortFunc(may, func(i, j int) int {
		return cmp.Or(b.fleet.Entries[j].Started.Compare(b.fleet.Entries[i].Started), j-i)
	})
	if why == "" && over > 0 {
		may = may[:min(over, len(may))]
		why = fmt.Sprintf("max concurrent %d", b.fleet.Rollout.MaxConcurrent)
	}
	if why == "" || len(may) == 0 {
		return Disarm{}
	}
	return Disarm{Entries: may, Why: why}
}

func (b *board) room() int { return b.fleet.Rollout.MaxConcurrent - len(b.running) }

// pick takes of the ready as many as there is room for, no two of one key.
func (b *board) pick(ready []int) (started []int) {
	for _, i := range ready {
		if len(started) >= b.room() {
			break
		}
		if key := b.taken(i); key != nobody {
			b.bound = append(b.bound, bound{entry: i, key: key})
			continue
		}
		started = append(started, i)
		b.hold(i)
		if b.alone {
			b.canary = b.runsAsCanary(&b.fleet.Entries[i], b.endOfStarted(i))
			break
		}
	}
	return started
}

// taken is a key of the entry that a running one holds, or nobody.
func (b *board) taken(i int) int {
	for _, key := range b.keys[i] {
		if b.holder[key] != nobody {
			return key
		}
	}
	return nobody
}
