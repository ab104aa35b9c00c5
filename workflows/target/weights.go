package target

import (
	"cmp"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/call"
)

// settleReads sets a proxy's reads as the plan requires during its upgrade. If someone changes the weights after the
// run has read them, the mark no longer describes them: it is removed, and everything is read again.
func (r *run) settleReads(ctx workflow.Context, i int) error {
	p := &r.proxies.goals[i]
	for tries := 1; ; tries++ {
		err := r.readAndSettle(ctx, i)
		if !call.HasType(err, names.TypeChanged) {
			return err
		}
		p.back, p.shifted.undo = nil, r.removeMark(p)
		if tries == call.MaxSends {
			return err
		}
		changed := call.Explain(err).Error()
		if err := p.shifted.revert(ctx); err != nil {
			return err
		}
		if !p.shifted.change.Leftover {
			p.shifted.is(maintenance.ChangeNotMade)
			p.shifted.change.Why = changed
		}
	}
}

// readAndSettle does so once. It restores the owner's weights from what a lost run has left: at once, or after the
// upgrade if the reads are moved to the primary anyway.
func (r *run) readAndSettle(ctx workflow.Context, i int) error {
	p := &r.proxies.goals[i]
	if !p.shifted.open() { // otherwise an earlier try of this run has left them moved
		if err := r.takeOver(ctx, p); err != nil {
			return err
		}
	}
	switch shift := r.policy.Proxies.ShiftReads && p.kernel != kernelAtGoal; {
	case !shift:
		return p.shifted.revert(ctx)
	case !p.shifted.open() && !p.routing.CanShift():
		r.status.Proxies[i].Note = notMoved(p.routing.String())
		return nil
	}
	return r.shiftReads(ctx, i)
}

// takeOver reads the proxy, and makes weights that an ended run has left moved a change of this run. If someone has set
// others since, it only removes the mark.
func (r *run) takeOver(ctx workflow.Context, p *proxy) error {
	now, err := call.Do(ctx, r.readWithin(rereadLimit, "read the weights of proxy "+p.ref.ProxyID), call.Proxies.ReadProxy,
		r.proxyLookup(p.ref))
	if err != nil {
		return err
	}
	p.found, p.routing, p.mark, p.left = now.Proxy.Routing, now.Proxy.Routing, nil, nil
	p.upgradedElsewhere(now.Done)
	if now.Mark == nil {
		return nil
	}
	judged, err := r.refuseMarked(ctx, now.Mark.Found(p.ref.ProxyID, now.Proxy.Routing))
	if err != nil {
		return err
	}
	var asLeft bool
	p.left = now.Mark
	p.routing, asLeft = now.Mark.Restored(now.Proxy.Routing)
	what, how := leftover(judged[0])
	p.shifted = r.ledger.intend(what, how, r.restoreReads(p))
	p.shifted.is(maintenance.ChangeInForce)
	p.shifted.change.Leftover = true
	if asLeft {
		return nil
	}
	return p.shifted.revert(ctx)
}

// leftover is the ledger's line for what an ended run has left.
func leftover(m maintenance.Marked) (what, how string) {
	if m.Restorable() {
		return m.Setting + " left at " + m.Set + " by " + m.Mark.String(), "set " + m.Owner + " again"
	}
	return "mark on " + m.Setting + " left by " + m.Mark.String(), stays(m.Now)
}

// stays is how to undo a change if someone has set another value since.
func stays(now string) string { return "remove the mark; they stay " + now }

// shiftReads marks a proxy and moves its reads to the primary. One that cannot be marked is upgraded under load, and
// its note gives the reason.
func (r *run) shiftReads(ctx workflow.Context, i int) error {
	p := &r.proxies.goals[i]
	again := p.shifted.open()
	if !again {
		p.shifted = r.ledger.intend("read weights of proxy "+p.ref.ProxyID+" moved to the primary",
			"set "+p.routing.String()+" again", r.restoreReads(p))
	}
	if p.mark == nil {
		p.mark = new(maintenance.NewProxyMark(mark(ctx), p.routing))
	}
	if marked, err := r.markProxy(ctx, i); err != nil || !marked {
		return err
	}
	in := activities.ReadWeightsInput{
		ProxyLookup: r.proxyLookup(p.ref), Routing: p.routing.Shifted(), From: &p.found, Sent: again,
		Own: r.ownProxies(p.ref.InstanceID),
	}
	set, err := r.setWeights(ctx, in, r.policy.Proxies.Deadline.Std(), "move the reads to the primary")
	switch {
	case err != nil:
		return err
	case set.Done:
		p.upgradedElsewhere(true)
		return p.shifted.revert(ctx)
	}
	p.shifted.is(maintenance.ChangeInForce)
	return nil
}

