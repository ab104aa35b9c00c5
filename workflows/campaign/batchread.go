package campaign

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
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

// answerWithin is the timeout of one attempt of a reading's call. Each request in it gets a fifth,
// so that an endpoint that does not answer is named soon.
const answerWithin = 50 * time.Second

// patience is for how long a call that failed is retried before the whole target is read again and
// its status shows the last error: at first, and at most, since each time is four times as long. A
// batch of sixty that nobody fixes must not fill a history. An operator's retry reads at once.
const (
	patience     = time.Minute
	mostPatience = 7 * 24 * time.Hour
	// markPatience is the same for a target that another run's mark blocks: that run may end at
	// any time, and if it is in another namespace, no event says so.
	markPatience = time.Hour
	// mostPause is the longest between two tries of one call.
	mostPause = 15 * time.Minute
)

// retryPace is how often the call is retried meanwhile: ten thousand unreadable targets of one
// account take half of its rate.
func retryPace(policy maintenance.Policy) maintenance.Pace {
	p := policy.WithDefaults().Pace
	return maintenance.Pace{Min: p.Min, Max: max(p.Max, maintenance.Duration(mostPause))}
}

// retry retries, for so long, the call for which a target could not be read. It is ready early if
// the call succeeds.
type retry func(workflow.Context, time.Duration) workflow.Future

// survey reads a target, and reports what is known of it now. If a maintenance of it has just been
// deferred, as is that event.
func (b *batch) survey(ctx workflow.Context, l *line, as fleet.Event) {
	slots := b.slots[l.Target.Gateway.Account]
	if err := slots.Acquire(ctx, 1); err != nil {
		return
	}
	matches, err := b.read(ctx, l)
	slots.Release(1)
	if ctx.Err() != nil {
		return
	}
	if l.reading == notRead {
		b.unread--
	}
	if l.reading = b.outcome(ctx, l, matches, err); l.reading == unmatched {
		b.report(l, fleet.Event{Kind: fleet.KindNotFound})
		return
	}
	l.Entry.Name, l.Entry.Gateway = cmp.Or(l.Target.Name, l.Target.Gateway.ID()), l.Target.Gateway.ID()
	l.Entry.Keys = b.in.Plan.Keys(l.Target)
	l.Entry.State, l.Entry.Note = fleet.Waiting, leftovers(l.Marks)
	if err == nil && l.Entry.Work.IsZero() {
		l.Entry.State, l.Entry.Note = fleet.UpToDate, "nothing to do"
	}
	if as.Kind == "" {
		as.Kind = fleet.KindRead
	}
	entry := l.Entry
	as.Entry = &entry
	b.report(l, as)
}

// outcome is how a reading of a target went. It notes in the entry why the target is unavailable.
func (b *batch) outcome(ctx workflow.Context, l *line, matches bool, err error) reading {
	switch {
	case err == nil && !matches:
		return unmatched
	case err == nil:
		l.patience, l.Entry.UnreadSince = 0, time.Time{}
		if l.obstacle.WorkflowID != "" {
			return obstructed
		}
		return wasRead
	}
	l.patience = min(max(patience, 4*l.patience), mostPatience)
	if call.HasType(err, names.TypeMarked) { // it was read: what another run has left there blocks it
		l.patience = min(l.patience, markPatience)
		l.Entry.Bar, l.Entry.UnreadSince = maintenance.BlockedByRun, time.Time{}
		l.Entry.Unavailable = webui.CutTo(call.Explain(err).Error(), maxUnavailable)
		return unreadable
	}
	l.Entry.Bar, l.Entry.Unavailable = maintenance.BlockedByUnread, webui.CutTo(unanswered(err).Error(), maxUnavailable)
	if l.Entry.UnreadSince.IsZero() {
		l.Entry.UnreadSince = workflow.Now(ctx).UTC().Truncate(time.Second)
	}
	if l.retry == nil {
		l.Entry.ReadAt = workflow.Now(ctx).Add(l.patience).UTC().Truncate(time.Second)
		return unreadable
	}
	if l.patience == patience && !b.in.PlanOnly { // what passes within a minute calls no person
		l.Entry.Bar = maintenance.BlockedByReading
		l.Entry.Unavailable = webui.CutTo(fleet.Reading+" again: "+unanswered(err).Error(), maxUnavailable)
	}
	return callRetried
}

