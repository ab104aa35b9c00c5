package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/outcome"
	"github.com/tidegate/tidegate/workflows"
)

const (
	// pollEvery is how often a run is asked where it is.
	pollEvery = time.Second
	// approveAfter is how long the demo lets people see a run that waits for
	// an approval.
	approveAfter = 6 * time.Second
)

// start begins a target's maintenance, as tidegate does.
func (m member) start(ctx context.Context, c client.Client) (client.WorkflowRun, error) {
	id := m.target.Gateway.ID()
	run, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID: workflows.GatewayWorkflowID(id), TaskQueue: workflows.TaskQueue,
		TypedSearchAttributes: workflows.StartAttributes(m.target),
		StaticSummary:         "Maintenance of " + m.target.Name + " (" + id + ")",
		StaticDetails:         "**The fate it is to meet in the demo:** " + m.fate + ".",
	}, workflows.GatewayMaintenanceName, workflows.MaintenanceInput{Target: m.target, Policy: m.policy})
	if err != nil {
		return nil, fmt.Errorf("start the maintenance of %s: %w", m.target.Name, err)
	}
	return run, nil
}

// follow shows a run until it has ended, approves it where it waits for that,
// and is its record: zero where it left none.
func (m member) follow(ctx context.Context, c client.Client, run client.WorkflowRun, show func(maintenance.Status)) (maintenance.Result, error) {
	var result maintenance.Result
	var ending error
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		result, ending = outcome.Of(ctx, run)
	}()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		status, known := ask(ctx, c, run)
		if known {
			show(status)
		}
		if known && wantsApproval(status, time.Now()) {
			if err := approve(ctx, c, run); err != nil {
				return result, err
			}
		}
		select {
		case <-tick.C:
		case <-ended:
			if status, known = ask(ctx, c, run); known {
				show(status)
			}
			if errors.Is(ending, outcome.ErrNoResult) {
				return maintenance.Result{}, nil
			}
			return result, ending
		}
	}
}

// ask is a run's own account of itself. One that does not answer in time is
// asked again at the next tick.
func ask(ctx context.Context, c client.Client, run client.WorkflowRun) (status maintenance.Status, known bool) {
	answer, err := c.QueryWorkflow(ctx, run.GetID(), run.GetRunID(), workflows.StatusQuery)
	if err != nil {
		return status, false
	}
	return status, answer.Get(&status) == nil
}

// wantsApproval is true for a run that has waited for one long enough to be seen.
func wantsApproval(s maintenance.Status, now time.Time) bool {
	if s.Blocker != maintenance.BlockedByApproval {
		return false
	}
	for _, step := range s.Steps {
		if step.Step == s.Step && step.Start != nil {
			return now.Sub(*step.Start) >= approveAfter
		}
	}
	return false
}

func approve(ctx context.Context, c client.Client, run client.WorkflowRun) error {
	handle, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: run.GetID(), RunID: run.GetRunID(), UpdateName: workflows.ApproveUpdate,
		Args:         []any{workflows.Order{By: "demo", Why: "somebody has to"}},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	if err != nil {
		return fmt.Errorf("approve %s: %w", run.GetID(), err)
	}
	return nil
}
