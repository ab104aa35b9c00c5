package target

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/maintenance/lifecycle"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
)

// checked is where the run's health checks stand.
type checked struct {
	waived health.Waivers         // by operators, in this run
	missed string                 // which check did not pass, or mute was refused, in the last window; empty: none
	wakes  []*workflow.CancelFunc // end what waits for a check, so that it is waited for without what was waived
	muted  muted
	// told is the check that the campaign believes to block, where it stood then; zero: none. It is told less often than
	// checks are asked: its batch never continues as new, and each signal costs events there.
	told    health.Block
	waiting int // changes that a check blocks now
}

// asking is where the checks before one change stand in this window: each proxy has its own.
type asking struct {
	watches map[string]health.Watch
	passes  int // waits for them that have ended with a pass
}

// momentBeforeProxies is what the records call the checks before a change that follows another: what is compared with
// is recorded before the first.
const momentBeforeProxies health.Moment = "before proxies"

// baselineLimit is how long the first question for what is compared with may take: the guard asks again.
const baselineLimit = time.Minute

// pastWindow is how long one activity waits for a check where no window ends the wait.
const pastWindow = 24 * time.Hour

// subject is the target as health checks know it.
func (r *run) subject() health.Subject {
	t := r.in.Target
	t.Proxies = nil
	return health.Subject{Target: t, GatewayType: r.status.Gateway.Before.Type}
}

// waivers are those of the campaign for this run, and those that were given in it.
func (r *run) waivers() health.Waivers { return slices.Concat(r.in.Waived, r.checked.waived) }

// waiver is the waiver of a check for this run.
func (r *run) waiver(check string) (health.Waiver, bool) {
	return r.waivers().Of(check, r.in.Target.Gateway.ID())
}

// counted are the checks of a moment that are not waived.
func (r *run) counted(m health.Moment) []health.Check {
	return slices.DeleteFunc(health.At(r.in.Checks, m), r.isWaived)
}

func (r *run) isWaived(c health.Check) bool {
	_, waived := r.waiver(c.Name)
	return waived
}

// comparing are the checks that compare with the value before the update, and are not waived.
func (r *run) comparing() []health.Check {
	return slices.DeleteFunc(slices.Clone(r.in.Checks), func(c health.Check) bool {
		return !c.NeedsBaseline() || r.isWaived(c)
	})
}

// untouched is true while neither this run, nor an earlier one of its campaign, nor AWS has updated the target: later
// answers are compared with those from then.
func (r *run) untouched() bool {
	return r.work.started.IsZero() && !r.in.Updated && r.software.State() != lifecycle.UpdateByAWS
}

// askBaselines asks what later answers are compared with while the window is still shut: AWS may update the gateway as
// it opens, before a guard has asked. The guard's answers replace these, and it waits for those that are missing here.
func (r *run) askBaselines(ctx workflow.Context) error {
	v, err := r.decide(ctx)
	compare := r.comparing()
	if err != nil || v.Open() || len(compare) == 0 || r.software.State() != lifecycle.UpdateOffered || !r.untouched() {
		return err
	}
	options := r.readWithin(baselineLimit, "ask what the health checks compare with, before the window opens")
	options.StartToCloseTimeout += checks.AnswerWithin
	seen, err := call.Do(ctx, options, call.Watcher.AskChecks, checks.AskChecksInput{
		Followed: checks.Followed{Subject: r.subject(), Baselines: compare}, As: health.AtBefore,
	})
	if found := seenOf(err); found != nil {
		seen = *found
	}
	r.recordChecks(slices.DeleteFunc(seen.Records, func(c maintenance.CheckRecord) bool {
		return c.State != string(health.Passing) // it has no value
	}))
	return ctx.Err()
}

// before are the checks that have to pass before the next change. Before the first they include those that a later
// answer is compared with.
func (r *run) before(a *asking) checks.Followed {
	f := checks.Followed{
		Subject: r.subject(), Checks: r.counted(health.AtBefore), Watches: a.watches, NotBefore: r.work.ended,
	}
	if r.untouched() {
		f.Baselines = slices.DeleteFunc(r.comparing(), func(c health.Check) bool {
			_, known := r.in.Before[c.Name]
			return known || c.Has(health.AtBefore)
		})
	}
	return f
}

// beforeName is what the records call the moment.
func (r *run) beforeName() health.Moment {
	if r.untouched() {
		return health.AtBefore
	}
	return momentBeforeProxies
}

