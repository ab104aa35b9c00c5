package cli

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/cli/campaign"
	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
)

// given is an action as it was typed.
type given struct {
	operate.Command
	notBefore notBefore
	every     campaign.Every
	signs     shell.SignFlags
	plan      string // file of --plan
}

// newAction is the command that gives an action.
func newAction(a *shell.App, o action.Action) *cobra.Command {
	g := given{Command: operate.Command{Action: o}}
	cmd := &cobra.Command{
		Use:     fmt.Sprintf("%s %s %s--why TEXT [--by NAME]", o.Update, o.Form(), o.Flags()),
		Short:   o.Short,
		Long:    o.Long,
		Example: fmt.Sprintf("  tidegate %s %s", o.Update, o.Example),
		Args: func(cmd *cobra.Command, args []string) error {
			if g.every.All {
				return shell.Arguments()(cmd, args)
			}
			return actionArguments(o)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			faults := append(g.take(args), a.CheckOutput())
			if !cmd.Flags().Changed("by") {
				g.In.By = operate.LoginName()
			}
			faults = append(faults, g.faults()...)
			g.Sign = g.signs.Sign(cmd)
			c, err := a.Dial(cmd.Context(), faults...)
			if err != nil {
				return err
			}
			defer c.Close()
			if g.plan != "" {
				if g.PlanDigest, err = campaign.DigestOf(cmd, c, g.Name, g.plan); err != nil {
					return err
				}
			}
			if g.every.All {
				return campaign.ApplyToAll(a, cmd, c, g.Command, g.every)
			}
			decision, err := g.Give(cmd.Context(), c)
			if err != nil {
				return err
			}
			return a.Printer(cmd).Print(decision, func(p printer.Printer) {
				p.Linef("%s", render.Answer(g.Subject(), g.Past, decision))
				if decision.Note != "" && decision.Note != decision.Detail() {
					p.Linef("%s", decision.Note)
				}
			})
		},
	}
	cmd.Flags().StringVar(&g.In.By, "by", "", "your name, for the record (default: your login name)")
	cmd.Flags().StringVar(&g.In.Why, "why", "", "the reason, for the record (required)")
	if o.Update == api.RescheduleUpdate {
		cmd.Flags().Var(&g.notBefore, "not-before", "the earliest start, in RFC 3339 or as a duration from now; now removes an earlier delay (required)")
	}
	if o.Update == api.ApproveUpdate {
		cmd.Flags().StringVar(&g.plan, "plan", "", "your copy of the plan `FILE`: approve only if the campaign runs it")
	}
	if o.Update != api.PauseUpdate && o.Update != api.AbortUpdate && o.Update != api.ReleaseUpdate {
		g.signs.Register(cmd)
	}
	g.every.Register(cmd, o)
	a.OutputFlag(cmd)
	return cmd
}

// actionArguments demands as many as the order needs for what the first one is.
func actionArguments(o action.Action) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		names := strings.Fields(o.Campaign)
		switch {
		case len(args) == 0 && o.To != nil && o.Campaign != "":
			names = []string{"CAMPAIGN or GATEWAY_ID"}
		case o.Campaign == action.OfCheck && len(args) > 0 && shell.IsGateway(args[0]):
			names = []string{"GATEWAY_ID", "CHECK"}
		case o.Campaign == action.OfCheck && len(args) > 0:
			names = []string{"CAMPAIGN", "CHECK", "TARGET"}[:min(max(len(args), 2), 3)]
		case o.Campaign == "", o.To != nil && len(args) > 0 && shell.IsGateway(args[0]):
			names = []string{"GATEWAY_ID"}
		case o.Campaign == action.OfEither:
			names = []string{"CAMPAIGN", "TARGET"}[:min(len(args), 2)]
		}
		return shell.Arguments(names...)(cmd, args)
	}
}

// take takes the arguments over, and gives what is wrong with them.
func (g *given) take(args []string) []error {
	var errs [2]error
	if g.every.All {
		return errs[:]
	}
	if g.To != nil && (shell.IsGateway(args[0]) || g.Campaign == "") {
		g.Gateway, errs[0] = shell.GatewayArgument(args[0])
		if g.Campaign == action.OfCheck {
			g.In.Check = args[1]
		}
		return errs[:]
	}
	g.Name, errs[0] = args[0], shell.CampaignArgument(args[0])
	switch {
	case g.Campaign == action.OfCheck:
		g.In.Check = args[1]
		if len(args) > 2 {
			g.In.Target, errs[1] = shell.TargetArgument(args[2])
		}
	case g.Campaign == action.OfTarget, g.Campaign == action.OfEither && len(args) > 1:
		g.In.Target, errs[1] = shell.TargetArgument(args[1])
	case g.Campaign == action.WithNumber:
		n, err := strconv.Atoi(args[1])
		if err != nil || n < 1 || n > maintenance.MostConcurrent {
			errs[1] = maintenance.Invalid("the number of targets at a time", args[1],
				fmt.Sprintf("1 to %d", maintenance.MostConcurrent))
		}
		g.In.MaxConcurrent = n
	}
	return errs[:]
}

// faults are what is wrong with the flags.
func (g *given) faults() []error {
	errs := []error{g.every.Faults()}
	if strings.TrimSpace(g.In.By) == "" {
		errs = append(errs, maintenance.Invalid("--by", g.In.By, "your name"))
	}
	if strings.TrimSpace(g.In.Why) == "" {
		errs = append(errs, maintenance.Invalid("--why", g.In.Why, "the reason, for the record"))
	}
	if g.Update == api.RescheduleUpdate {
		if !g.notBefore.given {
			errs = append(errs, maintenance.Invalid("--not-before", g.notBefore.text, wantNotBefore))
		}
		g.In.NotBefore = g.notBefore.at
	}
	return errs
}

const wantNotBefore = "a future time in RFC 3339, such as 2026-12-01T00:00:00Z, or a duration such as 48h, or now"

// notBefore is the time of --not-before; now is the zero one, which takes an
// earlier one back.
type notBefore struct {
	text  string
	at    time.Time
	given bool // and right
}

// String is the flag's default, for help.
func (n *notBefore) String() string { return n.text }

// Type names the kind of the flag's value in help.
func (*notBefore) Type() string { return "time" }

// Set keeps what is wrong and goes on.
func (n *notBefore) Set(text string) error {
	n.text, n.at, n.given = text, time.Time{}, text == "now"
	if after, err := time.ParseDuration(text); err == nil {
		n.at = time.Now().Add(after).Round(time.Second)
	} else if at, err := time.Parse(time.RFC3339, text); err == nil {
		n.at = at
	}
	n.given = n.given || n.at.After(time.Now())
	return nil
}
