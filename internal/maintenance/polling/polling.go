// Package polling decides when a change that was set going is read again: an update, a snapshot, an upgrade. It knows
// when changes of the kind have ended before, and balances calls against lag. Start at Learn.
package polling

import (
	"math"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	// evenly is the interval between polls of a change of which nothing is known, in shortest intervals of the pace:
	// every 10 s by default.
	evenly = 2
	// fading is the part of the time beyond all that was seen by which the interval grows at least: what never ends is
	// polled ever less often.
	fading = 90
	// parts is into how many pieces a range of times is cut to add up over it.
	parts = 192
)

// Schedule says when a change is polled.
type Schedule struct {
	pace  maintenance.Pace
	ends  distribution
	price float64 // the expected lag, in seconds, at which a poll is due
	// earliest and longest are the bounds of what was seen, in seconds; 0: nothing was.
	earliest, longest float64
}

// Learn makes the schedule of a change, where changes of its kind ended as seen, the newest last.
//
// For a known distribution of durations, lag times calls is least if the interval is inversely proportional to the
// square root of the rate at which changes end (Keller, Optimum checking schedules, 1974). So a poll comes when the lag
// that is expected since the last one has grown to a price, the same for all polls of a kind. It is such that the lag
// is that of even polls, and knowledge saves calls. If nothing is known, polls are even: for durations without a memory
// nothing is better.
//
// Seen may be old, wrong or of something else: that costs calls or lag, within the bounds above.
func Learn(pace maintenance.Pace, seen []Span) Schedule {
	s := Schedule{pace: pace}
	known := spansOf(seen)
	for _, one := range known {
		if s.longest == 0 || one.from < s.earliest {
			s.earliest = one.from
		}
		s.longest = max(s.longest, one.to)
	}
	if len(known) > 0 {
		s.ends = learn(known)
		s.price = s.ends.price(s.even()/2, s.longest)
	}
	return s
}

// even is the interval of even polls, in seconds.
func (s Schedule) even() float64 {
	return min(evenly*s.pace.Min.Std().Seconds(), s.pace.Max.Std().Seconds())
}

// Next is how long to wait before the next poll of a change that started elapsed ago. It is never below the pace's Min,
// and not above its Max once the change takes longer than the shortest that was seen. Jitter (0 to 1) spreads the polls
// of changes that started together.
func (s Schedule) Next(elapsed time.Duration, jitter float64) time.Duration {
	least, most := s.pace.Min.Std().Seconds(), s.pace.Max.Std().Seconds()
	now, wait := max(0, elapsed.Seconds()), s.even()
	if s.longest > 0 {
		wait = s.ends.untilLag(now, s.price, max(most, s.earliest-now))
	}
	wait = max(wait, min((now-s.longest)/fading, most), least)
	wait = max(wait+min(wait, s.even())*(0.2*jitter-0.1), least)
	return time.Duration(wait * float64(time.Second))
}

// price is the expected lag at which a poll is due, for the mean lag as given.
func (d distribution) price(lag, longest float64) float64 {
	sum, before, part := 0.0, 0.0, 3*longest/parts
	for k := 1; k <= parts; k++ {
		by := d.endedBy(part * float64(k))
		sum += math.Sqrt(max(0, (by-before)*part*(1-(by+before)/2)))
		before = by
	}
	return 2 * lag * lag / (sum * sum)
}

// untilLag is how long to wait, from now on, until the expected lag of a change that has not ended by now is as given;
// most at most.
func (d distribution) untilLag(now, lag, most float64) float64 {
	before := d.endedBy(now)
	left := 1 - before
	if left < 1e-9 {
		return most // by now all should have ended
	}
	part, grown := most/parts, 0.0
	for k := range parts {
		if grown += (d.endedBy(now+part*(float64(k)+0.5)) - before) / left * part; grown >= lag {
			return part * float64(k+1)
		}
	}
	return most
}
