package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// turn is one decision in the making.
type turn struct {
	fleet Fleet
	now   time.Time

	running, failed int
	busy            map[string]string // key -> name of the target that holds it
	free            time.Time         // when the first running target is expected to end
	open            int               // the wave that is open
	between         Wait              // what keeps the waves after it; empty blocker: none

	ready []candidate
	waits []Wait
}

// candidate is a target that nothing of its own keeps.
type candidate struct {
	entry   int
	opening maintenance.Opening
}

// look sums the fleet up.
func (t *turn) look() {
	for _, e := range t.fleet.Entries {
		switch e.State {
		case Running:
			t.running++
			for _, key := range e.Keys {
				t.busy[key] = e.Name
			}
			if end := t.fleet.expectedEnd(e); t.free.IsZero() || end.Before(t.free) {
				t.free = end
			}
		case Failed:
			t.failed++
		case Waiting, Succeeded, Skipped, Current:
		}
	}
	t.free = later(t.free, t.now)
	t.findWave()
}

// findWave finds the wave that is open: the first that has not ended, unless the
// one before it still bakes or has failed.
func (t *turn) findWave() {
	waves := t.waves()
	for n, w := range waves {
		t.open = n
		if allowed := t.allowed(n, w.size, len(waves)); w.failed > allowed {
			t.between = Wait{Blocker: ByBudget, Reason: fmt.Sprintf("%d of wave %d failed, which may have %d failures", w.failed, n+1, allowed)}
			return
		}
		if w.left > 0 {
			t.between = Wait{Blocker: ByWave, Reason: fmt.Sprintf("wave %d has not ended", n+1)}
			return
		}
		if baked := w.end.Add(t.fleet.Rollout.Bake.Std()); t.now.Before(baked) {
			t.between = Wait{Blocker: ByBake, Reason: fmt.Sprintf("wave %d bakes until %s", n+1, stamp(baked)), Next: baked}
			return
		}
	}
}

// wave is one wave's sums.
type wave struct {
	size, left, failed int
	end                time.Time // of the last of it
}

func (t *turn) waves() []wave {
	var waves []wave
	for _, e := range t.fleet.Entries {
		for len(waves) <= e.Wave {
			waves = append(waves, wave{})
		}
		w := &waves[e.Wave]
		w.size++
		w.end = later(w.end, e.End)
		if !e.State.Ended() {
			w.left++
		}
		if e.State == Failed {
			w.failed++
		}
	}
	return waves
}

// allowed is how many targets of a wave may fail. The first of several waves is
// the canary: not one.
func (t *turn) allowed(n, size, waves int) int {
	if n == 0 && waves > 1 {
		return 0
	}
	return t.fleet.Rollout.MaxFailures.Within(size)
}

// consider finds what keeps a waiting target, in the order in which people want
// to know it.
func (t *turn) consider(i int) {
	e := t.fleet.Entries[i]
	if w, blocked := t.everybody(); blocked {
		t.wait(i, w)
		return
	}
	if w, blocked := t.itsWave(e.Wave); blocked {
		t.wait(i, w)
		return
	}
	if e.Barred != "" {
		t.wait(i, Wait{Blocker: ByBar, Reason: e.Barred})
		return
	}
	opening, w := t.itsTime(e)
	if w.Blocker != maintenance.NotBlocked {
		t.wait(i, w)
		return
	}
	t.ready = append(t.ready, candidate{entry: i, opening: opening})
}

// everybody is what keeps the whole fleet.
func (t *turn) everybody() (Wait, bool) {
	if t.fleet.Paused != "" {
		return Wait{Blocker: ByPause, Reason: "paused by " + t.fleet.Paused}, true
	}
	if allowed := t.fleet.Rollout.MaxFailures.Within(len(t.fleet.Entries)); t.failed > allowed {
		return Wait{Blocker: ByBudget, Reason: fmt.Sprintf("%d targets failed, and %d may", t.failed, allowed)}, true
	}
	return Wait{}, false
}

