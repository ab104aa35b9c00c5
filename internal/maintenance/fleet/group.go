package fleet

import (
	"fmt"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// group is what waiting entries of the same schedule, work and requested start share: when
// they can start.
type group struct {
	schedule  maintenance.Schedule
	need      time.Duration
	notBefore time.Time // zero: none

	// opening is the first in which the work fits, as of the turn.
	opening maintenance.Opening
	fits    bool
	from    time.Time // when its entries start: at the opening, or armed before it
	turn    int       // the last turn that looked
	rank    int       // among the groups that can start in this turn
	wait    Wait      // what keeps it in this turn, once it was asked for
}

// look finds the opening as of now. One that was found before stays the first for
// as long as the work fits into what is left of it: the pieces before it were too
// small then, and have only shrunk.
func (g *group) look(now time.Time, r maintenance.Rules, lead time.Duration) {
	from := later(now, g.notBefore)
	g.wait = Wait{}
	switch {
	case g.fits && !from.After(g.opening.From):
		return
	case g.fits && from.Before(g.opening.Until) && !from.After(g.opening.Until.Add(-g.need)):
		g.opening.From = from
	default:
		g.opening, g.fits = fit(from, g.schedule, r, g.need)
	}
	if g.fits {
		g.from = g.armedFrom(later(now, g.opening.From.Add(-lead)), r)
	}
}

// armedFrom is from when on, not before a time, a run would wait for the opening by itself. While its
// gate is open before that, it would start at once: at a time at which it does not fit, or before the
// requested start.
func (g *group) armedFrom(from time.Time, r maintenance.Rules) time.Time {
	for from.Before(g.opening.From) {
		gate, err := maintenance.Decide(from, g.schedule, r)
		if err != nil || gate.Opening.From.Equal(g.opening.From) {
			return from
		}
		from = gate.Opening.Until
	}
	return g.opening.From
}

// ready is true when its entries can start now, or be armed, as far as time goes.
func (g *group) ready(now time.Time) bool { return g.fits && !g.from.After(now) }

// fit is maintenance.Fit, without a search through two years for what no window
// can ever hold.
func fit(from time.Time, s maintenance.Schedule, r maintenance.Rules, need time.Duration) (maintenance.Opening, bool) {
	if need > r.Length-r.Cutoff {
		return maintenance.Opening{}, false
	}
	return maintenance.Fit(from, s, r, need)
}

// why says what keeps a group that cannot start now.
func (g *group) why(now time.Time, r maintenance.Rules) Wait {
	need := maintenance.Duration(g.need)
	if !g.fits {
		free := maintenance.Rules{Length: r.Length, Cutoff: r.Cutoff}
		if _, fits := fit(now, g.schedule, free, g.need); fits {
			return Wait{
				Blocker: maintenance.BlockedByFreeze,
				Reason:  fmt.Sprintf("needs %s, and freezes leave no window for it in the next two years", need),
			}
		}
		return Wait{
			Blocker: maintenance.BlockedByForecast,
			Reason:  fmt.Sprintf("needs %s, and no window of the next two years is that long", need),
		}
	}
	w := Wait{Next: g.opening.From}
	verdict, err := maintenance.Decide(now, g.schedule, r)
	switch {
	case g.notBefore.After(now):
		w.Blocker, w.Reason = maintenance.BlockedByRequestedStart, "not before "+stamp(g.notBefore)
	case err == nil && !verdict.Open() && verdict.Opening.From.Equal(w.Next):
		w.Blocker, w.Reason = verdict.Blocker, verdict.Reason
	default:
		w.Blocker, w.Reason = maintenance.BlockedByForecast,
			fmt.Sprintf("needs %s, which does not fit earlier; it fits from %s", need, stamp(w.Next))
	}
	return w
}

// stamp writes a time for people, to the minute.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }
