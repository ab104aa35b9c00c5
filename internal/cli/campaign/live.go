package campaign

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/live"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// Watch shows a campaign on the whole terminal until the operator leaves.
func Watch(a *shell.App, cmd *cobra.Command, c operate.Session, g operate.Campaign, exit bool) error {
	o := liveOptions(g)
	o.Leave, o.In, o.Out, o.Typed = exit, cmd.InOrStdin(), printer.Raw(cmd.OutOrStdout()), a.Typed
	last, err := live.Run(cmd.Context(), o, NewSource(c, g))
	switch {
	case err != nil && cmd.Context().Err() == nil && !errors.Is(err, live.ErrInterrupted):
		return fmt.Errorf("to follow it without a live view: tidegate watch %s --plain: %w", g.Name, err)
	case last.Ended():
		if g, err = operate.FindCampaign(cmd.Context(), c, g.WorkflowID); err != nil {
			return err
		}
		return leave(a, cmd, c, g)
	case last.Held != "":
		cmd.PrintErrf("A person has to act: %s\nTo follow it again: tidegate watch %s\n", printer.Line(last.Held), g.Name)
		return shell.EndError{Status: shell.StatusHeld}
	}
	return fmt.Errorf("stopped following the campaign, which keeps running; to follow it again: tidegate watch %s", g.Name)
}

// The size of a picture that is not for a terminal, and how high any is at most.
const (
	onceColumns = 100
	onceLines   = 60
)

// Glance prints the live view as it is now.
func Glance(a *shell.App, cmd *cobra.Command, c operate.Session, g operate.Campaign) error {
	columns := cmp.Or(printer.Printer{Out: cmd.OutOrStdout()}.Columns(), onceColumns)
	_, picture, err := live.Once(cmd.Context(), liveOptions(g), NewSource(c, g), columns, onceLines, time.Now())
	if err != nil {
		return err
	}
	if _, err := lipgloss.Fprintln(printer.Raw(cmd.OutOrStdout()), a.Typed(picture)); err != nil {
		return fmt.Errorf("write the view: %w", err)
	}
	return nil
}

func liveOptions(g operate.Campaign) live.Options {
	return live.Options{Name: g.Name, By: operate.LoginName()}
}

// Source is a campaign for the live view, which asks several things at once.
type Source struct {
	operate.Session
	mu        sync.Mutex
	campaign  operate.Campaign
	described time.Time // when Temporal was asked last whether it is open
}

// NewSource is one of a campaign.
func NewSource(c operate.Session, g operate.Campaign) *Source {
	return &Source{Session: c, campaign: g}
}

// now is the campaign as Temporal described it last, and when.
func (s *Source) now() (operate.Campaign, time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.campaign, s.described
}

// describe asks Temporal for the campaign again.
func (s *Source) describe(ctx context.Context) (operate.Campaign, error) {
	before, _ := s.now()
	g, err := before.Again(ctx, s.Session)
	if err != nil {
		return operate.Campaign{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.campaign, s.described = g, time.Now()
	return g, nil
}

// Status asks the campaign how far it is. What the campaign cannot say itself, that
// it was terminated, it asks Temporal, seldom.
func (s *Source) Status(ctx context.Context) (live.Status, error) {
	g, described := s.now()
	var status live.Status
	asked := g.Ask(ctx, s.Session, api.StatusQuery, &status.Status)
	if asked == nil && status.Phase != fleet.Ended && g.Open() && time.Since(described) < operate.PollSlowly {
		return status, nil
	}
	g, err := s.describe(ctx)
	switch {
	case err != nil:
		return live.Status{}, errors.Join(asked, err)
	case g.Open():
		return status, asked
	}
	return s.left(ctx, g, status)
}

// left is what a campaign that is no longer open has left behind; status is what it
// says of itself, if anything answers for it.
func (s *Source) left(ctx context.Context, g operate.Campaign, status live.Status) (live.Status, error) {
	result, err := endrecord.OfCampaign(ctx, s.GetWorkflow(ctx, g.WorkflowID, g.RunID))
	switch {
	case errors.Is(err, endrecord.ErrNoResult):
		status.Gone = maintenance.Plain(err)
		return status, nil
	case err != nil:
		return live.Status{}, err
	}
	status.Result, status.Phase = &result, fleet.Ended
	status.Name, status.Submitter, status.Start = result.Name, result.Submitter, result.Start
	status.Counts, status.Waves = result.Counts, result.Waves
	status.Failures, status.Decisions = result.Failures, result.Decisions
	status.Running, status.Upcoming, status.Held, status.Approval, status.Next = nil, nil, "", nil, time.Time{}
	return status, nil
}

// Rows asks the campaign for some of its targets.
func (s *Source) Rows(ctx context.Context, page fleet.Page) (rows []fleet.Row, err error) {
	g, _ := s.now()
	err = g.Ask(ctx, s.Session, api.TargetsQuery, &rows, page)
	return rows, err
}

// Run asks the maintenance of a target.
func (s *Source) Run(ctx context.Context, row fleet.Row) (maintenance.Status, error) {
	return operate.ReadStatus(ctx, s.Session, api.GatewayWorkflowID(row.Gateway), "")
}

// Details is the record of a target's last maintenance in the campaign.
func (s *Source) Details(ctx context.Context, row fleet.Row, columns int) (string, error) {
	g, _ := s.now()
	runID, err := operate.RunOf(ctx, s.Session, g, row)
	switch {
	case err != nil:
		return "", err
	case runID == "":
		return "No maintenance of it was started in this campaign.", nil
	}
	r, err := operate.FindMaintenance(ctx, s.Session, row.Gateway, runID)
	if r.Gateway == "" {
		return "", err
	}
	var text bytes.Buffer
	err = errors.Join(err, render.PrintMaintenance(printer.Printer{Out: &text, Width: columns}, r))
	return text.String(), err
}

// Give gives an action as its command does. A target is named by its gateway's id:
// names may occur more than once.
func (s *Source) Give(ctx context.Context, o live.Action) (maintenance.Decision, error) {
	order, ok := action.Of(o.Update)
	if !ok {
		return maintenance.Decision{}, fmt.Errorf("there is no action %s", o.Update)
	}
	k := operate.Command{Action: order, In: api.CampaignAction{Action: api.Action{By: o.By, Why: o.Why}, Check: o.Check}}
	switch {
	case o.Run:
		k.Gateway = o.Target.Gateway
	case o.Target != nil:
		k.In.Target = o.Target.Gateway
		fallthrough
	default:
		k.Found, _ = s.now()
		k.Name = k.Found.Name
	}
	return k.Give(ctx, s.Session)
}
