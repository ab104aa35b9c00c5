package campaign

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/workflows/api"
)

// Attend follows a campaign until it has ended or a person has to act,
// prints its record, and is an endError unless it ended COMPLETED.
func Attend(a *shell.App, cmd *cobra.Command, c operate.Session, g operate.Campaign) error {
	p := render.NewCampaignProgress(cmd.ErrOrStderr())
	execution, err := follow(cmd.Context(), c, g, p)
	p.Close()
	if err != nil {
		return shell.NotFollowed("the campaign", g.Name, err)
	}
	g.Execution = execution
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
		cmd.PrintErrf("The campaign goes on once it is told to; to look again: tidegate watch %s\n", g.Name)
	}
	if status := shell.ExitOfCampaign(r); status != shell.StatusDone {
		return shell.EndError{Status: status}
	}
	return nil
}

// follow shows a campaign's progress until it has ended or a person has
// to act, and says how it then is. The campaign does not depend on being followed.
func follow(
	ctx context.Context, c operate.Session, g operate.Campaign, p *render.CampaignProgress,
) (enumspb.WorkflowExecutionStatus, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := outcome.OfCampaign(ctx, c.GetWorkflow(ctx, g.WorkflowID, g.RunID))
		ended <- err
	}()
	tick := time.NewTicker(operate.LookEvery)
	defer tick.Stop()
	var looked, retriesRead time.Time
	for {
		select {
		case err := <-ended:
			if ctx.Err() != nil {
				return 0, shell.ErrLeft
			}
			if err != nil && !errors.Is(err, outcome.ErrNoResult) {
				return 0, err
			}
			last, err := g.Again(ctx, c)
			return last.Execution, err
		case now := <-tick.C:
			if p.Patient(now) && now.Sub(looked) < operate.LookSlowly {
				p.Redraw(now)
				continue
			}
			looked = now
			var status fleet.Status
			if err := g.Ask(ctx, c, api.StatusQuery, &status); err != nil {
				p.Silent(maintenance.Plain(err))
				continue
			}
			p.Show(status, now)
			if now.Sub(retriesRead) >= operate.LookSlowly {
				retriesRead = now
				p.Retried(operate.CallsOf(ctx, c, status.Running))
			}
			if status.Held != "" {
				return g.Execution, nil
			}
		}
	}
}
