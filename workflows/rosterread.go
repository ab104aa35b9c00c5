package workflows

import (
	"cmp"
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
)

// surveyLimit is how long one reading may keep the campaign waiting for its first
// picture of the fleet. Who does not answer in it is read again later.
const surveyLimit = 2 * time.Minute

// patience is how long a target that could not be read is left before it is tried
// again: at first, and at most, since each time doubles it. A page of two hundred
// that nobody mends must not fill a history. An operator's retry reads at once.
const (
	patience     = time.Minute
	mostPatience = 7 * 24 * time.Hour
)

// survey reads a target, and tells the campaign what is known of it now. Its
// event's kind and attempt are given where it was begun before.
func (r *roster) survey(ctx workflow.Context, l *line, as fleet.Event) {
	if err := r.slots.Acquire(ctx, 1); err != nil {
		return
	}
	err := r.read(ctx, l)
	r.slots.Release(1)
	if ctx.Err() != nil {
		return
	}
	if l.Entry.State == "" && r.unread > 0 {
		r.unread--
	}
	if !l.chosen {
		l.Entry.State = fleet.Skipped
		r.report(l, fleet.Event{Kind: fleet.KindNotFound})
		return
	}
	l.unreadable = err != nil
	if err != nil {
		l.Entry.Barred = cutTo("could not be read: "+explain(err).Error(), maxBarred)
		if is(err, activities.TypeMarked) {
			l.Entry.Barred = cutTo(explain(err).Error(), maxBarred)
		}
		l.patience = min(max(patience, 2*l.patience), mostPatience)
	} else {
		l.patience = 0
	}
	l.Entry.Name, l.Entry.Gateway = cmp.Or(l.Target.Name, l.Target.Gateway.ID()), l.Target.Gateway.ID()
	l.Entry.Keys = r.in.Plan.Keys(l.Target)
	l.Entry.State, l.Entry.Note = fleet.Waiting, leftovers(l.Marks)
	if err == nil && l.Entry.Work.IsZero() {
		l.Entry.State, l.Entry.Note = fleet.Current, "nothing to do"
	}
	if as.Kind == "" {
		as.Kind = fleet.KindRead
	}
	entry := l.Entry
	as.Entry = &entry
	r.report(l, as)
}

// read fills a line in.
func (r *roster) read(ctx workflow.Context, l *line) error {
	l.Anomalies, l.Marks, l.Entry.Barred = nil, nil, ""
	policy := r.in.Plan.Policy
	ref := l.Target.Gateway
	in := activities.SurveyInput{Gateway: ref, Prefer: policy.WindowPreference, Pace: policy.Pace}
	if l.Gateway.ID == "" {
		// Once: what was found stays found, also when its update is made.
		in.Selector = r.in.Selector
	}
	out, err := call(ctx, r.reading(surveyLimit, "read "+ref.ID()), gateways.SurveyGateway, in)
	if err != nil {
		return err
	}
	l.Gateway, l.Schedule, l.Entry.Schedule = out.Gateway, out.Schedule, out.Schedule
	if in.Selector != nil {
		if l.chosen = out.Target != nil; !l.chosen {
			return nil
		}
		l.Target = *out.Target
	}
	proxyMarks, err := r.readProxies(ctx, l)
	if err != nil {
		return err
	}
	found := append(out.Marks, proxyMarks...)
	l.tellUnmarkable(policy, out)
	l.Entry.Work = workOf(policy, l.Surveyed)
	l.Entry.Work.Restore = len(found) > 0
	if err := r.findObstacle(ctx, l); err != nil {
		return err
	}
	return r.judgeMarks(ctx, l, found...)
}

