package target

import (
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
	"github.com/tidegate/tidegate/workflows/call"
)

// software is the update of the gateway's software. Its states and the events between them are in
// internal/maintenance/lifecycle/update.go; only softwareOn applies an event.
type software struct {
	lifecycle.Update
	asking   asking    // the checks before it
	line     *entry    // the ledger's; nil: the run has not come to the trigger
	provenAt time.Time // when the last of the polls that prove it was made
}

// softwareOn applies an event to the update, and derives the point of no return and the ledger's line from the state.
func (r *run) softwareOn(e lifecycle.UpdateEvent) {
	r.software.On(e)
	r.status.PastNoReturn = r.software.PastNoReturn()
	if r.software.line != nil {
		r.software.line.is(r.software.Change())
	}
}

// sawGateway records the gateway as read before a trigger, or without one: AWS may have made the update.
func (r *run) sawGateway(g maintenance.Gateway) {
	r.status.Gateway.After = g
	if maintenance.Judge(r.baseline(), g) == maintenance.EvidenceUpdated {
		r.softwareOn(lifecycle.SeenUpdated)
	}
}

// baseline is the software at assess: an update is proven by a difference from it.
func (r *run) baseline() maintenance.Baseline { return maintenance.BaselineOf(r.status.Gateway.Before) }

// update takes the recovery point that the policy requires before the update, and triggers the update.
func (r *run) update(ctx workflow.Context) (outcome, error) {
	switch r.software.State() {
	case lifecycle.UpdateByAWS:
		return skipped("AWS has updated the gateway by itself"), nil
	case lifecycle.UpdateNotOffered:
		return skipped("AWS offers no update; the gateway runs %s", r.baseline().SoftwareVersion), nil
	case lifecycle.UpdateOffered, lifecycle.UpdateArmed, lifecycle.UpdateSent, lifecycle.UpdateUnanswered,
		lifecycle.UpdateNoEffect, lifecycle.UpdateRearmed, lifecycle.UpdateProven, lifecycle.UpdateDoubtful:
	}
	if r.policy.WantsSnapshot(maintenance.PointBefore) && r.status.Gateway.Before.HasVolumes() {
		if err := r.takeSnapshots(ctx, maintenance.PointBefore); err != nil {
			return outcome{}, fmt.Errorf("the update is refused, since its recovery point is not verified: %w", call.Explain(err))
		}
	}
	return r.trigger(ctx)
}

// trigger sends the update inside the window, once. What may have been sent counts as sent: awaitRunning finds out.
func (r *run) trigger(ctx workflow.Context) (outcome, error) {
	if r.software.line == nil {
		r.software.line = r.ledger.intend("software of "+r.in.Target.Gateway.ID(),
			"cannot be reverted: AWS has no downgrade", nil)
	}
	// After an error nothing was sent, and no event has set the ledger's line.
	defer func() { r.software.line.is(r.software.Change()) }()
	for lost := 0; ; {
		o, err := r.opening(ctx, r.lead(), func() bool { return !r.software.MayTrigger() })
		if err != nil {
			return outcome{}, err
		}
		if !r.software.MayTrigger() {
			return skipped("AWS has updated the gateway by itself"), nil
		}
		sent, err := r.armed(ctx, o)
		r.guarded(ctx, &r.software.asking, sent.Seen, err)
		switch {
		case err == nil && !sent.Sent:
			return r.needless(sent), nil
		case err == nil:
			r.disrupts(ctx)
			r.countTrigger(ctx, true)
			r.softwareOn(lifecycle.TriggerAnswered)
			return done("triggered %s", r.inZone(workflow.Now(ctx))), nil
		case call.UnknownOutcome(err) && !neverSent(err):
			r.disrupts(ctx)
			r.countTrigger(ctx, false)
			r.softwareOn(lifecycle.TriggerLost)
			return done("triggered, but no response came: awaiting a sign of the update"), nil
		}
		r.softwareOn(lifecycle.TriggerDisarmed)
		if lost, err = r.again(ctx, o, lost, err); err != nil {
			return outcome{}, err
		}
	}
}

