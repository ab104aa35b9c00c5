package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/target"
	"github.com/tidegate/tidegate/workflows/webui"
)

// surveyLimit is how long one call of a reading may wait in its account's queue, where it
// is throttled, or until a worker takes it. What fails otherwise ends the reading.
const surveyLimit = 2 * time.Minute

// answerWithin is how long one attempt of a reading's call has: each request that it
// makes gets a fifth, so that an endpoint that does not answer is named soon.
const answerWithin = 50 * time.Second

// patience is for how long what could not be read is tried again before the whole target
// is read again, and people are told the last error: at first, and at most, since each
// time is four times as long. A page of two hundred that nobody fixes must not fill a history. An
// operator's retry reads at once.
const (
	patience     = time.Minute
	mostPatience = 7 * 24 * time.Hour
	// markPatience is the same for a target that another's mark keeps: the run whose mark
	// it is may end at any time, and nobody says so where it is of another namespace.
	markPatience = time.Hour
	// mostPause is the longest between two tries of one call.
	mostPause = 15 * time.Minute
)

// againPace is how often it is tried meanwhile: ten thousand targets of one account that
// cannot be read take half of its rate.
func againPace(policy maintenance.Policy) maintenance.Pace {
	p := policy.WithDefaults().Pace
	return maintenance.Pace{Min: p.Min, Max: max(p.Max, maintenance.Duration(mostPause))}
}

// again tries once more, for so long, the call for which a target could not be read. It
// is ready early where the call succeeds.
type again func(workflow.Context, time.Duration) workflow.Future

// survey reads a target, and tells the campaign what is known of it now. Its
// event's kind and attempt are given where it was started before.
func (r *batch) survey(ctx workflow.Context, l *line, as fleet.Event) {
	slots := r.slots[l.Target.Gateway.Account]
	if err := slots.Acquire(ctx, 1); err != nil {
		return
	}
	err := r.read(ctx, l)
	slots.Release(1)
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
	r.noteUnread(ctx, l, err)
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

// noteUnread notes why a target could not be read, and since when. In the first minute
// it counts as being read: what passes by itself calls no person.
func (r *batch) noteUnread(ctx workflow.Context, l *line, err error) {
	if err == nil {
		l.patience, l.Entry.UnreadSince = 0, time.Time{}
		return
	}
	l.patience = min(max(patience, 4*l.patience), mostPatience)
	if call.HasType(err, names.TypeMarked) { // it was read: what another run has left there keeps it
		l.patience = min(l.patience, markPatience)
		l.Entry.Bar, l.Entry.Unavailable, l.Entry.UnreadSince = maintenance.BlockedByRun,
			webui.CutTo(call.Explain(err).Error(), maxUnavailable),
			time.Time{}
		return
	}
	l.Entry.Bar, l.Entry.Unavailable = maintenance.BlockedByUnread, webui.CutTo(unanswered(err).Error(), maxUnavailable)
	if l.Entry.UnreadSince.IsZero() {
		l.Entry.UnreadSince = workflow.Now(ctx).UTC().Truncate(time.Second)
	}
	switch {
	case l.again == nil:
		l.Entry.ReadAt = workflow.Now(ctx).Add(l.patience).UTC().Truncate(time.Second)
	case l.patience == patience && !r.in.PlanOnly:
		l.Entry.Bar, l.Entry.Unavailable = maintenance.BlockedByReading,
			webui.CutTo(fleet.Reading+" again: "+unanswered(err).Error(),
				maxUnavailable)
	}
}

// unanswered is why a target could not be read, in words.
func unanswered(err error) error {
	if last, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return errors.New(last.Message())
	}
	if call.OutOfTime(err) {
		return fmt.Errorf("no worker has answered within %s: tidegate doctor says whether one serves the account", maintenance.Duration(surveyLimit))
	}
	return call.Explain(err)
}

