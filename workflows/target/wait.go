package target

import (
	"errors"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/api"
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
		err = r.awaitOpening(ctx, byAWS)
	}
	switch {
	case err != nil:
		return outcome{}, err
	case r.exit.Leaves():
		return skipped("continues in another build of the worker, which has become current"), nil
	case byAWS():
		return done("AWS updated the gateway while the run waited"), nil
	}
	if open := r.status.Window.Start; workflow.Now(ctx).Before(open) {
		return done("the window opens %s", r.inZone(open)), nil
	}
	return done("the window is open until %s", r.inZone(r.status.Window.End)), nil
}

// awaitOpening waits until the trigger may be prepared. What health checks compare with is asked before, and again
// after a longer sleep.
func (r *run) awaitOpening(ctx workflow.Context, enough func() bool) error {
	asked := workflow.Now(ctx)
	if err := r.askBaselines(ctx); err != nil {
		return err
	}
	_, err := r.opening(ctx, r.lead(), enough)
	if err != nil || r.exit.Leaves() || workflow.Now(ctx).Sub(asked) <= health.MaxAge {
		return err
	}
	return r.askBaselines(ctx)
}

// errDeferred is no failure: the rest does not start in this window, and the run's campaign schedules it again. A run
// without a campaign waits for the next window itself.
var errDeferred = errors.New("left to the campaign")

// gate returns when a disruptive step may start, with the time until which it may (zero: no limit). enough, if given,
// ends the wait early; so does a move to another build of the worker.
func (r *run) gate(ctx workflow.Context, enough func() bool) (until time.Time, err error) {
	o, err := r.opening(ctx, 0, enough)
	return o.Until, err
}

// opening is the gate of a step that may be prepared a lead before something disruptive may start. The opening that it
// returns may be so far ahead.
func (r *run) opening(ctx workflow.Context, lead time.Duration, enough func() bool) (o maintenance.Opening, err error) {
	defer r.unblock(ctx)
	for {
		if enough != nil && enough() {
			return o, nil
		}
		if r.disarmed != "" {
			r.status.Reason = r.disarmed
			return o, errDeferred
		}
		if err := r.refresh(ctx); err != nil {
			return o, err
		}
		verdict, err := r.decide(ctx)
		if err != nil {
			return o, err
		}
		left := verdict.Opening.From.Sub(workflow.Now(ctx))
		if verdict.Open() || left <= lead {
			if w := verdict.Opening.Window; !w.End.IsZero() {
				r.status.Window = &w
			}
			return verdict.Opening, nil
		}
		if r.isLeft(left) {
			r.status.Reason = verdict.Reason
			if r.checked.missed != "" {
				r.status.Reason = r.checked.missed + "; " + verdict.Reason
			}
			return o, errDeferred
		}
		r.proxies.asleep++
		r.unmute(ctx)
		r.noneBlocks(ctx)
		err = r.sleep(ctx, verdict, lead)
		r.proxies.asleep--
		if err != nil || r.exit.Leaves() {
			return o, err
		}
	}
}

// isLeft is true for a run that leaves an opening so far ahead to its campaign.
func (r *run) isLeft(ahead time.Duration) bool {
	return r.in.Campaign != "" && r.status.Step != maintenance.StepRunning && ahead > r.startedAhead()
}

// lead is how long before the opening the trigger is armed. A snapshot before the update is taken inside the window, so
// the trigger is not the first thing that is due there.
func (r *run) lead() time.Duration {
	snapshotFirst := r.policy.WantsSnapshot(maintenance.PointBefore) && r.status.Gateway.Before.HasVolumes()
	if snapshotFirst || r.software.State() != lifecycle.UpdateOffered {
		return 0
	}
	return r.policy.ArmBefore.OrZero().Std()
}

// startSlack is how much earlier than armBefore a campaign may start a run: its clock is that of another workflow task.
const startSlack = time.Minute

// startedAhead is how long before its opening a campaign may have started the run, which then waits for it.
func (r *run) startedAhead() time.Duration {
	if ahead := r.policy.ArmBefore.OrZero().Std(); ahead > 0 {
		return ahead + startSlack
	}
	return 0
}

// finishesLate is true for a run that no window ends any more.
func (r *run) finishesLate() bool {
	return !r.work.started.IsZero() && r.policy.OnWindowEnd == maintenance.WindowEndFinish
}

func (r *run) decide(ctx workflow.Context) (maintenance.Verdict, error) {
	now := workflow.Now(ctx)
	if now.Before(r.window.missed) {
		now = r.window.missed
	}
	if r.finishesLate() {
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
// It ends a lead before the opening, and when the run is disarmed.
func (r *run) sleep(ctx workflow.Context, v maintenance.Verdict, lead time.Duration) error {
	if err := r.block(ctx, v.Blocker, v.Reason, &v.Opening.From); err != nil {
		return err
	}
	if r.moves(ctx, v.Opening.From) {
		return nil
	}
	r.releaseInstances()
	outer := ctx
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	r.wake = cancel
	var err error
	woken := false
	selector := workflow.NewSelector(ctx)
	left := func() time.Duration { return v.Opening.From.Add(-lead).Sub(workflow.Now(ctx)) }
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
	if r.disarmed != "" && outer.Err() == nil {
		return nil // the gate defers the rest
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

// nap is how long a run that may move sleeps without a break. Nothing wakes a sleeping run when another build of the
// worker becomes current, so it checks by itself, which costs five events each time. The workers of a build that was
// replaced have to run for that long.
const nap = 3 * 24 * time.Hour

// mayMove is true while the run has started nothing. After that it stays on its build.
func (r *run) mayMove() bool { return r.status.Step == maintenance.StepWait }

// moves is true when a sleeping run continues in another build of the worker, which has become current. It has then
// reverted its changes. next is when it may start; zero: unknown. In the hour before that it stays.
func (r *run) moves(ctx workflow.Context, next time.Time) bool {
	if !r.mayMove() || !workflow.GetInfo(ctx).GetTargetWorkerDeploymentVersionChanged() {
		return false
	}
	if !next.IsZero() && next.Sub(workflow.Now(ctx)) < rereadLimit {
		return false
	}
	if err := r.ledger.unwind(ctx, r.publish); err != nil {
		workflow.GetLogger(ctx).Warn("the run stays on its build of the worker, and tries again after its next nap", "error", err)
		return false
	}
	err := workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
	if err != nil || ctx.Err() != nil { // it may have been aborted meanwhile
		return false
	}
	r.exit.On(lifecycle.RunMoves)
	return true
}

// moveOn continues as new in the current build of the worker, with everything that was decided: by people, by the
// policy's defaults in the old build, and which version latest means.
func (r *run) moveOn(ctx workflow.Context) error {
	next := r.in
	next.Policy = r.policy
	next.Target.Proxies = nil
	for _, goal := range r.proxies.goals {
		next.Target.Proxies = append(next.Target.Proxies, goal.ref)
	}
	next.Carried = &api.CarriedRun{
		Start: r.start, Decisions: r.status.Decisions, Gateway: r.status.Gateway.Before, Waived: r.checked.waived,
	}
	return workflow.NewContinueAsNewErrorWithOptions(ctx,
		workflow.ContinueAsNewErrorOptions{InitialVersioningBehavior: workflow.ContinueAsNewVersioningBehaviorAutoUpgrade},
		api.GatewayMaintenanceName, next)
}
