package target

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/call"
)

// software is the update of the gateway's software. Its states and the events between them are in
// internal/maintenance/lifecycle/update.go; only softwareOn applies an event.
type software struct {
	lifecycle.Update
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
	case lifecycle.UpdateOffered, lifecycle.UpdateSent, lifecycle.UpdateUnanswered, lifecycle.UpdateNoEffect,
		lifecycle.UpdateProven, lifecycle.UpdateDoubtful:
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
	for {
		until, err := r.gate(ctx, func() bool { return !r.software.MayTrigger() })
		if err != nil {
			return outcome{}, err
		}
		if !r.software.MayTrigger() {
			return skipped("AWS has updated the gateway by itself"), nil
		}
		waited, err := r.letAWSGoFirst(ctx)
		if err != nil {
			return outcome{}, err
		}
		if waited {
			continue
		}
		sent, err := call.Do(ctx, r.sendWithin(r.untilOr(ctx, until, r.policy.UpdateDeadline.Std()),
			"update the gateway's software now"),
			call.Gateways.TriggerUpdate, activities.TriggerUpdateInput{
				Lookup: r.lookup(), Baseline: r.baseline(), NotAfter: until, Settle: r.policy.UpdateDelay.OrZero(),
			})
		switch {
		case err == nil && !sent.Sent:
			return r.needless(sent), nil
		case err == nil:
			r.work.start(ctx)
			r.softwareOn(lifecycle.TriggerAnswered)
			return done("triggered %s", r.inZone(workflow.Now(ctx))), nil
		case call.UnknownOutcome(err):
			r.work.start(ctx)
			r.softwareOn(lifecycle.TriggerLost)
			return done("triggered, but no response came: awaiting a sign of the update"), nil
		case !call.HasType(err, names.TypeWindowMissed):
			return outcome{}, err
		}
		r.window.tooLate(until)
	}
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

// letAWSGoFirst waits for updateDelay after the window's start, when AWS may make the update by itself (also under
// EMERGENCY_VERSIONS_ONLY): since a restart does not show at once, the update would be triggered twice. It returns
// whether it has waited.
func (r *run) letAWSGoFirst(ctx workflow.Context) (waited bool, err error) {
	if r.software.State() != lifecycle.UpdateOffered { // it was triggered before
		return false, nil
	}
	until := r.status.Window.Start.Add(r.policy.UpdateDelay.OrZero().Std())
	wait := until.Sub(workflow.Now(ctx))
	if wait <= 0 {
		return false, nil
	}
	defer r.unblock(ctx)
	reason := "AWS may start the update by itself when the window opens; Tidegate triggers it at " + r.inZone(until)
	if err := r.block(ctx, maintenance.BlockedByWindow, reason, &until); err != nil {
		return false, err
	}
	timer := workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{Summary: "AWS may start the update by itself"})
	return true, timer.Get(ctx, nil)
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
	case lifecycle.UpdateNotOffered, lifecycle.UpdateOffered:
		return skipped("nothing was triggered"), nil
	case lifecycle.UpdateSent, lifecycle.UpdateUnanswered, lifecycle.UpdateNoEffect,
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
	return watch(ctx, options, call.Gateways.AwaitUpdated, activities.AwaitUpdatedInput{
		Lookup: r.lookup(), Baseline: r.baseline(),
		StartBy: workflow.Now(ctx).Add(r.policy.UpdateStart.Std()), Start: r.policy.UpdateStart,
		SteadyFor: r.policy.SteadyFor, Seen: r.in.Seen.Update,
	}, func(out activities.AwaitUpdatedOutput) {
		if out.Evidence == maintenance.EvidenceUpdated {
			r.waits.Add(maintenance.Waits{Update: []maintenance.Span{out.Ended}})
		}
	})
}
