package render

import (
	"cmp"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// PrintCampaigns prints the campaigns of a namespace, a row each.
func PrintCampaigns(p printer.Printer, campaigns []record.CampaignLine, namespace string) {
	if len(campaigns) == 0 {
		p.Linef("no campaigns in namespace %s; to start one: tidegate run FILE", namespace)
		return
	}
	rows := make([][]string, 0, len(campaigns))
	for _, l := range campaigns {
		state := cmp.Or(l.State, strings.ToLower(l.Execution))
		rows = append(rows, []string{
			l.Campaign, state, cmp.Or(l.Blocker, "-"), printer.ClockOrDash(l.Start), printer.ClockOrDash(l.End), l.WorkflowID,
		})
	}
	p.Table([]string{"CAMPAIGN", "STATE", "BLOCKER", "START", "END", "WORKFLOW"}, rows)
}

// Answered is what a campaign said to an action that was given to all.
type Answered struct {
	Campaign string                `json:"campaign"`
	Decision *maintenance.Decision `json:"decision,omitempty"` // it applied
	Left     string                `json:"left,omitempty"`     // why it was skipped
	Error    string                `json:"error,omitempty"`    // it did not apply
}

// PrintAnswers prints what each campaign answered to an update that was sent to all of them.
func PrintAnswers(p printer.Printer, answers []Answered, past, update, why, namespace string) {
	if len(answers) == 0 {
		p.Linef("no running campaigns in namespace %s", namespace)
		return
	}
	for _, answer := range answers {
		switch {
		case answer.Decision != nil:
			p.Linef("%s: %s by %s at %s", answer.Campaign, past, answer.Decision.By, printer.Clock(&answer.Decision.At))
		case answer.Left != "":
			p.Linef("%s: skipped: %s", answer.Campaign, answer.Left)
		default:
			p.Linef("%s: %s", answer.Campaign, answer.Error)
		}
	}
	if update == api.PauseUpdate {
		p.Linef("")
		p.Linef("to undo: tidegate resume --all --paused-for %s --why TEXT", printer.ShellWord(why))
	}
}
