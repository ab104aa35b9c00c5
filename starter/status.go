package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/workflows"
)

// newStatus is the command that shows how far a campaign or a gateway's
// maintenance is, or how it ended.
func newStatus(a *app) *cobra.Command {
	var f statusFlags
	cmd := &cobra.Command{
		Use:   "status CAMPAIGN [TARGET] | GATEWAY_ID",
		Short: "Show how far a campaign or a gateway's maintenance is, or how the last one ended",
		Long: "status CAMPAIGN shows a campaign's targets in numbers, its waves, what keeps those that wait, what runs, what begins\n" +
			"next, what failed, who decided what, and what you may tell it; with TARGET, a name or a gateway's id, that target and\n" +
			"its maintenance. A campaign is called by its plan's name or its workflow's id.\n" +
			"status GATEWAY_ID shows the steps of a gateway's maintenance, what it waits for and why, what it has changed, who\n" +
			"decided what, whether the gateway is quarantined, and what you may tell it. What has ended is read from its record, so\n" +
			"no worker is needed, but for lists of targets. The exit status is 0 when it could be shown.",
		Example: "  tidegate status payments-q4\n  tidegate status payments-q4 files-1\n  tidegate status payments-q4 --state waiting,failed\n" +
			"  tidegate status sgw-12A3456B --output json | jq .status.reason",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 2 && !isGateway(args[0]) {
				return nil
			}
			return arguments("CAMPAIGN or GATEWAY_ID")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.status(cmd, args, &f) },
	}
	f.register(cmd)
	a.outputFlag(cmd)
	return cmd
}

func (a *app) status(cmd *cobra.Command, args []string, f *statusFlags) error {
	id, err := subjectArgument(args[0])
	faults := []error{err, a.checkOutput()}
	target := ""
	if len(args) == 2 {
		target, err = targetArgument(args[1])
		faults = append(faults, err)
	}
	page, err := f.page()
	faults = append(faults, err)
	if f.lists() && (isGateway(args[0]) || len(args) == 2) {
		faults = append(faults, errors.New("--all and --state: want a campaign and no target beside them"))
	}
	c, err := a.dial(cmd.Context(), faults...)
	if err != nil {
		return err
	}
	defer c.Close()
	if id == "" {
		return a.campaignStatus(cmd, c, question{name: args[0], target: target, list: f.lists(), page: page})
	}
	r, err := find(cmd.Context(), c, id, "")
	if r.Gateway != "" {
		err = errors.Join(err, printer{out: cmd.OutOrStdout(), form: a.output}.record(r))
	}
	return err
}

// find reads a run of the gateway, without a run's id the open one, else the
// last; and the gateway's quarantine. What is there and does not tell more gives
// a record and an error.
func find(ctx context.Context, c session, gatewayID, runID string) (record, error) {
	r := record{Gateway: gatewayID}
	var err error
	if r.Quarantine, err = quarantineOf(ctx, c, gatewayID); err != nil {
		return record{}, err
	}
	err = r.read(ctx, c, runID)
	r.May = r.may()
	_, missing := errors.AsType[*serviceerror.NotFound](err)
	switch {
	case missing && r.Quarantine != nil:
		return r, nil // a quarantine outlives what Temporal keeps of its run
	case r.WorkflowID == "":
		return record{}, noRun(c.namespace, gatewayID, err)
	}
	return r, err
}

func noRun(namespace, gatewayID string, err error) error {
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return fmt.Errorf("there is no maintenance of %s in namespace %s; start one with: tidegate run", gatewayID, namespace)
	}
	return fmt.Errorf("read the maintenance of %s: %w", gatewayID, err)
}

// read fills in what the run itself says.
func (r *record) read(ctx context.Context, c session, runID string) error {
	workflowID := workflows.GatewayWorkflowID(r.Gateway)
	described, err := c.DescribeWorkflowExecution(ctx, workflowID, runID)
	if err != nil {
		return err
	}
	info := described.GetWorkflowExecutionInfo()
	r.WorkflowID, r.RunID, r.Execution = workflowID, info.GetExecution().GetRunId(), info.GetStatus().String()
	if info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return r.ask(ctx, c)
	}
	result, err := outcome.Of(ctx, c.GetWorkflow(ctx, r.WorkflowID, r.RunID))
	switch {
	case err == nil:
		r.Result = &result
	case errors.Is(err, outcome.ErrNoResult):
		// What it has changed stands as its ledger says: a worker still knows.
		err = errors.Join(err, r.ask(ctx, c))
	}
	return err
}

// ask fills in what a run says of itself, also one that was terminated.
func (r *record) ask(ctx context.Context, c session) error {
	status, err := readStatus(ctx, c, r.WorkflowID, r.RunID)
	if err == nil {
		r.Status = &status
	}
	return err
}
