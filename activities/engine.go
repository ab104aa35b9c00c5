package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
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
	Servers  Servers  // nil: none
	Checks   checks.Sources
	Signers  signatures.Signers // nil: nothing is demanded
	WebUI    string             // where people find the Web UI; empty: messages do not link to it
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
// configuration has no account of that name. A run that asks for itself has no campaign, and so
// nobody approves it: names.TypeNotApproved where one of the accounts demands signed approvals.
func (e *Engine) RefuseQuarantined(ctx context.Context, in QuarantineLookup) (out struct{}, err error) {
	defer edge(ctx, in.Pace, &err)
	if err := errors.Join(e.Known.Check(in.Accounts), e.refuseDemanded(in.Accounts)); err != nil {
		return out, err
	}
	info, err := e.open(ctx, in.WorkflowID, "")
	if err == nil && info != nil {
		err = fmt.Errorf("%w: %s", errQuarantined, quarantined(info, in.Gateway))
	}
	return out, err
}

// refuseDemanded refuses a run without a campaign in an account whose owner demands signed approvals.
func (e *Engine) refuseDemanded(accounts plan.Accounts) error {
	if e.Signers == nil {
		return nil
	}
	for _, account := range accounts.AWS {
		demand, err := e.Signers.Demand(account.Name)
		if err != nil {
			return fmt.Errorf("what account %s demands cannot be told now: %w: %w", account.Name,
				maintenance.ErrUnavailable, err)
		}
		if demand.Signers != "" {
			return fmt.Errorf("account %s takes updates only with approvals signed by %s: %w: a single maintenance has none; start a campaign (tidegate run FILE)",
				account.Name, signing.Rule{demand}.Text(), signatures.ErrNotApproved)
		}
	}
	return nil
}

// CheckPlanInput is a plan without its targets and selectors.
type CheckPlanInput struct {
	Plan plan.Plan `json:"plan"`
}

// CheckPlan gives the plan with its defaults, so that those which a campaign
// started with stand in its history. It refuses, with names.TypeInvalid, what is wrong
// with it, accounts that this worker's configuration does not have, or has with
// another region, role, project or endpoint, and channels and monitoring servers that it
// does not have: everything at once.
func (e *Engine) CheckPlan(ctx context.Context, in CheckPlanInput) (out plan.Plan, err error) {
	out = in.Plan.WithDefaults()
	defer edge(ctx, out.Policy.Pace, &err)
	if err := errors.Join(out.Validate(), e.Known.Check(out.Accounts), e.checkHealth(out),
		e.checkChannels(out.Channels())); err != nil {
		return out, fmt.Errorf("%w: %v", maintenance.ErrInvalid, err) //nolint:errorlint // an account that is missing is a fault of the plan
	}
	return out, nil
}

// checkHealth refuses monitoring servers, and accounts with alarms, that this worker's configuration does not have.
func (e *Engine) checkHealth(p plan.Plan) error {
	var others plan.Accounts
	for _, name := range p.AlarmAccounts() {
		of := func(a plan.AWSAccount) bool { return a.Name == name }
		if !slices.ContainsFunc(p.Accounts.AWS, of) {
			others.AWS = append(others.AWS, plan.AWSAccount{Name: name})
		}
	}
	var err error
	if len(others.AWS) > 0 {
		err = e.Known.Check(others)
	}
	switch named := p.Servers(); {
	case len(named) == 0:
		return err
	case e.Servers == nil:
		return errors.Join(err, fmt.Errorf("the worker's configuration has no monitoring servers; the plan names %s",
			strings.Join(named, ", ")))
	default:
		return errors.Join(err, e.Servers.Check(named))
	}
}

// PassOnInput is an operator action that a campaign was given, for the run of one of
// its targets.
type PassOnInput struct {
	WorkflowID string         `json:"workflowId"`
	Parent     string         `json:"parent"` // id of the workflow that started the run: another campaign's is not meant
	Update     string         `json:"update"` // its name
	UpdateID   string         `json:"updateId"`
	Action     OperatorAction `json:"action"`
	// Pace is how soon Temporal is asked again where it did not answer.
	Pace maintenance.Pace `json:"pace,omitzero"`
}

