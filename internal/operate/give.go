package operate

import (
	"cmp"
	"context"
	"crypto/rand"
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
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/workflows/api"
)

// Command is an action and its receiver: a gateway's maintenance or
// quarantine, or a campaign.
type Command struct {
	action.Action
	In      api.CampaignAction // who gives it and why, and what it needs
	Gateway string             // its id, where it is for a gateway
	Name    string             // of the campaign, or its workflow's id, where it is for one
	// Found is the campaign where that is known already; else it is searched for.
	Found Campaign
	// Sign signs the action where its campaign asks for that; nil: it cannot be signed. PlanDigest, where given, is that
	// of
	// the plan that the operator holds: nothing is signed or sent for another one.
	Sign       Sign
	PlanDigest string
}

// RefusedError is an action that was taken, and refused.
type RefusedError struct {
	what string
	Why  string // in the words of who refused it
}

// Error names the order too.
func (e RefusedError) Error() string { return e.what + " is refused: " + e.Why }

// Subject is the receiver, for people.
func (k Command) Subject() string {
	if k.In.Target != "" {
		return k.In.Target + " of " + k.Name
	}
	return k.Gateway + k.Name
}

// Give gives the order and waits until it is applied or refused. Its error is a
// RefusedError where it was refused, and a MissingError where nobody is there to take
// it.
func (k Command) Give(ctx context.Context, c Session) (maintenance.Decision, error) {
	if k.Gateway != "" {
		var in any = k.In.Action
		if k.Update == api.WaiveUpdate {
			in = api.Waive{Action: k.In.Action, Check: k.In.Check}
		}
		decision, err := k.send(ctx, c, k.To(k.Gateway), in)
		return decision, k.failure(c.Namespace, k.Nobody, err)
	}
	found, err := k.campaign(ctx, c)
	if err != nil {
		return maintenance.Decision{}, err
	}
	in := k.In
	if k.Sign != nil || k.PlanDigest != "" {
		if in.Signature, err = k.sign(ctx, c, found); err != nil {
			return maintenance.Decision{}, err
		}
	}
	decision, err := k.send(ctx, c, found.WorkflowID, in)
	if _, refused := errors.AsType[*temporal.ApplicationError](err); refused && k.In.Target != "" &&
		unknown(ctx, c, found, k.In.Target) {
		return decision, Missing(fmt.Errorf("%s %s: no such target; see tidegate status %s --all",
			k.Update, k.Subject(), k.Name))
	}
	return decision, k.failure(c.Namespace, "the campaign is not running", err)
}

func (k Command) campaign(ctx context.Context, c Session) (Campaign, error) {
	if k.Found.WorkflowID != "" {
		return k.Found, nil
	}
	found, err := FindCampaign(ctx, c, k.Name)
	if _, missing := errors.AsType[MissingError](err); missing {
		return Campaign{}, MissingError{fmt.Errorf("%s %s: %w", k.Update, k.Subject(), err)}
	}
	return found, err
}

// unknown is true where a campaign has read its targets and that is none of them.
func unknown(ctx context.Context, c Session, g Campaign, target string) bool {
	var some, rows []fleet.Row
	err := errors.Join(
		g.Ask(ctx, c, api.TargetsQuery, &some, fleet.Page{Count: 1}),
		g.Ask(ctx, c, api.TargetsQuery, &rows, fleet.Page{Count: 1, Target: target}))
	return err == nil && len(some) > 0 && len(rows) == 0
}

// send gives the order to a workflow and waits for the answer. It is sent again while
// it may not have arrived: by the update's id Temporal knows one that has.
func (k Command) send(ctx context.Context, c Session, workflowID string, in any) (maintenance.Decision, error) {
	ctx, cancel := context.WithTimeout(ctx, AnswerTimeout)
	defer cancel()
	again := time.NewTicker(PollEvery)
	defer again.Stop()
	options := client.UpdateWorkflowOptions{
		UpdateID: rand.Text(), WorkflowID: workflowID, UpdateName: k.Update, Args: []any{in},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	}
	for {
		var decision maintenance.Decision
		update, err := c.UpdateWorkflow(ctx, options)
		if err == nil {
			err = update.Get(ctx, &decision)
		}
		if err == nil || (ctx.Err() == nil && !Cut(err)) {
			return decision, err
		}
		select {
		case <-ctx.Done():
			return decision, lateError{ctx.Err()} // the SDK's own error hides it
		case <-again.C:
		}
	}
}

// Cut is true for the error of an update that may be sent again under the same id:
// the connection was cut, its time ran out, or the workflow was about to continue as
// new.
func Cut(err error) bool {
	_, away := errors.AsType[*serviceerror.Unavailable](err)
	_, notReady := errors.AsType[*serviceerror.WorkflowNotReady](err)
	_, server := errors.AsType[*serviceerror.DeadlineExceeded](err)
	_, update := errors.AsType[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err)
	return away || notReady || server || update
}

// lateError is an action that was not answered in time.
type lateError struct{ error }

// Unwrap is what the context says.
func (e lateError) Unwrap() error { return e.error }

func (k Command) failure(namespace, nobody string, err error) error {
	if err == nil {
		return nil
	}
	what := k.Update + " " + k.Subject()
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return MissingError{fmt.Errorf("%s: %s, in namespace %s; see tidegate status %s", what, nobody, namespace,
			k.Gateway+k.Name)}
	}
	if refused, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return RefusedError{what: what, Why: refused.Message()}
	}
	if slow, ok := errors.AsType[lateError](err); ok {
		return fmt.Errorf("%w; it may be applied once one does", Unanswered(what, slow))
	}
	return Unanswered(what, err)
}

// LoginName is who gives an action that names nobody; empty where the system does not
// tell.
func LoginName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return cmp.Or(os.Getenv("USER"), os.Getenv("USERNAME"))
}
