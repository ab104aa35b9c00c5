package report

import (
	"cmp"
	"slices"
	"time"
)

// The picture's measures, in pixels.
const (
	leastPlot    = 820.0 // width of the axis
	leastSegment = 150.0
	breakWidth   = 26.0
	tickWidth    = 110.0
)

// axis is time as the picture shows it: stretches in which something was done, one
// after the other, and short breaks for the nights and weeks between them.
type axis struct {
	segments []segment
	width    float64
}

type segment struct {
	from, to time.Time
	x, width float64
}

// interval is from a time to another.
type interval struct{ from, to time.Time }

func (i interval) length() time.Duration { return i.to.Sub(i.from) }

// newAxis makes an axis that shows all the work. Of windows it shows as much as
// keeps the work visible next to them.
func newAxis(work, windows []interval) axis {
	merged := merge(work)
	var a axis
	total := 0.0
	for _, m := range merged {
		for _, w := range windows {
			if gap := m.from.Sub(w.from); gap > 0 && gap < m.length() {
				m.from = w.from
			}
			if gap := w.to.Sub(m.to); gap > 0 && gap < m.length() {
				m.to = w.to
			}
		}
		pad := max(m.length()/25, time.Second)
		s := segment{from: m.from.Add(-pad), to: m.to.Add(pad)}
		a.segments = append(a.segments, s)
		total += s.to.Sub(s.from).Seconds()
	}
	n := float64(len(a.segments))
	a.width = max(leastPlot, n*(leastSegment+breakWidth)*1.2)
	shared := a.width - n*leastSegment - (n-1)*breakWidth
	x := 0.0
	for i := range a.segments {
		s := &a.segments[i]
		s.x, s.width = x, leastSegment+shared*s.to.Sub(s.from).Seconds()/total
		x += s.width + breakWidth
	}
	return a
}

// merge joins what lies close together.
func merge(all []interval) (merged []interval) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b interval) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	var sum time.Duration
	for _, i := range all {
		sum += i.length()
	}
	near := max(sum/4, 10*time.Minute)
	for _, i := range all {
		if n := len(merged); n > 0 && !i.from.After(merged[n-1].to.Add(near)) {
			if i.to.After(merged[n-1].to) {
				merged[n-1].to = i.to
			}
			continue
		}
		merged = append(merged, i)
	}
	return merged
}

// at is where a time stands. One in a break stands at its start.
func (a axis) at(t time.Time) float64 {
	x := 0.0
	for _, s := range a.segments {
		if t.Before(s.from) {
			break
		}
		part := min(1, t.Sub(s.from).Seconds()/s.to.Sub(s.from).Seconds())
		x = s.x + part*s.width
	}
	return px(x)
}

// tick is a mark on the axis.
type tick struct {
	X    float64
	Text string
	Date string // where a stretch starts, or a day
}

// ticks are marks at round times.
func (a axis) ticks() (all []tick) {
	for _, s := range a.segments {
		step := stepFor(s)
		form := "15:04"
		if step < time.Minute {
			form = "15:04:05"
		}
		last := ""
		for t := s.from.Truncate(step).Add(step); t.Before(s.to); t = t.Add(step) {
			k := tick{X: a.at(t), Text: t.UTC().Format(form)}
			if day := t.UTC().Format("2 Jan 2006"); day != last {
				k.Date, last = day, day
			}
			all = append(all, k)
		}
	}
	return all
}

// stepFor is the round time between two ticks that leaves room for their texts.
func stepFor(s segment) time.Duration {
	least := time.Duration(float64(s.to.Sub(s.from)) * tickWidth / s.width)
	for _, step := range []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
		time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
		time.Hour, 2 * time.Hour, 4 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	} {
		if step >= least {
			return step
		}
	}
	return 24 * time.Hour * (1 + least/(24*time.Hour))
}

// breaks are where time is left out.
func (a axis) breaks() (at []float64) {
	for i := 1; i < len(a.segments); i++ {
		at = append(at, px(a.segments[i].x-breakWidth/2))
	}
	return at
}
