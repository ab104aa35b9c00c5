package target

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/call"
)

// maxTriggers is how often the update is triggered at most where AWS answers
// that it has started; where no answer comes, it is maxSends. The next time comes
// only after policy.UpdateStart without a restart or any other sign.
const maxTriggers = 2

// update takes the recovery point that the policy wants first, and triggers.
func (r *run) update(ctx workflow.Context) (outcome, error) {
	switch {
	case r.updatedByAWS():
		return skipped("AWS has updated the gateway by itself"), nil
	case !r.offered:
		return skipped("AWS offers no update; the gateway runs %s", r.baseline.SoftwareVersion), nil
	}
	if r.policy.WantsSnapshot(maintenance.PointBefore) && r.status.Gateway.Before.HasVolumes() {
		if err := r.takeSnapshots(ctx, maintenance.PointBefore); err != nil {
			return outcome{}, fmt.Errorf("the update is refused, since its recovery point is not verified: %w", call.Explain(err))
		}
	}
	return r.trigger(ctx)
}

// trigger sends the update inside the window, once. What may have been sent
// counts as sent: awaitRunning finds out.
func (r *run) trigger(ctx workflow.Context) (outcome, error) {
	if r.software == nil {
		r.software = r.ledger.intend("software of "+r.in.Target.Gateway.ID(), "cannot be reverted: AWS has no downgrade",
			nil)
	}
	for {
		until, err := r.gate(ctx, r.seenUpdated)
		if err != nil {
			return outcome{}, r.notTriggered(err)
		}
		if r.seenUpdated() {
			return r.needless(maintenance.EvidenceUpdated), nil
		}
		waited, err := r.letAWSGoFirst(ctx)
		if err != nil {
			return outcome{}, r.notTriggered(err)
		}
		if waited {
			continue
		}
		sent, err := call.Do(ctx, r.sendWithin(r.untilOr(ctx, until, r.policy.UpdateDeadline.Std()),
			"update the gateway's software now"),
			call.Gateways.TriggerUpdate, activities.TriggerUpdateInput{
				Lookup: r.lookup(), Baseline: r.baseline, NotAfter: until, Settle: r.policy.UpdateDelay.OrZero(),
			})
		switch {
		case err == nil && !sent.Sent:
			r.status.Gateway.After = sent.Gateway
			return r.needless(sent.Evidence), nil
		case err == nil:
			r.triggered(maintenance.ChangeInForce)
			return done("triggered %s", r.inZone(workflow.Now(ctx))), nil
		case call.UnknownOutcome(err):
			r.triggered(maintenance.ChangeIntended)
			return done("triggered, but the answer was lost: what happened is watched"), nil
		case !call.HasType(err, names.TypeWindowMissed):
			return outcome{}, r.notTriggered(err)
		}
		r.tooLate(until)
	}
}

// letAWSGoFirst waits out the first moments of the window, in which AWS may make
// the update by itself: both triggers would be sent, since its restart is not to
// be seen at once. (Also under EMERGENCY_VERSIONS_ONLY AWS may push a version.) It
// says whether it waited.
func (r *run) letAWSGoFirst(ctx workflow.Context) (waited bool, err error) {
	if r.triggers > 0 {
		return false, nil
	}
	until := r.status.Window.Start.Add(r.policy.UpdateDelay.OrZero().Std())
	wait := until.Sub(workflow.Now(ctx))
	if wait <= 0 {
		return false, nil
	}
	defer r.unblock(ctx)
	reason := "AWS may start the update by itself in the first moments of the window; it is triggered " + r.inZone(until)
	if err := r.block(ctx, maintenance.BlockedByWindow, reason, &until); err != nil {
		return false, err
	}
	timer := workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{Summary: "AWS may start the update by itself"})
	return true, timer.Get(ctx, nil)
}

// triggered notes that the update was, or may have been, triggered.
func (r *run) triggered(state maintenance.ChangeState) {
	r.triggers++
	if state == maintenance.ChangeInForce {
		r.answered++
	}
	r.disrupted, r.status.PastNoReturn = true, true
	r.software.is(state)
}

// notTriggered notes that the software stayed as it was, if nothing was ever sent.
func (r *run) notTriggered(err error) error {
	if r.triggers == 0 {
		r.software.is(maintenance.ChangeNotMade)
	}
	return err
}