// countTrigger counts a trigger that was sent, before the update knows: again, or without an answer.
func (r *run) countTrigger(ctx workflow.Context, answered bool) {
	change := map[string]string{"change": "update"}
	if r.software.State() == lifecycle.UpdateRearmed {
		call.Count(ctx, metric.RepeatedSends, change)
	}
	if !answered {
		call.Count(ctx, metric.UnknownOutcomes, change)
	}
}

// again returns an error if the trigger, which was certainly not sent, is not to be armed again. lost counts the
// attempts whose worker was lost. Where the trigger was taken back, it does not matter with what error it ended.
func (r *run) again(ctx workflow.Context, o maintenance.Opening, lost int, err error) (int, error) {
	switch {
	case r.disarmed != "", r.aborting > 0, ctx.Err() != nil,
		temporal.IsCanceledError(err), call.HasType(err, names.TypeDisarmed):
		// An operator's abort ends the run before it can be armed again.
		if err := workflow.Await(ctx, func() bool { return r.aborting == 0 }); err != nil {
			return lost, err
		}
		return lost, ctx.Err()
	case call.HasType(err, names.TypeChanged):
		r.window.readAt = time.Time{} // the window has moved
		return lost, nil
	case call.HasType(err, names.TypeBlocked):
		return lost, r.awaitBefore(ctx, &r.software.asking, o.Until)
	case call.HasType(err, names.TypeWindowMissed), call.OutOfTime(err):
		r.window.tooLate(o.Until)
		return lost, nil
	case neverSent(err) && lost < call.MaxSends:
		return lost + 1, nil
	}
	return lost, err
}

// neverSent is true for an attempt that was lost before it recorded that it would send.
func neverSent(err error) bool {
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	if !ok {
		return false
	}
	var last activities.Armed
	return !timeout.HasLastHeartbeatDetails() || timeout.LastHeartbeatDetails(&last) == nil && last.Sending.IsZero()
}

// armed hands the trigger to a worker, which sends it at its time, and waits for the outcome.
func (r *run) armed(ctx workflow.Context, o maintenance.Opening) (activities.TriggerUpdateOutput, error) {
	in := activities.TriggerUpdateInput{
		Lookup: r.lookup(), Baseline: r.baseline(), NotAfter: o.Until, Settle: r.policy.UpdateDelay.OrZero(),
		Guard: r.guard(ctx, &r.software.asking, o.Until, r.policy.UpdateDeadline.Std()),
	}
	ctx, cancel := workflow.WithCancel(ctx)
	defer cancel()
	r.wake = cancel
	var ahead time.Duration
	if from := r.from(o); from.After(workflow.Now(ctx)) {
		ahead = activities.ArmAhead
		in.From, in.Window, in.Prefer = from, &r.window.schedule, r.policy.WindowPreference
		defer r.unblock(ctx)
		reason := "armed: triggers " + r.inZone(from)
		r.status.Blocker, r.status.Reason, r.status.Next = maintenance.BlockedByWindow, reason, &from
		r.report(r.status.Step).State = maintenance.StepArmed
	}
	r.softwareOn(lifecycle.TriggerArmed)
	limit := r.untilOr(ctx, o.Until, r.policy.UpdateDeadline.Std())
	return call.Do(ctx, r.triggerWithin(limit, ahead+in.Guard.Longest()), call.Gateways.TriggerUpdate, in)
}

// from is when the update may be triggered. AWS may make it by itself when the window opens (also under
// EMERGENCY_VERSIONS_ONLY): since a restart does not show at once, it would be triggered twice. So AWS goes first, for
// updateDelay.
func (r *run) from(o maintenance.Opening) time.Time {
	if r.software.State() != lifecycle.UpdateOffered || r.status.Window == nil { // it was triggered before
		return o.From
	}
	if delayed := r.status.Window.Start.Add(r.policy.UpdateDelay.OrZero().Std()); delayed.After(o.From) {
		return delayed
	}
	return o.From
}

