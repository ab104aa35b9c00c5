package polling_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/polling"
)

func defaults() maintenance.Pace { return maintenance.Policy{}.WithDefaults().Pace }

// polled is how polls of many changes went: the mean lag in seconds, from a change's end to the poll that saw it, and
// the mean number of polls.
type polled struct{ lag, polls float64 }

// cost is what polls are compared by: more of them buy less lag.
func (p polled) cost() float64 { return p.lag * p.polls }

func (p *polled) add(o polled, share float64) {
	p.lag, p.polls = p.lag+o.lag*share, p.polls+o.polls*share
}

// simulate polls changes that take so long, one after another; learn gives the wait before the next poll.
func simulate(took []time.Duration, learn func(seen []polling.Span) func(elapsed time.Duration) time.Duration) (out polled) {
	memory, now := polling.Memory{}, time.Date(2026, time.December, 1, 0, 0, 0, 0, time.UTC)
	for _, end := range took {
		var before, elapsed time.Duration
		polls, next := 0.0, learn(memory.Before("update", now))
		for ; elapsed < end; polls++ {
			before, elapsed = elapsed, elapsed+next(elapsed)
		}
		out.add(polled{(elapsed - end).Seconds(), polls}, 1/float64(len(took)))
		memory.Add(polling.Memory{"update": {{Started: now, Took: polling.SpanOf(before, elapsed)}}})
		now = now.Add(elapsed + time.Minute)
	}
	return out
}

// fixed is what polls every ten seconds have on average, whatever their phase.
func fixed(took []time.Duration) (out polled) {
	for _, end := range took {
		out.add(polled{5, end.Seconds()/10 + 0.5}, 1/float64(len(took)))
	}
	return out
}

// scheduled is the best schedule of the theory, for the durations seen so far: no poll before the earliest,
// and then one every ten seconds.
func scheduled(seen []polling.Span) func(time.Duration) time.Duration {
	earliest := time.Duration(0)
	for i, s := range seen {
		if after := s.After.Std(); i == 0 || after < earliest {
			earliest = after
		}
	}
	return func(elapsed time.Duration) time.Duration { return max(10*time.Second, earliest-elapsed) }
}

// best is the least cost that any schedule can have which knows the distribution (Keller, 1974).
func best(took []time.Duration) float64 {
	sorted, sum := slices.Sorted(slices.Values(took)), 0.0
	n := len(sorted) - 1
	const parts = 40
	for k := range parts {
		width := (sorted[(k+1)*n/parts] - sorted[k*n/parts]).Seconds()
		sum += math.Sqrt(width / parts * (1 - (float64(k)+0.5)/parts))
	}
	return sum * sum / 2
}

func learned(r *rand.Rand) func([]polling.Span) func(time.Duration) time.Duration {
	return func(seen []polling.Span) func(time.Duration) time.Duration {
		s := polling.Learn(defaults(), seen)
		return func(elapsed time.Duration) time.Duration { return s.Next(elapsed, r.Float64()) }
	}
}

func about(r *rand.Rand, minutes, spread float64) float64 {
	return minutes * (1 + spread*(2*r.Float64()-1))
}

