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

// settleReads leaves a proxy's reads as the plan wants them while it is upgraded. Where
// somebody sets the weights after the run has read them, they are not those that the mark
// says: it is removed, and all is read again.
func (r *run) settleReads(ctx workflow.Context, i int) error {
	p := &r.proxies.goals[i]
	for tries := 1; ; tries++ {
		err := r.readAndSettle(ctx, i)
		if !call.HasType(err, names.TypeChanged) {
			return err
		}
		if p.theirs = true; tries == call.MaxSends {
			return err
		}
		changed := call.Explain(err).Error()
		if err := p.shifted.takeBack(ctx); err != nil {
			return err
		}
		if !p.shifted.change.Leftover {
			p.shifted.is(maintenance.ChangeNotMade)
			p.shifted.change.Why = changed
		}
	}
}

// readAndSettle does so once. What a run that is gone has left is not taken for the
// owner's weights: they are restored at once, or after the upgrade where the reads are
// moved to the primary anyway.
func (r *run) readAndSettle(ctx workflow.Context, i int) error {
	p := &r.proxies.goals[i]
	if !p.shifted.open() { // else an earlier try of this run has left them moved
		if err := r.takeOver(ctx, p); err != nil {
			return err
		}
	}
	switch shift := r.policy.Proxies.ShiftReads && !p.done; {
	case !shift:
		return p.shifted.takeBack(ctx)
	case !p.shifted.open() && !p.routing.CanShift():
		r.status.Proxies[i].Note = notMoved(p.routing.String())
		return nil
	}
	return r.shiftReads(ctx, i)
}

// takeOver reads the weights, and makes what a run that has ended has left of them a
// change of this run. Where somebody has set them since, it removes the mark alone.
func (r *run) takeOver(ctx workflow.Context, p *proxy) error {
	now, err := call.Do(ctx, r.readWithin(rereadLimit, "read the weights of proxy "+p.ref.ProxyID), call.Proxies.ReadProxy,
		r.proxyLookup(p.ref))
	if err != nil {
		return err
	}
	p.found, p.routing, p.mark, p.left, p.theirs = now.Proxy.Routing, now.Proxy.Routing, nil, nil, false
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
	return p.shifted.takeBack(ctx)
}

// leftover is the ledger's line of what a run that has ended has left.
func leftover(m maintenance.Marked) (what, how string) {
	if m.Restorable() {
		return m.Setting + " left at " + m.Set + " by " + m.Mark.String(), "set " + m.Owner + " again"
	}
	return "mark on " + m.Setting + " left by " + m.Mark.String(), stays(m.Now)
}

// stays is how a change is reverted where somebody has set something else since.
func stays(now string) string { return "remove the mark; they stay " + now }

// shiftReads marks a proxy and moves its reads to the primary. One that cannot be marked
// is upgraded under its load, and its note says so.
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
	if _, err := r.setWeights(ctx, in, r.policy.Proxies.Deadline.Std(), "move the reads to the primary"); err != nil {
		return err
	}
	p.shifted.is(maintenance.ChangeInForce)
	return nil
}

// markProxy marks a proxy before its reads are moved, also in a run that is cancelled
// meanwhile: a mark that is still on its way could not be removed.
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
	return false, p.shifted.takeBack(ctx)
}

// Unmarkable says of a proxy whose reads are to be moved why it cannot be marked as it is;
// empty: it can, or need not.
func Unmarkable(policy maintenance.Policy, found activities.ReadProxyOutput) string {
	if !policy.Proxies.ShiftReads || found.Done || !found.Proxy.Routing.CanShift() || found.Full == "" {
		return ""
	}
	return notMoved("it cannot be marked: " + found.Full)
}

// notMoved says why a proxy is upgraded under its load.
func notMoved(why string) string { return "its reads stay where they are: " + why }

// restoreReads sets the weights that the mark says, where they are still as the run set
// them, and only then removes the mark.
func (r *run) restoreReads(p *proxy) undo {
	return func(ctx workflow.Context) (maintenance.ChangeState, error) {
		m := cmp.Or(p.mark, p.left)
		if p.back = nil; !p.theirs {
			in := activities.ReadWeightsInput{ProxyLookup: r.proxyLookup(p.ref), Restore: m}
			now, err := r.setWeights(ctx, in, r.policy.CompensationDeadline.Std(), "restore the read weights")
			if err != nil {
				return "", err
			}
			if p.back = m; !m.Returned(now) {
				p.back = nil
				p.shifted.change.Undo = stays(now.String())
			}
		}
		_, err := call.Do(ctx, r.undoWithin("remove the mark of proxy "+p.ref.ProxyID), call.Proxies.UnmarkProxy,
			activities.MarkProxyInput{ProxyLookup: r.proxyLookup(p.ref), Mark: *m, Over: p.left})
		return maintenance.ChangeTakenBack, err
	}
}

// setWeights sends the weights once, and waits until the proxy has them, also in
// a cancelled run: weights that are still on their way cannot be put back. It gives those
// that the proxy then has.
func (r *run) setWeights(
	ctx workflow.Context, in activities.ReadWeightsInput, deadline time.Duration, why string,
) (maintenance.ProxyRouting, error) {
	await := func(ctx workflow.Context, in activities.AwaitReadWeightsInput) (activities.ReadWeightsOutput, error) {
		return call.Do(ctx, r.pollWithin(deadline, "wait until proxy "+in.Proxy.ProxyID+" has its weights"),
			call.Proxies.AwaitReadWeights, in)
	}
	sent, err := call.Once(ctx,
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
	if err != nil || sent.Same {
		return sent.Routing, err
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	seen, err := await(ctx, activities.AwaitReadWeightsInput{ReadWeightsInput: in, JobID: sent.JobID})
	return seen.Routing, err
}
