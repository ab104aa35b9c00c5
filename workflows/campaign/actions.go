package campaign

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// maxDecisions is how many decisions the record of a campaign has.
const maxDecisions = 200

// command is one update that operators may send to a campaign.
type command struct {
	name        string
	description string // shown in the Web UI
	// prepare returns the change that the command makes, or why it would do nothing now. The entry is
	// the action's target; nil: it names none.
	prepare     func(api.CampaignAction, *fleet.Entry, time.Time) (apply func(), err error)
	needsTarget bool
	arguments   string // besides who, why and the target, as they are typed in the Web UI
	endsArmed   bool   // it is for targets that wait: the run of an armed one is disarmed before
}

func (c *campaign) commands() []command {
	return []command{
		{api.ApproveUpdate, "Let the campaign, or its next wave, start; also before it is asked for", c.approve, false, "", false},
		{api.PauseUpdate, "Start nothing new; what runs continues", c.pause, false, "", false},
		{api.ResumeUpdate, "End a pause", c.resume, false, "", false},
		{api.AbortUpdate, "End the campaign: nothing disruptive starts any more; restarts and upgrades in progress are watched to their end. It can be sent again. With a target: end only its maintenance", c.abort, false, "", false},
		{api.SkipUpdate, "Leave a target out, or continue without the step at which it is held", c.skip, true, "", true},
		{api.RetryUpdate, "Try a failed target again, or the step at which it is held, or read one again that could not be read", c.retry, true, "", false},
		{
			api.RescheduleUpdate, "Start a target only from a time on", c.reschedule, true,
			`, "notBefore": "2026-12-01T02:00:00Z"`, true,
		},
		{
			api.WaiveUpdate, "Let a health check not count any more: for the whole campaign or, with a target, for that one", c.waive,
			false, `, "check": "name"`, false,
		},
		{api.ConcurrencyUpdate, "Set how many targets run at a time", c.setConcurrency, false, `, "maxConcurrent": 5`, false},
	}
}

// listen registers the queries and updates.
func (c *campaign) listen(ctx workflow.Context) error {
	if err := c.answer(ctx); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, api.AddTargetsUpdate, c.addTargets, workflow.UpdateHandlerOptions{
		Validator:   func(_ workflow.Context, in api.AddTargets) error { return c.discovery.mayAdd(in) },
		Description: "A further page of the plan; tidegate run sends it.",
	}); err != nil {
		return err
	}
	for _, o := range c.commands() {
		arguments := o.arguments
		if o.needsTarget {
			arguments = `, "target": "name"` + arguments
		}
		handle := func(ctx workflow.Context, in api.CampaignAction) (maintenance.Decision, error) {
			return c.handle(ctx, o, in)
		}
		if err := workflow.SetUpdateHandlerWithOptions(ctx, o.name, handle, workflow.UpdateHandlerOptions{
			Validator: func(ctx workflow.Context, in api.CampaignAction) error {
				_, err := c.prepare(o, in, workflow.Now(ctx))
				return err
			},
			Description: o.description + `: {"by": "who", "why": "for the record"` + arguments + `}.`,
		}); err != nil {
			return err
		}
	}
	return nil
}

// handle applies an action, or passes it on to the target's own run, and records the decision.
func (c *campaign) handle(ctx workflow.Context, o command, in api.CampaignAction) (maintenance.Decision, error) {
	in, err := c.takeSignature(ctx, o, in)
	if err != nil {
		return maintenance.Decision{}, err
	}
	if e, err := c.find(in.Target); err == nil {
		if passedOn(o.name, e.State) {
			return c.passOn(ctx, o.name, in, *e)
		}
		if o.name == api.RetryUpdate {
			if err := c.checkObstacle(ctx, *e); err != nil {
				return maintenance.Decision{}, err
			}
		}
		if o.endsArmed && e.MayDisarm() {
			if err := c.disarmTarget(ctx, o.name, e, in.Action); err != nil {
				return maintenance.Decision{}, err
			}
		}
	}
	apply, err := c.prepare(o, in, workflow.Now(ctx)) // again: something may have changed since the validator
	if err != nil {
		return maintenance.Decision{}, err
	}
	d := c.decision(ctx, o.name, in)
	apply()
	c.changed = true
	if became := c.disarmedBy(ctx, in.Action); became != "" {
		d.Note = strings.TrimPrefix(d.Note+"; "+became, "; ")
	}
	c.recordDecision(d)
	return d, nil
}

// prepare returns the change that an action makes, or why it is refused.
func (c *campaign) prepare(o command, in api.CampaignAction, now time.Time) (apply func(), err error) {
	if err := in.Validate(); err != nil {
		return nil, err
	}
	switch {
	case c.Life.Phase == fleet.Ended:
		return nil, errors.New("the campaign has ended")
	case c.Life.Stopped() != "" && o.name != api.AbortUpdate:
		return nil, errors.New("it is stopped already: " + c.Life.Stopped())
	case c.in.PlanOnly && o.name != api.AbortUpdate:
		return nil, errors.New("it only plans, and starts nothing: send the action to the campaign that tidegate run starts")
	}
	if err := c.mayCount(o, in, now); err != nil {
		return nil, err
	}
	var e *fleet.Entry
	if o.needsTarget || in.Target != "" {
		if e, err = c.find(in.Target); err != nil {
			return nil, err
		}
	}
	return o.prepare(in, e, now)
}

