package campaign

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// disarmLimit is how long an operator's action waits until the armed runs have said what became of
// them: less than the operator waits for the answer.
const disarmLimit = 12 * time.Second

// triggeredBy is how long after armed targets have triggered the campaign shows them as running. It has
// nothing to do then, and the workers have.
const triggeredBy = 5 * time.Second

// triggered is when the next armed targets will have triggered; zero: none is armed.
func (c *campaign) triggered(now time.Time) (next time.Time) {
	for i := range c.Entries {
		e := &c.Entries[i]
		if e.StateAt(now) == fleet.Armed && (next.IsZero() || e.Trigger.Before(next)) {
			next = e.Trigger
		}
	}
	if next.IsZero() {
		return next
	}
	return next.Add(triggeredBy)
}

// disarmBlocked disarms what must not go on since the last decision.
func (c *campaign) disarmBlocked(ctx workflow.Context) error {
	return c.disarm(ctx, c.turn.Disarm.Entries, api.Action{By: c.commandName(ctx), Why: c.turn.Disarm.Why})
}

// disarm has the armed runs of some entries end, unless they were told to before. Each says what became
// of it: it has ended, or it goes on, since its first change is made.
func (c *campaign) disarm(ctx workflow.Context, entries []int, by api.Action) error {
	to := make([]api.Instructions, len(c.Batches))
	for _, i := range entries {
		e := c.Entries[i]
		if c.disarming[e.Ref] == e.Attempts {
			continue
		}
		c.disarming[e.Ref] = e.Attempts
		n := e.Ref / api.LineSpace
		if slices.Contains(c.Lost, n) {
			workflow.SignalExternalWorkflow(ctx, api.GatewayWorkflowID(e.Gateway), "", api.DisarmSignal,
				api.CampaignDisarm{Action: by, Campaign: workflow.GetInfo(ctx).WorkflowExecution.ID})
			continue
		}
		to[n].Disarm = cmp.Or(to[n].Disarm, &api.DisarmInstruction{Action: by})
		to[n].Disarm.Attempts = append(to[n].Disarm.Attempts, api.Attempt{Line: e.Ref % api.LineSpace, Attempt: e.Attempts})
	}
	return c.sendOrLose(ctx, to)
}

// disarmTarget disarms a target that a person wants skipped or rescheduled, and refuses if that comes too
// late.
func (c *campaign) disarmTarget(ctx workflow.Context, what string, e *fleet.Entry, by api.Action) error {
	i := c.entryOf[e.Ref]
	if err := c.disarm(ctx, []int{i}, api.Action{By: by.By, Why: strings.TrimSpace(what + ": " + by.Why)}); err != nil {
		return err
	}
	became, err := c.awaitDisarmed(ctx, []int{i})
	switch {
	case err != nil:
		return err
	case len(became.goesOn) > 0:
		return fmt.Errorf("%s of %s comes too late: its maintenance has made its first change, or may have, and goes on; to abort it: tidegate abort %s",
			what, e.Name, e.Gateway)
	case len(became.held) > 0:
		return fmt.Errorf("%s of %s comes too late: its maintenance is held at %s by now, and waits for a person: tidegate status %s",
			what, e.Name, e.Hold.Step, e.Gateway)
	case len(became.silent) > 0:
		return temporal.NewNonRetryableApplicationError(fmt.Sprintf(
			"%s of %s: its maintenance did not answer within %s, and may still end or make its first change: check its status before you send it again",
			what, e.Name, maintenance.Duration(disarmLimit)), names.TypeUnknownOutcome, nil)
	case e.State.InProgress():
		return fmt.Errorf("%s of %s: it was disarmed, and then started again by another action: send it again", what, e.Name)
	}
	return nil
}

// disarmedBy disarms what a person's action keeps from starting, and says what became of it. The
// action's answer then says what is true: nothing that was disarmed triggers after it.
func (c *campaign) disarmedBy(ctx workflow.Context, by api.Action) string {
	now := workflow.Now(ctx)
	blocked := fleet.Decide(c.fleet(), now).Disarm
	if len(blocked.Entries) == 0 {
		return ""
	}
	err := c.disarm(ctx, blocked.Entries, by)
	became, late := disarmed{silent: blocked.Entries}, error(nil)
	if err == nil {
		became, late = c.awaitDisarmed(ctx, blocked.Entries)
	}
	note := c.describe(became)
	if err = errors.Join(err, late); err != nil {
		note += " (" + call.Explain(err).Error() + ")"
	}
	return webui.CutNote(note)
}

// disarmed is what became of entries that were told to disarm.
type disarmed struct {
	waiting []int // it has changed nothing, and waits again
	goesOn  []int // it has made its first change, or may have
	held    []int // it waits for a person
	ended   []int // in another way: it has failed, say
	silent  []int // it has not answered
}

// awaitDisarmed waits until each of the entries has ended, or goes on.
func (c *campaign) awaitDisarmed(ctx workflow.Context, entries []int) (became disarmed, err error) {
	attempts := make([]int, len(entries))
	for n, i := range entries {
		attempts[n] = c.Entries[i].Attempts
	}
	silent := func(n int) bool {
		e := &c.Entries[entries[n]]
		return e.Attempts == attempts[n] && e.State == fleet.Running && !e.Trigger.IsZero()
	}
	_, err = workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: disarmLimit, TimerOptions: workflow.TimerOptions{Summary: "answer the operator though armed runs have not"},
	}, func() bool {
		for n := range entries {
			if silent(n) {
				return false
			}
		}
		return true
	})
	for n, i := range entries {
		e := &c.Entries[i]
		switch {
		case silent(n):
			became.silent = append(became.silent, i)
		case e.State == fleet.Waiting || e.Attempts != attempts[n]: // or was started again already
			became.waiting = append(became.waiting, i)
		case e.State == fleet.Held:
			became.held = append(became.held, i)
		case e.State.InProgress():
			became.goesOn = append(became.goesOn, i)
		default:
			became.ended = append(became.ended, i)
		}
	}
	return became, err
}

// describe says what became of them: 12 armed targets were disarmed; 1 had made its first change.
func (c *campaign) describe(became disarmed) string {
	var parts []string
	add := func(entries []int, one, many string) {
		if len(entries) == 0 {
			return
		}
		var named []string
		slices.Sort(entries)
		for _, i := range entries[:min(len(entries), mostNamed)] {
			e := &c.Entries[i]
			if e.State.Ended() {
				named = append(named, fmt.Sprintf("%s (%s)", e.Name, e.State))
				continue
			}
			named = append(named, e.Name)
		}
		if more := len(entries) - len(named); more > 0 {
			named = append(named, fmt.Sprintf("%d more", more))
		}
		parts = append(parts, maintenance.Counted(len(entries), one, many)+": "+strings.Join(named, ", "))
	}
	if n := len(became.waiting); n > 0 {
		parts = append(parts, maintenance.Counted(n, "armed target was disarmed", "armed targets were disarmed"))
	}
	add(became.goesOn, "had made its first change, or may have, and goes on",
		"had made their first change, or may have, and go on")
	add(became.held, "is held, and waits for a person", "are held, and wait for a person")
	add(became.ended, "has ended", "have ended")
	add(became.silent, "has not answered, and may still make its first change",
		"have not answered, and may still make their first change")
	return strings.Join(parts, "; ")
}
