package campaign

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// Every says whether an action is for all campaigns that run, and which of
// those that are paused are meant.
type Every struct {
	All       bool
	pausedFor string // the reason of their pause; empty: any
}

// Register adds the flags to the actions that may be given to all.
func (e *Every) Register(cmd *cobra.Command, o action.Action) {
	if o.All {
		cmd.Flags().BoolVar(&e.All, "all", false, "all running campaigns, in place of CAMPAIGN")
	}
	if o.Update == api.ResumeUpdate {
		cmd.Flags().StringVar(&e.pausedFor, "paused-for", "", "with --all: only campaigns that were paused with this reason")
	}
}

// Faults are what is wrong with the flags.
func (e *Every) Faults() error {
	if e.pausedFor != "" && !e.All {
		return errors.New("--paused-for: requires --all")
	}
	return nil
}

// atOnce is how many campaigns are asked at a time.
const atOnce = 16

// ApplyToAll gives an action to every campaign that runs, and prints what each said.
func ApplyToAll(a *shell.App, cmd *cobra.Command, c operate.Session, k operate.Command, e Every) error {
	campaigns, err := operate.RunningCampaigns(cmd.Context(), c)
	if err != nil {
		return err
	}
	answers := make([]render.Answered, len(campaigns))
	var told errgroup.Group // none keeps the others waiting: it may be urgent, and a worker be gone
	told.SetLimit(atOnce)
	for i, g := range campaigns {
		told.Go(func() error {
			k := k
			k.Name, k.Found = g.Name, g
			answers[i] = e.tell(cmd.Context(), c, k)
			return nil
		})
	}
	_ = told.Wait() // each answer has its own error
	if err := a.Printer(cmd).Print(answers, func(p printer.Printer) {
		render.PrintAnswers(p, answers, k.Past, k.Update,
			k.In.Why, c.Namespace)
	}); err != nil {
		return err
	}
	failed := len(slices.DeleteFunc(slices.Clone(answers), func(answer render.Answered) bool {
		return answer.Error == ""
	}))
	if failed > 0 {
		return fmt.Errorf("%s --all: %s did not apply it; see above, and repeat the command", k.Update, maintenance.CountedOf(failed, len(answers), "campaign", "campaigns"))
	}
	return nil
}

// tell sends the action to one, unless it is not meant. One that refuses is as it
// should be already.
func (e Every) tell(ctx context.Context, c operate.Session, k operate.Command) render.Answered {
	answer := render.Answered{Campaign: k.Name}
	if e.pausedFor != "" {
		var status fleet.Status
		if err := k.Found.Ask(ctx, c, api.StatusQuery, &status); err != nil {
			answer.Error = maintenance.Plain(err)
			return answer
		}
		if status.Paused != "" && e.pausedFor != lastPause(status.Decisions) {
			answer.Left = "it is paused for another reason, by " + status.Paused
			return answer
		}
	}
	decision, err := k.Give(ctx, c)
	if refused, is := errors.AsType[operate.RefusedError](err); is {
		answer.Left = refused.Why
		return answer
	}
	if err != nil {
		answer.Error = maintenance.Plain(err)
		return answer
	}
	answer.Decision = &decision
	return answer
}

// lastPause is the reason of the last pause; empty where there was none.
func lastPause(decisions []maintenance.Decision) string {
	for _, d := range slices.Backward(decisions) {
		if d.What == api.PauseUpdate {
			return d.Why
		}
	}
	return ""
}
