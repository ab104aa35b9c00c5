package workflows

import (
	"errors"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Approval is a person's consent to a run whose policy asks for it.
type Approval struct {
	By  string `json:"by"`            // who; not empty
	Why string `json:"why,omitempty"` // for the record
}

// listen registers what operators may ask and see.
func (r *run) listen(ctx workflow.Context) error {
	status := func() (maintenance.Status, error) { return r.status, nil }
	err := workflow.SetQueryHandlerWithOptions(ctx, StatusQuery, status,
		workflow.QueryHandlerOptions{Description: "What runs, what waits and why it waits."})
	if err != nil {
		return err
	}
	approve := func(ctx workflow.Context, in Approval) (maintenance.Decision, error) {
		decision := maintenance.Decision{What: ApproveUpdate, By: in.By, Why: in.Why, At: workflow.Now(ctx)}
		r.status.Decisions = append(r.status.Decisions, decision)
		r.publish(ctx)
		return decision, nil
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, ApproveUpdate, approve, workflow.UpdateHandlerOptions{
		Validator:   func(_ workflow.Context, in Approval) error { return r.mayApprove(in) },
		Description: `Let the maintenance begin in its next window: {"by": "who", "why": "for the record"}.`,
	})
}

func (r *run) mayApprove(in Approval) error {
	switch {
	case strings.TrimSpace(in.By) == "":
		return errors.New(`by is empty: say who approves, such as {"by": "alice"}`)
	case !r.in.Policy.Approval:
		return errors.New("this run does not ask for an approval")
	case r.approved():
		return errors.New("this run is approved already, by " + r.status.Decisions[0].By)
	}
	return nil
}

func (r *run) approved() bool { return len(r.status.Decisions) > 0 }

// awaitApproval holds a run whose policy asks for it until somebody approves.
func (r *run) awaitApproval(ctx workflow.Context) error {
	if !r.policy.Approval || r.approved() {
		return nil
	}
	defer r.unblock()
	if err := r.block(ctx, maintenance.BlockedByApproval, "waits for an approval: send the update approve", nil); err != nil {
		return err
	}
	return workflow.Await(ctx, r.approved)
}