// itsWave is what keeps a wave.
func (t *turn) itsWave(n int) (Wait, bool) {
	switch {
	case n > t.open, t.between.Blocker == ByBudget, t.between.Blocker == ByBake:
		return t.between, true
	case t.fleet.Approved >= 0 && n >= t.fleet.Approved:
		return Wait{Blocker: maintenance.BlockedByApproval, Reason: fmt.Sprintf("wave %d waits for an approval", n+1)}, true
	}
	return Wait{}, false
}

// itsTime is the opening in which the target's work fits, or what keeps it until
// then.
func (t *turn) itsTime(e Entry) (maintenance.Opening, Wait) {
	from := later(t.now, e.NotBefore)
	opening, ok := maintenance.Fit(from, e.Schedule, t.fleet.Rules, t.fleet.Forecast(e))
	switch {
	case !ok:
		return opening, Wait{Blocker: ByForecast, Reason: fmt.Sprintf("needs %s, and no window of the next two years leaves that much", maintenance.Duration(t.fleet.Forecast(e)))}
	case !opening.From.After(t.now):
		return opening, Wait{}
	case e.NotBefore.After(t.now):
		return opening, Wait{Blocker: ByWish, Reason: "not before " + stamp(e.NotBefore), Next: opening.From}
	}
	verdict, err := maintenance.Decide(t.now, e.Schedule, t.fleet.Rules)
	if err == nil && !verdict.Open() && verdict.Opening.From.Equal(opening.From) {
		return opening, Wait{Blocker: verdict.Blocker, Reason: verdict.Reason, Next: opening.From}
	}
	return opening, Wait{
		Blocker: ByForecast, Next: opening.From,
		Reason: fmt.Sprintf("needs %s, which does not fit before; it does from %s on", maintenance.Duration(t.fleet.Forecast(e)), stamp(opening.From)),
	}
}

// begin lets the candidates begin as far as the room goes, best first.
func (t *turn) begin() {
	if t.fleet.Rollout.Order == maintenance.OrderByWindow {
		slices.SortStableFunc(t.ready, func(a, b candidate) int { return a.opening.Until.Compare(b.opening.Until) })
	}
	began := t.ready[:0:0]
	for _, c := range t.ready {
		e := t.fleet.Entries[c.entry]
		if t.running >= t.fleet.Rollout.MaxConcurrent {
			t.wait(c.entry, Wait{Blocker: ByConcurrency, Reason: fmt.Sprintf("%d targets run, which is the most at a time", t.running), Next: t.free})
			continue
		}
		if key, holder, taken := t.taken(e.Keys); taken {
			t.wait(c.entry, Wait{Blocker: ByConstraint, Reason: fmt.Sprintf("%s runs and shares %s", holder, key), Next: t.free})
			continue
		}
		t.running++
		for _, key := range e.Keys {
			t.busy[key] = e.Name
		}
		began = append(began, c)
	}
	t.ready = began
}

func (t *turn) taken(keys []string) (key, holder string, taken bool) {
	for _, key := range keys {
		if holder, taken := t.busy[key]; taken {
			return key, holder, true
		}
	}
	return "", "", false
}

func (t *turn) wait(i int, w Wait) {
	w.Entry = i
	t.waits = append(t.waits, w)
}

func (t *turn) result() Turn {
	slices.SortFunc(t.waits, func(a, b Wait) int { return cmp.Compare(a.Entry, b.Entry) })
	r := Turn{Waits: t.waits, Over: true}
	for _, c := range t.ready {
		r.Begin = append(r.Begin, c.entry)
	}
	for _, e := range t.fleet.Entries {
		r.Over = r.Over && e.State.Ended()
	}
	for _, w := range t.waits {
		// What waits for another target's end learns of that end as news.
		news := w.Blocker == ByConcurrency || w.Blocker == ByConstraint
		if !news && w.Next.After(t.now) && (r.Wake.IsZero() || w.Next.Before(r.Wake)) {
			r.Wake = w.Next
		}
	}
	return r
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// stamp writes an instant for people, to the minute.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
