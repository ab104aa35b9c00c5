package operate

import (
	"fmt"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/api"
)

// may are the orders that a gateway would take as it is now, by name.
func (r Record) may() []string {
	switch {
	case r.Status != nil && r.Execution == Running:
		return r.Status.May
	case r.Quarantine != nil:
		return []string{api.ReleaseUpdate}
	}
	return nil
}

// CommandLines are what is typed to give orders, by their names, to a gateway.
func CommandLines(gatewayID string, names []string) (texts []string) {
	for _, name := range names {
		if o, ok := OrderOf(name); ok {
			texts = append(texts, o.line(gatewayID))
		}
	}
	return texts
}

// mostHeld is for how many held targets the commands stand beside the campaign's.
const mostHeld = 3

// heldLines are the commands that resolve what is held in a campaign.
func heldLines(r CampaignRecord) []string {
	if r.Status == nil || r.Execution != Running {
		return nil
	}
	var texts []string
	held := r.Status.HeldRows()
	for _, row := range held[:min(len(held), mostHeld)] {
		texts = append(texts, "tidegate status "+r.handle()+" "+row.Gateway)
		texts = append(texts, maintenance.ResolveCommands(row.Gateway, row.Step)...)
	}
	return texts
}

// campaignLines are what is typed to give orders, by their names, to a campaign.
func campaignLines(name string, names []string) (texts []string) {
	for _, of := range names {
		if o, ok := OrderOf(of); ok {
			texts = append(texts, o.campaignLine(name))
		}
	}
	return texts
}

// endLines are what is typed once a campaign has ended: for its record, and to see why
// the first of those that failed did.
func endLines(r CampaignRecord) []string {
	if r.Result == nil && !r.left {
		return nil
	}
	texts := []string{fmt.Sprintf("tidegate report %s --file %s.html", r.handle(), r.handle())}
	if r.Result != nil && len(r.Result.Failures) > 0 {
		texts = append(texts, fmt.Sprintf("tidegate status %s %s", r.handle(), r.Result.Failures[0].Gateway))
	}
	return texts
}
