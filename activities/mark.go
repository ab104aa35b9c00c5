package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// MarksLookup asks whose the marks are that were found.
type MarksLookup struct {
	Marks []maintenance.Marked `json:"marks"`
	Pace  maintenance.Pace     `json:"pace,omitzero"`
}

// Queue of JudgeMarks.
func (MarksLookup) Queue(workflows string) string { return workflows }

// JudgeMarks gives the marks with their standings, as Temporal knows the runs that made
// them. A run that Temporal does not know, since it was deleted or the database is a new
// one, has ended. Of those in another namespace it is not asked.
func (e *Engine) JudgeMarks(ctx context.Context, in MarksLookup) (out []maintenance.Marked, err error) {
	defer edge(ctx, in.Pace, &err)
	asker := caller(ctx)
	out = slices.Clone(in.Marks)
	for i, m := range out {
		open := false
		if m.Mark.Namespace == asker.Namespace {
			if open, err = e.atWork(ctx, m.Mark); err != nil {
				return nil, fmt.Errorf("%s: %w", m.Setting, err)
			}
		}
		out[i].Standing = m.Mark.Standing(asker, open)
	}
	return out, nil
}

// caller is the run whose activity this is, as a mark names it; since when is left out.
func caller(ctx context.Context) maintenance.Mark {
	info := activity.GetInfo(ctx)
	return maintenance.Mark{
		WorkflowID: info.WorkflowExecution.ID, RunID: info.WorkflowExecution.RunID, Namespace: info.Namespace,
	}
}

// atWork is true while the mark's run is in progress.
func (e *Engine) atWork(ctx context.Context, m maintenance.Mark) (bool, error) {
	info, err := e.open(ctx, m.WorkflowID, m.RunID)
	if _, no := errors.AsType[*serviceerror.InvalidArgument](err); no {
		return false, fmt.Errorf("%w: its mark names no run that Temporal could know, %s. Set it to the intended value, then remove the mark (docs/runbook.md, Marks)", maintenance.ErrInvalid, m)
	}
	return info != nil, err
}

// ListMarksInput names gateways of an account.
type ListMarksInput struct {
	Account string           `json:"account"`
	ARNs    []string         `json:"arns"`
	Pace    maintenance.Pace `json:"pace,omitzero"`
}

// Queue of ListMarks.
func (in ListMarksInput) Queue(workflows string) string { return names.AWSQueue(workflows, in.Account) }

// ListMarksOutput is what was found on gateways, or on a DB instance.
type ListMarksOutput struct {
	Marks []maintenance.Marked `json:"marks,omitempty"`
	// Unread says of what it is not known, and why.
	Unread []string `json:"unread,omitempty"`
}

// ListMarks finds the marks on gateways. One that cannot be read is part of the answer.
func (a *StorageGateway) ListMarks(ctx context.Context, in ListMarksInput) (out ListMarksOutput, err error) {
	defer edge(ctx, in.Pace, &err)
	for _, arn := range in.ARNs {
		ref := maintenance.GatewayRef{Account: in.Account, ARN: arn}
		mark, err := a.policyMark(ctx, ref)
		var now maintenance.RawSchedule
		if err == nil && mark != nil {
			now, err = a.rawSchedule(ctx, ref)
		}
		switch {
		case errors.Is(err, maintenance.ErrNotFound): // nothing is marked on what is not there
		case err != nil:
			out.Unread = append(out.Unread, ref.ID()+": "+err.Error())
		case mark != nil:
			out.Marks = append(out.Marks, mark.Found(ref.ID(), now.AutomaticUpdates))
		}
	}
	return out, nil
}
