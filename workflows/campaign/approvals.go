package campaign

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

func (c *campaign) approve(in api.CampaignAction, _ *fleet.Entry, now time.Time) (func(), error) {
	if d := c.discovery; d != nil {
		return nil, fmt.Errorf("the fleet is still being read: %s", d.doing)
	}
	if in.Target != "" || in.Check != "" || in.MaxConcurrent != 0 || !in.NotBefore.IsZero() {
		return nil, errors.New("an approval is of the campaign, or of its next wave, alone: leave out target, check, maxConcurrent " +
			"and notBefore")
	}
	if in.Signature != nil { // it is verified first
		return func() {}, nil
	}
	consent, err := c.fleet().Consent(in.By, webui.CutNote(in.Why), in.Verified, now)
	return func() { c.Consents = append(c.Consents, consent) }, err
}

// approvalOf notes in an approval what it is for, before it counts.
func (c *campaign) approvalOf(ctx workflow.Context, d *maintenance.Decision) {
	if needed := c.fleet().Approval(workflow.Now(ctx)); needed != nil {
		d.Wave, d.Note = needed.Wave, needed.OneMore()
	}
}

// expire stops a campaign whose approval did not come in time.
func (c *campaign) expire(now time.Time) {
	f := c.fleet()
	deadline := f.ApprovalDeadline()
	if c.Life.Stopped() != "" || deadline.IsZero() || now.Before(deadline) {
		return
	}
	if needed := f.Approval(now); needed != nil {
		c.stop(fleet.HaltedByExpiry, fmt.Sprintf("%s was not approved within %s: %s",
			needed.Subject(), f.Approvals.TimeLimit, needed.Tally()), nil)
	}
}
