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

// heldPolicy is the owner's policy for automatic updates, which this run holds back until it ends, or has restored
// after an earlier run.
type heldPolicy struct {
	owner  maintenance.AutomaticUpdatePolicy
	change *entry // nil: the run has not changed it
}

// restored is the owner's policy if the run has restored it; empty: it has not.
func (h heldPolicy) restored() maintenance.AutomaticUpdatePolicy {
	if h.change == nil || h.change.change.State != maintenance.ChangeTakenBack {
		return ""
	}
	return h.owner
}

// mark names this run on each resource that it changes temporarily. A run that was reset keeps the run id from before
// the reset, since the marks that it has to remove carry that one.
func mark(ctx workflow.Context) maintenance.Mark {
	info := workflow.GetInfo(ctx)
	return maintenance.Mark{
		WorkflowID: info.WorkflowExecution.ID, RunID: cmp.Or(info.OriginalRunID, info.WorkflowExecution.RunID),
		Namespace: info.Namespace, Since: workflow.Now(ctx).UTC().Truncate(time.Second),
	}
}

// judgeMarks finds out which runs have left the marks, and whether those runs are in progress.
func (r *run) judgeMarks(ctx workflow.Context, found ...maintenance.Marked) ([]maintenance.Marked, error) {
	return call.Do(ctx, r.readWithin(AssessLimit, "which run has marked the "+found[0].Setting+"?"),
		call.Engine.JudgeMarks,
		activities.MarksLookup{Marks: found, Pace: r.policy.Pace})
}

// refuseMarked judges marks, and fails where one of them excludes this run.
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

// settleAutomaticUpdates sets AWS's policy for automatic updates as the plan requires during the run, and returns
// notes about it. It first restores what a lost run has left: that is never taken for the owner's policy.
func (r *run) settleAutomaticUpdates(
	ctx workflow.Context, found activities.AssessGatewayOutput,
) (notes []string, err error) {
	now := found.AutomaticUpdates
	if found.Mark != nil {
		note, restored, err := r.restoreLeftover(ctx, *found.Mark, now)
		if err != nil {
			return nil, err
		}
		notes, now = append(notes, note), restored
	}
	if r.policy.AutomaticUpdates != maintenance.AutomaticUpdatesHold ||
		!r.status.Gateway.Before.UpdateOffered() {
		return notes, nil
	}
	note, err := r.holdAutomaticUpdates(ctx, now)
	if note != "" {
		notes = append(notes, note)
	}
	return notes, err
}

// restoreLeftover reverts what a run that has ended has left. It returns a note, and the policy that is now in force.
func (r *run) restoreLeftover(
	ctx workflow.Context, left maintenance.PolicyMark, now maintenance.AutomaticUpdatePolicy,
) (note string, _ maintenance.AutomaticUpdatePolicy, err error) {
	judged, err := r.refuseMarked(ctx, left.Found(r.in.Target.Gateway.ID(), now))
	if err != nil {
		return "", now, err
	}
	m := judged[0]
	what, how := leftover(m)
	change := r.ledger.intend(what, how, r.restore(left, &now))
	change.is(maintenance.ChangeInForce)
	change.change.Leftover = true
	if err := change.revert(ctx); err != nil {
		return "", now, err
	}
	r.publish(ctx)
	if now != left.Owner {
		return fmt.Sprintf("automatic updates stay %s, which is not what %s left", now, m.Mark), now, nil
	}
	r.automatic = heldPolicy{owner: left.Owner, change: change}
	return fmt.Sprintf("automatic updates are %s again, as before %s", now, m.Mark), now, nil
}

// restore reverts the change that the mark describes, and sets now to the policy that is then in force.
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

// holdAutomaticUpdates prevents AWS from updating the gateway during the run. It marks the gateway first; if that is
// impossible it changes nothing, and note gives the reason. The policy that was found is restored when the run ends.
func (r *run) holdAutomaticUpdates(
	ctx workflow.Context, found maintenance.AutomaticUpdatePolicy,
) (note string, err error) {
	if !Holdable(found) {
		return "", nil
	}
	m := maintenance.PolicyMark{Mark: mark(ctx), Owner: found, Set: maintenance.EmergencyVersionsOnly}
	now := found
	held := r.ledger.intend("automatic updates of "+r.in.Target.Gateway.ID()+" held at "+string(m.Set),
		"set "+string(found)+" again", r.restore(m, &now))
	options := r.undoWithin("automatic updates: " + string(m.Set))
	// A run that is cancelled now waits too: otherwise it would remove the mark, and the policy, still on its way,
	// would take effect afterwards.
	options.WaitForCancellation = true
	out, err := call.Do(ctx, options, call.Gateways.HoldAutomaticUpdates,
		activities.MarkedPolicyInput{Lookup: r.lookup(), Mark: m})
	switch {
	case err != nil:
		return "", err
	case out.Changed != "":
		held.is(maintenance.ChangeNotMade)
		held.change.Why = fmt.Sprintf("automatic updates were %s; someone changed them to %s after this run read them, so they stay %s",
			found, out.Changed, out.Changed)
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

// Holdable is true for a policy under which AWS updates the gateway to any new version.
func Holdable(policy maintenance.AutomaticUpdatePolicy) bool {
	return policy != "" && policy != maintenance.EmergencyVersionsOnly
}

// NotHeld explains why a run does not hold automatic updates.
func NotHeld(stay maintenance.AutomaticUpdatePolicy, why string) string {
	return fmt.Sprintf("automatic updates stay %s, and AWS may update the gateway by itself: it cannot be marked: %s", stay, why)
}
