// Package record has what is known of a campaign or a maintenance: what commands print as JSON and
// YAML, and what internal/cli/render turns into tables. internal/operate fills it; it reads nothing
// itself.
package record

import (
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// Campaign is what run, watch and status print of a campaign. Its fields
// are added to, and never renamed.
type Campaign struct {
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
	Run *Maintenance `json:"run,omitempty"`
	// May are the actions that it would take now.
	May []string `json:"may,omitempty"`

	Part Part `json:"-"` // that is to be printed
	Left bool `json:"-"` // it has ended, and left no result
}

// Part is what is to be printed of a campaign.
type Part int

// The parts.
const (
	Whole     Part = iota // all that it says of itself
	Targets               // those of its targets that were asked for
	OneTarget             // one of them, and its maintenance
)

// Handle is what the campaign is called on a command line: the name by which it
// was found, unless its workflow has another id.
func (r Campaign) Handle() string {
	if r.WorkflowID == api.CampaignWorkflowID(r.Campaign) {
		return r.Campaign
	}
	return r.WorkflowID
}

// Empty is true where a campaign that was to be read has said nothing.
func (r Campaign) Empty() bool {
	return r.Status == nil && r.Result == nil && r.Part == Whole && !r.Left
}

// Running is Temporal's word for what has not ended.
const Running = "Running"

// Maintenance is what run, watch and status print. Its fields are added to, and never
// renamed.
type Maintenance struct {
	Gateway    string              `json:"gateway"` // sgw-...
	WorkflowID string              `json:"workflowId,omitempty"`
	RunID      string              `json:"runId,omitempty"`
	Execution  string              `json:"execution,omitempty"` // Temporal's word, such as Running, Failed or Terminated
	Status     *maintenance.Status `json:"status,omitempty"`    // while it runs
	Result     *maintenance.Result `json:"result,omitempty"`    // once it has ended
	// Calls are those in progress of a run that does not say them itself, for want of a
	// worker.
	Calls []maintenance.Call `json:"calls,omitempty"`
	// Quarantine is what keeps later runs from the gateway.
	Quarantine *maintenance.Quarantine `json:"quarantine,omitempty"`
	// May are the actions that it would take now: approve, retry, skip, abort, release.
	May []string `json:"may,omitempty"`
}
