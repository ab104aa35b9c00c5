package campaign

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/record"
)

// StatusFlags say which of a campaign's targets are to be shown.
type StatusFlags struct {
	all    bool
	states []string
}

// Register adds the flags to a command.
func (f *StatusFlags) Register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.all, "all", false, "list all targets of the campaign")
	cmd.Flags().StringSliceVar(&f.states, "state", nil, "list the campaign's targets in these states, such as waiting,failed")
}

// Wanted are the states that the flags ask for, with what is wrong with them.
func (f *StatusFlags) Wanted() (states []fleet.State, err error) {
	var errs []error
	for _, text := range f.states {
		state := fleet.State(strings.TrimSpace(text))
		switch state {
		case fleet.Waiting, fleet.Armed, fleet.Running, fleet.Held,
			fleet.Succeeded, fleet.Failed, fleet.Skipped, fleet.UpToDate:
			states = append(states, state)
		default:
			errs = append(errs, maintenance.Invalid("--state", text, "waiting, armed, running, held, succeeded, failed, skipped or up-to-date"))
		}
	}
	return states, errors.Join(errs...)
}

// Lists is true where the targets are asked for too.
func (f *StatusFlags) Lists() bool { return f.all || len(f.states) > 0 }

// Question is what is to be shown of a campaign.
type Question struct {
	Name   string // of the campaign, or its workflow's id
	Target string
	List   bool          // its targets
	States []fleet.State // in these states; none: in any
}

// Status shows a campaign, some of its targets, or one.
func Status(a *shell.App, cmd *cobra.Command, c operate.Session, q Question) error {
	g, err := operate.FindCampaign(cmd.Context(), c, q.Name)
	if err != nil {
		return err
	}
	var r record.Campaign
	switch {
	case q.Target != "":
		r, err = operate.TargetOf(cmd.Context(), c, g, q.Target)
	case q.List:
		r = operate.Listing(g)
		r.Targets, err = operate.AllRows(cmd.Context(), c, g, q.States...)
	default:
		r, err = operate.ReadCampaign(cmd.Context(), c, g)
	}
	if r.Empty() {
		return err
	}
	return errors.Join(err, render.PrintCampaign(a.Printer(cmd), r))
}
