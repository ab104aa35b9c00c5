package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/live"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/workflows"
)

// watchCampaign shows a campaign on the whole terminal until the operator leaves.
func (a *app) watchCampaign(cmd *cobra.Command, c session, g campaign, leave bool) error {
	o := liveOptions(g)
	o.Leave, o.In, o.Out = leave, cmd.InOrStdin(), cmd.OutOrStdout()
	last, err := live.Run(cmd.Context(), o, newLiveSource(c, g))
	switch {
	case err != nil && cmd.Context().Err() == nil:
		return fmt.Errorf("%w; follow it in lines with: tidegate watch %s --plain", err, g.name)
	case last.Ended():
		if g, err = findCampaign(cmd.Context(), c, g.workflowID); err != nil {
			return err
		}
		return a.leaveCampaign(cmd, c, g)
	case last.Held != "":
		cmd.PrintErrf("A person has to act: %s\nLook again with: tidegate watch %s\n", last.Held, g.name)
		return endError{statusHeld}
	}
	return fmt.Errorf("no longer followed; the campaign goes on; look again with: tidegate watch %s", g.name)
}

// The size of a picture that is not for a terminal, and how high any is at most.
const (
	onceColumns = 100
	onceLines   = 60
)

// glanceCampaign prints the live view as it is now.
func (a *app) glanceCampaign(cmd *cobra.Command, c session, g campaign) error {
	columns := cmp.Or(printer{out: cmd.OutOrStdout()}.columns(), onceColumns)
	_, picture, err := live.Once(cmd.Context(), liveOptions(g), newLiveSource(c, g), columns, onceLines, time.Now())
	if err != nil {
		return err
	}
	if _, err := lipgloss.Fprintln(cmd.OutOrStdout(), picture); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

func liveOptions(g campaign) live.Options {
	return live.Options{Name: g.name, By: loginName(), May: mayCampaign, MayRun: mayNow}
}

// liveSource is a campaign for the live view, which asks several things at once.
type liveSource struct {
	session
	mu        sync.Mutex
	campaign  campaign
	described time.Time // when Temporal was asked last whether it is open
}

func newLiveSource(c session, g campaign) *liveSource { return &liveSource{session: c, campaign: g} }

// now is the campaign as Temporal described it last, and when.
func (s *liveSource) now() (campaign, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.campaign, s.described
}

// describe asks Temporal for the campaign again.
func (s *liveSource) describe(ctx context.Context) (campaign, error) {
	before, _ := s.now()
	g, err := findCampaign(ctx, s.session, before.workflowID)
	if err != nil {
		return campaign{}, err
	}
	g.name = before.name
	s.mu.Lock()
	defer s.mu.Unlock()
	s.campaign, s.described = g, time.Now()
	return g, nil
}

// Look asks the campaign how far it is. What the campaign cannot say itself, that
// it was terminated, it asks Temporal, seldom.
func (s *liveSource) Look(ctx context.Context) (live.Look, error) {
	g, described := s.now()
	var look live.Look
	asked := g.ask(ctx, s.session, workflows.StatusQuery, &look.Status)
	if asked == nil && look.Phase != fleet.Over && g.open() && time.Since(described) < lookSlowly {
		return look, nil
	}
	g, err := s.describe(ctx)
	switch {
	case err != nil:
		return live.Look{}, errors.Join(asked, err)
	case g.open():
		return look, asked
	}
	return s.left(ctx, g, look)
}

// left is what a campaign that is no longer open has left behind; said is what it
// says of itself, if anything answers for it.
func (s *liveSource) left(ctx context.Context, g campaign, said live.Look) (live.Look, error) {
	result, err := outcome.OfCampaign(ctx, s.GetWorkflow(ctx, g.workflowID, g.runID))
	switch {
	case errors.Is(err, outcome.ErrNoResult):
		said.Gone = err.Error()
		return said, nil
	case err != nil:
		return live.Look{}, err
	}
	said.Result, said.Phase = &result, fleet.Over
	said.Name, said.Submitter, said.Start = result.Name, result.Submitter, result.Start
	said.Counts, said.Waves, said.Failures, said.Decisions = result.Counts, result.Waves, result.Failures, result.Decisions
	said.Running, said.Upcoming, said.Held, said.Asks, said.Next = nil, nil, "", "", time.Time{}
	return said, nil
}

// Rows asks the campaign for some of its targets.
func (s *liveSource) Rows(ctx context.Context, page fleet.Page) (rows []fleet.Row, err error) {
	g, _ := s.now()
	err = g.ask(ctx, s.session, workflows.TargetsQuery, &rows, page)
	return rows, err
}

// Run asks the maintenance of a target.
func (s *liveSource) Run(ctx context.Context, row fleet.Row) (maintenance.Status, error) {
	return readStatus(ctx, s.session, workflows.GatewayWorkflowID(row.Gateway), "")
}

// Details is what tidegate status shows of a target.
func (s *liveSource) Details(ctx context.Context, row fleet.Row, columns int) (string, error) {
	g, _ := s.now()
	r, err := targetOf(ctx, s.session, g, row.Gateway)
	if len(r.Targets) == 0 {
		return "", err
	}
	var text bytes.Buffer
	printer{out: &text, width: columns}.targets(r)
	return text.String(), err
}

// Give gives an order as its command does. A target is named by its gateway's id:
// names may occur more than once.
func (s *liveSource) Give(ctx context.Context, o live.Order) (maintenance.Decision, error) {
	all := orders()
	i := slices.IndexFunc(all, func(one order) bool { return one.update == o.Update })
	if i < 0 {
		return maintenance.Decision{}, fmt.Errorf("there is no order %s", o.Update)
	}
	g := given{order: all[i], in: workflows.CampaignOrder{Order: workflows.Order{By: o.By, Why: o.Why}}}
	switch {
	case o.Run:
		g.gatewayID = o.Target.Gateway
	case o.Target != nil:
		g.in.Target = o.Target.Gateway
		fallthrough
	default:
		to, _ := s.now()
		g.name = to.workflowID
	}
	return g.give(ctx, s.session)
}
