package activities

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// Runs is what the activities need of Temporal itself; a client has it.
type Runs interface {
	GetWorkflow(ctx context.Context, workflowID, runID string) client.WorkflowRun
	DescribeWorkflowExecution(
		ctx context.Context, workflowID, runID string,
	) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	UpdateWorkflow(ctx context.Context, options client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error)
}

// Engine holds the activities on other runs, and on the worker itself.
type Engine struct {
	Runs     Runs
	Known    Known
	Channels Channels // nil: none
	WebUI    string   // where people find the Web UI; empty: messages do not link to it
}

// Known are the accounts of this worker's configuration. All workers of one
// task queue should have the same.
type Known interface {
	// Check compares what a plan says of accounts with the configuration; what it
	// leaves out is not compared. Its error names every difference. It wraps
	// ErrInvalid, but ErrNotFound where an account is not known at all.
	Check(accounts plan.Accounts) error
}

// QuarantineLookup names the workflow that stands for a gateway's quarantine,
// and the accounts that the run needs.
type QuarantineLookup struct {
	Gateway    string           `json:"gateway"`
	WorkflowID string           `json:"workflowId"`
	Pace       maintenance.Pace `json:"pace,omitzero"`
	// Accounts of the target: each has a task queue of its own, and one that is
	// not known has nobody who polls it.
	Accounts plan.Accounts `json:"accounts,omitzero"`
}

// RefuseQuarantined fails with names.TypeQuarantined where the gateway is quarantined,
// naming the run that did so and why; and with names.TypeNotFound where the worker's
// configuration has no account of that name.
func (e *Engine) RefuseQuarantined(ctx context.Context, in QuarantineLookup) (out struct{}, err error) {
	defer edge(ctx, in.Pace, &err)
	if err := e.Known.Check(in.Accounts); err != nil {
		return out, err
	}
	info, err := e.open(ctx, in.WorkflowID, "")
	if err == nil && info != nil {
		err = fmt.Errorf("%w: %s", errQuarantined, quarantined(info, in.Gateway))
	}
	return out, err
}

// CheckPlanInput is a plan without its targets and selectors.
type CheckPlanInput struct {
	Plan plan.Plan `json:"plan"`
}

// CheckPlan gives the plan with its defaults, so that those which a campaign
// started with stand in its history. It refuses, with names.TypeInvalid, what is wrong
// with it, accounts that this worker's configuration does not have, or has with
// another region, role, project or endpoint, and channels that it does not have:
// everything at once.
func (e *Engine) CheckPlan(ctx context.Context, in CheckPlanInput) (out plan.Plan, err error) {
	out = in.Plan.WithDefaults()
	defer edge(ctx, out.Policy.Pace, &err)
	if err := errors.Join(out.Validate(), e.Known.Check(out.Accounts), e.checkChannels(out.Channels())); err != nil {
		return out, fmt.Errorf("%w: %v", maintenance.ErrInvalid, err) //nolint:errorlint // an account that is missing is a fault of the plan
	}
	return out, nil
}
