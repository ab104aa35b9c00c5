package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Waits are the spans in which changes ended, by kind, the newest last. From them the polls of later changes learn
// when to come.
type Waits struct {
	Update   []Span `json:"update,omitempty"`   // of a gateway's software, until it runs
	Snapshot []Span `json:"snapshot,omitempty"` // of one volume, until it is completed
	Proxy    []Span `json:"proxy,omitempty"`    // of one proxy's kernel
}

// Span is when a change ended, counted from its start: after the last poll that found it not done, and before the one
// that found it done.
type Span struct{ After, By Duration }

// SpanOf rounds a span: precise enough for polls, and short, since it is part of every run's input.
func SpanOf(after, by time.Duration) Span {
	precision := time.Millisecond
	if by >= time.Minute {
		precision = time.Second
	}
	return Span{Duration(after.Round(precision)), Duration(by.Round(precision))}
}

// MarshalText writes the form that UnmarshalText reads: "9m..9m12s".
func (s Span) MarshalText() ([]byte, error) {
	return []byte(s.After.String() + ".." + s.By.String()), nil
}

// UnmarshalText reads two durations.
func (s *Span) UnmarshalText(text []byte) error {
	after, by, ok := strings.Cut(string(text), "..")
	if !ok {
		return fmt.Errorf("invalid span %q: must be two durations, such as 9m..9m12s", text)
	}
	if err := s.After.UnmarshalText([]byte(after)); err != nil {
		return err
	}
	return s.By.UnmarshalText([]byte(by))
}

// mostWaits is how many are kept of a kind, so that a cloud's slow day is forgotten, and mostAdded how many one run
// adds, so that a run with many volumes does not outvote the others.
const (
	mostWaits = 16
	mostAdded = 2
)

// Add takes in what a run has seen.
func (w *Waits) Add(seen Waits) {
	w.Update = addSpans(w.Update, seen.Update)
	w.Snapshot = addSpans(w.Snapshot, seen.Snapshot)
	w.Proxy = addSpans(w.Proxy, seen.Proxy)
}

// addSpans makes a new list, since copies of a campaign's state must not share one.
func addSpans(all, seen []Span) []Span {
	all = slices.Concat(all, seen[max(0, len(seen)-mostAdded):])
	return all[max(0, len(all)-mostWaits):]
}

const (
	// evenPoll is how often a change is polled while it may end, where nothing better is known. A pace below it, or
	// above it, takes precedence.
	evenPoll = 10 * time.Second
	// longestStep is the longest time between polls of a change that may end at any time of a short span.
	longestStep = 15 * time.Second
	// tooVaried is the ratio of the interquartile range to the median above which only the bounds can be learned.
	tooVaried = 0.25
	// unheardOf is the weight of a change that resembles none seen so far and may end at any time. Each change that was
	// seen has the weight 1.
	unheardOf = 0.5
)

// LearnedPoll is how long to wait before the next poll of a change that started elapsed ago, where changes of its kind
// ended as seen. Without any, and once it takes longer than all others, that is NextPoll's. Jitter (0 to 1) spreads
// the polls of changes that started together.
//
// A poll comes when waiting for longer would cost more than it saves: when the lag that is expected since the change
// may have ended has grown to a price, which is such that polls in the whole span of what was seen are at most
// longestStep apart. So there are few polls before the earliest end that was seen, about even ones from there to the
// latest, and few between two kinds of changes. Where durations vary too much for that, polls are even.
//
// A poll that finds a change done long after the poll before tells little of when it ended. Its span says so, and
// later polls search that span.
func (p Pace) LearnedPoll(seen []Span, elapsed time.Duration, jitter float64) time.Duration {
	l := learn(seen)
	now, least := max(0, elapsed.Seconds()), p.Min.Std().Seconds()
	within := func(step float64) float64 { return max(least, min(step, p.Max.Std().Seconds())) }
	switch {
	case l.varied > tooVaried && now < 3*l.last:
		first := l.first * max(0, 1-l.varied)
		return seconds(max(0, first-now) + within(evenPoll.Seconds())*(0.9+0.2*jitter))
	case now >= l.last:
		return p.NextPoll(elapsed-seconds(l.last), jitter)
	}
	step := within(min((l.last-l.first)/8, longestStep.Seconds()))
	wait := max(least, l.untilLag(now, step*step/2/(l.last-l.first)))
	return seconds(wait + min(wait, step)*(0.2*jitter-0.1))
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// learned is when changes of a kind may end, in seconds.
type learned struct {
	ends        []weighted
	first, last float64
	varied      float64 // the range of the middle half of the durations, as a ratio of their median
}

// weighted is a span in which a change may end at any time, with its weight.
type weighted struct{ from, to, weight float64 }

// learn gives each span a margin: the fewer there are, the wider, and never none, so that polls which always come too
// late come earlier each time, until they find the true time.
func learn(seen []Span) (l learned) {
	var by []float64
	for _, s := range seen {
		took := s.By.Std().Seconds()
		if took <= 0 {
			continue
		}
		by = append(by, took)
		margin := took/20 + took/float64(4*len(seen))
		end := weighted{max(0, min(s.After.Std().Seconds(), took)-margin), took + margin, 1}
		if len(by) == 1 {
			l.first = end.from
		}
		l.first, l.last = min(l.first, end.from), max(l.last, end.to)
		l.ends = append(l.ends, end)
	}
	if n := len(by); n > 0 {
		slices.Sort(by)
		l.varied = (by[3*n/4] - by[n/4]) / by[n/2]
		l.ends = append(l.ends, weighted{0, l.last, unheardOf})
	}
	return l
}

// untilLag is how long to wait, from now on, until the expected lag of a change that has not ended by now is as given.
func (l learned) untilLag(now, lag float64) float64 {
	const parts = 1024
	var left, ended, grown float64
	for _, e := range l.ends {
		left += e.between(now, l.last)
	}
	t, part := now, l.last/parts
	for ; t < l.last && grown < lag; t += part {
		for _, e := range l.ends {
			ended += e.between(t, t+part) / left
		}
		grown += ended * part
	}
	return t - now
}

// between is the weight of the part that lies between two times.
func (w weighted) between(from, to float64) float64 {
	return w.weight * max(0, min(w.to, to)-max(w.from, from)) / (w.to - w.from)
}
