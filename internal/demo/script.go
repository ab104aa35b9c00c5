package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/workflows/api"
)

const (
	// showFirst is how long people are left to see what waits for a person,
	// before the demo decides.
	showFirst = 5 * time.Second
	// person is who decides. The campaign's submitter may not.
	person = "night-shift"
	// notice is how long before a moved window's start the campaign learns of it:
	// several times the plan's windowRecheck.
	notice = 12 * time.Second
)

// script is what the demo does while the campaign runs: what people would.
type script struct {
	campaign *campaign
	clouds   *aws.Cloud
	ask      bool                 // the approval is the user's
	since    map[string]time.Time // what waits for a person, and since when it was seen to
	moved    bool
	now      func() time.Time
}

func newScript(c *campaign, clouds *aws.Cloud, ask bool) *script {
	return &script{campaign: c, clouds: clouds, ask: ask, since: map[string]time.Time{}, now: time.Now}
}

// act does what is to be done at a moment.
func (s *script) act(ctx context.Context, m observation) error {
	return errors.Join(s.approve(ctx, m), s.decide(ctx, m), s.waive(ctx, m), s.endBackup(m), s.moveWindows(m))
}

func (s *script) approve(ctx context.Context, m observation) error {
	if !m.campaign.Asks() || s.ask || !s.due("the campaign") {
		return nil
	}
	return s.campaign.order(ctx, "", decision{update: api.ApproveUpdate, why: "the plan looks right"})
}

// waive lets the check not count that has failed while the canary baked. Any other that fails ends the demo.
func (s *script) waive(ctx context.Context, m observation) error {
	for _, c := range m.campaign.Checks {
		if c.Wave != 1 || c.State != health.Failed || !slices.Equal(c.Targets, []string{bakeFails}) {
			return fmt.Errorf("the check %q keeps the campaign, which it should not: %s", c.Check, c.Reason)
		}
		if s.due("the bake") {
			return s.campaign.order(ctx, "", decision{
				update: api.WaiveUpdate, check: c.Check, target: bakeFails,
				why: "the errors are those of the new client, see INC-77",
			})
		}
	}
	return nil
}

// endBackup lets the cache be clean that keeps a target, once that was seen.
func (s *script) endBackup(m observation) error {
	for _, target := range members() {
		run := m.runs[target.name]
		if run.Blocker != maintenance.BlockedByCheck {
			continue
		}
		if !target.dirty {
			return fmt.Errorf("%s is kept by a check, which it should not be: %s", target.name, run.Reason)
		}
		if s.due(target.name) {
			if err := s.clouds.SetCache(target.gateway(), aws.Load{Percent: 1}); err != nil {
				return fmt.Errorf("end the backup to %s: %w", target.name, err)
			}
		}
	}
	return nil
}

// decide decides about targets of which a step has failed. One that should not
// fail ends the demo.
func (s *script) decide(ctx context.Context, m observation) error {
	for _, target := range members() {
		run := m.runs[target.name]
		if run.Blocker != maintenance.BlockedByHold {
			continue
		}
		if target.decide == nil {
			return fmt.Errorf("%s is held, which it should not be: %s", target.name, run.Reason)
		}
		if !s.due(target.name) {
			continue
		}
		if err := s.campaign.order(ctx, target.gateway(), *target.decide); err != nil {
			return err
		}
	}
	return nil
}

// due is true once, when a thing has been seen to wait for long enough.
func (s *script) due(name string) bool {
	first, seen := s.since[name]
	switch {
	case !seen:
		s.since[name] = s.now()
		return false
	case first.IsZero() || s.now().Sub(first) < showFirst:
		return false
	}
	s.since[name] = time.Time{}
	return true
}

// moveWindows moves the windows that are to be moved, once there is room for all
// that wait: AWS must not be given more of a start than the plan gives it.
func (s *script) moveWindows(m observation) error {
	var ids []string
	for _, target := range members() {
		if target.moved {
			ids = append(ids, target.gateway())
		}
	}
	c := m.campaign
	if s.moved || c.Counts.Total == 0 || c.Counts.Waiting+c.Counts.InProgress() > c.MaxConcurrent {
		return nil
	}
	s.moved = true
	for _, id := range ids {
		if err := s.clouds.MoveWindow(id, aws.Window{OpensIn: notice}); err != nil {
			return fmt.Errorf("move the window of %s: %w", id, err)
		}
	}
	return nil
}
