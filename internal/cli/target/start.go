// Package target has the commands for one gateway and its proxies: the flags of a policy, the start
// of a maintenance, following it, and the windows of a maintenance schedule. Maintenances of a
// campaign are started by the campaign, not here. Start at Start.
package target

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/cli/render"
	"github.com/tidegate/tidegate/internal/cli/shell"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// Start starts a maintenance, unless there are faults, and follows it to its end
// unless it is detached.
func Start(cmd *cobra.Command, a *shell.App, in api.MaintenanceInput, queue string, detach bool, faults []error) error {
	c, err := a.Dial(cmd.Context(), append(faults, shell.WrongQueue(queue), a.CheckOutput())...)
	if err != nil {
		return err
	}
	defer c.Close()
	id := in.Target.Gateway.ID()
	// The run itself refuses too; this way nothing is started.
	if q, err := operate.FindQuarantine(cmd.Context(), c, id); err != nil {
		return startFailure(c.Namespace, id, err)
	} else if q != nil {
		return shell.Held(fmt.Errorf("%s is quarantined since %s by run %s of %s, and nothing was started: %s. Once it is fixed: %s",
			id, printer.Clock(&q.Since), q.RunID, q.WorkflowID, q.Reason,
			action.CommandLines(id, []string{api.ReleaseUpdate})[0]))
	}
	run, err := launch(cmd.Context(), c, in, queue)
	if err != nil {
		return err
	}
	cmd.PrintErrf("Started the maintenance of %s (%s) as workflow %s, run %s.\n",
		in.Target.Name, id, run.GetID(), run.GetRunID())
	for _, f := range in.Policy.Freezes {
		if !f.To.After(time.Now()) {
			cmd.PrintErrf("warning: --freeze %s/%s has no effect, since it has ended; check the year\n", f.From.Format(time.RFC3339), f.To.Format(time.RFC3339))
		}
	}
	if !detach {
		return attend(a, cmd, c, id, run)
	}
	return shell.Detached(cmd, c, run, queue, id, func() error {
		return render.PrintMaintenance(a.Printer(cmd), record.Maintenance{
			Gateway: id, WorkflowID: run.GetID(), RunID: run.GetRunID(), Execution: record.Running,
		})
	})
}

// launch starts the workflow. Its id is the gateway's, and Temporal refuses a
// second run of an id while one is open.
func launch(ctx context.Context, c operate.Session, in api.MaintenanceInput, queue string) (client.WorkflowRun, error) {
	target := in.Target
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       api.GatewayWorkflowID(target.Gateway.ID()),
		TaskQueue:                queue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		// Without it the SDK would give the open run for the one that was asked for.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    webui.StartAttributes(target),
		StaticSummary:                            render.MaintenanceSummary(target),
		StaticDetails:                            render.MaintenanceDetails(in),
	}, api.GatewayMaintenanceName, in)
	if err != nil {
		return nil, startFailure(c.Namespace, target.Gateway.ID(), err)
	}
	return run, nil
}

func startFailure(namespace, gatewayID string, err error) error {
	if open, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return fmt.Errorf("%s already has a running maintenance, workflow %s, run %s; nothing was started; see tidegate status %s",
			gatewayID, api.GatewayWorkflowID(gatewayID), open.RunId, gatewayID)
	}
	return shell.NotStarted("the maintenance of "+gatewayID, namespace, err)
}