// TestLearnedPollsCostLessThanFixedOnes polls changes whose polls know what the changes before took, as far as the
// polls of those could see it, and nothing at first. The bounds leave a few per cent for the luck of the seeds.
func TestLearnedPollsCostLessThanFixedOnes(t *testing.T) {
	t.Parallel()
	const changes, seeds = 100, 2
	for name, tc := range map[string]struct {
		minutes func(r *rand.Rand, i int) float64
		fixed   float64 // most, of the cost of polls every ten seconds
		best    float64 // most, of the cost of the best schedule for what was seen
	}{
		"3 minutes, a spread of 10 %":      {func(r *rand.Rand, _ int) float64 { return about(r, 3, 0.1) }, 0.3, 1.2},
		"10 minutes, a spread of 10 %":     {func(r *rand.Rand, _ int) float64 { return about(r, 10, 0.1) }, 0.2, 1.4},
		"30 minutes, a spread of 10 %":     {func(r *rand.Rand, _ int) float64 { return about(r, 30, 0.1) }, 0.2, 1.4},
		"10 minutes, a deviation of 10 %":  {func(r *rand.Rand, _ int) float64 { return 10 * (1 + 0.1*r.NormFloat64()) }, 0.3, 1.1},
		"ever slower":                      {func(r *rand.Rand, i int) float64 { return about(r, 5+10*float64(i)/changes, 0.05) }, 0.3, 1.1},
		"ever faster":                      {func(r *rand.Rand, i int) float64 { return about(r, 15-10*float64(i)/changes, 0.05) }, 0.3, 1.8},
		"slow hours and fast hours":        {func(r *rand.Rand, i int) float64 { return about(r, 10+5*math.Sin(float64(i)/20), 0.05) }, 0.3, 1.1},
		"two kinds":                        {func(r *rand.Rand, _ int) float64 { return about(r, []float64{3, 12}[r.IntN(2)], 0.1) }, 0.4, 1.1},
		"one in twelve is short":           {func(r *rand.Rand, _ int) float64 { return about(r, []float64{1, 10}[min(1, r.IntN(12))], 0.1) }, 0.5, 1.1},
		"one in twelve is long":            {func(r *rand.Rand, _ int) float64 { return about(r, []float64{40, 10}[min(1, r.IntN(12))], 0.1) }, 0.4, 1.1},
		"wide: 2 to 15 minutes":            {func(r *rand.Rand, _ int) float64 { return about(r, 8.5, 0.76) }, 0.95, 1.1},
		"wide: a factor of 1.6 either way": {func(r *rand.Rand, _ int) float64 { return 10 * math.Exp(0.5*r.NormFloat64()) }, 0.95, 1.1},
		"unlearnable: 0 to 30 minutes":     {func(r *rand.Rand, _ int) float64 { return about(r, 15, 1) }, 1.05, 1.1},
		"unlearnable: without a memory":    {func(r *rand.Rand, _ int) float64 { return 10 * r.ExpFloat64() }, 1.05, 1.1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var even, one, other polled
			var bound float64
			for seed := range uint64(seeds) {
				r := rand.New(rand.NewPCG(seed, 0))
				took := make([]time.Duration, changes)
				for i := range took {
					took[i] = time.Duration(tc.minutes(r, i) * float64(time.Minute))
				}
				even.add(fixed(took), 1.0/seeds)
				one.add(simulate(took, scheduled), 1.0/seeds)
				other.add(simulate(took, learned(r)), 1.0/seeds)
				bound += best(took) / seeds
			}
			t.Logf("%.1f s x %.1f polls: %.2f of fixed ones, %.2f of the best schedule for what was seen, %.2f of what is possible with all known",
				other.lag, other.polls, other.cost()/even.cost(), other.cost()/one.cost(), other.cost()/bound)
			require.LessOrEqual(t, other.cost()/even.cost(), tc.fixed)
			require.LessOrEqual(t, other.cost()/one.cost(), tc.best)
			require.LessOrEqual(t, other.lag, 10.0)
		})
	}
}

// Whatever the durations are like, polls cost less than fixed ones on the whole, and the lag stays short. A sample of 24
// may mislead: a single mixture may cost up to twice as much.
func TestLearnedPollsAreNeverFarWorseThanFixedOnes(t *testing.T) {
	t.Parallel()
	const mixtures = 200
	sum, most, lag := 0.0, 0.0, 0.0
	for seed := range uint64(mixtures) {
		r := rand.New(rand.NewPCG(seed, 0))
		took := mixture(r)
		l := simulate(took, learned(r))
		ratio := l.cost() / fixed(took).cost()
		sum, most, lag = sum+ratio, max(most, ratio), max(lag, l.lag)
	}
	t.Logf("of fixed polls: mean %.2f, at most %.2f; longest mean lag %.1f s", sum/mixtures, most, lag)
	require.Less(t, sum/mixtures, 1.0)
	require.Less(t, most, 2.0)
	require.Less(t, lag, 20.0)
}

// mixture is 24 durations of one to three kinds, each with its own spread.
func mixture(r *rand.Rand) []time.Duration {
	kinds := make([]func() float64, 1+r.IntN(3))
	for i := range kinds {
		minutes, spread := 2+38*r.Float64(), 0.9*r.Float64()
		kinds[i] = func() float64 { return about(r, minutes, spread) }
		if r.IntN(2) == 0 { // a long tail
			kinds[i] = func() float64 { return minutes * math.Exp(spread*r.NormFloat64()) }
		}
	}
	took := make([]time.Duration, 24)
	for i := range took {
		took[i] = time.Duration(kinds[r.IntN(len(kinds))]() * float64(time.Minute))
	}
	return took
}

