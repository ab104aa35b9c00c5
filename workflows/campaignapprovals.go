package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// approved is how many waves may open; negative: all. A wave that ended without
// an approval had nothing to be done: nobody needs to agree to it.
func (c *campaign) approved() int {
	a := c.in.Plan.Approvals
	if a.Count == 0 {
		return -1
	}
	left := c.left()
	for wave := 0; ; wave++ {
		agreed := c.consents(wave) >= a.Count
		switch {
		case agreed && !a.EachWave:
			return -1
		case !agreed && (wave >= len(left) || left[wave] > 0):
			return wave
		}
	}
}

// left is how many targets of each wave have not ended.
func (c *campaign) left() []int {
	var left []int
	for i := range c.Entries {
		e := &c.Entries[i]
		for len(left) <= e.Wave {
			left = append(left, 0)
		}
		if !e.State.Ended() {
			left[e.Wave]++
		}
	}
	return left
}

func (c *campaign) consents(wave int) (n int) {
	for _, a := range c.Approvals {
		if a.Wave == wave {
			n++
		}
	}
	return n
}

func (c *campaign) mayApprove(o CampaignOrder) error {
	switch a := c.in.Plan.Approvals; {
	case a.Count == 0:
		return errors.New("the plan asks for no approval")
	case c.Asked.IsZero():
		return errors.New("nothing waits for an approval now: see the status")
	case same(o.By, c.in.Submitter) && !a.SubmitterMayApprove:
		return fmt.Errorf("%s has started the campaign: somebody else has to approve it (approvals.submitterMayApprove)", o.By)
	}
	for _, a := range c.Approvals {
		if a.Wave == c.approved() && same(a.By, o.By) {
			return fmt.Errorf("%s has approved already, and %d different people have to", o.By, c.in.Plan.Approvals.Count)
		}
	}
	return nil
}

// same is true for two names of one person.
func same(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b)) }

func (c *campaign) approve(_ workflow.Context, o CampaignOrder) {
	wave := c.approved()
	c.Approvals = append(c.Approvals, approval{Wave: wave, By: o.By})
	if c.approved() != wave {
		c.Asked = time.Time{} // whoever approves now as well does not mean the next wave
	}
}

// ask notes since when an approval is waited for.
func (c *campaign) ask(now time.Time) {
	waits := false
	for _, w := range c.turn.Waits {
		waits = waits || w.Blocker == maintenance.BlockedByApproval
	}
	switch {
	case !waits:
		c.Asked = time.Time{}
	case c.Asked.IsZero():
		c.Asked = now
	}
}

// timeToApprove is how long an approval is waited for.
func (c *campaign) timeToApprove() maintenance.Duration {
	return cmp.Or(c.in.Plan.Approvals.TimeLimit, maintenance.Duration(7*24*time.Hour))
}

// expire stops a campaign whose approval did not come in time.
func (c *campaign) expire(now time.Time) {
	limit := c.timeToApprove()
	if c.Stopped == "" && !c.Asked.IsZero() && !now.Before(c.Asked.Add(limit.Std())) {
		c.Expired = true
		c.stop(fmt.Sprintf("wave %d was not approved within %s", c.approved()+1, limit), nil)
	}
}
