package workflows

import (
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// shiftReads moves a proxy's reads to the primary. It gives the ledger's line,
// which puts the weights back; nil where nothing is to be shifted.
func (r *run) shiftReads(ctx workflow.Context, p exactProxy) (*entry, error) {
	if !r.policy.Proxies.ShiftReads || !p.routing.CanShift() {
		return nil, nil
	}
	shifted := r.ledger.intend("read weights of proxy "+p.ref.ProxyID+" moved to the primary", "set as they were found",
		func(ctx workflow.Context) (maintenance.ChangeState, error) {
			in := activities.ReadWeightsInput{ProxyLookup: r.proxyLookup(p.ref), Routing: p.routing, Undo: true}
			return maintenance.ChangeTakenBack, r.setWeights(ctx, in, "put the read weights back")
		})
	in := activities.ReadWeightsInput{ProxyLookup: r.proxyLookup(p.ref), Routing: p.routing.Shifted()}
	if err := r.setWeights(ctx, in, "move the reads to the primary"); err != nil {
		return shifted, err
	}
	shifted.is(maintenance.ChangeInForce)
	return shifted, nil
}

// setWeights sends the weights once, and waits until the proxy has them, also in
// a cancelled run: weights that are still on their way cannot be put back.
func (r *run) setWeights(ctx workflow.Context, in activities.ReadWeightsInput, why string) error {
	deadline := r.policy.Proxies.Deadline.Std()
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
