package operate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
	"github.com/tidegate/tidegate/workflows/api"
)

// Sign signs a statement with the operator's key.
type Sign func(ctx context.Context, s signing.Statement) (signing.Signature, error)

// sign signs the action, where the campaign asks for that: what it says of itself is compared with what Temporal says,
// and with the plan that the operator holds.
func (k Command) sign(ctx context.Context, c Session, g Campaign) (*signing.Signature, error) {
	if k.Update == api.PauseUpdate || k.Update == api.AbortUpdate {
		return nil, nil //nolint:nilnil // they need no signature, so that everybody can stop what goes wrong
	}
	var status fleet.Status
	if err := g.Ask(ctx, c, api.StatusQuery, &status); err != nil {
		return nil, err
	}
	if k.PlanDigest != "" && k.PlanDigest != status.Plan.Digest {
		return nil, fmt.Errorf("the campaign runs another plan than yours: nothing was signed or sent; its digest is %s, yours %s "+
			"(both as of %s)", status.Plan.Digest, k.PlanDigest, status.Plan.AsOf.Format(time.RFC3339))
	}
	groups := status.Plan.Signers.CommandGroups()
	if k.Update == api.ApproveUpdate {
		groups = status.Plan.Signers.Groups()
	}
	if len(groups) == 0 {
		return nil, nil //nolint:nilnil // it needs no signature
	}
	if k.Sign == nil {
		return nil, fmt.Errorf("%s needs a signature by one of %s: give the command with tidegate %s", k.Update, groups, k.Update)
	}
	statement, err := k.statement(ctx, c, g, status)
	if err != nil {
		return nil, err
	}
	signature, err := k.Sign(ctx, statement)
	return &signature, err
}

// statement is what has to be signed for the action.
func (k Command) statement(
	ctx context.Context, c Session, g Campaign, status fleet.Status,
) (s signing.Statement, err error) {
	described, err := c.DescribeWorkflowExecution(ctx, g.WorkflowID, "")
	if err != nil {
		return s, Unanswered("the campaign's first run", err)
	}
	first := described.GetWorkflowExecutionInfo().GetFirstRunId()
	if first != status.Plan.FirstRun {
		return s, fmt.Errorf("the campaign says that its first run is %q, and Temporal that it is %q: nothing was signed", status.Plan.FirstRun, first)
	}
	s = signing.Statement{
		Namespace: c.Namespace, Campaign: status.Name, Run: first, Plan: status.Plan.Digest, Action: k.Update,
		Target: k.In.Target, Check: k.In.Check, NotBefore: k.In.NotBefore, MaxConcurrent: k.In.MaxConcurrent, Why: k.In.Why,
	}
	switch {
	case k.Update == api.ApproveUpdate && status.Approval == nil:
		return s, errors.New("nothing needs approval now: see tidegate status " + k.Name)
	case k.Update == api.ApproveUpdate:
		s.Wave = status.Approval.Wave
	case slices.Contains([]string{api.RetryUpdate, api.SkipUpdate}, k.Update):
		var rows []fleet.Row
		if err := g.Ask(ctx, c, api.TargetsQuery, &rows, fleet.Page{Count: 1, Target: k.In.Target}); err != nil {
			return s, err
		}
		if len(rows) == 1 && rows[0].State == fleet.Held {
			s.Step = rows[0].Step
		}
	}
	return s, nil
}
