package target

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/outcome"
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
	err := follow(cmd.Context(), c, run, p)
	p.Close()
	if err != nil {
		return shell.NotFollowed("the maintenance", gatewayID, err)
	}
	r, err := operate.FindMaintenance(cmd.Context(), c, gatewayID, run.GetRunID())
	if err := errors.Join(err, render.PrintMaintenance(a.Printer(cmd), r)); err != nil {
		return err
	}
	if status := shell.ExitOfMaintenance(r); status != shell.StatusDone {
		return shell.EndError{Status: status}
	}
	return nil
}

// follow shows a run's progress until it has ended or a person has to act. The run does not
// depend on being followed.
func follow(ctx context.Context, c operate.Session, run client.WorkflowRun, p *render.MaintenanceProgress) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type end struct {
		result maintenance.Result
		err    error
	}
	ended := make(chan end, 1)
	go func() {
		result, err := outcome.Of(ctx, run)
		ended <- end{result, err}
	}()
	tick := time.NewTicker(operate.LookEvery)
	defer tick.Stop()
	var looked time.Time
	for {
		select {
		case e := <-ended:
			if ctx.Err() != nil {
				return shell.ErrLeft
			}
			p.Steps(e.result.Steps, "")
			if errors.Is(e.err, outcome.ErrNoResult) {
				return nil // it has ended, which is all that is asked here
			}
			return e.err
		case now := <-tick.C:
			if p.Patient(now) && now.Sub(looked) < operate.LookSlowly {
				p.Redraw(now)
				continue
			}
			looked = now
			// The run that is open: one that sleeps may have continued as another.
			status, err := operate.ReadStatus(ctx, c, run.GetID(), "")
			if err != nil {
				p.Silent(maintenance.Plain(err))
				continue
			}
			p.Show(status, now)
			if status.Held || status.Blocker == maintenance.BlockedByApproval {
				return nil
			}
		}
	}
}
