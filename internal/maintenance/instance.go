package maintenance

import (
	"fmt"
	"time"
)

// InstanceHold says which run works on a DB instance. While it stands, no other run of
// the namespace starts anything on a proxy of that instance.
type InstanceHold struct {
	InstanceID string    `json:"instanceId"` // 36 characters, ending in in07
	Target     string    `json:"target"`
	Gateway    string    `json:"gateway"` // sgw-...
	Campaign   string    `json:"campaign,omitempty"`
	WorkflowID string    `json:"workflowId"` // of the run that holds it
	RunID      string    `json:"runId"`
	Since      time.Time `json:"since"`
}

// String says who holds the instance, for people.
func (h InstanceHold) String() string {
	run := "run " + h.WorkflowID
	if h.Campaign != "" {
		run += " of campaign " + h.Campaign
	}
	return fmt.Sprintf("DB instance %s is in use by %s (target %s) since %s", h.InstanceID, run, h.Target, h.Since.UTC().Format(time.RFC3339))
}
