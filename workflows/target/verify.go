package target

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/workflows/call"
)

// differs is the failure of a step that found something else than the steps before it reported, or than assess found. A
// run that ends with it ends VERIFICATION_FAILED, and its gateway is quarantined.
type differs []string

func (d differs) Error() string {
	return "the result is not what the run reported: " + strings.Join(d, "; ")
}

// verify restores the settings, and reads again what the run is about to report. It compares that with what the steps
// reported and assess found: version, volumes, policy, proxies, weights.
func (r *run) verify(ctx workflow.Context) (outcome, error) {
	ctx = r.finishing(ctx, maintenance.StepVerify)
	if err := r.ledger.unwind(ctx, r.publish); err != nil {
		return outcome{}, err
	}
	var found differs
	if r.status.Gateway.Updated {
		differences, err := r.verifyGateway(ctx)
		if err != nil {
			return outcome{}, err
		}
		found = append(found, differences...)
	}
	for i, p := range r.status.Proxies {
		if p.State != maintenance.ProxyUpgraded && r.proxies.goals[i].shifted == nil {
			continue
		}
		differences, err := r.verifyProxy(ctx, r.proxies.goals[i], p.State == maintenance.ProxyUpgraded)
		if err != nil {
			return outcome{}, err
		}
		found = append(found, differences...)
	}
	if len(found) > 0 {
		return outcome{}, found
	}
	return done("all is as reported"), nil
}

func (r *run) verifyGateway(ctx workflow.Context) (differs, error) {
	reported := maintenance.Reported{
		Before: r.status.Gateway.Before, After: r.status.Gateway.After,
		Volumes: r.points.volumes, Points: r.points.taken, Snapshots: r.status.Snapshots,
		AutomaticUpdates: r.automatic.restored(),
	}
	justRead := workflow.Now(ctx).Sub(r.software.provenAt) < freshFor
	if justRead && len(reported.Volumes) == 0 && reported.AutomaticUpdates == "" {
		return nil, nil // After is what the last poll has read
	}
	now, err := call.Do(ctx, r.readWithin(rereadLimit, "read the gateway again"), call.Gateways.VerifyGateway,
		activities.VerifyGatewayInput{
			Lookup: r.lookup(), Volumes: len(reported.Volumes) > 0, AutomaticUpdates: reported.AutomaticUpdates != "",
		})
	if err != nil {
		return nil, err
	}
	differences := reported.Differences(now)
	r.status.Gateway.After = now.Gateway
	return differences, nil
}

// verifyProxy compares an upgraded proxy with its goal, and its weights, if the run moved them, with those that it
// restored.
func (r *run) verifyProxy(ctx workflow.Context, p proxy, upgraded bool) (found differs, err error) {
	id := p.ref.ProxyID
	now, err := call.Do(ctx, r.readWithin(rereadLimit, "read proxy "+id+" again"), call.Proxies.ReadProxy,
		r.proxyLookup(p.ref))
	if err != nil {
		return nil, err
	}
	if upgraded && (!now.Done || !now.Proxy.Healthy()) {
		found = append(found, fmt.Sprintf("proxy %s is %s at version %s after its upgrade to %s", id, now.Proxy.Status,
			now.Kernel.Current, p.ref.Version))
	}
	if p.shifted == nil || p.shifted.change.State != maintenance.ChangeTakenBack {
		return found, nil
	}
	if p.back != nil && !p.back.Returned(now.Proxy.Routing) {
		found = append(found, fmt.Sprintf("proxy %s does not have the read weights that were restored", id))
	}
	if now.Mark != nil {
		found = append(found, fmt.Sprintf("proxy %s has a mark, which the run removed", id))
	}
	return found, nil
}
