package signatures

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// ErrNotApproved is the error of a change that lacks the signed approvals which the account's owner demands.
var ErrNotApproved = errors.New("not approved")

// patience is how long Authority waits for each of Temporal's answers.
const patience = 10 * time.Second

// Temporal is what Authority asks; a client has it.
type Temporal interface {
	DescribeWorkflowExecution(
		ctx context.Context, workflowID, runID string,
	) (*workflowservice.DescribeWorkflowExecutionResponse, error)
	QueryWorkflow(ctx context.Context, workflowID, runID, query string, args ...any) (converter.EncodedValue, error)
	GetWorkflowHistory(
		ctx context.Context, workflowID, runID string, longPoll bool, filter enumspb.HistoryEventFilterType,
	) client.HistoryEventIterator
}

// Authority has the last word before a gateway is changed. Whoever may start workflows can give one any input, so
// nothing
// that an activity is told counts: where the account's owner demands signatures, it finds out from Temporal which
// campaign has started the run, asks that campaign for the approvals, and verifies them again.
type Authority struct {
	Signers  Signers // nil: nothing is demanded
	Temporal Temporal
	// Workflows is the task queue on which campaigns run. Who else has a worker there can do what this one does.
	Workflows string
}

// MayChange is nil where the run that the activity belongs to may change a gateway of an account. It wraps
// ErrNotApproved
// where it may not, and maintenance.ErrUnavailable where that cannot be answered now.
func (a *Authority) MayChange(ctx context.Context, account, gateway string) error {
	if a == nil || a.Signers == nil {
		return nil
	}
	demand, err := a.Signers.Demand(account)
	if err != nil {
		return unavailable("what account "+account+" demands", err)
	}
	if demand.Signers == "" {
		return nil
	}
	info := activity.GetInfo(ctx)
	granted, err := a.ask(ctx, info, gateway)
	if err == nil {
		err = a.verify(info.Namespace, demand, granted)
	}
	if err != nil {
		return fmt.Errorf("account %s takes updates only with approvals signed by %s: %w", account, signing.Rule{demand}.Text(), err)
	}
	return nil
}

// ask asks the campaign that has started the run. The run's parent is a batch, whose parent is the campaign: Temporal
// itself records both, and no input can forge them. The batch's id has the campaign's first run in it, and the campaign
// knows it: it is no batch of an earlier campaign of that name.
func (a *Authority) ask(
	ctx context.Context, info activity.Info, gateway string,
) (granted signing.Authorization, err error) {
	batch, err := a.parentOf(ctx, &commonpb.WorkflowExecution{
		WorkflowId: info.WorkflowExecution.ID, RunId: info.WorkflowExecution.RunID,
	})
	if err != nil {
		return granted, err
	}
	campaign, err := a.parentOf(ctx, batch)
	if err != nil {
		return granted, err
	}
	latest, err := a.describe(ctx, &commonpb.WorkflowExecution{WorkflowId: campaign.GetWorkflowId()})
	if err != nil {
		return granted, err
	}
	bounded, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := a.Temporal.QueryWorkflow(bounded, campaign.GetWorkflowId(), latest.GetExecution().GetRunId(),
		names.AuthorizationQuery, gateway)
	if refused, ok := errors.AsType[*serviceerror.QueryFailed](err); ok {
		return granted, fmt.Errorf("%w: %s", ErrNotApproved, refused.Error())
	}
	if err == nil {
		err = answer.Get(&granted)
	}
	switch {
	case err != nil:
		return granted, unavailable("the campaign "+campaign.GetWorkflowId(), err)
	case granted.Run == "" || latest.GetFirstRunId() != granted.Run,
		!slices.Contains(granted.Batches, batch.GetWorkflowId()),
		!strings.Contains(batch.GetWorkflowId(), granted.Run):
		return granted, fmt.Errorf("%w: %s did not start this run", ErrNotApproved, campaign.GetWorkflowId())
	}
	return granted, a.bounded(ctx, campaign.GetWorkflowId(), granted)
}