// unanswered is why a target could not be read, in words.
func unanswered(err error) error {
	if last, ok := errors.AsType[*temporal.ApplicationError](err); ok {
		return errors.New(last.Message())
	}
	if call.OutOfTime(err) {
		return errors.New("no worker has answered in time: to check whether one serves the account, run tidegate doctor")
	}
	return call.Explain(err)
}

// ask makes one of a reading's calls. It fails at the first error, whether waiting could help or
// not: if it could, the line retries the call while others are read. A target that could not be
// read before gets the whole time: it would otherwise never be read to its end if the cloud answers
// every other call only.
func ask[In activities.Input, Out any](
	ctx workflow.Context, b *batch, l *line, summary string, activity func(context.Context, In) (Out, error),
	in func(maintenance.Pace) In,
) (out Out, err error) {
	options := b.pollOptions(surveyLimit, summary)
	if l.patience == 0 {
		options = soon(options)
	}
	err = call.Start(ctx, options, activity, in(b.in.Plan.Policy.Pace)).Get(ctx, &out)
	if mayPass(err) {
		l.retry = func(ctx workflow.Context, limit time.Duration) workflow.Future {
			return call.Start(ctx, b.pollOptions(limit, summary+" again"), activity, in(retryPace(b.in.Plan.Policy)))
		}
	}
	return out, err
}

// soon makes a call end with its first answer, unless that was a throttle.
func soon(options workflow.ActivityOptions) workflow.ActivityOptions {
	options.StartToCloseTimeout = min(options.StartToCloseTimeout, answerWithin)
	options.RetryPolicy.NonRetryableErrorTypes = []string{names.TypeNotReady, names.TypeUnavailable}
	return options
}

// mayPass is true for an error of such a call after which a retry may succeed.
func mayPass(err error) bool {
	return call.OutOfTime(err) || call.HasType(err, names.TypeNotReady) || call.HasType(err, names.TypeUnavailable)
}

// read reads a target. If it was found by a selector, that decides at the first reading whether the
// target matches.
func (b *batch) read(ctx workflow.Context, l *line) (matches bool, err error) {
	l.Anomalies, l.Marks, l.retry = nil, nil, nil
	l.Entry.Bar, l.Entry.Unavailable, l.Entry.ReadAt = maintenance.NotBlocked, "", time.Time{}
	policy := b.in.Plan.Policy
	ref := l.Target.Gateway
	var selector *plan.Selector
	if l.Gateway.ID == "" {
		// Once: a target stays a target, also when its update is made.
		selector = b.in.Selector
	}
	out, err := ask(ctx, b, l, "read "+ref.ID(), call.Gateways.SurveyGateway,
		func(p maintenance.Pace) activities.SurveyInput {
			return activities.SurveyInput{
				Gateway: ref, Prefer: policy.WindowPreference, Selector: selector, Obstacle: new(obstacleLookup(ref.ID())), Pace: p,
			}
		})
	if err != nil {
		return false, err
	}
	l.Gateway, l.Schedule, l.Entry.Schedule = out.Gateway, out.Schedule, out.Schedule
	if selector != nil {
		if out.Target == nil {
			return false, nil
		}
		l.Target = *out.Target
	}
	l.noteObstacle(out.Obstacle)
	l.askedAt = workflow.Now(ctx)
	proxyMarks, err := b.readProxies(ctx, l)
	if err != nil {
		return true, err
	}
	found := append(out.Marks, proxyMarks...)
	l.noteUnmarkable(policy, out)
	l.Entry.Work = workOf(policy, l.Surveyed)
	l.Entry.Work.Restore, l.Entry.Work.Recheck = len(found) > 0, l.recheck
	return true, b.judgeMarks(ctx, l, found...)
}

