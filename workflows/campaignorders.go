package workflows

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// maxDecisions is how many decisions a campaign remembers.
const maxDecisions = 200

// campaignCommand is one update that operators may send to a campaign.
type campaignCommand struct {
	name string
	says string // shown in the Web UI
	may  func(CampaignOrder) error
	do   func(workflow.Context, CampaignOrder)
	// takes is what it needs beside who and why, as it is typed there.
	takes string
}

// listen registers what operators may see and say.
func (c *campaign) listen(ctx workflow.Context) error {
	if err := c.answer(ctx); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandlerWithOptions(ctx, AddTargetsUpdate, c.add, workflow.UpdateHandlerOptions{
		Validator:   func(_ workflow.Context, in AddTargets) error { return c.mayAdd(in) },
		Description: "A further page of the plan; tidegate run sends it.",
	}); err != nil {
		return err
	}
	for _, o := range []campaignCommand{
		{ApproveUpdate, "Let the campaign, or its next wave, begin", c.mayApprove, c.approve, ""},
		{PauseUpdate, "Begin nothing new; what runs goes on", c.mayPause, c.pause, ""},
		{ResumeUpdate, "Go on after a pause", c.mayResume, func(workflow.Context, CampaignOrder) { c.Paused = "" }, ""},
		{AbortUpdate, "End the campaign: nothing disruptive starts any more; restarts and upgrades in progress are watched to their end. It can be sent again", func(CampaignOrder) error { return nil }, c.abort, ""},
		{SkipUpdate, "Leave a target out", c.maySkip, c.skip, `, "target": "name"`},
		{RetryUpdate, "Try a failed target again, or read one again that could not be read", c.mayRetry, c.retry, `, "target": "name"`},
		{RescheduleUpdate, "Begin a target not before an instant", c.mayReschedule, c.reschedule, `, "target": "name", "notBefore": "2026-12-01T02:00:00Z"`},
		{ConcurrencyUpdate, "Set how many targets run at a time", c.mayConcur, func(_ workflow.Context, o CampaignOrder) { c.Max = o.MaxConcurrent }, `, "maxConcurrent": 5`},
	} {
		if err := c.obey(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// obey registers one update, with its check and its place in the record.
func (c *campaign) obey(ctx workflow.Context, o campaignCommand) error {
	handle := func(ctx workflow.Context, in CampaignOrder) (maintenance.Decision, error) {
		d := c.decision(ctx, o.name, in)
		c.keepDecision(d)
		o.do(ctx, in)
		return d, nil
	}
	return workflow.SetUpdateHandlerWithOptions(ctx, o.name, handle, workflow.UpdateHandlerOptions{
		Validator: func(_ workflow.Context, in CampaignOrder) error {
			if err := named(in.Order); err != nil {
				return err
			}
			switch {
			case c.phase == fleet.Over:
				return errors.New("the campaign is over")
			case c.Stopped != "" && o.name != AbortUpdate:
				return errors.New("it is stopped already: " + c.Stopped)
			case c.in.PlanOnly && o.name != AbortUpdate:
				return errors.New("it only plans, and begins nothing: give the order to the campaign that tidegate run starts")
			}
			return o.may(in)
		},
		Description: o.says + `: {"by": "who", "why": "for the record"` + o.takes + `}.`,
	})
}

// decision is what an operator has decided, with all that was decided.
func (c *campaign) decision(ctx workflow.Context, what string, in CampaignOrder) maintenance.Decision {
	d := maintenance.Decision{What: what, Target: in.Target, By: in.By, Why: in.Why, At: workflow.Now(ctx)}
	switch what {
	case ApproveUpdate:
		d.Wave = c.approved() + 1
	case RescheduleUpdate:
		d.NotBefore = wholeSecond(in.NotBefore)
	case ConcurrencyUpdate:
		d.MaxConcurrent = in.MaxConcurrent
	}
	if c.Stopped != "" {
		d.Note = c.stoppedAlready()
	}
	return d
}

// add takes a page of the plan in.
func (c *campaign) add(_ workflow.Context, in AddTargets) (int, error) {
	c.pages = append(c.pages, in)
	c.received += len(in.Targets)
	return c.received, nil
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
		return nil, errors.New("target is empty: name the target, or its gateway's id")
	case found == nil && c.phase == fleet.Gathering:
		return nil, fmt.Errorf("the fleet is still being read: %s", c.doing)
	case found == nil:
		return nil, fmt.Errorf("%q is no target of this campaign", name)
	}
	return found, nil
}

func (c *campaign) mayPause(CampaignOrder) error {
	if c.Paused != "" {
		return errors.New("it is paused already, by " + c.Paused)
	}
	return nil
}

func (c *campaign) pause(_ workflow.Context, o CampaignOrder) {
	c.Paused = o.By + ": " + cmp.Or(o.Why, "no reason given")
}

func (c *campaign) mayResume(CampaignOrder) error {
	if c.Paused == "" {
		return errors.New("it is not paused")
	}
	return nil
}

// abort stops the campaign for good. Sent again it keeps who stopped it and why, and
// tells every running target once more: one may not have heard the first.
func (c *campaign) abort(_ workflow.Context, o CampaignOrder) {
	c.stop(cmp.Or(c.Stopped, fmt.Sprintf("aborted by %s (%s)", o.By, o.Why)), &o.Order)
}

// mostNamed is how many targets an answer names.
const mostNamed = 20

// stoppedAlready is the answer to an abort of a campaign that is stopped: by whom, and
// what is still in progress.
func (c *campaign) stoppedAlready() string {
	var names []string
	for _, e := range c.Entries {
		if e.State == fleet.Running {
			names = append(names, e.Name)
		}
	}
	text := "it is stopped already: " + c.Stopped
	if n := len(names); n > mostNamed {
		names = append(names[:mostNamed], fmt.Sprintf("%d more", n-mostNamed))
	}
	if len(names) == 0 {
		return text + "; nothing is in progress any more"
	}
	return text + "; still in progress: " + strings.Join(names, ", ")
}

func (c *campaign) maySkip(o CampaignOrder) error {
	e, err := c.find(o.Target)
	switch {
	case err != nil:
		return err
	case e.State == fleet.Running:
		return fmt.Errorf("%s is being maintained since %s: where that is held, skip its step (tidegate skip %s), else abort it (tidegate abort %s)",
			e.Name, clock(&e.Begun), e.Gateway, e.Gateway)
	case !TargetMay(SkipUpdate, e.State, e.Barred != ""):
		return fmt.Errorf("%s has ended already: %s", e.Name, e.State)
	}
	return nil
}

func (c *campaign) skip(ctx workflow.Context, o CampaignOrder) {
	if e, err := c.find(o.Target); err == nil {
		e.Skip(o.By, o.Why, workflow.Now(ctx))
		e.Note = cut(e.Note)
	}
}

func (c *campaign) mayRetry(o CampaignOrder) error {
	e, err := c.find(o.Target)
	switch {
	case err != nil:
		return err
	case e.State == fleet.Running:
		return fmt.Errorf("%s is being maintained since %s: where that is held, retry it there (tidegate retry %s)", e.Name, clock(&e.Begun), e.Gateway)
	case !TargetMay(RetryUpdate, e.State, e.Barred != ""):
		return fmt.Errorf("%s is %s: want one that has failed, was skipped, or is barred", e.Name, e.State)
	}
	return nil
}

// retry lets a target wait again once its roster has read it anew.
func (c *campaign) retry(_ workflow.Context, o CampaignOrder) {
	if e, err := c.find(o.Target); err == nil {
		e.Retry()
		c.Reads = append(c.Reads, e.Ref)
	}
}

func (c *campaign) mayReschedule(o CampaignOrder) error {
	e, err := c.find(o.Target)
	switch {
	case err != nil:
		return err
	case !TargetMay(RescheduleUpdate, e.State, e.Barred != ""):
		return fmt.Errorf("%s is %s: only one that waits can be rescheduled", e.Name, e.State)
	}
	return nil
}

func (c *campaign) reschedule(_ workflow.Context, o CampaignOrder) {
	if e, err := c.find(o.Target); err == nil {
		e.NotBefore = wholeSecond(o.NotBefore)
	}
}

// wholeSecond rounds up to what an entry keeps from run to run: cut off, the instant
// would come before the one that was asked for.
func wholeSecond(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Add(time.Second - 1).Truncate(time.Second)
}

func (c *campaign) mayConcur(o CampaignOrder) error {
	if o.MaxConcurrent < 1 || o.MaxConcurrent > maintenance.MostConcurrent {
		return fmt.Errorf("maxConcurrent is %d: want 1 to %d", o.MaxConcurrent, maintenance.MostConcurrent)
	}
	return nil
}