func TestAChangeThatNeverEndsIsPolledEverLessOften(t *testing.T) {
	t.Parallel()
	for name, seen := range map[string][]polling.Span{"known": spans(590, 600, 610, 620), "nothing known": nil} {
		polls, s := 0, polling.Learn(defaults(), seen)
		for elapsed := time.Duration(0); elapsed < 6*time.Hour; polls++ {
			elapsed += s.Next(elapsed, 0.5)
		}
		require.Less(t, polls, 6*60+240, "%s: polls every ten seconds are 2160", name)
	}
}

func spans(took ...int) (all []polling.Span) {
	for _, s := range took {
		all = append(all, polling.SpanOf(time.Duration(s-10)*time.Second, time.Duration(s)*time.Second))
	}
	return all
}

func TestAPollComesWhereAChangeMayEnd(t *testing.T) {
	t.Parallel()
	alike, kinds := spans(590, 600, 600, 600, 600, 600, 600, 610), spans(60, 590, 600, 600, 600, 600, 600, 610)
	for name, tc := range map[string]struct {
		seen     []polling.Span
		elapsed  int
		from, to int // when the next poll comes, in seconds since the start
	}{
		"nothing seen":                      {nil, 0, 9, 11},
		"nothing seen, later":               {nil, 600, 609, 611},
		"nothing seen, much later":          {nil, 5400, 5458, 5461},
		"no wait at all was seen":           {spans(0, 0), 0, 9, 11},
		"one seen: hardly a hint":           {spans(600), 400, 405, 440},
		"long before the earliest":          {alike, 0, 100, 560},
		"evenly while it may end":           {alike, 592, 597, 603},
		"longer than all others":            {alike, 700, 705, 765},
		"a short one was seen too":          {kinds, 0, 30, 100},
		"but it is not one":                 {kinds, 120, 125, 190},
		"too varied: about even ones":       {spans(100, 300, 500, 700, 900, 1100), 500, 505, 520},
		"its poll came too late: search":    {[]polling.Span{{By: maintenance.Duration(10 * time.Minute)}}, 0, 5, 300},
		"a clock that was set back":         {alike, -100, 0, 560},
		"what is not a span changes little": {append(alike, polling.Span{After: 1}), 592, 597, 603},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, jitter := range []float64{0, 0.5, 1} {
				elapsed := time.Duration(tc.elapsed) * time.Second
				at := elapsed + polling.Learn(defaults(), tc.seen).Next(elapsed, jitter)
				require.GreaterOrEqual(t, at, time.Duration(tc.from)*time.Second)
				require.LessOrEqual(t, at, time.Duration(tc.to)*time.Second)
			}
		})
	}
}

func TestAPollKeepsItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "min")
		high := rapid.Int64Range(low, int64(time.Hour)).Draw(t, "max")
		pace := maintenance.Pace{Min: maintenance.Duration(low), Max: maintenance.Duration(high)}
		wait := rapid.Int64Range(-int64(time.Second), int64(24*time.Hour))
		var seen []polling.Span
		latest := time.Duration(0)
		for range rapid.IntRange(0, 30).Draw(t, "n") {
			s := polling.Span{After: maintenance.Duration(wait.Draw(t, "after")), By: maintenance.Duration(wait.Draw(t, "by"))}
			seen, latest = append(seen, s), max(latest, s.By.Std())
		}
		elapsed := time.Duration(rapid.Int64Range(0, int64(7*24*time.Hour)).Draw(t, "elapsed"))

		next := polling.Learn(pace, seen).Next(elapsed, rapid.Float64Range(0, 1).Draw(t, "jitter"))

		require.GreaterOrEqual(t, next, time.Duration(low)-time.Microsecond, "never more often than the pace")
		past := max(0, latest-elapsed)
		require.LessOrEqual(t, next, max(past, time.Duration(high))+time.Duration(float64(high)*0.1)+time.Microsecond, "beyond all that was seen it is the pace")
	})
}