// readProxies reads the versions of every proxy, those of a DB instance together, and replaces
// AllProxies by the instance's. It returns the marks on the DB instances.
func (b *batch) readProxies(ctx workflow.Context, l *line) (marks []maintenance.Marked, err error) {
	var refs []maintenance.ProxyRef
	l.Proxies = nil
	for _, group := range api.ByInstance(l.Target.Proxies) {
		instance := group[0].InstanceID
		found, err := ask(ctx, b, l, "read the proxies of "+instance, call.Proxies.SurveyProxies,
			func(pace maintenance.Pace) activities.SurveyProxiesInput {
				return activities.SurveyProxiesInput{Proxies: group, Pace: pace}
			})
		if err != nil {
			return nil, fmt.Errorf("proxies of %s: %w", instance, unanswered(err))
		}
		if len(found) == 0 {
			l.Anomalies = append(l.Anomalies, instance+" has no proxies")
		}
		for _, p := range found {
			refs = append(refs, p.Ref)
			if p.Mark != nil {
				marks = append(marks, p.Mark.Found(p.Ref.ProxyID, p.Proxy.Routing))
			} else if stay := target.Unmarkable(b.in.Plan.Policy, p.ReadProxyOutput); stay != "" {
				l.Anomalies = append(l.Anomalies, "proxy "+p.Ref.ProxyID+": "+stay)
			}
			l.Proxies = append(l.Proxies, surveyed(p))
		}
	}
	l.Target.Proxies = refs
	return marks, nil
}

func surveyed(p activities.SurveyedProxy) api.SurveyedProxy {
	to := p.Goal
	if p.Done {
		to = p.Kernel.Current
	}
	return api.SurveyedProxy{ProxyID: p.Ref.ProxyID, From: p.Kernel.Current, To: to}
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

func obstacleLookup(gateway string) activities.ObstacleLookup {
	return activities.ObstacleLookup{
		Gateway: gateway, Quarantine: api.QuarantineWorkflowID(gateway), Maintenance: api.GatewayWorkflowID(gateway),
	}
}

// askedFor is how long the answer of a reading holds that nothing blocks a target. No run can start,
// fail and quarantine the gateway within it, and Temporal refuses a second run of a gateway.
const askedFor = 5 * time.Second

// findObstacle finds what blocks a target just before its maintenance, unless it was read just now.
func (b *batch) findObstacle(ctx workflow.Context, l *line) error {
	asked := l.askedAt
	l.askedAt = time.Time{} // once: the maintenance that follows may quarantine the gateway
	if workflow.Now(ctx).Sub(asked) < askedFor {
		return nil
	}
	id := l.Target.Gateway.ID()
	lookup := obstacleLookup(id)
	lookup.Pace = b.in.Plan.Policy.Pace
	found, err := call.Do(ctx, b.pollOptions(surveyLimit, "check what blocks "+id), call.Engine.FindObstacle, lookup)
	l.noteObstacle(found)
	return err
}

// noteObstacle notes what blocks a target: a quarantine, or another run of its gateway.
func (l *line) noteObstacle(found activities.Obstacle) {
	id := l.Target.Gateway.ID()
	l.obstacle, l.Entry.Bar, l.Entry.Unavailable = found, maintenance.NotBlocked, webui.CutTo(found.Reason, maxUnavailable)
	switch found.WorkflowID {
	case "":
	case api.QuarantineWorkflowID(id):
		l.Entry.Bar = maintenance.BlockedByQuarantine
	default:
		l.Entry.Bar = maintenance.BlockedByRun
	}
}

// watch is a future that is ready when what was read may no longer hold: the window has moved, AWS
// has updated the gateway, what blocked the target has ended, what could not be read answers. It
// costs the same history however long it takes.
func (b *batch) watch(ctx workflow.Context, l *line) workflow.Future {
	id := l.Target.Gateway.ID()
	switch l.reading {
	case callRetried:
		return retryCall(ctx, l)
	case unreadable:
		return workflow.NewTimerWithOptions(ctx, l.patience, workflow.TimerOptions{Summary: "then read " + id + " again"})
	case obstructed:
		return call.Start(ctx, b.pollOptions(call.WatchLimit, "wait until "+l.obstacle.WorkflowID+" has ended"),
			call.Engine.AwaitClosed,
			activities.WorkflowLookup{
				WorkflowID: l.obstacle.WorkflowID, RunID: l.obstacle.RunID,
				Pace: call.NoticePace(b.in.Plan.Policy),
			})
	case notRead, unmatched, wasRead:
	}
	return b.watchWindow(ctx, l)
}

// retryCall retries the call for which a target could not be read. It waits before, and each time
// for longer: a cloud that answers every other call must not fill a history.
func retryCall(ctx workflow.Context, l *line) workflow.Future {
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
		if err := l.retry(ctx, l.patience).Get(ctx, nil); err != nil && !call.OutOfTime(err) && ctx.Err() == nil {
			pause(l.patience) // until the batch reads the whole again
		}
	})
	return ready
}