// guard is what the next change has to pass just before it is sent; nil: nothing. It may be sent until a time, and
// takes so long at most.
func (r *run) guard(ctx workflow.Context, a *asking, until time.Time, takes time.Duration) *checks.Guard {
	f := r.before(a)
	if len(f.Checks)+len(f.Baselines)+len(r.in.Mutes) == 0 {
		return nil
	}
	return &checks.Guard{Followed: f, Mute: r.intendMute(ctx, until, takes), As: r.beforeName()}
}

// askBefore asks the checks before a change is prepared, which one that blocks would waste. The guard asks them again.
func (r *run) askBefore(ctx workflow.Context, a *asking) error {
	f := r.before(a)
	if len(f.Checks)+len(f.Baselines) == 0 {
		return nil
	}
	options := r.readWithin(AssessLimit, "ask the health checks before the reads are moved")
	options.StartToCloseTimeout += checks.AnswerWithin
	seen, err := call.Do(ctx, options, call.Watcher.AskChecks, checks.AskChecksInput{Followed: f, As: r.beforeName()})
	if err != nil {
		r.answered(a, nil, err)
		return err
	}
	r.answered(a, &seen, nil)
	return nil
}

// answered takes in what the checks before a change were answered; seen nil: what the error has of it.
func (r *run) answered(a *asking, seen *checks.Seen, err error) *checks.Seen {
	a.watches = nil
	if seen == nil {
		seen = seenOf(err)
	}
	if seen == nil {
		return nil
	}
	r.recordChecks(seen.Records)
	if call.HasType(err, names.TypeBlocked) {
		a.watches = seen.Watches
	}
	return seen
}

// guarded takes in what the guard of a change has found out, however that ended.
func (r *run) guarded(ctx workflow.Context, a *asking, seen *checks.Seen, err error) {
	seen = r.answered(a, seen, err)
	if !call.HasType(err, names.TypeBlocked) {
		r.noneBlocks(ctx)
	}
	r.checked.muted.sent(seen, err)
	if seen != nil {
		r.checked.missed = seen.Refused
	}
}

// seenOf is what an activity has found out of health checks, as its error has it; nil: nothing.
func seenOf(err error) *checks.Seen {
	var seen checks.Seen
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && app.HasDetails() && app.Details(&seen) == nil {
		return &seen
	}
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	if !ok || !timeout.HasLastHeartbeatDetails() {
		return nil
	}
	var last activities.Armed
	if timeout.LastHeartbeatDetails(&last) == nil && last != (activities.Armed{}) {
		return last.Seen
	}
	if timeout.LastHeartbeatDetails(&seen) == nil && seen.Watches != nil {
		return &seen // of a wait for checks
	}
	return nil
}

// recordChecks adds what was seen to the run's record.
func (r *run) recordChecks(seen []maintenance.CheckRecord) {
	r.status.Checks = health.Merge(r.status.Checks, seen)
	for i, record := range r.status.Checks {
		if w, waived := r.waiver(record.Check); waived && record.State != string(health.Passing) {
			r.status.Checks[i].Waived = w.String()
		}
	}
}

// recordWaived adds the checks that were waived and so never asked.
func (r *run) recordWaived() {
	for _, c := range r.in.Checks {
		w, waived := r.waiver(c.Name)
		known := slices.ContainsFunc(r.status.Checks, func(rec maintenance.CheckRecord) bool { return rec.Check == c.Name })
		if waived && !known {
			r.status.Checks = append(r.status.Checks, maintenance.CheckRecord{
				Check: c.Name, Moment: string(c.At[0]), State: string(health.Unasked), Waived: w.String(),
			})
		}
	}
}

// awaitBefore waits until the checks before a change pass, after one of them has blocked it. It returns also when they
// have not passed in this window: the gate decides what follows, and the checks start anew there.
func (r *run) awaitBefore(ctx workflow.Context, a *asking, until time.Time) error {
	defer r.unblock(ctx)
	r.checked.waiting++
	r.unmute(ctx) // the next guard mutes again
	passes, err := false, r.rest(ctx, a, until)
	if err == nil {
		passes, err = r.pollUntilPass(ctx, a, until)
	}
	r.checked.waiting--
	if a.passes++; !passes {
		a.passes = 0
		r.noneBlocks(ctx)
	}
	return err
}

// longestRest is how long checks are left alone at most that pass, and then fail just before the change is sent.
const longestRest = time.Hour

