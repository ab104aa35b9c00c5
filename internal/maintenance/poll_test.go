package maintenance_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// polled is how polls of many changes went: the mean lag in seconds, from a change's end to the poll that saw it, and
// the mean number of polls.
type polled struct{ lag, polls float64 }

// cost is what polls are compared by: more of them buy less lag.
func (p polled) cost() float64 { return p.lag * p.polls }

// poll polls changes that take so long, one after another; next is the wait before the next poll.
func poll(took []time.Duration, next func(seen []maintenance.Span, elapsed time.Duration) time.Duration) (out polled) {
	var waits maintenance.Waits
	n := float64(len(took))
	for _, end := range took {
		var before, elapsed time.Duration
		for out.polls += 1 / n; elapsed < end; out.polls += 1 / n { // the first poll comes at once
			before, elapsed = elapsed, elapsed+next(waits.Update, elapsed)
		}
		out.lag += (elapsed - end).Seconds() / n
		waits.Add(maintenance.Waits{Update: []maintenance.Span{maintenance.SpanOf(before, elapsed)}})
	}
	return out
}

// TestLearnedPollsCostLessThanFixedOnes polls two hundred changes whose polls know what the changes before took, as
// far as the polls of those could see it, and nothing at first.
func TestLearnedPollsCostLessThanFixedOnes(t *testing.T) {
	t.Parallel()
	const changes = 200
	about := func(r *rand.Rand, minutes, spread float64) float64 { return minutes * (1 + spread*(2*r.Float64()-1)) }
	for name, tc := range map[string]struct {
		minutes func(r *rand.Rand, i int) float64
		most    float64 // of the cost of polls every ten seconds
	}{
		"3 minutes, a spread of 10 %":      {func(r *rand.Rand, _ int) float64 { return about(r, 3, 0.1) }, 0.3},
		"10 minutes, a spread of 10 %":     {func(r *rand.Rand, _ int) float64 { return about(r, 10, 0.1) }, 0.3},
		"30 minutes, a spread of 10 %":     {func(r *rand.Rand, _ int) float64 { return about(r, 30, 0.1) }, 0.3},
		"10 minutes, a deviation of 10 %":  {func(r *rand.Rand, _ int) float64 { return 10 * (1 + 0.1*r.NormFloat64()) }, 0.4},
		"ever slower":                      {func(r *rand.Rand, i int) float64 { return about(r, 5+10*float64(i)/changes, 0.05) }, 0.3},
		"ever faster":                      {func(r *rand.Rand, i int) float64 { return about(r, 15-10*float64(i)/changes, 0.05) }, 0.3},
		"slow hours and fast hours":        {func(r *rand.Rand, i int) float64 { return about(r, 10+5*math.Sin(float64(i)/20), 0.05) }, 0.5},
		"two kinds":                        {func(r *rand.Rand, _ int) float64 { return about(r, []float64{3, 12}[r.IntN(2)], 0.1) }, 1},
		"one in twelve is short":           {func(r *rand.Rand, _ int) float64 { return about(r, []float64{1, 10}[min(1, r.IntN(12))], 0.1) }, 1},
		"one in twelve is long":            {func(r *rand.Rand, _ int) float64 { return about(r, []float64{40, 10}[min(1, r.IntN(12))], 0.1) }, 1},
		"wide: 4 to 20 minutes":            {func(r *rand.Rand, _ int) float64 { return about(r, 12, 0.67) }, 1},
		"wide: a factor of 1.6 either way": {func(r *rand.Rand, _ int) float64 { return 10 * math.Exp(0.5*r.NormFloat64()) }, 1},
		"unlearnable: 0 to 30 minutes":     {func(r *rand.Rand, _ int) float64 { return about(r, 15, 1) }, 1.25},
		"unlearnable: without a memory":    {func(r *rand.Rand, _ int) float64 { return 10 * r.ExpFloat64() }, 1.25},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pace := defaults().Pace
			var fixed, learned polled
			for seed := range uint64(5) {
				r := rand.New(rand.NewPCG(seed, 0))
				took := make([]time.Duration, changes)
				for i := range took {
					took[i] = time.Duration(tc.minutes(r, i) * float64(time.Minute))
				}
				f := poll(took, func([]maintenance.Span, time.Duration) time.Duration { return 10 * time.Second })
				l := poll(took, func(seen []maintenance.Span, elapsed time.Duration) time.Duration {
					return pace.LearnedPoll(seen, elapsed, r.Float64())
				})
				fixed, learned = polled{fixed.lag + f.lag/5, fixed.polls + f.polls/5}, polled{learned.lag + l.lag/5, learned.polls + l.polls/5}
			}
			t.Logf("every 10s: %.1f s x %.1f polls; learned: %.1f s x %.1f polls: %.2f",
				fixed.lag, fixed.polls, learned.lag, learned.polls, learned.cost()/fixed.cost())
			require.LessOrEqual(t, learned.cost()/fixed.cost(), tc.most)
			require.LessOrEqual(t, learned.lag, 10.0)
		})
	}
}

func TestAChangeThatNeverEndsIsPolledEverLessOften(t *testing.T) {
	t.Parallel()
	pace, polls := defaults().Pace, 0
	seen := spans(590, 600, 610, 620)
	for elapsed := time.Duration(0); elapsed < 6*time.Hour; polls++ {
		elapsed += pace.LearnedPoll(seen, elapsed, 0.5)
	}
	require.Less(t, polls, 6*60+60, "polls every ten seconds are 2160")
}

