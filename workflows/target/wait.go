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

// freshFor is how old a reading of the window may be when something disruptive
// starts, an update or a proxy's upgrade: somebody may have moved it. It only spares
// a second reading where one has just been made.
const freshFor = 5 * time.Second

// rereadLimit is how long a gateway may be out of reach when its window is read
// again.
const rereadLimit = time.Hour

// window is when disruptive steps may start, as last read.
type window struct {
	schedule maintenance.Schedule
	readAt   time.Time // when the schedule was read
	missed   time.Time // until when an activity found it too late to start
}

// wait holds the run until something disruptive may start: approved, inside a
// window, before its cutoff, in no freeze.
func (r *run) wait(ctx workflow.Context) (outcome, error) {
	if r.software.State() == lifecycle.UpdateNotOffered && len(r.pending()) == 0 {
		return skipped("nothing to do"), nil
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

// errDeferred is no failure: what is left does not start in this window, and the
// run's campaign places it again. A run that nobody places waits itself.
var errDeferred = errors.New("left to the campaign")

// gate returns when a disruptive step may start, with the time from which it
// may not any more (zero: no limit). enough, where given, ends the wait early; so
// does a move to another build of the worker.
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

// tooLate notes that an activity found the last time of an opening past. The
// worker's clock may be ahead of Temporal's: without this the gate, by its own
// clock, would find the opening open again at once.
func (w *window) tooLate(until time.Time) {
	w.missed, w.readAt = until, time.Time{}
}

// refresh reads the window again, unless that was done just now.
func (r *run) refresh(ctx workflow.Context) error {
	if workflow.Now(ctx).Sub(r.window.readAt) < freshFor {
		return nil
	}
	schedule, err := call.Do(ctx, r.readWithin(rereadLimit, "read the window again"), call.Gateways.ReadSchedule,
		activities.ReadScheduleInput{Lookup: r.lookup(), Prefer: r.policy.WindowPreference})
	if err != nil {
		return err
	}
	r.learn(ctx, schedule)
	return nil
}

func (r *run) learn(ctx workflow.Context, s maintenance.Schedule) {
	r.window.schedule, r.window.readAt = s, workflow.Now(ctx)
	r.status.Schedule = &s
}

// sleep is one durable timer until the opening, or one after the other where the
// run may move, and alongside it an activity that ends when the window does. Neither
// holds a thread, and a month of it costs the history some 150 events.
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
		timer := workflow.NewTimerWithOptions(ctx, r.stretch(left()), workflow.TimerOptions{Summary: v.Reason})
		selector.AddFuture(timer, func(f workflow.Future) { err = f.Get(ctx, nil) })
	}
	doze()
	if left() > r.policy.WindowRecheck.Std() {
		selector.AddFuture(r.watch(ctx), func(f workflow.Future) {
			woken = true
			var seen activities.WatchGatewayOutput
			if err = f.Get(ctx, &seen); err == nil {
				r.learn(ctx, seen.Schedule)
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
	options := r.pollWithin(call.WatchLimit, "look every "+r.policy.WindowRecheck.String()+" whether the window has moved")
	return call.Start(ctx, options, call.Gateways.WatchGateway, activities.WatchGatewayInput{
		Gateway: r.in.Target.Gateway, Prefer: r.policy.WindowPreference,
		// As it was last seen: against the baseline of assess, every poll after
		// the update would be news.
		Schedule: r.window.schedule, Baseline: maintenance.BaselineOf(r.status.Gateway.After), Every: r.policy.WindowRecheck,
	})
}

func (r *run) inZone(t time.Time) string {
	return t.In(r.window.schedule.Zone.Location()).Format("Mon 2006-01-02 15:04 MST")
}

// block makes known what the run waits for; unblock that it goes on.
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
	r.publish(ctx)
	if err := webui.TagTarget(ctx, r.status); err != nil {
		workflow.GetLogger(ctx).Error("the search attributes still show a blocker", "error", err)
	}
}
