package planfile

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/strict"
)

// advise warns about what is allowed in a plan, and may not be meant.
func (c *checker) advise() {
	c.adviseWaves()
	c.adviseDeadlines()
	c.adviseApprovals()
	c.adviseBakes()
	c.adviseMutes()
}

// adviseWaves warns about waves that shrink, or that come to more than the fleet:
// someone may have taken the sizes for sums.
func (c *checker) adviseWaves() {
	waves := c.plan.Rollout.Waves
	n := len(c.plan.Targets)
	comes := "the size of this wave alone, not a running total"
	if len(c.plan.Selectors) > 0 {
		n = 0 // not known
	} else {
		comes += fmt.Sprintf("; these waves have %s of %s", sizesText(c.plan.Rollout.WaveSizes(n)), maintenance.Counted(n, "target", "targets"))
	}
	for i := 1; i < len(waves); i++ {
		if smaller(waves[i], waves[i-1], n) {
			c.Warn(fmt.Sprintf("rollout.waves[%d]", i), strict.Fault{
				Value: waves[i].String(), Problem: fmt.Sprintf("is smaller than the wave before it, %s", waves[i-1]), Want: comes,
			})
		}
	}
	for i := range waves {
		if maintenance.Exceed(waves[:i+1], n) {
			c.Warn(fmt.Sprintf("rollout.waves[%d]", i), strict.Fault{
				Value: waves[i].String(), Problem: "and the waves before it add up to more than the whole fleet", Want: comes,
			})
			return
		}
	}
}

// smaller is true where a wave is smaller than another: by what is written, or by what
// it comes to of n targets; n is 0 where it is not known.
func smaller(a, b maintenance.Share, n int) bool { return a.Smaller(b) || a.Of(n) < b.Of(n) }

// sizesText lists sizes: 1, 2 and 5.
func sizesText(sizes []int) string {
	const most = 20
	if more := len(sizes) - most; more > 0 {
		return sizesText(sizes[:most]) + fmt.Sprintf(" (the first %d of %d waves)", most, len(sizes))
	}
	words := make([]string, len(sizes))
	for i, size := range sizes {
		words[i] = fmt.Sprint(size)
	}
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// adviseDeadlines warns about deadlines that are over before one attempt may be.
func (c *checker) adviseDeadlines() {
	p := c.plan.Policy
	for _, deadline := range []struct {
		field string
		value maintenance.Duration
	}{
		{"limits.updateDeadline", p.UpdateDeadline},
		{"limits.snapshotDeadline", p.SnapshotDeadline},
		{"limits.compensationDeadline", p.CompensationDeadline},
		{"proxies.deadline", p.Proxies.Deadline},
	} {
		if deadline.value < p.Attempt {
			c.Warn(deadline.field, strict.Fault{
				Value: deadline.value.String(), Problem: "is shorter than one attempt may take",
				Want: fmt.Sprintf("at least limits.attempt, %s", p.Attempt),
			})
		}
	}
}

// adviseApprovals warns about a campaign that ends before its first window, where nobody
// approves it at once.
func (c *checker) adviseApprovals() {
	if a := c.plan.Approvals; a.Lead > a.TimeLimit {
		c.Warn("approvals.lead", strict.Fault{
			Value: a.Lead.String(), Problem: "is longer than approvals.timeLimit: without an approval in time, the campaign ends before its first window",
			Want: fmt.Sprintf("at most approvals.timeLimit, %s", a.TimeLimit),
		})
	}
}

// aLargeFleet stands for one whose size is not known: whether percentages leave a second wave does not depend on it.
const aLargeFleet = 10_000

// adviseBakes warns about checks at bake that are never asked, since no wave follows that they could keep shut, or only
// once.
func (c *checker) adviseBakes() {
	rollout, n := c.plan.Rollout, len(c.plan.Targets)
	if len(c.plan.Selectors) > 0 {
		n = aLargeFleet
	}
	waves := slices.DeleteFunc(rollout.WaveSizes(n), func(size int) bool { return size == 0 })
	says := strict.Fault{Value: string(health.AtBake)}
	switch {
	case len(waves) < 2:
		says.Problem = "is never asked: there is one wave, and no wave follows that the check could keep shut"
		says.Want = "after or campaign, unless rollout.waves makes several waves"
	case rollout.Bake == 0:
		says.Problem = "is asked only once, when a wave has ended: rollout.bake is 0s"
		says.Want = "after or campaign, unless rollout.bake is given"
	default:
		return
	}
	for i, check := range c.plan.Checks {
		if at := slices.Index(check.At, health.AtBake); at >= 0 {
			c.Warn(fmt.Sprintf("checks[%d].at[%d]", i, at), says)
		}
	}
}

// adviseMutes warns about a mute that is there twice: another may have been meant.
func (c *checker) adviseMutes() {
	for i, mute := range c.plan.Mutes {
		same := func(other health.Mute) bool { return reflect.DeepEqual(mute, other) }
		if first := slices.IndexFunc(c.plan.Mutes, same); first < i {
			twice := strict.Fault{Problem: fmt.Sprintf("is the same as mute[%d]", first), Want: "given once"}
			c.Warn(fmt.Sprintf("mute[%d]", i), twice)
		}
	}
}
