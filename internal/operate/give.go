package operate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows"
)

// Command is an order, and to whom it is given: a gateway's maintenance or
// quarantine, or a campaign.
type Command struct {
	Order
	In      workflows.CampaignOrder // who gives it and why, and what it needs
	Gateway string                  // its id, where it is for a gateway
	Name    string                  // of the campaign, or its workflow's id, where it is for one
}

// Subject is who is told, for people.
func (k Command) Subject() string {
	if k.In.Target != "" {
		return k.In.Target + " of " + k.Name
	}
	return k.Gateway + k.Name
}

// Give gives the order and waits until it is obeyed or refused. Its error is a
// MissingError where nobody is there to take it.
func (k Command) Give(ctx context.Context, c Session) (maintenance.Decision, error) {
	if k.Gateway != "" {
		decision, err := k.send(ctx, c, k.To(k.Gateway), k.In.Order)
		return decision, k.failure(c.Namespace, k.nobody, err)
	}
	found, err := FindCampaign(ctx, c, k.Name)
	if _, missing := errors.AsType[MissingError](err); missing {
		return maintenance.Decision{}, MissingError{fmt.Errorf("%s %s: %w", k.Update, k.Subject(), err)}
	}
	if err != nil {
		return maintenance.Decision{}, err
	}
	decision, err := k.send(ctx, c, found.WorkflowID, k.In)
	if _, refused := errors.AsType[*temporal.ApplicationError](err); refused && k.In.Target != "" && unknown(ctx, c, found, k.In.Target) {
		return decision, MissingError{fmt.Errorf("%s %s: there is no such target; see tidegate status %s --all", k.Update, k.Subject(), k.Name)}
	}
	return decision, k.failure(c.Namespace, "the campaign is not running", err)
}

// unknown is true where a campaign has read its targets and that is none of them.
func unknown(ctx context.Context, c Session, g Campaign, target string) bool {
	var some, rows []fleet.Row
	err := errors.Join(
		g.Ask(ctx, c, workflows.TargetsQuery, &some, fleet.Page{Count: 1}),
		g.Ask(ctx, c, workflows.TargetsQuery, &rows, fleet.Page{Count: 1, Target: target}))
	return err == nil && len(some) > 0 && len(rows) == 0
}

// send gives the order to a workflow and waits for the answer.
func (k Command) send(ctx context.Context, c Session, workflowID string, in any) (maintenance.Decision, error) {
	ctx, cancel := context.WithTimeout(ctx, AnswerTimeout)
	defer cancel()
	again := time.NewTicker(LookEvery)
	defer again.Stop()
	for {
		decision, err := k.sendOnce(ctx, c, workflowID, in)
		if !Untaken(err) {
			return decision, err
		}
		select {
		case <-ctx.Done():
			return decision, lateError{ctx.Err()}
		case <-again.C:
		}
	}
}

func (k Command) sendOnce(ctx context.Context, c Session, workflowID string, in any) (maintenance.Decision, error) {
	var decision maintenance.Decision
	update, err := c.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID:   workflowID,
		UpdateName:   k.Update,
		WaitForStage: client.WorkflowUpdateStageCompleted,
		Args:         []any{in},
	})
	if err == nil {
		err = update.Get(ctx, &decision)
	}
	if err != nil && (ctx.Err() != nil || Late(err)) {
		err = lateError{cmp.Or(ctx.Err(), context.DeadlineExceeded)} // the SDK's own error hides it
	}
	return decision, err
}

// Untaken is true for the error of an update that has certainly not been taken,
// and may be sent again: the workflow was about to continue as new, and news came
// between.
func Untaken(err error) bool {
	_, notReady := errors.AsType[*serviceerror.WorkflowNotReady](err)
	return notReady
}

// Late is true for the error of a call that ran out of time, which the server or
// the SDK may notice just before the context does.
func Late(err error) bool {
	_, server := errors.AsType[*serviceerror.DeadlineExceeded](err)
	_, update := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err)
	return server || update
}

// lateError is an order that was not answered in time.
type lateError struct{ error }

// Unwrap is what the context says.
func (e lateError) Unwrap() error { return e.error }

func (k Command) failure(namespace, nobody string, err error) error {
	if err == nil {
		return nil
	}
	what := k.Update + " " + k.Subject()
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return MissingError{fmt.Errorf("%s: %s, in namespace %s; see tidegate status %s", what, nobody, namespace, k.Gateway+k.Name)}
	}
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return fmt.Errorf("%s is refused: %s", what, refused.Message())
	}
	if slow, ok := errors.AsType[lateError](err); ok {
		return fmt.Errorf("%w; it may be obeyed once one does", Unanswered(what, slow))
	}
	return Unanswered(what, err)
}

// LoginName is who gives an order that names nobody; empty where the system does not
// tell.
func LoginName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return cmp.Or(os.Getenv("USER"), os.Getenv("USERNAME"))
}
