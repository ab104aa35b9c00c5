package demo

import (
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// promises are what a plan says of the order and the times of its targets.
type promises struct {
	notBefore time.Time // the end of the last freeze
	bake      time.Duration
	most      int        // targets at a time
	apart     [][]string // names of targets of which no two may run at once
}

func promisesOf(p plan.Plan) promises {
	out := promises{bake: p.Rollout.Bake.Std(), most: p.Rollout.MaxConcurrent}
	for _, f := range p.Policy.Freezes {
		out.notBefore = f.To
	}
	sharing := map[string][]string{}
	var keys []string
	for _, t := range p.Targets {
		for _, key := range p.Keys(t) {
			if sharing[key] = append(sharing[key], t.Name); len(sharing[key]) == 2 {
				keys = append(keys, key)
			}
		}
	}
	for _, key := range keys {
		out.apart = append(out.apart, sharing[key])
	}
	return out
}

// broken are the promises that the targets' times break.
func (p promises) broken(rows []fleet.Row) []string {
	var faults []string
	ended := map[int]time.Time{} // when the last target of each wave ended
	for _, r := range rows {
		if r.End.After(ended[r.Wave]) {
			ended[r.Wave] = r.End
		}
	}
	for _, r := range rows {
		if r.Started.IsZero() {
			continue
		}
		if r.Started.Before(p.notBefore) {
			faults = append(faults, r.Name+": started in a freeze")
		}
		if before := ended[r.Wave-1]; !before.IsZero() && r.Started.Before(before.Add(p.bake)) {
			faults = append(faults, fmt.Sprintf("%s: started before wave %d had ended and baked", r.Name, r.Wave-1))
		}
		if n := len(beside(r, rows)); n > p.most {
			faults = append(faults, fmt.Sprintf("%s: started as one of %d at a time, should be %d at most", r.Name, n, p.most))
		}
		for _, other := range beside(r, rows) {
			if other.Name != r.Name && p.bound(r.Name, other.Name) {
				faults = append(faults, fmt.Sprintf("%s: started alongside %s", r.Name, other.Name))
			}
		}
	}
	return faults
}

// alongside are the targets that ran when one started, with itself.
func beside(r fleet.Row, rows []fleet.Row) []fleet.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(other fleet.Row) bool {
		return other.Started.IsZero() || other.Started.After(r.Started) || !other.End.After(r.Started)
	})
}

func (p promises) bound(a, b string) bool {
	return slices.ContainsFunc(p.apart, func(names []string) bool {
		return slices.Contains(names, a) && slices.Contains(names, b)
	})
}
