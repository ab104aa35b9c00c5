package planfile

import (
	"fmt"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/strict"
)

// advise warns about what is allowed in a plan, and may not be meant.
func (c *checker) advise() {
	c.adviseWaves()
	c.adviseDeadlines()
	c.adviseApprovals()
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
