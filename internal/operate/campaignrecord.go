package operate

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/workflows/api"
)

// CampaignRecord is what run, watch and status print of a campaign. Its fields
// are added to, and never renamed.
type CampaignRecord struct {
	Campaign   string        `json:"campaign"` // its name
	WorkflowID string        `json:"workflowId"`
	RunID      string        `json:"runId"`
	Execution  string        `json:"execution"`        // Temporal's word, such as Running, Failed or Terminated
	Status     *fleet.Status `json:"status,omitempty"` // while it runs
	Result     *fleet.Result `json:"result,omitempty"` // once it has ended
	Targets    []fleet.Row   `json:"targets,omitzero"` // those that were asked for
	// Calls are those in progress of the running targets of which an attempt has failed.
	Calls []maintenance.Call `json:"calls,omitempty"`
	// Run is the last maintenance of the one target that was asked for, in this
	// campaign.
	Run *Record `json:"run,omitempty"`
	// May are the orders that it would take now.
	May []string `json:"may,omitempty"`

	lists bool // only Targets are to be printed
	one   bool // only the one target, and Run
	left  bool // it has ended, and left no result
}

// ReadCampaign reads what a campaign says of itself, or what it has left behind.
func ReadCampaign(ctx context.Context, c Session, g Campaign) (CampaignRecord, error) {
	r := CampaignRecord{Campaign: g.Name, WorkflowID: g.WorkflowID, RunID: g.RunID, Execution: g.Execution.String()}
	if !g.Open() {
		result, err := outcome.OfCampaign(ctx, c.GetWorkflow(ctx, g.WorkflowID, g.RunID))
		switch {
		case err == nil:
			r.Result, r.Campaign = &result, cmp.Or(result.Name, g.Name)
			return r, nil
		case !errors.Is(err, outcome.ErrNoResult):
			return r, err
		}
		r.left = true
		_ = r.ask(ctx, c, g) //nolint:errcheck // what it has left behind needs no worker
		return r, err
	}
	err := r.ask(ctx, c, g)
	if r.Status != nil {
		r.May, r.Calls = r.Status.May, CallsOf(ctx, c, r.Status.Running)
	}
	return r, err
}

// ask fills in what a campaign says of itself, also one that was terminated.
func (r *CampaignRecord) ask(ctx context.Context, c Session, g Campaign) error {
	var status fleet.Status
	if err := g.Ask(ctx, c, api.StatusQuery, &status); err != nil {
		return err
	}
	r.Status, r.Campaign = &status, cmp.Or(status.Name, g.Name)
	return nil
}

// handle is what the campaign is called on a command line: the name by which it
// was found, unless its workflow has another id.
func (r CampaignRecord) handle() string {
	if r.WorkflowID == api.CampaignWorkflowID(r.Campaign) {
		return r.Campaign
	}
	return r.WorkflowID
}

// Listing is the record of a campaign of which only targets are to be printed.
func Listing(g Campaign) CampaignRecord {
	return CampaignRecord{Campaign: g.Name, WorkflowID: g.WorkflowID, RunID: g.RunID, Execution: g.Execution.String(), lists: true}
}

// TargetOf is one target of a campaign, with the record of its maintenance where
// that belongs to this campaign.
func TargetOf(ctx context.Context, c Session, g Campaign, target string) (CampaignRecord, error) {
	r := Listing(g)
	if err := g.Ask(ctx, c, api.TargetsQuery, &r.Targets, fleet.Page{Count: 1, Target: target}); err != nil {
		return CampaignRecord{}, err
	}
	if len(r.Targets) == 0 {
		return CampaignRecord{}, MissingError{fmt.Errorf("there is no target %s in the campaign %s; see tidegate status %s --all", target, g.Name, g.Name)}
	}
	r.one = true
	runID, err := runOf(ctx, c, g, r.Targets[0])
	if err != nil || runID == "" {
		return r, err
	}
	run, err := FindMaintenance(ctx, c, r.Targets[0].Gateway, runID)
	r.Run = &run
	return r, err
}

// Empty is true where a campaign that was to be read has said nothing.
func (r CampaignRecord) Empty() bool {
	return r.Status == nil && r.Result == nil && !r.lists && !r.left
}
