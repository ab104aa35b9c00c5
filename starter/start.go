package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/show"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/webui"
)

// start is one maintenance that is to be started.
type start struct {
	input  api.MaintenanceInput
	queue  string
	detach bool
}

func (s *start) flags(a *app, cmd *cobra.Command) {
	cmd.Flags().BoolVar(&s.detach, "detach", false, "return once a worker has taken the campaign or the maintenance up; status 4 where none does within 10s")
	cmd.Flags().StringVar(&s.queue, "task-queue", api.TaskQueue, "Temporal task queue of the workers")
	a.outputFlag(cmd)
}

// run starts the maintenance, unless there are faults, and follows it to its
// end where that is wanted.
func (s *start) run(cmd *cobra.Command, a *app, faults []error) error {
	c, err := a.dial(cmd.Context(), append(faults, wrongQueue(s.queue), a.checkOutput())...)
	if err != nil {
		return err
	}
	defer c.Close()
	id := s.input.Target.Gateway.ID()
	// The run itself refuses too; this way nothing is started.
	if q, err := operate.FindQuarantine(cmd.Context(), c, id); err != nil {
		return startFailure(c.Namespace, id, err)
	} else if q != nil {
		return heldError{fmt.Errorf("%s is quarantined since %s by run %s of %s, and nothing was started: %s. Once it is in order: %s",
			id, show.Clock(&q.Since), q.RunID, q.WorkflowID, q.Reason, operate.CommandLines(id, []string{api.ReleaseUpdate})[0])}
	}
	run, err := s.launch(cmd.Context(), c)
	if err != nil {
		return err
	}
	cmd.PrintErrf("Started the maintenance of %s (%s) as workflow %s, run %s.\n", s.input.Target.Name, id, run.GetID(), run.GetRunID())
	for _, f := range s.input.Policy.Freezes {
		if !f.To.After(time.Now()) {
			cmd.PrintErrf("warning: --freeze %s/%s has ended, and freezes nothing: is the year right?\n", f.From.Format(time.RFC3339), f.To.Format(time.RFC3339))
		}
	}
	if !s.detach {
		return a.attend(cmd, c, id, run)
	}
	return detached(cmd, c, run, s.queue, id, func() error {
		return operate.Record{Gateway: id, WorkflowID: run.GetID(), RunID: run.GetRunID(), Execution: operate.Running}.Print(a.printer(cmd))
	})
}

func wrongQueue(queue string) error {
	if queue == "" {
		return wrong("--task-queue", "", "a name, such as tidegate")
	}
	return nil
}

// launch starts the workflow. Its id is the gateway's, and Temporal refuses a
// second run of an id while one is open.
func (s *start) launch(ctx context.Context, c operate.Session) (client.WorkflowRun, error) {
	target := s.input.Target
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       api.GatewayWorkflowID(target.Gateway.ID()),
		TaskQueue:                s.queue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		// Without it the SDK would give the open run for the one that was asked for.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    webui.StartAttributes(target),
		StaticSummary:                            staticSummary(target),
		StaticDetails:                            staticDetails(s.input),
	}, api.GatewayMaintenanceName, s.input)
	if err != nil {
		return nil, startFailure(c.Namespace, target.Gateway.ID(), err)
	}
	return run, nil
}

func startFailure(namespace, gatewayID string, err error) error {
	if open, ok := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); ok {
		return fmt.Errorf("%s is in a maintenance already, workflow %s, run %s; nothing was started: see tidegate status %s",
			gatewayID, api.GatewayWorkflowID(gatewayID), open.RunId, gatewayID)
	}
	return notStarted("the maintenance of "+gatewayID, namespace, err)
}

// notStarted is why a workflow could not be started.
func notStarted(what, namespace string, err error) error {
	_, invalid := errors.AsType[*serviceerror.InvalidArgument](err)
	if invalid {
		return fmt.Errorf("start %s: nothing was started; if namespace %s was never set up, do so with: tidegate setup: %w", what, namespace, err)
	}
	return fmt.Errorf("start %s: %w", what, err)
}
