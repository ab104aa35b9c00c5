package campaign

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
)

// passOnLimit is how long a run may take to answer what its campaign passes on.
const passOnLimit = time.Minute

// passedOn is true for an update of a target that only the target's own run can apply.
func passedOn(update string, state fleet.State) bool {
	switch update {
	case api.RetryUpdate, api.SkipUpdate:
		return state == fleet.Held
	case api.AbortUpdate:
		return state.InProgress()
	}
	return false
}

// passOn passes an action to a target's run, and returns its answer: what the run refuses is
// refused, and the campaign records what the run has decided.
func (c *campaign) passOn(
	ctx workflow.Context, update string, o api.Action, e fleet.Entry,
) (maintenance.Decision, error) {
	options := c.reading(update + " " + e.Name + ", as its maintenance answers")
	options.ScheduleToCloseTimeout = passOnLimit
	d, err := call.Do(ctx, options, call.Engine.PassOn, activities.PassOnInput{
		WorkflowID: api.GatewayWorkflowID(e.Gateway), Parent: c.Batches[e.Ref/api.LineSpace], Update: update,
		UpdateID: workflow.GetCurrentUpdateInfo(ctx).ID, Action: activities.OperatorAction{By: o.By, Why: o.Why},
		Pace: call.NoticePace(c.in.Plan.Policy),
	})
	about := fmt.Sprintf("%s of %s (%s): ", update, e.Name, e.Gateway)
	switch {
	case call.HasType(err, names.TypeRefused), call.HasType(err, names.TypeNotFound):
		return d, temporal.NewNonRetryableApplicationError(about+call.Explain(err).Error(), names.TypeRefused, nil)
	case err != nil:
		return d, temporal.NewNonRetryableApplicationError(
			about+"its maintenance did not answer in time, and may still apply it: check its status before you send it again: "+call.Explain(err).Error(),
			names.TypeUnknownOutcome, nil)
	}
	c.recordDecisions(e, d) // the run reports it too
	d.Target = e.Name
	return d, nil
}