// needless is the outcome if the poll before the trigger found the update made, or withdrawn.
func (r *run) needless(seen activities.TriggerUpdateOutput) outcome {
	r.sawGateway(seen.Gateway)
	if seen.Evidence == maintenance.EvidenceWithdrawn {
		r.softwareOn(lifecycle.SeenWithdrawn)
		return skipped("AWS no longer offers the update; the gateway runs %s", r.baseline().SoftwareVersion)
	}
	return skipped("AWS has updated the gateway by itself")
}

// untilOr is how long an activity may take that may start until a given time: with a reserve for a last poll. Zero: the
// limit.
func (r *run) untilOr(ctx workflow.Context, until time.Time, limit time.Duration) time.Duration {
	if until.IsZero() {
		return limit
	}
	return until.Sub(workflow.Now(ctx)) + 2*r.attempt() + 2*r.policy.Pace.Max.Std()
}

// awaitRunning watches until the gateway runs the new software, also in a cancelled run: nobody can stop the restart,
// and the run must know its outcome.
func (r *run) awaitRunning(ctx workflow.Context) (outcome, error) {
	switch r.software.State() {
	case lifecycle.UpdateByAWS:
		r.status.Gateway.Updated, r.status.Gateway.Cause = true, maintenance.CauseAWS
		return done("AWS updated the gateway by itself, from %s to %s", r.baseline().SoftwareVersion,
			r.status.Gateway.After.SoftwareVersion), nil
	case lifecycle.UpdateNotOffered, lifecycle.UpdateOffered, lifecycle.UpdateArmed:
		return skipped("nothing was triggered"), nil
	case lifecycle.UpdateSent, lifecycle.UpdateUnanswered, lifecycle.UpdateNoEffect, lifecycle.UpdateRearmed,
		lifecycle.UpdateProven, lifecycle.UpdateDoubtful:
	}
	for tries := 1; ; tries++ {
		seen, err := r.watchUpdate(ctx)
		switch {
		case call.HasType(err, names.TypeNoEffect):
			r.softwareOn(lifecycle.WatchedNoEffect)
			if !r.software.MayTrigger() || tries == call.MaxSends || ctx.Err() != nil {
				r.software.GiveUp()
				return outcome{}, err
			}
			if _, err := r.trigger(ctx); err != nil {
				return outcome{}, err
			}
			continue // even if the trigger found that AWS has updated it: that is not proven yet
		case err != nil:
			r.softwareOn(lifecycle.WatchFailed)
			return outcome{}, fmt.Errorf("the gateway was not seen to run the new software after the trigger (limit %s): %w",
				r.policy.UpdateDeadline, call.Explain(err))
		}
		r.work.ended = workflow.Now(ctx)
		r.status.Gateway.After = seen.Gateway
		if seen.Evidence == maintenance.EvidenceWithdrawn {
			r.softwareOn(lifecycle.WatchedWithdrawn)
			return done("the update is no longer on offer and the gateway runs %s as before: it was up to date already",
				seen.Gateway.SoftwareVersion), nil
		}
		r.softwareOn(lifecycle.WatchedUpdated)
		r.software.provenAt = workflow.Now(ctx)
		r.status.Gateway.Updated, r.status.Gateway.Cause = true, maintenance.CauseTidegate
		return done("from %s to %s", r.baseline().SoftwareVersion, seen.Gateway.SoftwareVersion), nil
	}
}

func (r *run) watchUpdate(ctx workflow.Context) (activities.AwaitUpdatedOutput, error) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	options := r.pollWithin(r.policy.UpdateDeadline.Std(), "wait until the gateway runs the new software")
	options.StartToCloseTimeout += r.policy.SteadyFor.Std()
	return call.Do(ctx, options, call.Gateways.AwaitUpdated, activities.AwaitUpdatedInput{
		Lookup: r.lookup(), Baseline: r.baseline(),
		StartBy: workflow.Now(ctx).Add(r.policy.UpdateStart.Std()), Start: r.policy.UpdateStart,
		SteadyFor: r.policy.SteadyFor, GatewayType: r.status.Gateway.Before.Type,
	})
}
