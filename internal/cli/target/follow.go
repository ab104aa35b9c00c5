package target

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/endrecord"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/workflows/api"
)

// Watch follows the maintenance of a gateway until it ends.
func Watch(a *shell.App, cmd *cobra.Command, c operate.Session, id string) error {
	workflowID := api.GatewayWorkflowID(id)
	described, err := c.DescribeWorkflowExecution(cmd.Context(), workflowID, "")
	if err != nil {
		return operate.NoRun(c.Namespace, id, err)
	}
	run := c.GetWorkflow(cmd.Context(), workflowID, described.GetWorkflowExecutionInfo().GetExecution().GetRunId())
	return attend(a, cmd, c, id, run)
}

// attend follows a run until it has ended or a person has to act, prints its record, and is
// an endError unless it ended COMPLETED.
func attend(a *shell.App, cmd *cobra.Command, c operate.Session, gatewayID string, run client.WorkflowRun) error {
	p := render.NewMaintenanceProgress(cmd.ErrOrStderr())
	if err := follow(cmd.Context(), c, run, p); err != nil {
		p.Close()
		return shell.NotFollowed("the maintenance", gatewayID, err)
	}
	r, err := operate.FindMaintenance(cmd.Context(), c, gatewayID, run.GetRunID())
	if r.Result != nil {
		p.Steps(r.Result.Steps, "")
	}
	p.Close()
	if err := errors.Join(err, render.PrintMaintenance(a.Printer(cmd), r)); err != nil {
		return err
	}
	if status := shell.ExitOfMaintenance(r); status != shell.StatusDone {
		return shell.EndError{Status: status}
	}
	return nil
}

// follow shows a run's progress until it has ended or a person has to act.
func follow(ctx context.Context, c operate.Session, run client.WorkflowRun, p *render.MaintenanceProgress) error {
	ended := func(ctx context.Context) error {
		_, err := endrecord.Of(ctx, run)
		return err
	}
	return shell.Follow(ctx, p, ended, func(now time.Time) (attend bool, err error) {
		// The run that is open: one that sleeps may have continued as another.
		status, err := operate.ReadStatus(ctx, c, run.GetID(), "")
		if err != nil {
			return false, err
		}
		p.Show(status, now)
		return status.Held || status.Blocker == maintenance.BlockedByApproval, nil
	})
}