// ask makes one of a reading's calls. It fails with the first answer that waiting does
// not change, or that may last: the call is then tried again alongside the others. A target
// that could not be read before gets the whole time: a cloud that answers every other call
// would otherwise never be read to its end.
func ask[In activities.Input, Out any](
	ctx workflow.Context, r *batch, l *line, summary string, activity func(context.Context, In) (Out, error),
	in func(maintenance.Pace) In,
) (out Out, err error) {
	options := r.reading(surveyLimit, summary)
	if l.patience == 0 {
		options = soon(options)
	}
	err = call.Start(ctx, options, activity, in(r.in.Plan.Policy.Pace)).Get(ctx, &out)
	if mayPass(err) {
		l.again = func(ctx workflow.Context, limit time.Duration) workflow.Future {
			return call.Start(ctx, r.reading(limit, summary+" again"), activity, in(againPace(r.in.Plan.Policy)))
		}
	}
	return out, err
}

// soon has a call end with its first answer, unless that was to ask less often.
func soon(options workflow.ActivityOptions) workflow.ActivityOptions {
	options.StartToCloseTimeout = min(options.StartToCloseTimeout, answerWithin)
	options.RetryPolicy.NonRetryableErrorTypes = []string{names.TypeNotReady, names.TypeUnavailable}
	return options
}

// mayPass is true for the error of such a call where another one may succeed.
func mayPass(err error) bool {
	return call.OutOfTime(err) || call.HasType(err, names.TypeNotReady) || call.HasType(err, names.TypeUnavailable)
}

