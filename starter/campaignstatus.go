package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
)

// statusFlags say which of a campaign's targets are to be shown.
type statusFlags struct {
	all    bool
	states []string
}

func (f *statusFlags) register(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.all, "all", false, "list every target of the campaign")
	cmd.Flags().StringSliceVar(&f.states, "state", nil, "list the campaign's targets in these states, such as waiting,failed")
}

// wanted are the states that the flags ask for, with what is wrong with them.
func (f *statusFlags) wanted() (states []fleet.State, err error) {
	var errs []error
	for _, text := range f.states {
		state := fleet.State(strings.TrimSpace(text))
		switch state {
		case fleet.Waiting, fleet.Running, fleet.Held, fleet.Succeeded, fleet.Failed, fleet.Skipped, fleet.Current:
			states = append(states, state)
		default:
			errs = append(errs, wrong("--state", text, "waiting, running, held, succeeded, failed, skipped or current"))
		}
	}
	return states, errors.Join(errs...)
}

func (f *statusFlags) lists() bool { return f.all || len(f.states) > 0 }

// question is what is to be shown of a campaign.
type question struct {
	name   string // of the campaign, or its workflow's id
	target string
	list   bool          // its targets
	states []fleet.State // in these states; none: in any
}

// campaignStatus shows a campaign, some of its targets, or one.
func (a *app) campaignStatus(cmd *cobra.Command, c operate.Session, q question) error {
	g, err := operate.FindCampaign(cmd.Context(), c, q.name)
	if err != nil {
		return err
	}
	var r operate.CampaignRecord
	switch {
	case q.target != "":
		r, err = operate.TargetOf(cmd.Context(), c, g, q.target)
	case q.list:
		r = operate.Listing(g)
		r.Targets, err = operate.AllRows(cmd.Context(), c, g, q.states...)
	default:
		r, err = operate.ReadCampaign(cmd.Context(), c, g)
	}
	if r.Empty() {
		return err
	}
	return errors.Join(err, r.Print(a.printer(cmd)))
}
