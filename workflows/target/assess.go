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

// AssessLimit is how long a gateway may be unreachable before a run that has not started anything gives up.
const AssessLimit = 15 * time.Minute

// assessLimit is longer for a run that continues from another build of the worker: it must not fail where it would
// have slept on in the other build.
func (r *run) assessLimit() time.Duration {
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
	found, err := call.Do(ctx, r.readWithin(r.assessLimit(),
		"read "+r.in.Target.Gateway.ID()+", its window and its volumes"),
		call.Gateways.AssessGateway, activities.AssessGatewayInput{Target: r.in.Target, Policy: r.in.Policy})
	if err != nil {
		return outcome{}, err
	}
	r.policy, r.points.volumes = r.in.Policy, maintenance.Attached(found.Volumes)
	if found.Policy != nil {
		r.policy = *found.Policy
	}
	r.setSchedule(ctx, found.Schedule)
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

// assessed is the note of the step.
func (r *run) assessed(found activities.AssessGatewayOutput) []string {
	offer := "no update is on offer"
	if found.Gateway.UpdateOffered() {
		offer = "an update is on offer"
	}
	parts := []string{"runs " + found.Gateway.SoftwareVersion + ", " + offer, "window " + r.window.schedule.String()}
	if n := len(found.Volumes); n > 0 {
		parts = append(parts, maintenance.Counted(n, "volume", "volumes"))
	}
	if n := len(r.proxies.goals); n > 0 {
		behind := 0
		for _, p := range r.proxies.goals {
			if p.kernel == kernelBehind {
				behind++
			}
		}
		parts = append(parts, maintenance.CountedOf(behind, n, "proxy", "proxies")+" to upgrade")
	}
	return parts
}

func (r *run) assessProxy(ctx workflow.Context, i int) error {
	ref := r.in.Target.Proxies[i]
	found, err := call.Do(ctx, r.readWithin(r.assessLimit(), "read proxy "+ref.ProxyID), call.Proxies.ReadProxy,
		r.proxyLookup(ref))
	if err != nil {
		return err
	}
	out := maintenance.ProxyOutcome{
		InstanceID: ref.InstanceID, ProxyID: ref.ProxyID, State: maintenance.ProxyPending,
		From: found.Kernel.Current, To: found.Goal,
	}
	left, note, err := r.assessReads(ctx, found)
	if err != nil {
		return err
	}
	kernel := kernelBehind
	if found.Done {
		kernel = kernelAtGoal
	}
	if found.Done && !left {
		out.State = maintenance.ProxyCurrent
	}
	out.Note = note
	ref.Version = found.Goal
	r.proxies.goals = append(r.proxies.goals, proxy{ref: ref, kernel: kernel})
	r.status.Proxies = append(r.status.Proxies, out)
	return nil
}

// assessReads returns a note on a proxy's read weights, and whether a run that has ended left them marked. If the run
// that marked them is still in progress, this one waits for it later, when it takes the DB instance.
func (r *run) assessReads(ctx workflow.Context, found activities.ReadProxyOutput) (left bool, note string, err error) {
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