// decision is the record of an operator's action.
func (c *campaign) decision(ctx workflow.Context, what string, in api.CampaignAction) maintenance.Decision {
	d := maintenance.Decision{What: what, Target: in.Target, By: in.By, Why: in.Why, At: workflow.Now(ctx)}
	switch what {
	case api.ApproveUpdate:
		c.approvalOf(ctx, &d)
	case api.RescheduleUpdate:
		d.NotBefore = wholeSecond(in.NotBefore)
	case api.ConcurrencyUpdate:
		d.MaxConcurrent = in.MaxConcurrent
	case api.WaiveUpdate:
		d.Check = in.Check
	}
	if c.Life.Stopped() != "" {
		d.Note = c.stoppedAlready()
	}
	if in.Verified != nil {
		d.Proof = in.Verified.Proof()
	}
	return d
}

// addTargets takes in a page of the plan.
func (c *campaign) addTargets(_ workflow.Context, in api.AddTargets) (int, error) {
	if err := c.discovery.mayAdd(in); err != nil { // discovery may have ended since the validator
		return 0, err
	}
	return c.discovery.add(in), nil
}

// find is a target by its name or its gateway's id.
func (c *campaign) find(name string) (*fleet.Entry, error) {
	var found *fleet.Entry
	for i := range c.Entries {
		e := &c.Entries[i]
		if e.Name != name && !strings.EqualFold(e.Gateway, name) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%q is the name of several targets, such as %s and %s: name the gateway", name, found.Gateway, e.Gateway)
		}
		found = e
	}
	switch {
	case name == "":
		return nil, errors.New("target is required: name the target, or its gateway's id")
	case found == nil && c.discovery != nil:
		return nil, fmt.Errorf("the fleet is still being read: %s", c.discovery.doing)
	case found == nil:
		return nil, fmt.Errorf("this campaign has no target %q", name)
	}
	return found, nil
}

func (c *campaign) pause(in api.CampaignAction, _ *fleet.Entry, _ time.Time) (func(), error) {
	life, err := c.Life.Pause(in.By + ": " + cmp.Or(in.Why, "no reason given"))
	return func() { c.Life = life }, err
}

func (c *campaign) resume(api.CampaignAction, *fleet.Entry, time.Time) (func(), error) {
	life, err := c.Life.Resume()
	return func() { c.Life = life }, err
}

// abort stops the campaign for good. Sent again, it aborts every running target once more, in case
// one has not received the first; who stopped the campaign, and why, stays. With a target it only
// checks that its maintenance runs, to which the action is then passed on.
func (c *campaign) abort(in api.CampaignAction, e *fleet.Entry, _ time.Time) (func(), error) {
	if e != nil && !api.TargetMay(api.AbortUpdate, e.State, e.Unavailable != "") {
		return nil, fmt.Errorf("%s is %s: no maintenance of it runs that could be aborted", e.Name, e.State)
	}
	return func() {
		c.stop(fleet.HaltedByAbort, fmt.Sprintf("aborted by %s (%s)", in.By, in.Why), &in.Action)
	}, nil
}

// mostNamed is how many targets an answer names.
const mostNamed = 20

// stoppedAlready answers an abort of a stopped campaign: who stopped it, and what is still in
// progress.
func (c *campaign) stoppedAlready() string {
	var names []string
	for _, e := range c.Entries {
		if e.State.InProgress() {
			names = append(names, e.Name)
		}
	}
	text := "it is stopped already: " + c.Life.Stopped()
	if n := len(names); n > mostNamed {
		names = append(names[:mostNamed], fmt.Sprintf("%d more", n-mostNamed))
	}
	if len(names) == 0 {
		return text + "; nothing is in progress any more"
	}
	return text + "; still in progress: " + strings.Join(names, ", ")
}

func (c *campaign) skip(in api.CampaignAction, e *fleet.Entry, now time.Time) (func(), error) {
	switch {
	case e.State == fleet.Running && !e.MayDisarm():
		return nil, fmt.Errorf("the maintenance of %s has been running since %s and is not held; to end it: tidegate abort %s",
			e.Name, webui.Clock(&e.Started), e.Gateway)
	case !api.TargetMay(api.SkipUpdate, disarmable(e), e.Bar != maintenance.NotBlocked):
		return nil, fmt.Errorf("%s has ended already: %s", e.Name, e.State)
	}
	return func() {
		e.Skip(in.By, in.Why, now)
		e.Note = webui.CutNote(e.Note)
	}, nil
}

