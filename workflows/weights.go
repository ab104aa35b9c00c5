package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// shiftReads moves a proxy's reads to the primary, and registers how the weights
// are put back: those that it has at this moment, unless an earlier try of this
// run has left them shifted.
func (r *run) shiftReads(ctx workflow.Context, p *exactProxy) error {
	if !r.policy.Proxies.ShiftReads {
		return nil
	}
	if !p.shifted.open() {
		now, err := call(ctx, r.readWithin(rereadLimit, "read the weights of proxy "+p.ref.ProxyID), proxies.ReadProxy, r.proxyLookup(p.ref))
		if err != nil {
			return err
		}
		if p.routing = now.Proxy.Routing; !p.routing.CanShift() {
			return nil
		}
		p.shifted = r.ledger.intend("read weights of proxy "+p.ref.ProxyID+" moved to the primary", "set as they were found",
			func(ctx workflow.Context) (maintenance.ChangeState, error) {
				in := activities.ReadWeightsInput{ProxyLookup: r.proxyLookup(p.ref), Routing: p.routing, Undo: true}
				return maintenance.ChangeTakenBack, r.setWeights(ctx, in, r.policy.CompensationDeadline.Std(), "put the read weights back")
			})
	}
	in := activities.ReadWeightsInput{ProxyLookup: r.proxyLookup(p.ref), Routing: p.routing.Shifted(), Own: r.ownProxies(p.ref.InstanceID)}
	if err := r.setWeights(ctx, in, r.policy.Proxies.Deadline.Std(), "move the reads to the primary"); err != nil {
		return err
	}
	p.shifted.is(maintenance.ChangeInForce)
	return nil
}

// setWeights sends the weights once, and waits until the proxy has them, also in
// a cancelled run: weights that are still on their way cannot be put back.
func (r *run) setWeights(ctx workflow.Context, in activities.ReadWeightsInput, deadline time.Duration, why string) error {
	await := func(ctx workflow.Context, in activities.AwaitReadWeightsInput) (activities.ReadWeightsOutput, error) {
		return call(ctx, r.pollWithin(deadline, "wait until proxy "+in.Proxy.ProxyID+" has its weights"), proxies.AwaitReadWeights, in)
	}
	sent, err := once(ctx,
		func() (activities.ReadWeightsOutput, error) {
			return call(ctx, r.sendWithin(deadline, why), proxies.SetReadWeights, in)
		},
		func(ctx workflow.Context) (activities.ReadWeightsOutput, bool, error) {
			out, err := await(ctx, activities.AwaitReadWeightsInput{ReadWeightsInput: in, Until: workflow.Now(ctx).Add(r.policy.Proxies.Settle.Std())})
			return out, out.Same, err
		})
	r.knowJob(sent.JobID)
	if err != nil || sent.Same {
		return err
	}
	ctx, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	_, err = await(ctx, activities.AwaitReadWeightsInput{ReadWeightsInput: in, JobID: sent.JobID})
	return err
}
