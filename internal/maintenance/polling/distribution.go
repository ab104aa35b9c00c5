package polling

import (
	"math"
)

const (
	// unheardOf is the weight of a change that resembles none seen so far. Each that was seen has the weight 1 or less.
	unheardOf = 0.3
	// caution is how much likelier it is held, before anything is seen, that durations have no memory than that they
	// resemble each other in one of the ways that are tried.
	caution = 7
)

// span is when a change ended, in seconds after its start.
type span struct{ from, to float64 }

func (s span) middle() float64 { return (s.from + s.to) / 2 }

// spansOf leaves out what is no span.
func spansOf(seen []Span) (all []span) {
	for _, s := range seen {
		if to := s.By.Std().Seconds(); to > 0 {
			all = append(all, span{max(0, min(s.After.Std().Seconds(), to)), to})
		}
	}
	return all
}

// distribution is when a change may end: about when one of those seen did, or, with a probability, at any time.
type distribution struct {
	kernels []kernel
	any     float64 // probability of a change without a memory
	mean    float64 // of those, in seconds
}

// kernel is a log-logistic distribution about one duration.
type kernel struct{ weight, log, width float64 }

// endedBy is the probability that a change has ended by a time.
func (d distribution) endedBy(t float64) float64 {
	if t <= 0 {
		return 0
	}
	sum, log := -d.any*math.Expm1(-t/d.mean), math.Log(t)
	for _, k := range d.kernels {
		sum += k.weight / (1 + math.Exp((k.log-log)/k.width))
	}
	return sum
}

// likeness is how changes of a kind resemble each other: by how much they differ, as a part of the duration, and how
// much less each counts than the one after it.
type likeness struct{ width, decay float64 }

func likenesses() (all []likeness) {
	for _, decay := range []float64{1, 0.7} {
		for _, width := range []float64{0.02, 0.04, 0.08, 0.16, 0.32} {
			all = append(all, likeness{width, decay})
		}
	}
	return all
}

// of makes a distribution of what was seen.
func (l likeness) of(seen []span) (d distribution) {
	sum, counted, weight := 0.0, 0.0, 1.0
	d.kernels = make([]kernel, len(seen))
	for i := len(seen) - 1; i >= 0; i-- {
		s := seen[i]
		// A poll that came late tells little of when the change ended: then the span is the width.
		known := (s.to - s.from) / (s.to + s.from) / 2
		d.kernels[i] = kernel{weight, math.Log(s.middle()), max(l.width, known)}
		sum, counted, weight = sum+weight*s.middle(), counted+weight, weight*l.decay
	}
	all := counted + unheardOf
	for i := range d.kernels {
		d.kernels[i].weight /= all
	}
	d.any, d.mean = unheardOf/all, sum/counted
	return d
}

// learn takes the likeness that would have foretold each change best from those before it. As far as durations without
// a memory foretell as well, they count too: what looks alike by chance must not cost more than even polls.
func learn(seen []span) distribution {
	var best distribution
	most, none := math.Inf(-1), logOf(seen, func(before []span) distribution { return memoryless(before) })
	for _, l := range likenesses() {
		if log := logOf(seen, l.of); log > most {
			most, best = log, l.of(seen)
		}
	}
	chance := 1 / (1 + math.Exp(most-none)/caution)
	for i := range best.kernels {
		best.kernels[i].weight *= 1 - chance
	}
	best.any += chance * (1 - best.any)
	return best
}

func memoryless(seen []span) distribution {
	d := distribution{any: 1}
	for _, s := range seen {
		d.mean += s.to / float64(len(seen))
	}
	return d
}

// logOf is the logarithm of the probability that a way to learn gives to what was seen, each by those before it.
func logOf(seen []span, learn func([]span) distribution) (sum float64) {
	const least = 1e-9
	for i := 1; i < len(seen); i++ {
		d := learn(seen[:i])
		sum += math.Log(max(least, d.endedBy(seen[i].to)-d.endedBy(seen[i].from)))
	}
	return sum
}
