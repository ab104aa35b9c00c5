package target

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// freshFor is how old a reading may be: of the window when an update or a proxy's upgrade starts, since someone may
// have moved it, and of the gateway at verify. It only saves a second reading right after the first.
const freshFor = 5 * time.Second

// rereadLimit is how long a gateway may be unreachable when its window is read again.
const rereadLimit = time.Hour

// window is when disruptive steps may start, as last read.
type window struct {
	schedule maintenance.Schedule
	readAt   time.Time // when the schedule was read
	missed   time.Time // until when an activity found it too late to start
}

// wait waits until something disruptive may start: approved, inside a window, before its cutoff, in no freeze.
func (r *run) wait(ctx workflow.Context) (outcome, error) {
	if r.software.State() == lifecycle.UpdateNotOffered && len(r.pending()) == 0 {
		return skipped("up to date"), nil
	}
	byAWS := func() bool { return r.software.State() == lifecycle.UpdateByAWS }
	err := r.awaitApproval(ctx)
	if err == nil && !r.exit.Leaves() {
		_, err = r.gate(ctx, byAWS)
	}
	switch {
	case err != nil:
		return outcome{}, err
	case r.exit.Leaves():
		return skipped("continues in another build of the worker, which has become current"), nil
	case byAWS():
		return done("AWS updated the gateway while the run waited"), nil
	}
	return done("the window is open until %s", r.inZone(r.status.Window.End)), nil
}

// errDeferred is no failure: the rest does not start in this window, and the run's campaign schedules it again. A run
// without a campaign waits for the next window itself.
var errDeferred = errors.New("left to the campaign")

// gate returns when a disruptive step may start, with the time until which it may (zero: no limit). enough, if given,
// ends the wait early; so does a move to another build of the worker.
func (r *run) gate(ctx workflow.Context, enough func() bool) (until time.Time, err error) {
	defer r.unblock(ctx)
	for {
		if enough != nil && enough() {
			return time.Time{}, nil
		}
		if err := r.refresh(ctx); err != nil {
			return time.Time{}, err
		}
		verdict, err := r.decide(ctx)
		if err != nil {
			return time.Time{}, err
		}
		if verdict.Open() {
			if w := verdict.Opening.Window; !w.End.IsZero() {
				r.status.Window = &w
			}
			return verdict.Opening.Until, nil
		}
		if r.in.Campaign != "" && r.status.Step != maintenance.StepRunning {
			r.status.Reason = verdict.Reason
			return time.Time{}, errDeferred
		}
		if err := r.sleep(ctx, verdict); err != nil || r.exit.Leaves() {
			return time.Time{}, err
		}
	}
}

func (r *run) decide(ctx workflow.Context) (maintenance.Verdict, error) {
	now := workflow.Now(ctx)
	if now.Before(r.window.missed) {
		now = r.window.missed
	}
	if !r.work.started.IsZero() && r.policy.OnWindowEnd == maintenance.WindowEndFinish {
		return maintenance.DecideFinish(now, r.policy.Freezes), nil
	}
	return maintenance.Decide(now, r.window.schedule, r.policy.Rules())
}

// tooLate records that an activity found that the opening had ended. The worker's clock may be ahead of Temporal's:
// without this the gate, by its own clock, would find the opening still open.
func (w *window) tooLate(until time.Time) {
	w.missed, w.readAt = until, time.Time{}
}

// refresh reads the window again, unless it was read just now.
func (r *run) refresh(ctx workflow.Context) error {
	if workflow.Now(ctx).Sub(r.window.readAt) < freshFor {
		return nil
	}
	schedule, err := call.Do(ctx, r.readWithin(rereadLimit, "read the window again"), call.Gateways.ReadSchedule,
		activities.ReadScheduleInput{Lookup: r.lookup(), Prefer: r.policy.WindowPreference})
	if err != nil {
		return err
	}
	r.setSchedule(ctx, schedule)
	return nil
}

// setSchedule records the window as read now.
func (r *run) setSchedule(ctx workflow.Context, s maintenance.Schedule) {
	r.window.schedule, r.window.readAt = s, workflow.Now(ctx)
	r.status.Schedule = &s
}

// sleep is one durable timer until the opening, or a chain of them if the run may move, and an activity that ends when
// someone moves the window or AWS updates the gateway. Neither holds a thread, and a month costs some 110 events.
func (r *run) sleep(ctx workflow.Context, v maintenance.Verdict) error {
	if err := r.block(ctx, v.Blocker, v.Reason, &v.Opening.From); err != nil {
		return err
	}
	if r.moves(ctx, v.Opening.From) {
		return nil
	}
	r.releaseInstances()
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	var err error
	woken := false
	selector := workflow.NewSelector(ctx)
	left := func() time.Duration { return v.Opening.From.Sub(workflow.Now(ctx)) }
	doze := func() {
		wait := left()
		if r.mayMove() {
			wait = min(wait, nap)
		}
		timer := workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{Summary: v.Reason})
		selector.AddFuture(timer, func(f workflow.Future) { err = f.Get(ctx, nil) })
	}
	doze()
	if left() > r.policy.WindowRecheck.Std() {
		selector.AddFuture(r.watch(ctx), func(f workflow.Future) {
			woken = true
			var seen activities.WatchGatewayOutput
			if err = f.Get(ctx, &seen); err == nil {
				r.setSchedule(ctx, seen.Schedule)
				r.sawGateway(seen.Gateway)
			}
		})
	}
	selector.Select(ctx)
	for err == nil && !woken && left() > 0 && !r.moves(ctx, v.Opening.From) {
		doze()
		selector.Select(ctx)
	}
	return err
}

func (r *run) watch(ctx workflow.Context) workflow.Future {
	options := r.pollWithin(call.WatchLimit, "poll every "+r.policy.WindowRecheck.String()+" for a moved window")
	return call.Start(ctx, options, call.Gateways.WatchGateway, activities.WatchGatewayInput{
		Gateway: r.in.Target.Gateway, Prefer: r.policy.WindowPreference,
		// As last read: compared with the baseline of assess, every poll after the update would report a change.
		Schedule: r.window.schedule, Baseline: maintenance.BaselineOf(r.status.Gateway.After), Every: r.policy.WindowRecheck,
	})
}

func (r *run) inZone(t time.Time) string {
	return t.In(r.window.schedule.Zone.Location()).Format("Mon 2006-01-02 15:04 MST")
}

// block shows what the run waits for, and unblock that it continues.
func (r *run) block(ctx workflow.Context, b maintenance.Blocker, reason string, next *time.Time) error {
	r.status.Blocker, r.status.Reason, r.status.Next = b, reason, next
	r.report(r.status.Step).State = maintenance.StepWaiting
	if b == maintenance.BlockedByHold {
		r.report(r.status.Step).State = maintenance.StepHeld
	}
	r.publish(ctx)
	return webui.TagTarget(ctx, r.status)
}

func (r *run) unblock(ctx workflow.Context) {
	if r.status.Blocker == maintenance.NotBlocked {
		return
	}
	r.status.Blocker, r.status.Reason, r.status.Next = maintenance.NotBlocked, "", nil
	r.report(r.status.Step).State = maintenance.StepActive
	r.publish(ctx) // the search attributes show it with the next call, or at the end
}