// OperatorAction is what the update of a run takes.
type OperatorAction struct {
	By  string `json:"by"`
	Why string `json:"why,omitempty"`
	// Signature is the operator's, where the run asks for one; nil: none.
	Signature *signing.Signature `json:"signature,omitempty"`
}

// PassOn gives the action to the run and waits for its answer. It may be sent several
// times: by the update's id the run takes it once. It fails with names.TypeRefused where the
// run refuses it, in the run's words, and with names.TypeNotFound where there is no such run.
func (e *Engine) PassOn(ctx context.Context, in PassOnInput) (out maintenance.Decision, err error) {
	defer edge(ctx, in.Pace, &err)
	info, err := e.open(ctx, in.WorkflowID, "")
	if err != nil {
		return out, err
	}
	if info == nil || info.GetParentExecution().GetWorkflowId() != in.Parent {
		return out, errNoRun
	}
	ctx, cancel := limited(ctx)
	defer cancel()
	handle, err := e.Runs.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: in.WorkflowID, RunID: info.GetExecution().GetRunId(), UpdateID: in.UpdateID, UpdateName: in.Update,
		Args: []any{in.Action}, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &out)
	}
	refused, isRefused := errors.AsType[*temporal.ApplicationError](err)
	_, gone := errors.AsType[*serviceerror.NotFound](err)
	switch {
	case isRefused:
		return out, fmt.Errorf("%w: %s", errRefused, refused.Message())
	case gone:
		return out, errNoRun
	case err != nil:
		return out, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return out, nil
}

// Servers are the monitoring servers of this worker's configuration. All workers of one task queue should have the
// same.
type Servers interface {
	// Try asks every server something harmless.
	Try(ctx context.Context) []ServerTried
	// Check names every server, given as kind/name, that there is none of.
	Check(named []string) error
}

// ServerTried is a monitoring server that was asked something harmless.
type ServerTried struct {
	Kind string // prometheus, alertmanager or http
	Name string // by which plans name it
	Err  error  // nil: it answered as it should
}

// TryServersInput asks for every server of the worker's configuration.
type TryServersInput struct{}

// Queue of TryServers.
func (TryServersInput) Queue(workflows string) string { return workflows }

// ServerAnswer is what TryServers found out about one server.
type ServerAnswer struct {
	Kind string `json:"kind"` // prometheus, alertmanager or http
	Name string `json:"name"`
	// Fault is one of the types of package names; empty: it answered as it should.
	Fault string `json:"fault,omitempty"`
	Says  string `json:"says,omitempty"` // the error in words, without secrets
}

// TryServers asks every monitoring server of the worker's configuration something harmless. That one does not answer
// is its answer, and no failure.
func (e *Engine) TryServers(ctx context.Context, _ TryServersInput) ([]ServerAnswer, error) {
	if e.Servers == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	var all []ServerAnswer
	for _, tried := range e.Servers.Try(ctx) {
		answer := ServerAnswer{Kind: tried.Kind, Name: tried.Name}
		if tried.Err != nil {
			answer.Fault, answer.Says = judge(tried.Err).kind, maintenance.Plain(tried.Err)
		}
		all = append(all, answer)
	}
	return all, nil
}

// TryAlarmsInput names an AWS account.
type TryAlarmsInput struct {
	Account string `json:"account"`
}

// Queue of TryAlarms.
func (TryAlarmsInput) Queue(workflows string) string { return workflows }

// AlarmsTried is what TryAlarms found out.
type AlarmsTried struct {
	// Fault is one of the types of package names; empty: alarms can be read.
	Fault string `json:"fault,omitempty"`
	Says  string `json:"says,omitempty"` // the error in words, without secrets
}

// TryAlarms finds out whether the alarms of an account can be read. That they cannot is its answer, and no failure.
func (e *Engine) TryAlarms(ctx context.Context, in TryAlarmsInput) (out AlarmsTried, err error) {
	if err := e.Checks.TryAlarms(ctx, in.Account); err != nil {
		out = AlarmsTried{Fault: judge(err).kind, Says: maintenance.Plain(err)}
	}
	return out, nil
}
