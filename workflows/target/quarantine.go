package target

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// Quarantine keeps every run away from a gateway: it runs until a person releases it, and each run first looks up its
// workflow id. The fact is stored nowhere else, so nothing can disagree with it.
func Quarantine(ctx workflow.Context, in maintenance.Quarantine) (maintenance.Decision, error) {
	var released *maintenance.Decision
	workflow.SetCurrentDetails(ctx, webui.QuarantineDetails(webui.PlaceOf(ctx), in))
	status := func() (maintenance.Quarantine, error) { return in, nil }
	if err := workflow.SetQueryHandlerWithOptions(ctx, api.StatusQuery, status,
		workflow.QueryHandlerOptions{Description: "Which gateway is quarantined, since when and why."}); err != nil {
		return maintenance.Decision{}, err
	}
	release := func(ctx workflow.Context, o api.Action) (maintenance.Decision, error) {
		released = &maintenance.Decision{What: api.ReleaseUpdate, By: o.By, Why: o.Why, At: workflow.Now(ctx)}
		return *released, nil
	}
	err := workflow.SetUpdateHandlerWithOptions(ctx, api.ReleaseUpdate, release, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, o api.Action) error {
			if o.Why == "" {
				return errors.New("why is required: say what was done about the reason for the quarantine")
			}
			return o.Validate()
		},
		Description: `Let runs touch the gateway again: {"by": "who", "why": "what was done about it"}.`,
	})
	if err != nil {
		return maintenance.Decision{}, err
	}
	done := func() bool { return released != nil && workflow.AllHandlersFinished(ctx) }
	if err := workflow.Await(ctx, done); err != nil {
		return maintenance.Decision{}, err
	}
	return *released, nil
}

// refuseQuarantined fails if the gateway is quarantined, or if no worker knows one of the target's accounts. A campaign
// has found out both just before it started the run. Only a gateway's own run quarantines it, at its end.
func (r *run) refuseQuarantined(ctx workflow.Context) error {
	if r.in.Campaign != "" {
		return nil
	}
	id := r.in.Target.Gateway.ID()
	_, err := call.Do(ctx, r.readWithin(AssessLimit, "is "+id+" quarantined?"), call.Engine.RefuseQuarantined,
		activities.QuarantineLookup{
			Gateway: id, WorkflowID: api.QuarantineWorkflowID(id), Pace: r.in.Policy.WithDefaults().Pace,
			Accounts: accountsOf(r.in.Target),
		})
	return err
}

// accountsOf are the names of the accounts that a target needs, each once.
func accountsOf(target maintenance.Target) plan.Accounts {
	needed := plan.Accounts{AWS: []plan.AWSAccount{{Name: target.Gateway.Account}}}
	for _, p := range target.Proxies {
		account := plan.HuaweiAccount{Name: p.Account}
		if !slices.Contains(needed.Huawei, account) {
			needed.Huawei = append(needed.Huawei, account)
		}
	}
	return needed
}

// doubts are the reasons to quarantine the gateway, the latest step's first. None: no reason.
func (r *run) doubts(state maintenance.EndState, failure error) (why []string) {
	if found, differ := errors.AsType[differs](failure); differ {
		why = append(why, found.Error())
	}
	for _, p := range r.proxies.goals {
		if p.kernel == kernelDoubtful {
			why = append(why, "the upgrade of proxy "+p.ref.ProxyID+" failed")
		}
	}
	if r.software.State() == lifecycle.UpdateDoubtful {
		why = append(why, "its update was triggered, and it was not seen to run the new software")
	}
	if state == maintenance.StateCompensationFailed && why == nil {
		why = append(why, "a change could not be reverted")
	}
	return why
}

// quarantine quarantines the gateway if there is a reason. The result's summary then starts with that: a person must
// act on it.
func (r *run) quarantine(ctx workflow.Context, result *maintenance.Result, failure error) {
	reason := strings.Join(r.doubts(result.State, failure), "; ")
	if reason == "" || result.State == maintenance.StateCompleted {
		return
	}
	// The context is never cancelled: that would be a request to cancel the quarantine too.
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	id, info := r.in.Target.Gateway.ID(), workflow.GetInfo(ctx)
	in := maintenance.Quarantine{
		Target: r.in.Target.Name, Gateway: id, Reason: reason, Since: workflow.Now(ctx),
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID,
	}
	child := workflow.ExecuteChildWorkflow(workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID:        api.QuarantineWorkflowID(id),
		ParentClosePolicy: enumspb.PARENT_CLOSE_POLICY_ABANDON,
		Memo:              map[string]any{api.QuarantineMemo: in},
		StaticSummary:     id + " is quarantined: " + webui.CutTo(reason, webui.ShownNote), // Temporal refuses a long one
	}), api.QuarantineName, in)
	err := child.GetChildWorkflowExecution().Get(ctx, nil)
	result.Quarantined = err == nil || temporal.IsWorkflowExecutionAlreadyStartedError(err)
	short := webui.CutTo(reason, webui.ShownNote)
	if err == nil {
		call.Count(ctx, metric.Quarantines, nil)
	}
	if result.Quarantined {
		result.Summary = fmt.Sprintf("%s is quarantined (%s): inspect it, then release it; until then no run touches it. %s", id, short, result.Summary)
		return
	}
	result.Summary = fmt.Sprintf("%s should be quarantined (%s), and could not be: start no run on it until you have inspected it. %s The quarantine failed: %s.",
		id, short, result.Summary, call.Explain(err))
}
