package operate

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/workflows/api"
)

// ReadCampaign reads what a campaign says of itself, or what it has left behind.
func ReadCampaign(ctx context.Context, c Session, g Campaign) (record.Campaign, error) {
	r := record.Campaign{Campaign: g.Name, WorkflowID: g.WorkflowID, RunID: g.RunID, Execution: g.Execution.String()}
	if !g.Open() {
		result, err := endrecord.OfCampaign(ctx, c.GetWorkflow(ctx, g.WorkflowID, g.RunID))
		switch {
		case err == nil:
			r.Result, r.Campaign = &result, cmp.Or(result.Name, g.Name)
			return r, nil
		case !errors.Is(err, endrecord.ErrNoResult):
			return r, err
		}
		r.Left = true
		_ = askCampaign(ctx, c, g, &r) // what it has left behind needs no worker
		return r, err
	}
	err := askCampaign(ctx, c, g, &r)
	if r.Status != nil {
		r.May, r.Calls = r.Status.May, CallsOf(ctx, c, r.Status.Running)
	}
	return r, err
}

// askCampaign fills in what a campaign says of itself, also one that was terminated.
func askCampaign(ctx context.Context, c Session, g Campaign, r *record.Campaign) error {
	var status fleet.Status
	if err := g.Ask(ctx, c, api.StatusQuery, &status); err != nil {
		return err
	}
	r.Status, r.Campaign = &status, cmp.Or(status.Name, g.Name)
	return nil
}

// TargetOf is one target of a campaign, with the record of its maintenance where
// that belongs to this campaign.
func TargetOf(ctx context.Context, c Session, g Campaign, target string) (record.Campaign, error) {
	r := Listing(g)
	if err := g.Ask(ctx, c, api.TargetsQuery, &r.Targets, fleet.Page{Count: 1, Target: target}); err != nil {
		return record.Campaign{}, err
	}
	if len(r.Targets) == 0 {
		return record.Campaign{}, MissingError{fmt.Errorf("no target %s in the campaign %s; see tidegate status %s --all", target, g.Name, g.Name)}
	}
	r.Part = record.OneTarget
	runID, err := RunOf(ctx, c, g, r.Targets[0])
	if err != nil || runID == "" {
		return r, err
	}
	run, err := FindMaintenance(ctx, c, r.Targets[0].Gateway, runID)
	r.Run = &run
	return r, err
}

// Listing is the record of a campaign of which only targets are to be printed.
func Listing(g Campaign) record.Campaign {
	return record.Campaign{
		Campaign: g.Name, WorkflowID: g.WorkflowID, RunID: g.RunID, Execution: g.Execution.String(),
		Part: record.Targets,
	}
}
