package fleet

import (
	"math"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Measured is how long the pieces of a campaign's work took so far.
type Measured struct {
	Update   Sample `json:"update,omitzero"`
	Snapshot Sample `json:"snapshot,omitzero"`
	Proxy    Sample `json:"proxy,omitzero"`
}

// Sample is the last few durations of one piece of work, the newest last.
type Sample struct {
	Last []maintenance.Duration `json:"last,omitempty"`
}

// A sample speaks from the third duration on; it forgets all but the last 32, so
// that a cloud's slow hour is not held against the rest of the campaign.
const (
	fewest = 3
	most   = 32
)

// Add takes in how long one piece took. Below zero, which a clock that was set
// back can give, counts as zero.
func (s *Sample) Add(d time.Duration) {
	kept := s.Last[max(0, len(s.Last)-most+1):]
	// The clone keeps copies of a fleet from sharing what they have measured.
	s.Last = append(slices.Clone(kept), maintenance.Duration(max(0, d)))
}

// expect is the 90th percentile of the sample, which nine in ten do not exceed;
// of too small a sample it is what the plan says.
func (s Sample) expect(planned maintenance.Duration) time.Duration {
	n := len(s.Last)
	if n < fewest {
		return max(0, planned.Std())
	}
	sorted := slices.Sorted(slices.Values(s.Last))
	return max(0, sorted[(9*n+9)/10-1].Std())
}

// Forecast is how long an entry's work is expected to take, from its starting:
// the sum of its pieces, each as long as this campaign has measured, or as the
// plan says where it has measured too little. Where nothing is to be done: 0. What
// was measured keeps nobody out for good: it counts for no more than nine tenths of
// what a window leaves before its cutoff, unless the plan itself says more.
func (f Fleet) Forecast(e Entry) time.Duration { return f.pace().of(e.Work) }

// pace is how long work is expected to take.
type pace struct {
	planned, measured pieces
	most              time.Duration // that what was measured counts for; 0: no limit
}

// pieces is how long each piece of work takes.
type pieces struct{ update, snapshot, proxy time.Duration }

func (f Fleet) pace() pace {
	planned := f.Rollout.Forecast
	return pace{
		planned: pieces{max(0, planned.Update.Std()), max(0, planned.Snapshot.Std()), max(0, planned.Proxy.Std())},
		measured: pieces{
			update:   f.Measured.Update.expect(planned.Update),
			snapshot: f.Measured.Snapshot.expect(planned.Snapshot),
			proxy:    f.Measured.Proxy.expect(planned.Proxy),
		},
		most: max(0, f.Rules.Length-f.Rules.Cutoff) / 10 * 9,
	}
}

func (p pace) of(w Work) time.Duration {
	if w.IsZero() {
		return 0
	}
	need := p.measured.sum(w)
	if p.most > 0 {
		need = min(need, max(p.most, p.planned.sum(w)))
	}
	return need
}

func (p pieces) sum(w Work) time.Duration {
	sum := plus(times(w.Snapshots, p.snapshot), times(w.Proxies, p.proxy))
	if w.Update {
		sum = plus(sum, p.update)
	}
	return sum
}

// times and plus end at the longest duration there is: what is absurdly long
// must not come out below zero, and so fit into every window.
func times(n int, d time.Duration) time.Duration {
	if n <= 0 {
		return 0
	}
	if d > math.MaxInt64/time.Duration(n) {
		return math.MaxInt64
	}
	return time.Duration(n) * d
}

func plus(a, b time.Duration) time.Duration {
	return a + min(b, math.MaxInt64-a)
}
