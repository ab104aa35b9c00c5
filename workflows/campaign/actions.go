package campaign

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// maxDecisions is how many decisions the record of a campaign has.
const maxDecisions = 200

// campaignCommand is one update that operators may send to a campaign.
type campaignCommand struct {
	name        string
	description string // shown in the Web UI
	may         func(api.CampaignAction) error
	do          func(workflow.Context, api.CampaignAction)
	// arguments are what it needs besides who and why, as they are typed there.
	arguments string
	// check asks others whether it would do anything; nil: the campaign knows.
	check func(workflow.Context, api.CampaignAction) error
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
	for _, o := range []campaignCommand{
		{api.ApproveUpdate, "Let the campaign, or its next wave, start; also before it is asked for", func(o api.CampaignAction) error { return c.mayApprove(ctx, o) }, c.approve, "", nil},
		{api.PauseUpdate, "Start nothing new; what runs continues", c.mayPause, c.pause, "", nil},
		{api.ResumeUpdate, "End a pause", c.mayResume, c.resume, "", nil},
		{api.AbortUpdate, "End the campaign: nothing disruptive starts any more; restarts and upgrades in progress are watched to their end. It can be sent again. With a target: end only its maintenance", c.mayAbort, c.abort, "", nil},
		{api.SkipUpdate, "Leave a target out, or continue without the step at which it is held", c.maySkip, c.skip, `, "target": "name"`, nil},
		{api.RetryUpdate, "Try a failed target again, or the step at which it is held, or read one again that could not be read", c.mayRetry, c.retry, `, "target": "name"`, c.checkObstacle},
		{api.RescheduleUpdate, "Start a target only from a time on", func(o api.CampaignAction) error { return c.mayReschedule(o, workflow.Now(ctx)) }, c.reschedule, `, "target": "name", "notBefore": "2026-12-01T02:00:00Z"`, nil},
		{api.ConcurrencyUpdate, "Set how many targets run at a time", c.mayConcur, func(_ workflow.Context, o api.CampaignAction) { c.Max = o.MaxConcurrent }, `, "maxConcurrent": 5`, nil},
	} {
		if err := c.register(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// register registers one update, with its validator and its decision in the record.
func (c *campaign) register(ctx workflow.Context, o campaignCommand) error {
	handle := func(ctx workflow.Context, in api.CampaignAction) (maintenance.Decision, error) {
		if e, err := c.find(in.Target); err == nil && passedOn(o.name, e.State) {
			return c.passOn(ctx, o.name, in.Action, *e)
		}
		if o.name == api.AbortUpdate && in.Target != "" {
			return maintenance.Decision{}, c.mayAbort(in) // it has just ended, and the campaign goes on
		}
		if o.check != nil {
			if err := o.check(ctx, in); err != nil {
				return maintenance.Decision{}, err
			}
			if err := c.may(o, in); err != nil { // it may have changed meanwhile
				return maintenance.Decision{}, err
			}
		}
		d := c.decision(ctx, o.name, in)
		c.recordDecision(d)
		o.do(ctx, in)
		return d, nil
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, o.name, handle, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, in api.CampaignAction) error {
			return c.may(o, in)
		},
		Description: o.description + `: {"by": "who", "why": "for the record"` + o.arguments + `}.`,
	})
}

// may refuses a command that would do nothing now, with the reason.
func (c *campaign) may(o campaignCommand, in api.CampaignAction) error {
	if err := in.Validate(); err != nil {
		return err
	}
	switch {
	case c.Life.Phase == fleet.Over:
		return errors.New("the campaign is over")
	case c.Life.Stopped() != "" && o.name != api.AbortUpdate:
		return errors.New("it is stopped already: " + c.Life.Stopped())
	case c.in.PlanOnly && o.name != api.AbortUpdate:
		return errors.New("it only plans, and starts nothing: send the action to the campaign that tidegate run starts")
	}
	return o.may(in)
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
	}
	if c.Life.Stopped() != "" {
		d.Note = c.stoppedAlready()
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

func pauseReason(o api.CampaignAction) string { return o.By + ": " + cmp.Or(o.Why, "no reason given") }

func (c *campaign) mayPause(o api.CampaignAction) error {
	_, err := c.Life.Pause(pauseReason(o))
	return err
}

func (c *campaign) pause(_ workflow.Context, o api.CampaignAction) {
	c.enter(c.Life.Pause(pauseReason(o)))
}

func (c *campaign) mayResume(api.CampaignAction) error {
	_, err := c.Life.Resume()
	return err
}

func (c *campaign) resume(workflow.Context, api.CampaignAction) {
	c.enter(c.Life.Resume())
}

// abort stops the campaign for good. Sent again, it aborts every running target once more, in case
// one has not received the first; who stopped the campaign, and why, stays.
func (c *campaign) abort(_ workflow.Context, o api.CampaignAction) {
	c.stop(fleet.HaltedByAbort, fmt.Sprintf("aborted by %s (%s)", o.By, o.Why), &o.Action)
}

// mayAbort refuses to abort a target whose maintenance does not run.
func (c *campaign) mayAbort(o api.CampaignAction) error {
	if o.Target == "" {
		return nil
	}
	e, err := c.find(o.Target)
	if err == nil && !api.TargetMay(api.AbortUpdate, e.State, e.Unavailable != "") {
		err = fmt.Errorf("%s is %s: no maintenance of it runs that could be aborted", e.Name, e.State)
	}
	return err
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

func (c *campaign) maySkip(o api.CampaignAction) error {
	e, err := c.find(o.Target)
	switch {
	case err != nil:
		return err
	case e.State == fleet.Running:
		return fmt.Errorf("%s is being maintained since %s, and is not held: to end its maintenance, abort it (tidegate abort %s)",
			e.Name, webui.Clock(&e.Started), e.Gateway)
	case !api.TargetMay(api.SkipUpdate, e.State, e.Bar != maintenance.NotBlocked):
		return fmt.Errorf("%s has ended already: %s", e.Name, e.State)
	}
	return nil
}

func (c *campaign) skip(ctx workflow.Context, o api.CampaignAction) {
	if e, err := c.find(o.Target); err == nil {
		e.Skip(o.By, o.Why, workflow.Now(ctx))
		e.Note = webui.CutNote(e.Note)
	}
}

func (c *campaign) mayRetry(o api.CampaignAction) error {
	e, err := c.find(o.Target)
	switch {
	case err != nil:
		return err
	case e.State == fleet.Running:
		return fmt.Errorf("%s is being maintained since %s, and is not held: there is nothing to retry", e.Name, webui.Clock(&e.Started))
	case e.State == fleet.Waiting && e.Bar == maintenance.BlockedByReading:
		return fmt.Errorf("%s is being read again already", e.Name)
	case !api.TargetMay(api.RetryUpdate, e.State, e.Bar != maintenance.NotBlocked):
		return fmt.Errorf("%s is %s: only a target that has failed, was skipped, or could not be read can be retried", e.Name, e.State)
	}
	return nil
}

// askLimit is how long an operator's command waits for Temporal: less than the operator waits for
// the answer.
const askLimit = 10 * time.Second

// checkObstacle refuses to retry what no run may touch: a person has to release it first. One
// that waits for another run is read again by itself.
func (c *campaign) checkObstacle(ctx workflow.Context, o api.CampaignAction) error {
	e, err := c.find(o.Target)
	if err != nil {
		return err
	}
	name, waits := e.Name, e.State == fleet.Waiting // the entries may move meanwhile
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

// retry lets a target wait again once its batch has read it again.
func (c *campaign) retry(_ workflow.Context, o api.CampaignAction) {
	if e, err := c.find(o.Target); err == nil {
		e.Retry()
		c.Unsent.Read = append(c.Unsent.Read, e.Ref)
	}
}

func (c *campaign) mayReschedule(o api.CampaignAction, now time.Time) error {
	e, err := c.find(o.Target)
	switch {
	case err != nil:
		return err
	case !api.TargetMay(api.RescheduleUpdate, e.State, e.Bar != maintenance.NotBlocked):
		return fmt.Errorf("%s is %s: only one that waits can be rescheduled", e.Name, e.State)
	case o.NotBefore.IsZero() && !e.NotBefore.After(now):
		return fmt.Errorf("%s was not rescheduled: there is nothing to revert", e.Name)
	case !o.NotBefore.IsZero() && !o.NotBefore.After(now):
		return fmt.Errorf("invalid value %s for notBefore: must be in the future, or absent to revert an earlier one", webui.Clock(&o.NotBefore))
	}
	return nil
}

func (c *campaign) reschedule(_ workflow.Context, o api.CampaignAction) {
	if e, err := c.find(o.Target); err == nil {
		e.NotBefore = wholeSecond(o.NotBefore)
	}
}

// wholeSecond rounds up to the precision of an entry in JSON: rounded down, the time would come
// before the one that was asked for.
func wholeSecond(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Add(time.Second - 1).Truncate(time.Second)
}

func (c *campaign) mayConcur(o api.CampaignAction) error {
	if o.MaxConcurrent < 1 || o.MaxConcurrent > maintenance.MostConcurrent {
		return fmt.Errorf("invalid value %d for maxConcurrent: must be 1 to %d", o.MaxConcurrent, maintenance.MostConcurrent)
	}
	return nil
}