// upgradedElsewhere notes that the proxy runs its version though this run has not sent its upgrade: someone else has,
// since assess, or this run has, and Temporal was restored from a backup that does not know.
func (p *proxy) upgradedElsewhere(done bool) {
	if done && p.kernel == kernelBehind {
		p.kernel = kernelAtGoal
	}
}

// markProxy marks a proxy before its reads are moved. A run that is cancelled meanwhile waits for the response: a mark
// still on its way could not be removed.
func (r *run) markProxy(ctx workflow.Context, i int) (marked bool, err error) {
	p := &r.proxies.goals[i]
	options := r.readWithin(r.policy.Proxies.Deadline.Std(), "mark proxy "+p.ref.ProxyID+" in the tags of its DB instance")
	options.WaitForCancellation = true
	out, err := call.Do(ctx, options, call.Proxies.MarkProxy, activities.MarkProxyInput{
		ProxyLookup: r.proxyLookup(p.ref), Mark: *p.mark, Over: p.left,
	})
	if p.left == nil && (call.HasType(err, names.TypeMarked) || out.NotMarked != "") {
		p.shifted.is(maintenance.ChangeNotMade)
	}
	if err != nil || out.NotMarked == "" {
		return err == nil, err
	}
	p.mark = nil
	p.shifted.change.Why = notMoved("it cannot be marked: " + out.NotMarked)
	r.status.Proxies[i].Note = p.shifted.change.Why
	return false, p.shifted.revert(ctx)
}

// Unmarkable is why a proxy whose reads must be moved cannot be marked; empty: it can, or need not.
func Unmarkable(policy maintenance.Policy, found activities.ReadProxyOutput) string {
	if !policy.Proxies.ShiftReads || found.Done || !found.Proxy.Routing.CanShift() || found.Full == "" {
		return ""
	}
	return notMoved("it cannot be marked: " + found.Full)
}

// notMoved is the note on a proxy that is upgraded under load.
func notMoved(why string) string { return "its reads stay where they are: " + why }

// restoreReads sets the weights that the mark describes, if they are still as the run set them, and then removes the
// mark.
func (r *run) restoreReads(p *proxy) undo {
	return func(ctx workflow.Context) (maintenance.ChangeState, error) {
		m := cmp.Or(p.mark, p.left)
		p.back = nil
		in := activities.ReadWeightsInput{ProxyLookup: r.proxyLookup(p.ref), Restore: m}
		now, err := r.setWeights(ctx, in, r.policy.CompensationDeadline.Std(), "restore the read weights")
		if err != nil {
			return "", err
		}
		if m.Returned(now.Routing) {
			p.back = m
		} else {
			p.shifted.change.Undo = stays(now.Routing.String())
		}
		return r.removeMark(p)(ctx)
	}
}

// removeMark is how to undo a change of weights if someone has set others since.
func (r *run) removeMark(p *proxy) undo {
	return func(ctx workflow.Context) (maintenance.ChangeState, error) {
		_, err := call.Do(ctx, r.undoWithin("remove the mark of proxy "+p.ref.ProxyID), call.Proxies.UnmarkProxy,
			activities.MarkProxyInput{ProxyLookup: r.proxyLookup(p.ref), Mark: *cmp.Or(p.mark, p.left), Over: p.left})
		return maintenance.ChangeTakenBack, err
	}
}

// setWeights sends the weights once, and waits until the proxy has them, also in a cancelled run: weights still on
// their way could not be restored. It returns those that the proxy then has, or that it runs its version already.
func (r *run) setWeights(
	ctx workflow.Context, in activities.ReadWeightsInput, deadline time.Duration, why string,
) (activities.ReadWeightsOutput, error) {
	await := func(ctx workflow.Context, in activities.AwaitReadWeightsInput) (activities.ReadWeightsOutput, error) {
		return call.Do(ctx, r.pollWithin(deadline, "wait until proxy "+in.Proxy.ProxyID+" has its weights"),
			call.Proxies.AwaitReadWeights, in)
	}
	sent, err := call.Once(ctx, "weights",
		func() (activities.ReadWeightsOutput, error) {
			return call.Do(ctx, r.sendWithin(deadline, why), call.Proxies.SetReadWeights, in)
		},
		func(ctx workflow.Context) (activities.ReadWeightsOutput, bool, error) {
			out, err := await(ctx, activities.AwaitReadWeightsInput{
				ReadWeightsInput: in, Until: workflow.Now(ctx).Add(r.policy.Proxies.Settle.Std()),
			})
			return out, out.Same, err
		})
	r.proxies.knowJob(sent.JobID)
	if err != nil || sent.Same || sent.Done {
		return sent, err
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	return await(ctx, activities.AwaitReadWeightsInput{ReadWeightsInput: in, JobID: sent.JobID})
}
