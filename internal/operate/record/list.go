package record

import "time"

// CampaignLine is one line of list. Its fields are added to, and never renamed.
type CampaignLine struct {
	Campaign   string `json:"campaign"` // by which the other commands know it
	WorkflowID string `json:"workflowId"`
	RunID      string `json:"runId"`
	Execution  string `json:"execution"`       // Temporal's word, such as Running or Failed
	State      string `json:"state,omitempty"` // once it has ended: COMPLETED, PARTIAL, ABORTED or EXPIRED
	// Blocker is what keeps one that runs: approval, pause, failure (a person has to
	// act) or window.
	Blocker string    `json:"blocker,omitempty"`
	Start   time.Time `json:"start"`
	End     time.Time `json:"end,omitzero"`
}
