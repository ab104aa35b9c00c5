package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows"
)

// given is an order as it was typed.
type given struct {
	order
	in        workflows.CampaignOrder
	gatewayID string // where it is for a gateway
	name      string // of the campaign, or its workflow's id, where it is for one
	notBefore notBefore
}

// newOrder is the command that gives an order.
func newOrder(a *app, o order) *cobra.Command {
	g := given{order: o}
	cmd := &cobra.Command{
		Use:     fmt.Sprintf("%s %s %s--why TEXT [--by NAME]", o.update, o.form(), o.flags()),
		Short:   o.short,
		Long:    o.long,
		Example: fmt.Sprintf("  tidegate %s %s", o.update, o.example),
		Args:    o.arguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			faults := append(g.take(args), a.checkOutput())
			if !cmd.Flags().Changed("by") {
				g.in.By = loginName()
			}
			faults = append(faults, g.faults()...)
			c, err := a.dial(cmd.Context(), faults...)
			if err != nil {
				return err
			}
			defer c.Close()
			decision, err := g.give(cmd.Context(), c)
			if err != nil {
				return err
			}
			return printer{out: cmd.OutOrStdout(), form: a.output}.print(decision, func(p printer) {
				p.linef("%s: %s by %s at %s", g.subject(), o.past, decision.By, clock(&decision.At))
			})
		},
	}
	cmd.Flags().StringVar(&g.in.By, "by", "", "who you are (default: your login name)")
	cmd.Flags().StringVar(&g.in.Why, "why", "", "the reason, for the record (required)")
	if o.update == workflows.RescheduleUpdate {
		cmd.Flags().Var(&g.notBefore, "not-before", "the earliest instant, in RFC 3339, or now (required)")
	}
	a.outputFlag(cmd)
	return cmd
}

// arguments demands as many as the order needs for what the first one is.
func (o order) arguments(cmd *cobra.Command, args []string) error {
	names := strings.Fields(o.campaign)
	switch {
	case len(args) == 0 && o.to != nil && o.campaign != "":
		names = []string{"CAMPAIGN or GATEWAY_ID"}
	case o.campaign == "", o.to != nil && len(args) > 0 && isGateway(args[0]):
		names = []string{"GATEWAY_ID"}
	}
	return arguments(names...)(cmd, args)
}

// take takes the arguments over, and gives what is wrong with them.
func (g *given) take(args []string) []error {
	var errs [2]error
	if g.to != nil && (isGateway(args[0]) || g.campaign == "") {
		g.gatewayID, errs[0] = gatewayArgument(args[0])
		return errs[:]
	}
	g.name, errs[0] = args[0], campaignArgument(args[0])
	switch g.campaign {
	case toTarget:
		g.in.Target, errs[1] = targetArgument(args[1])
	case withNumber:
		n, err := strconv.Atoi(args[1])
		if err != nil || n < 1 || n > 500 {
			errs[1] = wrong("N", args[1], "1 to 500")
		}
		g.in.MaxConcurrent = n
	}
	return errs[:]
}

// faults are what is wrong with the flags.
func (g *given) faults() []error {
	var errs []error
	if strings.TrimSpace(g.in.By) == "" {
		errs = append(errs, wrong("--by", g.in.By, "who you are"))
	}
	if strings.TrimSpace(g.in.Why) == "" {
		errs = append(errs, wrong("--why", g.in.Why, "the reason, for the record"))
	}
	if g.update == workflows.RescheduleUpdate {
		if !g.notBefore.given {
			errs = append(errs, wrong("--not-before", g.notBefore.text, wantNotBefore))
		}
		g.in.NotBefore = g.notBefore.at
	}
	return errs
}

// subject is who is told, for people.
func (g *given) subject() string {
	if g.in.Target != "" {
		return g.in.Target + " of " + g.name
	}
	return g.gatewayID + g.name
}

const wantNotBefore = "an instant in RFC 3339, such as 2026-12-01T00:00:00Z, or now"

