package target

import (
	"cmp"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/call"
)

// heldPolicy is the owner's policy for automatic updates while the run holds it, or
// after the run has restored it in the place of an earlier one.
type heldPolicy struct {
	owner  maintenance.AutomaticUpdatePolicy
	change *entry // the ledger's line; nil: it was never held
}

// restored is the owner's policy where the run has restored it, else empty.
func (h heldPolicy) restored() maintenance.AutomaticUpdatePolicy {
	if h.change == nil || h.change.change.State != maintenance.ChangeTakenBack {
		return ""
	}
	return h.owner
}

// mark is what this run leaves on what it changes for a while. A run that was reset is
// known by the id that it had before: what it undoes then carries that one.
func mark(ctx workflow.Context) maintenance.Mark {
	info := workflow.GetInfo(ctx)
	return maintenance.Mark{
		WorkflowID: info.WorkflowExecution.ID, RunID: cmp.Or(info.OriginalRunID, info.WorkflowExecution.RunID),
		Namespace: info.Namespace, Since: workflow.Now(ctx).UTC().Truncate(time.Second),
	}
}

// judgeMarks says whose the marks are that were found on what the run is to work on.
func (r *run) judgeMarks(ctx workflow.Context, found ...maintenance.Marked) ([]maintenance.Marked, error) {
	return call.Do(ctx, r.readWithin(AssessLimit, "which run has marked the "+found[0].Setting+"?"),
		call.Engine.JudgeMarks,
		activities.MarksLookup{Marks: found, Pace: r.policy.Pace})
}

// refuseMarked judges marks, and ends the run where one bars it.
func (r *run) refuseMarked(ctx workflow.Context, found ...maintenance.Marked) ([]maintenance.Marked, error) {
	judged, err := r.judgeMarks(ctx, found...)
	if err != nil {
		return nil, err
	}
	for _, m := range judged {
		if bars := m.Bars(); bars != "" {
			return nil, temporal.NewNonRetryableApplicationError(bars, names.TypeMarked, nil)
		}
	}
	return judged, nil
}

// settleAutomaticUpdates leaves AWS's policy as the plan wants it while the run lasts, and
// gives what there is to say of it. What a run that is gone has left is restored first:
// it is never taken for the owner's wish.
func (r *run) settleAutomaticUpdates(
	ctx workflow.Context, found activities.AssessGatewayOutput,
) (said []string, err error) {
	now := found.AutomaticUpdates
	if found.Mark != nil {
		note, restored, err := r.restoreLeftover(ctx, *found.Mark, now)
		if err != nil {
			return nil, err
		}
		said, now = append(said, note), restored
	}
	if r.policy.AutomaticUpdates != maintenance.AutomaticUpdatesHold ||
		!r.status.Gateway.Before.UpdateOffered() {
		return said, nil
	}
	note, err := r.holdAutomaticUpdates(ctx, now)
	if note != "" {
		said = append(said, note)
	}
	return said, err
}

// restoreLeftover restores what was there before a run that has ended and left its
// change. It gives what became of it, and the policy that is in force then.
func (r *run) restoreLeftover(
	ctx workflow.Context, left maintenance.PolicyMark, now maintenance.AutomaticUpdatePolicy,
) (said string, _ maintenance.AutomaticUpdatePolicy, err error) {
	judged, err := r.refuseMarked(ctx, left.Found(r.in.Target.Gateway.ID(), now))
	if err != nil {
		return "", now, err
	}
	m := judged[0]
	what, how := leftover(m)
	change := r.ledger.intend(what, how, r.restore(left, &now))
	change.is(maintenance.ChangeInForce)
	change.change.Leftover = true
	if err := change.takeBack(ctx); err != nil {
		return "", now, err
	}
	r.publish(ctx)
	if now != left.Owner {
		return fmt.Sprintf("automatic updates stay %s, which is not what %s left", now, m.Mark), now, nil
	}
	r.automatic = heldPolicy{owner: left.Owner, change: change}
	return fmt.Sprintf("automatic updates are %s again, as before %s", now, m.Mark), now, nil
}

// restore undoes what the mark says, and notes the policy that is in force then.
func (r *run) restore(m maintenance.PolicyMark, now *maintenance.AutomaticUpdatePolicy) undo {
	return func(ctx workflow.Context) (maintenance.ChangeState, error) {
		out, err := call.Do(ctx, r.undoWithin("automatic updates: "+string(m.Owner)+" again"),
			call.Gateways.RestoreAutomaticUpdates,
			activities.MarkedPolicyInput{Lookup: r.lookup(), Mark: m})
		if err == nil {
			*now = out.AutomaticUpdates
		}
		return maintenance.ChangeTakenBack, err
	}
}

// holdAutomaticUpdates keeps AWS from updating the gateway in the middle of the run. The
// gateway is marked first; where it cannot be, its policy stays, and said says why. The
// policy that was found is restored when the run ends.
func (r *run) holdAutomaticUpdates(
	ctx workflow.Context, found maintenance.AutomaticUpdatePolicy,
) (said string, err error) {
	if !Holdable(found) {
		return "", nil
	}
	m := maintenance.PolicyMark{Mark: mark(ctx), Owner: found, Set: maintenance.EmergencyVersionsOnly}
	now := found
	held := r.ledger.intend("automatic updates of "+r.in.Target.Gateway.ID()+" held at "+string(m.Set),
		"set "+string(found)+" again", r.restore(m, &now))
	options := r.undoWithin("automatic updates: " + string(m.Set))
	// Also in a run that is cancelled meanwhile: the mark alone would be removed, and the
	// policy that is still on its way would then stay.
	options.WaitForCancellation = true
	out, err := call.Do(ctx, options, call.Gateways.HoldAutomaticUpdates,
		activities.MarkedPolicyInput{Lookup: r.lookup(), Mark: m})
	switch {
	case err != nil:
		return "", err
	case out.Changed != "":
		held.is(maintenance.ChangeNotMade)
		held.change.Why = fmt.Sprintf("automatic updates were %s, and somebody has set %s since this run looked: they stay so", found, out.Changed)
		return held.change.Why, nil
	case out.NotHeld != "":
		held.is(maintenance.ChangeNotMade)
		held.change.Why = NotHeld(found, out.NotHeld)
		return held.change.Why, nil
	}
	held.is(maintenance.ChangeInForce)
	r.automatic = heldPolicy{owner: found, change: held}
	return "", nil
}

// Holdable is true for a policy under which AWS updates the gateway whatever the version.
func Holdable(policy maintenance.AutomaticUpdatePolicy) bool {
	return policy != "" && policy != maintenance.EmergencyVersionsOnly
}

// NotHeld says why automatic updates are not held back.
func NotHeld(stay maintenance.AutomaticUpdatePolicy, why string) string {
	return fmt.Sprintf("automatic updates stay %s, and AWS may update the gateway by itself: it cannot be marked: %s", stay, why)
}
