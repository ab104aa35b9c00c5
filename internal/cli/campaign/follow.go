package campaign

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows/api"
)

// Attend follows a campaign until it has ended or a person has to act,
// prints its record, and is an endError unless it ended COMPLETED.
func Attend(a *shell.App, cmd *cobra.Command, c operate.Session, g operate.Campaign) error {
	p := render.NewCampaignProgress(cmd.ErrOrStderr())
	err := follow(cmd.Context(), c, g, p)
	p.Close()
	if err != nil {
		return shell.NotFollowed("the campaign", g.Name, err)
	}
	last, err := g.Again(cmd.Context(), c)
	if err != nil {
		return shell.NotFollowed("the campaign", g.Name, err)
	}
	g.Execution = last.Execution
	return leave(a, cmd, c, g)
}

// leave prints the record of a campaign that is no longer followed, since it
// has ended or a person has to act, and is an endError unless it ended COMPLETED.
func leave(a *shell.App, cmd *cobra.Command, c operate.Session, g operate.Campaign) error {
	r, err := operate.ReadCampaign(cmd.Context(), c, g)
	if err := errors.Join(err, render.PrintCampaign(a.Printer(cmd), r)); err != nil {
		return err
	}
	if r.Result == nil {
		cmd.PrintErrf("The campaign is waiting for your input. To follow it again: tidegate watch %s\n", g.Name)
	}
	if status := shell.ExitOfCampaign(r); status != shell.StatusDone {
		return shell.EndError{Status: status}
	}
	return nil
}

// follow shows a campaign's progress until it has ended or a person has to act.
func follow(ctx context.Context, c operate.Session, g operate.Campaign, p *render.CampaignProgress) error {
	ended := func(ctx context.Context) error {
		_, err := endrecord.OfCampaign(ctx, c.GetWorkflow(ctx, g.WorkflowID, g.RunID))
		return err
	}
	var callsRead time.Time
	return shell.Follow(ctx, p, ended, func(now time.Time) (attend bool, err error) {
		var status fleet.Status
		if err := g.Ask(ctx, c, api.StatusQuery, &status); err != nil {
			return false, err
		}
		p.Show(status, now)
		if now.Sub(callsRead) >= operate.PollSlowly {
			callsRead = now
			p.Retried(operate.CallsOf(ctx, c, status.Running))
		}
		return status.Held != "", nil
	})
}