// notBefore is the instant of --not-before; now is the zero one, which takes an
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
	var err error
	n.text, n.at = text, time.Time{}
	if text != "now" {
		n.at, err = time.Parse(time.RFC3339, text)
	}
	n.given = err == nil
	return nil
}

// loginName is empty where the system does not tell.
func loginName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return cmp.Or(os.Getenv("USER"), os.Getenv("USERNAME"))
}

// give gives the order and waits for the answer.
func (g *given) give(ctx context.Context, c session) (maintenance.Decision, error) {
	if g.gatewayID != "" {
		decision, err := g.send(ctx, c, g.to(g.gatewayID), g.in.Order)
		return decision, g.failure(c.namespace, g.nobody, err)
	}
	found, err := findCampaign(ctx, c, g.name)
	if _, missing := errors.AsType[missingError](err); missing {
		return maintenance.Decision{}, usageError{fmt.Errorf("%s %s: %w", g.update, g.subject(), err)}
	}
	if err != nil {
		return maintenance.Decision{}, err
	}
	decision, err := g.send(ctx, c, found.workflowID, g.in)
	if _, refused := errors.AsType[*temporal.ApplicationError](err); refused && g.in.Target != "" && unknown(ctx, c, found, g.in.Target) {
		return decision, usageError{fmt.Errorf("%s %s: there is no such target; see tidegate status %s --all", g.update, g.subject(), g.name)}
	}
	return decision, g.failure(c.namespace, "the campaign is not running", err)
}

// unknown is true where a campaign has read its targets and that is none of them.
func unknown(ctx context.Context, c session, g campaign, target string) bool {
	var some, rows []fleet.Row
	err := errors.Join(
		g.ask(ctx, c, workflows.TargetsQuery, &some, fleet.Page{Count: 1}),
		g.ask(ctx, c, workflows.TargetsQuery, &rows, fleet.Page{Count: 1, Target: target}))
	return err == nil && len(some) > 0 && len(rows) == 0
}

// send gives the order to a workflow and waits for the answer.
func (g *given) send(ctx context.Context, c session, workflowID string, in any) (maintenance.Decision, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	for {
		decision, err := g.sendOnce(ctx, c, workflowID, in)
		if !untaken(err) {
			return decision, err
		}
		select {
		case <-ctx.Done():
			return decision, lateError{ctx.Err()}
		case <-again.C:
		}
	}
}

func (g *given) sendOnce(ctx context.Context, c session, workflowID string, in any) (maintenance.Decision, error) {
	var decision maintenance.Decision
	update, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   workflowID,
		UpdateName:   g.update,
		WaitForStage: client.WorkflowUpdateStageCompleted,
		Args:         []any{in},
	})
	if err == nil {
		err = update.Get(ctx, &decision)
	}
	if err != nil && (ctx.Err() != nil || late(err)) {
		err = lateError{cmp.Or(ctx.Err(), context.DeadlineExceeded)} // the SDK's own error hides it
	}
	return decision, err
}

// untaken is true for the error of an update that has certainly not been taken,
// and may be sent again: the workflow was about to continue as new, and news came
// between.
func untaken(err error) bool {
	_, notReady := errors.AsType[*serviceerror.WorkflowNotReady](err)
	return notReady
}

// late is true for the error of a call that ran out of time, which the server or
// the SDK may notice just before the context does.
func late(err error) bool {
	_, server := errors.AsType[*serviceerror.DeadlineExceeded](err)
	_, update := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err)
	return server || update
}

// lateError is an order that was not answered in time.
type lateError struct{ error }

// Unwrap is what the context says.
func (e lateError) Unwrap() error { return e.error }

func (g *given) failure(namespace, nobody string, err error) error {
	if err == nil {
		return nil
	}
	what := g.update + " " + g.subject()
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return usageError{fmt.Errorf("%s: %s, in namespace %s; see tidegate status %s", what, nobody, namespace, g.gatewayID+g.name)}
	}
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return fmt.Errorf("%s is refused: %s", what, refused.Message())
	}
	if slow, ok := errors.AsType[lateError](err); ok {
		return fmt.Errorf("%w; it may be obeyed once one does", unanswered(what, slow))
	}
	return unanswered(what, err)
}