// read fills a line in.
func (r *batch) read(ctx workflow.Context, l *line) error {
	l.Anomalies, l.Marks, l.Entry.Bar, l.Entry.Unavailable, l.Entry.ReadAt, l.again = nil, nil, maintenance.NotBlocked, "",
		time.Time{}, nil
	policy := r.in.Plan.Policy
	ref := l.Target.Gateway
	var selector *plan.Selector
	if l.Gateway.ID == "" {
		// Once: what was found stays found, also when its update is made.
		selector = r.in.Selector
	}
	out, err := ask(ctx, r, l, "read "+ref.ID(), call.Gateways.SurveyGateway,
		func(p maintenance.Pace) activities.SurveyInput {
			return activities.SurveyInput{Gateway: ref, Prefer: policy.WindowPreference, Selector: selector, Pace: p}
		})
	if err != nil {
		return err
	}
	l.Gateway, l.Schedule, l.Entry.Schedule = out.Gateway, out.Schedule, out.Schedule
	if selector != nil {
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
func (r *batch) readProxies(ctx workflow.Context, l *line) (marks []maintenance.Marked, err error) {
	var known []maintenance.ProxyRef
	for _, p := range l.Target.Proxies {
		if p.ProxyID != plan.AllProxies {
			known = append(known, p)
			continue
		}
		ids, err := ask(ctx, r, l, "list the proxies of "+p.InstanceID, call.Proxies.ListProxies,
			func(pace maintenance.Pace) activities.ListProxiesInput {
				return activities.ListProxiesInput{Account: p.Account, InstanceID: p.InstanceID, Pace: pace}
			})
		if err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			l.Anomalies = append(l.Anomalies, p.InstanceID+" has no proxies")
		}
		for _, id := range ids {
			known = append(known, maintenance.ProxyRef{
				Account: p.Account, InstanceID: p.InstanceID, ProxyID: id, Version: p.Version,
			})
		}
	}
	l.Target.Proxies, l.Proxies = known, nil
	for _, p := range known {
		state, err := ask(ctx, r, l, "read proxy "+webui.Short(p.ProxyID), call.Proxies.ReadProxy,
			func(pace maintenance.Pace) activities.ProxyLookup {
				return activities.ProxyLookup{Proxy: p, Pace: pace}
			})
		if err != nil {
			return nil, fmt.Errorf("proxy %s: %w", p.ProxyID, unanswered(err))
		}
		to := state.Goal
		if state.Done {
			to = state.Kernel.Current
		}
		if state.Mark != nil {
			marks = append(marks, state.Mark.Found(p.ProxyID, state.Proxy.Routing))
		} else if stay := target.Unmarkable(r.in.Plan.Policy, state); stay != "" {
			l.Anomalies = append(l.Anomalies, "proxy "+p.ProxyID+": "+stay)
		}
		l.Proxies = append(l.Proxies, api.SurveyedProxy{ProxyID: p.ProxyID, From: state.Kernel.Current, To: to})
	}
	return marks, nil
}

// workOf is what is to be done to a target as it was read.
func workOf(policy maintenance.Policy, s api.Surveyed) fleet.Work {
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
func (r *batch) findObstacle(ctx workflow.Context, l *line) error {
	id := l.Target.Gateway.ID()
	found, err := call.Do(ctx, r.reading(surveyLimit, "does anything keep "+id+"?"), call.Engine.FindObstacle,
		activities.ObstacleLookup{
			Gateway: id, Quarantine: api.QuarantineWorkflowID(id), Maintenance: api.GatewayWorkflowID(id),
			Pace: r.in.Plan.Policy.Pace,
		})
	l.obstacle, l.Entry.Bar, l.Entry.Unavailable = found, maintenance.NotBlocked, webui.CutTo(found.Reason, maxUnavailable)
	switch found.WorkflowID {
	case "":
	case api.QuarantineWorkflowID(id):
		l.Entry.Bar = maintenance.BlockedByQuarantine
	default:
		l.Entry.Bar = maintenance.BlockedByRun
	}
	return err
}

// watch is a future that is ready when what was read need not hold any more: the
// window has moved, AWS has updated the gateway, what bars the target has ended, what
// could not be read answers.
// It costs the history the same however long it takes.
func (r *batch) watch(ctx workflow.Context, l *line) workflow.Future {
	switch {
	case l.patience > 0 && l.again != nil:
		return tryAgain(ctx, l)
	case l.patience > 0:
		return workflow.NewTimerWithOptions(ctx, l.patience, workflow.TimerOptions{
			Summary: "then read " + l.Target.Gateway.ID() + " again",
		})
	case l.obstacle.WorkflowID != "":
		return call.Start(ctx, r.reading(call.WatchLimit, "wait until "+l.obstacle.WorkflowID+" has ended"),
			call.Engine.AwaitClosed,
			activities.WorkflowLookup{
				WorkflowID: l.obstacle.WorkflowID, RunID: l.obstacle.RunID,
				Pace: call.NoticePace(r.in.Plan.Policy),
			})
	}
	return r.look(ctx, l)
}

// tryAgain tries the call for which a target could not be read. It waits before, and
// each time for longer: a cloud that answers every other call must not fill a history.
func tryAgain(ctx workflow.Context, l *line) workflow.Future {
	id := l.Target.Gateway.ID()
	ready, set := workflow.NewFuture(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer set.SetValue(nil)
		pause := func(d time.Duration) (whole bool) {
			return nil == workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{
				Summary: "then read " + id + " again",
			}).Get(ctx, nil)
		}
		if !pause(l.patience / 20) {
			return
		}
		if err := l.again(ctx, l.patience).Get(ctx, nil); err != nil && !call.OutOfTime(err) && ctx.Err() == nil {
			pause(l.patience) // it is cancelled, and nobody waits any more
		}
	})
	return ready
}

// look waits by a timer before it looks for the first time. Most targets start
// before that, and of ten thousand none then takes a call from its account's rate.
// The lines of a page do not look all at once.
func (r *batch) look(ctx workflow.Context, l *line) workflow.Future {
	every := r.in.Plan.Policy.WindowRecheck
	seen, set := workflow.NewFuture(ctx)
	wait := every.Std() - every.Std()/5*time.Duration(l.number)/time.Duration(len(r.lines))
	timer := workflow.NewTimerWithOptions(ctx, wait, workflow.TimerOptions{
		Summary: "then look whether the window of " + l.Target.Gateway.ID() + " has moved",
	})
	workflow.Go(ctx, func(ctx workflow.Context) {
		if timer.Get(ctx, nil) != nil {
			return // nobody waits any more
		}
		set.Chain(call.Start(ctx, r.reading(call.WatchLimit, "look every "+every.String()+" whether the window has moved"),
			call.Gateways.WatchGateway,
			activities.WatchGatewayInput{
				Gateway: l.Target.Gateway, Prefer: r.in.Plan.Policy.WindowPreference, AtOnce: true,
				Schedule: l.Schedule, Baseline: maintenance.BaselineOf(l.Gateway), Every: every,
			}))
	})
	return seen
}
