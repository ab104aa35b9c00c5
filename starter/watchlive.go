package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"charm.land/lipgloss/v2"
	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/live"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/show"
)

// watchCampaign shows a campaign on the whole terminal until the operator leaves.
func (a *app) watchCampaign(cmd *cobra.Command, c operate.Session, g operate.Campaign, leave bool) error {
	o := liveOptions(g)
	o.Leave, o.In, o.Out, o.Typed = leave, cmd.InOrStdin(), show.Raw(cmd.OutOrStdout()), a.typed
	last, err := live.Run(cmd.Context(), o, operate.NewSource(c, g))
	switch {
	case err != nil && cmd.Context().Err() == nil && !errors.Is(err, live.ErrInterrupted):
		return fmt.Errorf("follow it in lines with: tidegate watch %s --plain: %w", g.Name, err)
	case last.Ended():
		if g, err = operate.FindCampaign(cmd.Context(), c, g.WorkflowID); err != nil {
			return err
		}
		return a.leaveCampaign(cmd, c, g)
	case last.Held != "":
		cmd.PrintErrf("A person has to act: %s\nLook again with: tidegate watch %s\n", show.Line(last.Held), g.Name)
		return endError{statusHeld}
	}
	return fmt.Errorf("no longer followed; the campaign goes on; look again with: tidegate watch %s", g.Name)
}

// The size of a picture that is not for a terminal, and how high any is at most.
const (
	onceColumns = 100
	onceLines   = 60
)

// glanceCampaign prints the live view as it is now.
func (a *app) glanceCampaign(cmd *cobra.Command, c operate.Session, g operate.Campaign) error {
	columns := cmp.Or(show.Printer{Out: cmd.OutOrStdout()}.Columns(), onceColumns)
	_, picture, err := live.Once(cmd.Context(), liveOptions(g), operate.NewSource(c, g), columns, onceLines, time.Now())
	if err != nil {
		return err
	}
	if _, err := lipgloss.Fprintln(show.Raw(cmd.OutOrStdout()), a.typed(picture)); err != nil {
		return fmt.Errorf("write the picture: %w", err)
	}
	return nil
}

func liveOptions(g operate.Campaign) live.Options {
	return live.Options{Name: g.Name, By: operate.LoginName()}
}
