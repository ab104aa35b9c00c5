package target

import (
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/call"
)

// AssessLimit is how long a gateway may stay out of reach before a run that has
// not started gives up on it.
const AssessLimit = 15 * time.Minute

// patienceToAssess is longer for a run that has slept in another build of the
// worker: to move costs it nothing that it would have had there.
func (r *run) patienceToAssess() time.Duration {
	if r.in.Carried != nil {
		return rereadLimit
	}
	return AssessLimit
}

// assess reads the gateway, its window and volumes, and its proxies' versions.
func (r *run) assess(ctx workflow.Context) (outcome, error) {
	if err := r.refuseQuarantined(ctx); err != nil {
		return outcome{}, err
	}
	found, err := call.Do(ctx, r.readWithin(r.patienceToAssess(),
		"read "+r.in.Target.Gateway.ID()+", its window and its volumes"),
		call.Gateways.AssessGateway, activities.AssessGatewayInput{Target: r.in.Target, Policy: r.in.Policy})
	if err != nil {
		return outcome{}, err
	}
	r.policy, r.points.volumes = found.Policy, maintenance.Attached(found.Volumes)
	r.learn(ctx, found.Schedule)
	before := found.Gateway
	if r.in.Carried != nil {
		before = r.in.Carried.Gateway
	}
	r.status.Gateway = maintenance.GatewayOutcome{Before: before}
	r.software.Update = lifecycle.NewUpdate(before.UpdateOffered())
	r.sawGateway(found.Gateway)
	r.proxies.goals, r.status.Proxies = nil, nil
	for i := range r.in.Target.Proxies {
		if err := r.assessProxy(ctx, i); err != nil {
			return outcome{}, err
		}
	}
	settled, err := r.settleAutomaticUpdates(ctx, found)
	if err != nil {
		return outcome{}, err
	}
	return done("%s", strings.Join(append(r.assessed(found), settled...), "; ")), nil
}

// assessed is what was found, for people.
func (r *run) assessed(found activities.AssessGatewayOutput) []string {
	parts := []string{offer(found.Gateway), "window " + r.window.schedule.String()}
	if n := len(found.Volumes); n > 0 {
		parts = append(parts, maintenance.Counted(n, "volume", "volumes"))
	}
	if n := len(r.proxies.goals); n > 0 {
		behind := 0
		for _, p := range r.proxies.goals {
			if !p.done {
				behind++
			}
		}
		parts = append(parts, maintenance.CountedOf(behind, n, "proxy", "proxies")+" to upgrade")
	}
	return parts
}

func offer(g maintenance.Gateway) string {
	if g.UpdateOffered() {
		return "runs " + g.SoftwareVersion + ", an update is on offer"
	}
	return "runs " + g.SoftwareVersion + ", no update is on offer"
}

func (r *run) assessProxy(ctx workflow.Context, i int) error {
	ref := r.in.Target.Proxies[i]
	found, err := call.Do(ctx, r.readWithin(r.patienceToAssess(), "read proxy "+ref.ProxyID), call.Proxies.ReadProxy,
		r.proxyLookup(ref))
	if err != nil {
		return err
	}
	out := maintenance.ProxyOutcome{
		InstanceID: ref.InstanceID, ProxyID: ref.ProxyID, State: maintenance.ProxyPending,
		From: found.Kernel.Current, To: found.Goal,
	}
	left, said, err := r.assessReads(ctx, found)
	if err != nil {
		return err
	}
	if found.Done && !left {
		out.State = maintenance.ProxyCurrent
	}
	out.Note = said
	ref.Version = found.Goal
	r.proxies.goals = append(r.proxies.goals, proxy{ref: ref, done: found.Done})
	r.status.Proxies = append(r.status.Proxies, out)
	return nil
}

// assessReads says what there is to say of a proxy's read weights, and whether a run that
// has ended has left them marked. A run that is in progress is waited for, once this one
// is about to work on the DB instance.
func (r *run) assessReads(ctx workflow.Context, found activities.ReadProxyOutput) (left bool, said string, err error) {
	if found.Mark == nil {
		return false, Unmarkable(r.policy, found), nil
	}
	judged, err := r.judgeMarks(ctx, found.Mark.Found(found.Proxy.ID, found.Proxy.Routing))
	if err != nil {
		return false, "", err
	}
	m := judged[0]
	if m.Standing == maintenance.MarkForeign {
		return false, "", temporal.NewNonRetryableApplicationError(m.String(), names.TypeMarked, nil)
	}
	if !m.Leftover() {
		return false, m.String(), nil
	}
	what, how := leftover(m)
	return true, what + ": " + how, nil
}

func (r *run) lookup() activities.Lookup {
	return activities.Lookup{Gateway: r.in.Target.Gateway, Pace: r.policy.Pace}
}

func (r *run) proxyLookup(ref maintenance.ProxyRef) activities.ProxyLookup {
	return activities.ProxyLookup{Proxy: ref, Pace: r.policy.Pace}
}