// disarmable is the state of a target, in which one counts as armed that may not have triggered yet.
func disarmable(e *fleet.Entry) fleet.State {
	if e.MayDisarm() {
		return fleet.Armed
	}
	return e.State
}

// retry lets a target wait again once its batch has read it again.
func (c *campaign) retry(_ api.CampaignAction, e *fleet.Entry, _ time.Time) (func(), error) {
	switch {
	case e.State == fleet.Running:
		return nil, fmt.Errorf("the maintenance of %s has been running since %s and is not held: there is nothing to retry",
			e.Name, webui.Clock(&e.Started))
	case e.State == fleet.Waiting && e.Bar == maintenance.BlockedByReading:
		return nil, fmt.Errorf("%s is being read again already", e.Name)
	case !api.TargetMay(api.RetryUpdate, e.State, e.Bar != maintenance.NotBlocked):
		return nil, fmt.Errorf("%s is %s: only a target that has failed, was skipped, or could not be read can be retried",
			e.Name, e.State)
	}
	return func() {
		e.Retry()
		c.Unsent.Read = append(c.Unsent.Read, e.Ref)
	}, nil
}

// askLimit is how long an operator's command waits for Temporal: less than the operator waits for
// the answer.
const askLimit = 10 * time.Second

// checkObstacle refuses to retry a quarantined target, which a person has to release first. A target
// that waits for another run is read again without a retry.
func (c *campaign) checkObstacle(ctx workflow.Context, e fleet.Entry) error {
	name, waits := e.Name, e.State == fleet.Waiting
	quarantine := api.QuarantineWorkflowID(e.Gateway)
	found, err := call.Do(ctx, call.PollWithin(askLimit, askLimit, "check what blocks "+e.Gateway),
		call.Engine.FindObstacle, activities.ObstacleLookup{
			Gateway: e.Gateway, Quarantine: quarantine, Maintenance: api.GatewayWorkflowID(e.Gateway),
			Pace: c.in.Plan.Policy.Pace,
		})
	switch {
	case err != nil:
		return fmt.Errorf("cannot tell whether %s is quarantined, since Temporal did not answer: send the command again: %w", name, call.Explain(err))
	case found.WorkflowID == quarantine && waits:
		return fmt.Errorf("%s is read again by itself once its gateway is released: %s", name, found.Reason)
	case found.WorkflowID == quarantine:
		return fmt.Errorf("%s can be retried once its gateway is released: %s", name, found.Reason)
	case found.WorkflowID != "" && waits:
		return fmt.Errorf("%s is read again by itself once that run has ended: %s", name, found.Reason)
	}
	return nil
}

func (c *campaign) reschedule(in api.CampaignAction, e *fleet.Entry, now time.Time) (func(), error) {
	switch {
	case !api.TargetMay(api.RescheduleUpdate, disarmable(e), e.Bar != maintenance.NotBlocked):
		return nil, fmt.Errorf("%s is %s: only one that waits can be rescheduled", e.Name, e.State)
	case in.NotBefore.IsZero() && !e.NotBefore.After(now):
		return nil, fmt.Errorf("%s was not rescheduled: there is nothing to revert", e.Name)
	case !in.NotBefore.IsZero() && !in.NotBefore.After(now):
		return nil, fmt.Errorf("invalid value %s for notBefore: must be in the future, or absent to revert an earlier one",
			webui.Clock(&in.NotBefore))
	}
	return func() { e.NotBefore = wholeSecond(in.NotBefore) }, nil
}

// wholeSecond rounds up to the precision of an entry in JSON: rounded down, the time would come
// before the one that was asked for.
func wholeSecond(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Add(time.Second - 1).Truncate(time.Second)
}

func (c *campaign) setConcurrency(in api.CampaignAction, _ *fleet.Entry, _ time.Time) (func(), error) {
	if in.MaxConcurrent < 1 || in.MaxConcurrent > maintenance.MostConcurrent {
		return nil, fmt.Errorf("invalid value %d for maxConcurrent: must be 1 to %d",
			in.MaxConcurrent, maintenance.MostConcurrent)
	}
	return func() { c.Max = in.MaxConcurrent }, nil
}

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
	ctx workflow.Context, update string, in api.CampaignAction, e fleet.Entry,
) (maintenance.Decision, error) {
	options := c.reading(update + " " + e.Name + ", as its maintenance answers")
	options.ScheduleToCloseTimeout = passOnLimit
	d, err := call.Do(ctx, options, call.Engine.PassOn, activities.PassOnInput{
		WorkflowID: api.GatewayWorkflowID(e.Gateway), Parent: c.Batches[e.Ref/api.LineSpace], Update: update,
		UpdateID: workflow.GetCurrentUpdateInfo(ctx).ID,
		Action:   activities.OperatorAction{By: in.By, Why: in.Why, Signature: signatureOf(in)},
		Pace:     call.NoticePace(c.in.Plan.Policy),
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
