package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// verify reads once more what the run is about to report.
func (r *run) verify(ctx workflow.Context) (outcome, error) {
	if r.status.Gateway.Updated {
		now, err := call(ctx, r.readWithin(rereadLimit, "read the gateway once more"), gateways.ReadGateway, r.lookup())
		if err != nil {
			return outcome{}, err
		}
		r.status.Gateway.After = now
		if evidence := maintenance.Judge(r.baseline, now); evidence != maintenance.EvidenceUpdated {
			return outcome{}, fmt.Errorf("the gateway is in state %s with software %s: it does not run what it ran after its update", now.State, now.SoftwareVersion)
		}
	}
	for i, p := range r.status.Proxies {
		if p.State != maintenance.ProxyUpgraded {
			continue
		}
		if err := r.verifyProxy(ctx, r.goals[i].ref); err != nil {
			return outcome{}, err
		}
	}
	return done("all is as reported"), nil
}

func (r *run) verifyProxy(ctx workflow.Context, ref maintenance.ProxyRef) error {
	now, err := call(ctx, r.readWithin(rereadLimit, "read proxy "+ref.ProxyID+" once more"), proxies.ReadProxy, r.proxyLookup(ref))
	if err != nil {
		return err
	}
	if !now.Done || !now.Proxy.Healthy() {
		return fmt.Errorf("proxy %s is %s at version %s after its upgrade to %s", ref.ProxyID, now.Proxy.Status, now.Kernel.Current, ref.Version)
	}
	return nil
}
