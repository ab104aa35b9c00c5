package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows"
)

// start is one maintenance that is to be started.
type start struct {
	input workflows.MaintenanceInput
	queue string
	wait  bool
}

func (s *start) flags(a *app, cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.queue, "task-queue", workflows.TaskQueue, "Temporal task queue of the workers")
	a.outputFlag(cmd)
}

// run starts the maintenance, unless there are faults, and follows it to its
// end where that is wanted.
func (s *start) run(cmd *cobra.Command, a *app, faults []error) error {
	if s.queue == "" {
		faults = append(faults, wrong("--task-queue", "", "a name, such as tidegate"))
	}
	c, err := a.dial(cmd.Context(), append(faults, a.checkOutput())...)
	if err != nil {
		return err
	}
	defer c.Close()
	run, err := s.launch(cmd.Context(), c)
	if err != nil {
		return err
	}
	id := s.input.Target.Gateway.ID()
	cmd.PrintErrf("Started the maintenance of %s (%s) as workflow %s, run %s.\n", s.input.Target.Name, id, run.GetID(), run.GetRunID())
	out := printer{out: cmd.OutOrStdout(), form: a.output}
	if !s.wait {
		cmd.PrintErrf("Follow it with: tidegate status %s\n", id)
		return out.record(record{WorkflowID: run.GetID(), RunID: run.GetRunID(), Execution: running()})
	}
	result, err := follow(cmd.Context(), c, run, &progress{out: cmd.ErrOrStderr()})
	if err != nil {
		return fmt.Errorf("%w; look again with: tidegate status %s", err, id)
	}
	ended, err := find(cmd.Context(), c, id, run.GetRunID())
	if err := errors.Join(err, out.record(ended)); err != nil {
		return err
	}
	switch result.State {
	case maintenance.StateCompleted:
		return nil
	case maintenance.StatePartial:
		return endError{statusPartial}
	default:
		return endError{statusFailed}
	}
}

func running() string { return enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING.String() }

// launch starts the workflow. Its id is the gateway's, and Temporal refuses a
// second run of an id while one is open.
func (s *start) launch(ctx context.Context, c session) (client.WorkflowRun, error) {
	target := s.input.Target
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                       workflows.GatewayWorkflowID(target.Gateway.ID()),
		TaskQueue:                s.queue,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		// Without it the SDK would give the open run for the one that was asked for.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    workflows.StartAttributes(target),
		StaticSummary:                            staticSummary(target),
		StaticDetails:                            staticDetails(s.input),
	}, workflows.GatewayMaintenanceName, s.input)
	if err != nil {
		return nil, startFailure(c.namespace, target.Gateway.ID(), err)
	}
	return run, nil
}

func startFailure(namespace, gatewayID string, err error) error {
	var open *serviceerror.WorkflowExecutionAlreadyStarted
	var invalid *serviceerror.InvalidArgument
	var missing *serviceerror.NamespaceNotFound
	switch {
	case errors.As(err, &open):
		return fmt.Errorf("%s is in a maintenance already, workflow %s, run %s; nothing was started: see tidegate status %s",
			gatewayID, workflows.GatewayWorkflowID(gatewayID), open.RunId, gatewayID)
	case errors.As(err, &invalid), errors.As(err, &missing):
		return fmt.Errorf("start the maintenance of %s: %w; if namespace %s was never set up, do so with: tidegate setup", gatewayID, err, namespace)
	}
	return fmt.Errorf("start the maintenance of %s: %w", gatewayID, err)
}