// bounded refuses what a campaign says whose state is not all its own: one that continues another workflow, which may
// have given it any state. Only the first event of its first run tells. No approval of it was accepted before that.
func (a *Authority) bounded(ctx context.Context, id string, granted signing.Authorization) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	events := a.Temporal.GetWorkflowHistory(ctx, id, granted.Run, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	if !events.HasNext() {
		return unavailable("the first run of "+id, errors.New("it has no event"))
	}
	event, err := events.Next()
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return fmt.Errorf("%w: the first run of %s is gone from Temporal, so nobody can tell what it began with: start the rest as a new "+
			"campaign, and let the namespace's retention be longer than a campaign takes", ErrNotApproved, id)
	}
	if err != nil {
		return unavailable("the first run of "+id, err)
	}
	started := event.GetWorkflowExecutionStartedEventAttributes()
	if started == nil || started.GetWorkflowType().GetName() != names.CampaignName || started.GetCronSchedule() != "" ||
		started.GetTaskQueue().GetName() != a.Workflows || started.GetContinuedExecutionRunId() != "" {
		return fmt.Errorf("%w: %s did not begin as a campaign on task queue %s: start it with tidegate run FILE", ErrNotApproved, id,
			a.Workflows)
	}
	began := event.GetEventTime().AsTime().Add(-signing.MaxSkew)
	all := granted.Approvals
	if granted.Start != nil {
		all = append([]signing.Signed{*granted.Start}, all...)
	}
	if slices.ContainsFunc(all, func(s signing.Signed) bool { return s.Person().At.Before(began) }) {
		return fmt.Errorf("%w: %s says that it has accepted a signature before it began", ErrNotApproved, id)
	}
	return nil
}

// parentOf is the workflow that has started another.
func (a *Authority) parentOf(ctx context.Context, of *commonpb.WorkflowExecution) (*commonpb.WorkflowExecution, error) {
	info, err := a.describe(ctx, of)
	if err != nil {
		return nil, err
	}
	if info.GetParentExecution().GetWorkflowId() == "" {
		return nil, fmt.Errorf("%w: no campaign has started this run, so nobody can have approved it: start a campaign (tidegate run FILE)",
			ErrNotApproved)
	}
	return info.GetParentExecution(), nil
}

func (a *Authority) describe(
	ctx context.Context, of *commonpb.WorkflowExecution,
) (*workflowpb.WorkflowExecutionInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found, err := a.Temporal.DescribeWorkflowExecution(ctx, of.GetWorkflowId(), of.GetRunId())
	if err != nil {
		return nil, unavailable("the workflow "+of.GetWorkflowId(), err)
	}
	return found.GetWorkflowExecutionInfo(), nil
}

// verify verifies the approvals again, each as of its acceptance, and whether they are enough.
func (a *Authority) verify(namespace string, demand signing.Demand, granted signing.Authorization) error {
	wanted := signing.Statement{Namespace: namespace, Campaign: granted.Campaign, Plan: granted.Plan}
	var start *signing.Signed
	if granted.Start != nil {
		wanted.Action = "run"
		found, refused, err := a.again(demand.Signers, *granted.Start, wanted)
		if err != nil {
			return err
		}
		if refused == nil {
			start = &signing.Signed{Signature: granted.Start.Signature, Verified: []signing.Verified{found}}
		}
	}
	demand = demand.Needed(start, false)
	wanted.Action, wanted.Run = "approve", granted.Run
	var counted []signing.Verified
	var why []string
	for _, approval := range granted.Approvals {
		statement, err := signing.Parse([]byte(approval.Statement))
		if err != nil {
			return fmt.Errorf("%w: %s", ErrNotApproved, maintenance.Plain(err))
		}
		if wanted.Wave = granted.Wave; !granted.EachWave {
			wanted.Wave = statement.Wave
		}
		found, refused, err := a.again(demand.Signers, approval, wanted)
		switch {
		case err != nil:
			return err
		case refused != nil:
			why = append(why, maintenance.Plain(refused))
		case start != nil && found.SamePerson(start.Person()):
			why = append(why, maintenance.Plain(signing.Refuse(signing.BySubmitter, found.Principal)))
		default:
			counted = append(counted, found)
		}
	}
	if missing := (signing.Rule{demand}).Missing(counted); len(missing) > 0 {
		why = append([]string{"still needed: " + missing.Text()}, why...)
		return fmt.Errorf("%w: %s", ErrNotApproved, strings.Join(why, "; "))
	}
	return nil
}

// again verifies a signature as of its acceptance, by the group's files as they are now.
func (a *Authority) again(
	group string, signed signing.Signed, wanted signing.Statement,
) (found signing.Verified, refused, err error) {
	found, err = a.Signers.Check(group, signed.Signature, wanted, signed.Person().At, signing.MaxAge)
	if _, ok := errors.AsType[*signing.RefusedError](err); ok {
		return found, err, nil
	}
	if err != nil {
		return found, nil, unavailable("group "+group, err)
	}
	return found, nil, nil
}

func unavailable(what string, err error) error {
	return fmt.Errorf("%s cannot be asked now: %w: %w", what, maintenance.ErrUnavailable, err)
}