// needless is the outcome where the poll before the trigger found the update
// made, or gone.
func (r *run) needless(evidence maintenance.Evidence) outcome {
	if r.triggers == 0 {
		r.software.is(maintenance.ChangeNotMade)
	} else {
		r.software.is(maintenance.ChangeIntended) // an earlier trigger may have done it after all
	}
	if evidence == maintenance.EvidenceWithdrawn {
		r.offered = false
		return skipped("AWS no longer offers the update; the gateway runs %s", r.baseline.SoftwareVersion)
	}
	return skipped("AWS has updated the gateway by itself")
}

// untilOr is the time that is left until a time, with room for a last poll
// that says so; or the limit where there is no time.
func (r *run) untilOr(ctx workflow.Context, until time.Time, limit time.Duration) time.Duration {
	if until.IsZero() {
		return limit
	}
	return until.Sub(workflow.Now(ctx)) + 2*r.attempt() + 2*r.policy.Pace.Max.Std()
}

// awaitRunning watches until the gateway runs the new software. It watches on
// in a cancelled run: nobody can stop the restart, and what becomes of it must
// be known.
func (r *run) awaitRunning(ctx workflow.Context) (outcome, error) {
	switch {
	case r.updatedByAWS():
		r.status.Gateway.Updated, r.status.Gateway.Cause = true, maintenance.CauseAWS
		return done("AWS updated the gateway by itself, from %s to %s", r.baseline.SoftwareVersion,
			r.status.Gateway.After.SoftwareVersion), nil
	case r.triggers == 0:
		return skipped("nothing was triggered"), nil
	}
	for tries := 1; ; tries++ {
		seen, err := r.watchUpdate(ctx)
		switch {
		case call.HasType(err, names.TypeNoEffect) && tries < call.MaxSends && r.mayTrigger(ctx):
			// It runs as before, so there is a return until it is triggered again.
			// Whatever that finds: the gateway is watched again.
			r.status.PastNoReturn = false
			r.software.is(maintenance.ChangeNotMade)
			if _, err := r.trigger(ctx); err != nil {
				return outcome{}, err
			}
			continue
		case call.HasType(err, names.TypeNoEffect):
			r.status.PastNoReturn, r.answered = false, 0
			r.software.is(maintenance.ChangeNotMade)
			return outcome{}, err
		case err != nil:
			r.suspect = "its update was triggered, and it was not seen to run the new software"
			return outcome{}, fmt.Errorf("the gateway does not run the new software %s after the trigger: %w", r.policy.UpdateDeadline, call.Explain(err))
		}
		r.status.PastNoReturn, r.suspect = false, ""
		r.worked = workflow.Now(ctx)
		r.status.Gateway.After = seen.Gateway
		if seen.Evidence == maintenance.EvidenceWithdrawn {
			r.software.is(maintenance.ChangeNotMade)
			return done("the update is no longer on offer and the gateway runs %s as before: it was current already", seen.Gateway.SoftwareVersion), nil
		}
		r.software.is(maintenance.ChangeKept)
		r.status.Gateway.Updated, r.status.Gateway.Cause = true, maintenance.CauseTidegate
		return done("from %s to %s", r.baseline.SoftwareVersion, seen.Gateway.SoftwareVersion), nil
	}
}

// mayTrigger is true while an update that had no effect may be triggered again.
func (r *run) mayTrigger(ctx workflow.Context) bool {
	return r.answered < maxTriggers && ctx.Err() == nil
}

func (r *run) watchUpdate(ctx workflow.Context) (activities.AwaitUpdatedOutput, error) {
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	options := r.pollWithin(r.policy.UpdateDeadline.Std(), "wait until the gateway runs the new software")
	options.StartToCloseTimeout += r.policy.SteadyFor.Std()
	return call.Do(ctx, options, call.Gateways.AwaitUpdated, activities.AwaitUpdatedInput{
		Lookup: r.lookup(), Baseline: r.baseline,
		StartBy: workflow.Now(ctx).Add(r.policy.UpdateStart.Std()), Start: r.policy.UpdateStart,
		SteadyFor: r.policy.SteadyFor,
	})
}
