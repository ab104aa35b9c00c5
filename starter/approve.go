package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows"
)

// newApprove is the command by which a person lets a waiting maintenance begin.
func newApprove(a *app) *cobra.Command {
	var in workflows.Order
	cmd := &cobra.Command{
		Use:     "approve GATEWAY_ID --by NAME --why TEXT",
		Short:   "Let a maintenance that waits for an approval begin in its next window",
		Example: `  tidegate approve sgw-12A3456B --by alice --why "change CHG-1234"`,
		Args:    arguments("GATEWAY_ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			faults := []error{a.checkOutput()}
			id, err := gatewayArgument(args[0])
			faults = append(faults, err)
			if strings.TrimSpace(in.By) == "" {
				faults = append(faults, wrong("--by", in.By, "who approves"))
			}
			if strings.TrimSpace(in.Why) == "" {
				faults = append(faults, wrong("--why", in.Why, "the reason, for the record"))
			}
			c, err := a.dial(cmd.Context(), faults...)
			if err != nil {
				return err
			}
			defer c.Close()
			decision, err := approve(cmd.Context(), c, id, in)
			if err != nil {
				return err
			}
			return printer{out: cmd.OutOrStdout(), form: a.output}.print(decision, func(p printer) {
				p.linef("%s: approved by %s at %s", id, decision.By, decision.At.UTC().Format(time.RFC3339))
			})
		},
	}
	cmd.Flags().StringVar(&in.By, "by", "", "who approves (required)")
	cmd.Flags().StringVar(&in.Why, "why", "", "why, for the record (required)")
	a.outputFlag(cmd)
	return cmd
}

// approve sends the update and waits for its answer.
func approve(ctx context.Context, c session, gatewayID string, in workflows.Order) (maintenance.Decision, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var decision maintenance.Decision
	update, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   workflows.GatewayWorkflowID(gatewayID),
		UpdateName:   workflows.ApproveUpdate,
		WaitForStage: client.WorkflowUpdateStageCompleted,
		Args:         []any{in},
	})
	if err == nil {
		err = update.Get(ctx, &decision)
	}
	var missing *serviceerror.NotFound
	switch {
	case err == nil:
		return decision, nil
	case errors.As(err, &missing):
		return decision, fmt.Errorf("there is no running maintenance of %s in namespace %s", gatewayID, c.namespace)
	case ctx.Err() != nil:
		err = ctx.Err() // the SDK's own error hides it
	}
	return decision, unanswered("approve the maintenance of "+gatewayID, err)
}