func spans(took ...int) (all []maintenance.Span) {
	for _, s := range took {
		all = append(all, maintenance.SpanOf(time.Duration(s-10)*time.Second, time.Duration(s)*time.Second))
	}
	return all
}

func TestALearnedPollComesWhereAChangeMayEnd(t *testing.T) {
	t.Parallel()
	pace := defaults().Pace
	alike, kinds := spans(590, 600, 600, 600, 600, 600, 600, 610), spans(60, 590, 600, 600, 600, 600, 600, 610)
	for name, tc := range map[string]struct {
		seen     []maintenance.Span
		elapsed  int
		from, to int // when the next poll comes, in seconds since the start
	}{
		"nothing seen":                      {nil, 0, 4, 6},
		"nothing seen, later":               {nil, 600, 648, 672},
		"no wait at all was seen":           {spans(0, 0), 0, 4, 6},
		"one seen: a wide margin":           {spans(600), 400, 415, 500},
		"shortly before the earliest":       {alike, 430, 500, 580},
		"evenly while it may end":           {alike, 590, 595, 605},
		"longer than all others":            {alike, 700, 704, 706},
		"far longer than all others":        {alike, 3700, 3748, 3772},
		"a short one was seen too":          {kinds, 0, 40, 75},
		"but it is not one":                 {kinds, 90, 140, 580},
		"too varied: even ones":             {spans(100, 300, 500, 700, 900, 1100), 500, 509, 511},
		"its poll came too late: search":    {[]maintenance.Span{{By: maintenance.Duration(10 * time.Minute)}}, 0, 10, 300},
		"a clock that was set back":         {alike, -100, 0, 480},
		"what is not a span changes little": {append(alike, maintenance.Span{After: 1}), 590, 595, 605},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, jitter := range []float64{0, 0.5, 1} {
				elapsed := time.Duration(tc.elapsed) * time.Second
				at := elapsed + pace.LearnedPoll(tc.seen, elapsed, jitter)
				require.GreaterOrEqual(t, at, time.Duration(tc.from)*time.Second)
				require.LessOrEqual(t, at, time.Duration(tc.to)*time.Second)
			}
		})
	}
}

func TestALearnedPollKeepsItsBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Int64Range(int64(time.Millisecond), int64(time.Hour)).Draw(t, "min")
		high := rapid.Int64Range(low, int64(time.Hour)).Draw(t, "max")
		pace := maintenance.Pace{Min: maintenance.Duration(low), Max: maintenance.Duration(high)}
		wait := rapid.Int64Range(-int64(time.Second), int64(24*time.Hour))
		var seen []maintenance.Span
		latest := time.Duration(0)
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			s := maintenance.Span{After: maintenance.Duration(wait.Draw(t, "after")), By: maintenance.Duration(wait.Draw(t, "by"))}
			seen, latest = append(seen, s), max(latest, s.By.Std())
		}
		elapsed := time.Duration(rapid.Int64Range(0, int64(7*24*time.Hour)).Draw(t, "elapsed"))

		next := pace.LearnedPoll(seen, elapsed, rapid.Float64Range(0, 1).Draw(t, "jitter"))

		require.GreaterOrEqual(t, next, time.Duration(float64(low)*0.8)-time.Microsecond, "never more often than the pace")
		past := max(0, 2*latest-elapsed)
		require.LessOrEqual(t, next, past+time.Duration(float64(high)*1.2)+time.Microsecond, "beyond all that was seen it is the pace")
	})
}

func TestWaitsKeepTheLastFew(t *testing.T) {
	t.Parallel()
	var w maintenance.Waits
	w.Add(maintenance.Waits{Snapshot: spans(10, 20, 30)})
	require.Equal(t, maintenance.Waits{Snapshot: spans(20, 30)}, w, "of one run")
	before := w
	for i := range 20 {
		w.Add(maintenance.Waits{Snapshot: spans(100 + i), Update: spans(i), Proxy: spans(50)})
	}
	require.Equal(t, spans(20, 30), before.Snapshot)
	require.Len(t, w.Snapshot, 16)
	require.Equal(t, spans(119), w.Snapshot[15:])
	require.Equal(t, spans(4), w.Update[:1])
	require.Len(t, w.Proxy, 16)
}

func TestASpanIsShortText(t *testing.T) {
	t.Parallel()
	for text, span := range map[string]maintenance.Span{
		`"9m..9m12s"`:   maintenance.SpanOf(9*time.Minute+400*time.Millisecond, 9*time.Minute+12*time.Second+1),
		`"0s..40ms"`:    maintenance.SpanOf(0, 40*time.Millisecond+1),
		`"59.5s..1m1s"`: {After: maintenance.Duration(59500 * time.Millisecond), By: maintenance.Duration(61 * time.Second)},
	} {
		out, err := json.Marshal(span)
		require.NoError(t, err)
		require.Equal(t, text, string(out))
		var back maintenance.Span
		require.NoError(t, json.Unmarshal(out, &back))
		require.Equal(t, span, back)
	}
	for _, text := range []string{`"9m"`, `"..9m"`, `"9m.."`, `"a..b"`} {
		require.Error(t, json.Unmarshal([]byte(text), new(maintenance.Span)), text)
	}
}
