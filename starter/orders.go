package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows"
)

// order is what operators may tell a maintenance, or a quarantine, to do. Its
// update's name is also the command's.
type order struct {
	update  string
	past    string // what the answer says
	short   string
	long    string
	example string // of why
	to      func(gatewayID string) string
	nobody  string // said of the gateway where there is no such workflow
}

// orders are all of them. Where an order makes no sense, the workflow refuses it
// and says why.
func orders() []order {
	const noRun = "there is no running maintenance of it"
	run := workflows.GatewayWorkflowID
	return []order{
		{
			update: workflows.ApproveUpdate, past: "approved", to: run, nobody: noRun, example: "change CHG-1234",
			short: "Let a maintenance that waits for an approval begin in its next window",
			long:  "approve lets a maintenance begin whose policy asks for an approval.",
		},
		{
			update: workflows.RetryUpdate, past: "retried", to: run, nobody: noRun, example: "freed two addresses in the subnet",
			short: "Try the step again at which a maintenance is held",
			long:  "retry tries a failed step again, in a maintenance whose policy holds it then (onFailure: hold).",
		},
		{
			update: workflows.SkipUpdate, past: "skipped", to: run, nobody: noRun, example: "goes away next month",
			short: "Go on without the step at which a maintenance is held",
			long: "skip goes on without a failed step, in a maintenance whose policy holds it then (onFailure: hold). The\n" +
				"maintenance cannot end COMPLETED any more. What all later steps build on cannot be skipped.",
		},
		{
			update: workflows.AbortUpdate, past: "aborted", to: run, nobody: noRun, example: "not in this week",
			short: "End a maintenance: begin nothing more, take back what can be taken back",
			long: "abort ends a maintenance. What has begun is watched to its end, and what can be taken back is taken back.\n" +
				"It is refused from the update's trigger until the gateway runs again, or that step is held: nobody can stop a\n" +
				"restart.",
		},
		{
			update: workflows.ReleaseUpdate, past: "released", to: workflows.QuarantineWorkflowID, nobody: "it is not quarantined",
			example: "restarted by hand, runs 1.3.0",
			short:   "End a gateway's quarantine: let maintenances touch it again",
			long:    "release ends the quarantine of a gateway that an earlier maintenance left in doubt. Look at it first.",
		},
	}
}

// line is the order as it is typed for a gateway, with a place for the reason.
func (o order) line(gatewayID string) string {
	return fmt.Sprintf("tidegate %s %s --why TEXT", o.update, gatewayID)
}

// newOrder is the command that gives an order.
func newOrder(a *app, o order) *cobra.Command {
	var in workflows.Order
	cmd := &cobra.Command{
		Use:     o.update + " GATEWAY_ID --why TEXT [--by NAME]",
		Short:   o.short,
		Long:    o.long,
		Example: fmt.Sprintf("  tidegate %s sgw-12A3456B --why %q", o.update, o.example),
		Args:    arguments("GATEWAY_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := gatewayArgument(args[0])
			faults := []error{err, a.checkOutput()}
			if !cmd.Flags().Changed("by") {
				in.By = loginName()
			}
			if strings.TrimSpace(in.By) == "" {
				faults = append(faults, wrong("--by", in.By, "who you are"))
			}
			if strings.TrimSpace(in.Why) == "" {
				faults = append(faults, wrong("--why", in.Why, "the reason, for the record"))
			}
			c, err := a.dial(cmd.Context(), faults...)
			if err != nil {
				return err
			}
			defer c.Close()
			decision, err := o.send(cmd.Context(), c, id, in)
			if err != nil {
				return err
			}
			return printer{out: cmd.OutOrStdout(), form: a.output}.print(decision, func(p printer) {
				p.linef("%s: %s by %s at %s", id, o.past, decision.By, clock(&decision.At))
			})
		},
	}
	cmd.Flags().StringVar(&in.By, "by", "", "who you are (default: your login name)")
	cmd.Flags().StringVar(&in.Why, "why", "", "the reason, for the record (required)")
	a.outputFlag(cmd)
	return cmd
}

// loginName is empty where the system does not tell.
func loginName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return cmp.Or(os.Getenv("USER"), os.Getenv("USERNAME"))
}

// send gives the order and waits for the answer.
func (o order) send(ctx context.Context, c session, gatewayID string, in workflows.Order) (maintenance.Decision, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var decision maintenance.Decision
	update, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   o.to(gatewayID),
		UpdateName:   o.update,
		WaitForStage: client.WorkflowUpdateStageCompleted,
		Args:         []any{in},
	})
	if err == nil {
		err = update.Get(ctx, &decision)
	}
	if err == nil {
		return decision, nil
	}
	return decision, o.failure(ctx, c.namespace, gatewayID, err)
}

func (o order) failure(ctx context.Context, namespace, gatewayID string, err error) error {
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return usageError{fmt.Errorf("%s %s: %s, in namespace %s", o.update, gatewayID, o.nobody, namespace)}
	}
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return fmt.Errorf("%s %s is refused: %s", o.update, gatewayID, refused.Message())
	}
	if ctx.Err() != nil {
		// The SDK's own error hides it.
		return fmt.Errorf("%w; it may be obeyed once one does", unanswered(o.update+" "+gatewayID, ctx.Err()))
	}
	return unanswered(o.update+" "+gatewayID, err)
}