// readProxies puts an instance's proxies in the place of AllProxies, and reads
// every proxy's versions. It gives the marks on their DB instances.
func (r *roster) readProxies(ctx workflow.Context, l *line) (marks []maintenance.Marked, err error) {
	var known []maintenance.ProxyRef
	for _, p := range l.Target.Proxies {
		if p.ProxyID != plan.AllProxies {
			known = append(known, p)
			continue
		}
		ids, err := call(ctx, r.reading(surveyLimit, "list the proxies of "+p.InstanceID), proxies.ListProxies,
			activities.ListProxiesInput{Account: p.Account, InstanceID: p.InstanceID, Pace: r.in.Plan.Policy.Pace})
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			l.Anomalies = append(l.Anomalies, p.InstanceID+" has no proxies")
		}
		for _, id := range ids {
			known = append(known, maintenance.ProxyRef{Account: p.Account, InstanceID: p.InstanceID, ProxyID: id, Version: p.Version})
		}
	}
	l.Target.Proxies, l.Proxies = known, nil
	for _, p := range known {
		state, err := call(ctx, r.reading(surveyLimit, "read proxy "+short(p.ProxyID)), proxies.ReadProxy,
			activities.ProxyLookup{Proxy: p, Pace: r.in.Plan.Policy.Pace})
		if err != nil {
			return nil, fmt.Errorf("proxy %s: %w", p.ProxyID, explain(err))
		}
		to := state.Goal
		if state.Done {
			to = state.Kernel.Current
		}
		if state.Mark != nil {
			marks = append(marks, state.Mark.Found(p.ProxyID, state.Proxy.Routing))
		} else if stay := unmarkable(r.in.Plan.Policy, state); stay != "" {
			l.Anomalies = append(l.Anomalies, "proxy "+p.ProxyID+": "+stay)
		}
		l.Proxies = append(l.Proxies, SurveyedProxy{ProxyID: p.ProxyID, From: state.Kernel.Current, To: to})
	}
	return marks, nil
}

// workOf is what is to be done to a target as it was read.
func workOf(policy maintenance.Policy, s Surveyed) fleet.Work {
	w := fleet.Work{Update: s.Gateway.UpdateOffered()}
	lanes := map[string]int{}
	for i, p := range s.Proxies {
		if p.From == p.To {
			continue
		}
		instance := s.Target.Proxies[i].InstanceID
		lanes[instance]++
		// The canary goes alone, and those after it side by side.
		behind := (lanes[instance] - 1 + policy.Proxies.Parallel - 1) / policy.Proxies.Parallel
		w.Proxies = max(w.Proxies, 1+behind)
	}
	if s.Gateway.HasVolumes() && w.Update { // without an update there is none to recover from
		for _, point := range []maintenance.RecoveryPoint{maintenance.PointBefore, maintenance.PointAfter} {
			if policy.WantsSnapshot(point) {
				w.Snapshots++
			}
		}
	}
	return w
}

// findObstacle finds what bars a target: a quarantine, or another run of its
// gateway.
func (r *roster) findObstacle(ctx workflow.Context, l *line) error {
	id := l.Target.Gateway.ID()
	found, err := call(ctx, r.reading(surveyLimit, "does anything keep "+id+"?"), runs.FindObstacle, activities.ObstacleLookup{
		Gateway: id, Quarantine: QuarantineWorkflowID(id), Maintenance: GatewayWorkflowID(id), Pace: r.in.Plan.Policy.Pace,
	})
	l.obstacle, l.Entry.Barred = found, cutTo(found.Reason, maxBarred)
	return err
}

// watch is a future that is ready when what was read need not hold any more: the
// window has moved, AWS has updated the gateway, what bars the target has ended.
// It costs the history the same however long it takes.
func (r *roster) watch(ctx workflow.Context, l *line) workflow.Future {
	switch {
	case l.unreadable:
		return workflow.NewTimerWithOptions(ctx, l.patience, workflow.TimerOptions{Summary: "then read " + l.Target.Gateway.ID() + " again"})
	case l.obstacle.WorkflowID != "":
		return begin(ctx, r.reading(watchLimit, "wait until "+l.obstacle.WorkflowID+" has ended"), runs.AwaitClosed,
			activities.WorkflowLookup{
				WorkflowID: l.obstacle.WorkflowID, RunID: l.obstacle.RunID,
				Pace: noticePace(r.in.Plan.Policy),
			})
	}
	return r.look(ctx, l)
}

// look waits by a timer before it looks for the first time. Most targets begin
// before that, and of ten thousand none then takes a call from its account's rate.
// The lines of a page do not look all at once.
func (r *roster) look(ctx workflow.Context, l *line) workflow.Future {
	every := r.in.Plan.Policy.WindowRecheck
	seen, set := workflow.NewFuture(ctx)
	wait := every.Std() - every.Std()/5*time.Duration(l.number)/time.Duration(len(r.lines))
	timer := workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{Summary: "then look whether the window of " + l.Target.Gateway.ID() + " has moved"})
	workflow.Go(ctx, func(ctx workflow.Context) {
		if timer.Get(ctx, nil) != nil {
			return // nobody waits any more
		}
		set.Chain(begin(ctx, r.reading(watchLimit, "look every "+every.String()+" whether the window has moved"), gateways.WatchGateway,
			activities.WatchGatewayInput{
				Gateway: l.Target.Gateway, Prefer: r.in.Plan.Policy.WindowPreference, AtOnce: true,
				Schedule: l.Schedule, Baseline: maintenance.BaselineOf(l.Gateway), Every: every,
			}))
	})
	return seen
}