// rest leaves such checks alone, the longer the more often they have done so: what prepares the change, such as the
// reads that are moved, may make them fail, and would be done and taken back without end.
func (r *run) rest(ctx workflow.Context, a *asking, until time.Time) error {
	failed, waits := r.before(a).Open(health.AtBefore)
	blocks := append(failed, waits...)
	now := workflow.Now(ctx)
	again := now.Add(min(time.Minute<<min(a.passes, 6), longestRest))
	if !until.IsZero() && until.Before(again) {
		again = until
	}
	if a.passes == 0 || len(blocks) == 0 || !now.Before(again) {
		return nil
	}
	r.tellBlocked(ctx, blocks[0])
	reason := fmt.Sprintf("%s; it has failed just before the change after it had passed, %s: asked again %s",
		r.blockReason(blocks, until), maintenance.Counted(a.passes, "time", "times"), r.inZone(again))
	if err := r.block(ctx, maintenance.BlockedByCheck, reason, &again); err != nil {
		return err
	}
	resting, done := r.untilWaived(ctx)
	defer done()
	r.wake = done
	summary := workflow.TimerOptions{Summary: "leave the health checks alone for a while"}
	if err := workflow.NewTimerWithOptions(resting, again.Sub(now), summary).Get(resting, nil); ctx.Err() != nil {
		return err
	}
	return nil
}

// pollUntilPass is false if the checks did not pass: the window or the run ends, or its campaign has taken it back.
func (r *run) pollUntilPass(ctx workflow.Context, a *asking, until time.Time) (passes bool, err error) {
	for {
		if r.disarmed != "" && r.work.started.IsZero() {
			return false, nil // the gate defers the rest
		}
		failed, waits := r.before(a).Open(health.AtBefore)
		blocks := append(failed, waits...)
		if len(blocks) == 0 {
			return true, nil
		}
		r.tellBlocked(ctx, blocks[0])
		if err := r.block(ctx, maintenance.BlockedByCheck, r.blockReason(blocks, until), optional(until)); err != nil {
			return false, err
		}
		passes, again, err := r.pollBefore(ctx, a, until)
		if err != nil || !again {
			return passes, err
		}
	}
}

// tellBlocked tells the campaign which check blocks the run, where that has changed; the zero Block: none.
func (r *run) tellBlocked(ctx workflow.Context, b health.Block) {
	if told := r.checked.told; b.Check == told.Check && b.State == told.State {
		return
	}
	r.checked.told = b
	r.signalCampaign(ctx, api.BlockedSignal, api.BlockedTarget{
		Gateway: r.in.Target.Gateway.ID(), Check: b.Check, Reason: b.Reason, Since: b.Since,
	})
}

// noneBlocks tells the campaign that no check blocks the run any more, unless one still blocks another proxy. That the
// checks pass is not enough: they may block again before the change is sent.
func (r *run) noneBlocks(ctx workflow.Context) {
	if r.checked.waiting == 0 {
		r.tellBlocked(ctx, health.Block{})
	}
}