// watchWindow polls the gateway for changes. A wait comes before the first poll: most targets start
// before it ends, and then none of ten thousand takes a call from its account's rate. The lines of a
// batch spread their polls.
func (b *batch) watchWindow(ctx workflow.Context, l *line) workflow.Future {
	every := b.in.Plan.Policy.WindowRecheck
	moved, set := workflow.NewFuture(ctx)
	wait := every.Std()*4/5 + every.Std()/5*time.Duration(l.number)/time.Duration(len(b.lines))
	l.poll = firstPoll{at: workflow.Now(ctx).Add(wait), start: func() {
		options := b.pollOptions(call.WatchLimit, "check every "+every.String()+" whether the window has moved")
		set.Chain(call.Start(ctx, options,
			call.Gateways.WatchGateway,
			activities.WatchGatewayInput{
				Gateway: l.Target.Gateway, Prefer: b.in.Plan.Policy.WindowPreference, AtOnce: true,
				Schedule: l.Schedule, Baseline: maintenance.BaselineOf(l.Gateway), Every: every,
			}))
	}}
	return moved
}

// judgeMarks notes what runs that have ended have left on a target: work to do. It fails if a mark
// may belong to a run that goes on: the target is then read again later, unless it is obstructed and
// so read again anyway.
func (b *batch) judgeMarks(ctx workflow.Context, l *line, found ...maintenance.Marked) error {
	if len(found) == 0 {
		return nil
	}
	judged, err := call.Do(ctx, b.pollOptions(surveyLimit, "which run has marked "+l.Target.Gateway.ID()+"?"),
		call.Engine.JudgeMarks,
		activities.MarksLookup{Marks: found, Pace: b.in.Plan.Policy.Pace})
	if err != nil {
		return err
	}
	for _, m := range judged {
		if bars := m.Bars(); bars != "" && l.obstacle.WorkflowID == "" {
			return temporal.NewNonRetryableApplicationError(bars, names.TypeMarked, nil)
		}
		if m.Leftover() {
			l.Marks, l.Anomalies = append(l.Marks, m), append(l.Anomalies, m.String())
		}
	}
	return nil
}

// noteUnmarkable notes a setting that the plan wants changed for a while and that stays as it is,
// since the gateway has no room for the mark.
func (l *line) noteUnmarkable(policy maintenance.Policy, out activities.SurveyOutput) {
	wanted := policy.AutomaticUpdates == maintenance.AutomaticUpdatesHold && out.Gateway.UpdateOffered()
	if wanted && out.Full != "" && len(out.Marks) == 0 && target.Holdable(out.AutomaticUpdates) {
		l.Anomalies = append(l.Anomalies, target.NotHeld(out.AutomaticUpdates, out.Full))
	}
}

// leftovers are the marks of a target in a note.
func leftovers(marks []maintenance.Marked) string {
	var all []string
	for _, m := range marks {
		all = append(all, m.String())
	}
	return webui.CutNote(strings.Join(all, "; "))
}