// blockReason says which checks block, and until when they may.
func (r *run) blockReason(blocks []health.Block, until time.Time) string {
	reason := health.Reasons(blocks)
	if until.IsZero() {
		return reason
	}
	return reason + "; this window allows it until " + r.inZone(until)
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// untilWaived is a context of what waits for a check: it ends once one is waived. done ends it too.
func (r *run) untilWaived(ctx workflow.Context) (waiting workflow.Context, done func()) {
	waiting, cancel := workflow.WithCancel(ctx)
	wake := &cancel
	r.checked.wakes = append(r.checked.wakes, wake)
	return waiting, func() {
		cancel()
		same := func(other *workflow.CancelFunc) bool { return other == wake }
		r.checked.wakes = slices.DeleteFunc(r.checked.wakes, same)
	}
}

// pollBefore is one activity that asks the checks until they pass. again is true if a check was waived meanwhile.
func (r *run) pollBefore(
	ctx workflow.Context, a *asking, until time.Time,
) (passes, again bool, err error) {
	polling, done := r.untilWaived(ctx)
	defer done()
	r.wake = done
	seen, err := call.Do(polling, r.checksWithin(r.untilOr(ctx, until, pastWindow)), call.Watcher.AwaitChecks,
		checks.AwaitChecksInput{Followed: r.before(a), Moment: health.AtBefore, As: r.beforeName(), NotAfter: until})
	if err != nil {
		if found := seenOf(err); found != nil {
			seen = *found
		}
	}
	if seen.Watches != nil {
		a.watches = seen.Watches
		r.recordChecks(seen.Records)
	}
	switch {
	case ctx.Err() != nil:
		return false, false, ctx.Err()
	case r.disarmed != "" && r.work.started.IsZero():
		return false, false, nil
	case err == nil:
		return true, false, nil
	case polling.Err() != nil:
		return false, true, nil
	case call.HasType(err, names.TypeCheckFailed) && r.finishesLate():
		return false, false, err // there is no other window to wait for
	case call.HasType(err, names.TypeCheckFailed), call.HasType(err, names.TypeWindowMissed), call.OutOfTime(err):
		r.spill(err, until)
		a.watches = nil
		return false, false, nil
	}
	return false, false, err
}

// spill leaves the window to the gate: the checks have not passed in it.
func (r *run) spill(err error, until time.Time) {
	end := until
	if w := r.status.Window; call.HasType(err, names.TypeCheckFailed) && w != nil {
		end = w.End
	}
	r.window.tooLate(end)
	r.checked.missed = call.Explain(err).Error()
}

// checksWithin is for an activity that polls health checks.
func (r *run) checksWithin(limit time.Duration) workflow.ActivityOptions {
	options := r.pollWithin(limit, "wait until the health checks pass")
	options.StartToCloseTimeout = max(options.StartToCloseTimeout, checks.RoundLimit)
	options.HeartbeatTimeout = checks.BeatWithin
	return options
}

// checksFailedError is the failure of checks after the update.
type checksFailedError struct {
	error
	onFailure maintenance.OnFailure // empty: as the plan says
}

func (f *checksFailedError) Unwrap() error { return f.error }

// onFailure is what becomes of a run that has failed so.
func (r *run) onFailure(failure error) maintenance.OnFailure {
	if failed, is := errors.AsType[*checksFailedError](failure); is && failed.onFailure != "" {
		return failed.onFailure
	}
	return r.policy.OnFailure
}

// checkHealth waits until the checks after the update pass.
func (r *run) checkHealth(ctx workflow.Context) (outcome, error) {
	ctx = r.finishing(ctx, maintenance.StepHealth)
	upgraded := func(p maintenance.ProxyOutcome) bool { return p.State == maintenance.ProxyUpgraded }
	if !r.in.Updated && !r.status.Gateway.Updated && !slices.ContainsFunc(r.status.Proxies, upgraded) {
		return skipped("nothing was updated"), nil
	}
	start := workflow.Now(ctx)
	for {
		counted := r.counted(health.AtAfter)
		if len(counted) == 0 {
			r.recordChecks(nil)
			return skipped("every check was waived"), nil
		}
		again, err := r.pollAfter(ctx, counted, start)
		switch {
		case err != nil:
			return outcome{}, &checksFailedError{call.Explain(err), strictest(counted, r.status.Checks)}
		case !again:
			return done("%s", maintenance.Counted(len(counted), "check passes", "checks pass")), nil
		}
	}
}

// compared are the answers that those after the update are compared with: those of the run that has updated the target
// come first.
func (r *run) compared() map[string]health.Answer {
	before := map[string]health.Answer{}
	maps.Copy(before, health.Baseline(r.status.Checks))
	maps.Copy(before, r.in.Before)
	return before
}

// pollAfter is one activity that asks the checks until they pass, or one has failed. again is true if a check was
// waived meanwhile.
func (r *run) pollAfter(ctx workflow.Context, counted []health.Check, start time.Time) (again bool, err error) {
	polling, done := r.untilWaived(ctx)
	defer done()
	f := checks.Followed{
		Subject: r.subject(), Checks: counted, Before: health.Compared(counted, r.compared()),
		Watches:   map[string]health.Watch{},
		NotBefore: r.work.ended,
	}
	var limit time.Duration
	for _, c := range counted {
		f.Watches[c.Name] = health.Begin(start)
		limit = max(limit, c.Within.Std()+time.Duration(c.Failures+3)*c.Every.Std()+2*checks.RoundLimit)
	}
	seen, err := call.Do(polling, r.checksWithin(limit), call.Watcher.AwaitChecks,
		checks.AwaitChecksInput{Followed: f, Moment: health.AtAfter})
	if found := seenOf(err); found != nil {
		seen = *found
	}
	r.recordChecks(seen.Records)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil && polling.Err() != nil:
		return true, nil
	}
	return false, err
}

// strictest is what becomes of a run by the checks that do not pass: one that holds it counts more than one that does
// not.
func strictest(counted []health.Check, records []maintenance.CheckRecord) (on maintenance.OnFailure) {
	for _, c := range counted {
		passes := slices.ContainsFunc(records, func(r maintenance.CheckRecord) bool {
			return r.Check == c.Name && r.Moment == string(health.AtAfter) && r.State == string(health.Passing)
		})
		if !passes && (on == "" || c.OnFailure == maintenance.OnFailureHold) {
			on = c.OnFailure
		}
	}
	return on
}
