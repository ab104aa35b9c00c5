package campaign

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/workflows/api"
	"github.com/tidegate/tidegate/workflows/call"
	"github.com/tidegate/tidegate/workflows/webui"
)

// blockedEvent reports that a health check keeps a run, or no longer does.
func blockedEvent(t api.BlockedTarget, attempt int) fleet.Event {
	return fleet.Event{
		Kind: fleet.KindBlocked, Attempt: attempt, Note: webui.CutNote(t.Reason),
		Check: fleet.Check{Name: t.Check, Since: t.Since},
	}
}

// checksOfRun are those of the plan's checks that a target's run asks: before its update and after it, and those whose
// answers are compared with one from before.
func checksOfRun(all []health.Check) (run []health.Check) {
	for _, c := range all {
		if c.Has(health.AtBefore) || c.Has(health.AtAfter) || c.NeedsBaseline() {
			run = append(run, c)
		}
	}
	return run
}

// afterFailedCheck is when a target whose check did not pass in time may start again: in its next window. Zero: no
// check is why its run was deferred.
func afterFailedCheck(r maintenance.Result, s maintenance.Schedule, p maintenance.Policy, now time.Time) time.Time {
	if health.FailedIn(r.Checks, health.AtBefore) == "" {
		return time.Time{}
	}
	if end := s.WindowAt(now, p.WindowLength.Std()).End; end.After(now) {
		return end
	}
	return time.Time{}
}

// waive takes in all waivers of the campaign, and passes them to the runs that they cover.
func (b *batch) waive(ctx workflow.Context, all health.Waivers) {
	b.waived = all
	for _, l := range b.lines {
		if l.run != nil {
			signalWaived(ctx, l.Target.Gateway.ID(), l.run.id, b.in.Campaign, all)
		}
	}
	for _, k := range b.bakes {
		if k.rewatch != nil {
			k.rewatch()
		}
	}
}

func (b *batch) waivedFor(l *line) health.Waivers { return waivedFor(b.waived, l.Target.Gateway.ID()) }

// bake is the watch over what one wave has updated.
type bake struct {
	api.BakeInstruction
	targets []bakeTarget // that are still watched
	reports int          // how often a check that had failed was reported before the end
	quiet   time.Time    // before when no more are
	told    []fleet.Event
	// rewatch has the checks asked again without those that were waived meanwhile, once the bake is over: until then a
	// waived check does no harm.
	rewatch func()
}

type bakeTarget struct {
	*line
	attempt int
	checks.BakeState
	reported []string // checks that were reported as failed
}

// A check that has failed is reported at once, more of them after quietFor, and then twice as long each time: each
// report carries the values of all. After mostReports the rest are reported at the end.
const (
	quietFor    = 5 * time.Minute
	mostReports = 5
)

// bake watches the targets until the end. One that it was told of before it reports again.
func (b *batch) bake(ctx workflow.Context, in api.BakeInstruction) {
	same := func(k *bake) bool { return k.Wave == in.Wave && k.Until.Equal(in.Until) }
	if i := slices.IndexFunc(b.bakes, same); i >= 0 {
		b.outbox = append(b.outbox, b.bakes[i].told...)
		return
	}
	k := &bake{BakeInstruction: in}
	for _, attempt := range in.Lines {
		if l := b.at(attempt.Line); l != nil {
			k.targets = append(k.targets, bakeTarget{line: l, attempt: attempt.Attempt})
		}
	}
	b.bakes = append(b.bakes, k)
	workflow.Go(ctx, func(ctx workflow.Context) { b.watchBake(ctx, k) })
}

// watchBake has the checks asked by one activity after the other: each ends with a report.
func (b *batch) watchBake(ctx workflow.Context, k *bake) {
	for len(k.targets) > 0 && ctx.Err() == nil {
		asking, stop := workflow.WithCancel(ctx)
		if !workflow.Now(ctx).Before(k.Until) {
			k.rewatch = stop
		}
		summary := fmt.Sprintf("ask the health checks of wave %d until %s, while it bakes", k.Wave+1, webui.Clock(&k.Until))
		options := watchOptions(call.WatchLimit, summary)
		options.StartToCloseTimeout = checks.BakeRoundLimit
		out, err := call.Do(asking, options, call.Watcher.WatchBake, b.bakeInput(k))
		again := asking.Err() != nil
		stop()
		switch {
		case ctx.Err() != nil:
			return
		case again: // without what was waived
			b.reportBake(ctx, k, true)
		case err != nil || len(out.States) != len(k.targets):
			workflow.GetLogger(ctx).Warn("cannot ask the health checks of a bake", "error", err)
			if pause(ctx, time.Minute, "then ask the health checks of the bake again") != nil {
				return
			}
		default:
			for i := range k.targets {
				k.targets[i].BakeState = out.States[i]
			}
			b.reportBake(ctx, k, out.Over)
		}
	}
}

// bakeInput are the targets with what was found out so far.
func (b *batch) bakeInput(k *bake) checks.BakeInput {
	in := checks.BakeInput{Checks: b.bakeChecks(), Until: k.Until, Quiet: k.quiet}
	for _, t := range k.targets {
		target := checks.BakeTarget{Before: health.Compared(in.Checks, t.baseline), State: t.BakeState}
		target.Subject.Target = maintenance.Target{Name: t.Target.Name, Gateway: t.Target.Gateway, Labels: t.Target.Labels}
		target.Subject.GatewayType = t.Gateway.Type
		for _, w := range b.waivedFor(t.line) {
			target.Waived = append(target.Waived, w.Check)
		}
		in.Targets = append(in.Targets, target)
	}
	return in
}

func (b *batch) bakeChecks() []health.Check { return health.At(b.in.Plan.Checks, health.AtBake) }

// reportBake reports the checks that have failed and, once the bake is over, those without an answer and the targets
// whose checks all have one: these are not watched any more.
func (b *batch) reportBake(ctx workflow.Context, k *bake, over bool) {
	before := len(k.told)
	var open []bakeTarget
	for _, t := range k.targets {
		decided := true
		for _, c := range b.bakeChecks() {
			w := t.Watches[c.Name]
			_, waived := b.waivedFor(t.line).Of(c.Name, "")
			switch {
			case w.State == health.Failed && !slices.Contains(t.reported, c.Name):
				t.reported = append(t.reported, c.Name)
				b.tell(k, t, finding(c, w, t.attempt))
			case waived, w.State == health.Passing, w.State == health.Failed:
			default:
				decided = false
				if over {
					b.tell(k, t, finding(c, w, t.attempt))
				}
			}
		}
		if over && decided {
			b.tell(k, t, fleet.Event{Kind: fleet.KindBaked, Attempt: t.attempt, At: k.Until})
			continue
		}
		open = append(open, t)
	}
	k.targets = open
	if !over && len(k.told) > before {
		k.quiet = workflow.Now(ctx).Add(quietFor << k.reports)
		if k.reports++; k.reports > mostReports {
			k.quiet = k.Until
		}
	}
}

// finding is a check that does not pass.
func finding(c health.Check, w health.Watch, attempt int) fleet.Event {
	return fleet.Event{
		Kind: fleet.KindBakeFinding, Attempt: attempt, Note: webui.CutNote(w.Reason(c, health.AtBake)),
		Check: fleet.Check{Name: c.Name, State: w.State, Since: w.Since},
	}
}

// tell reports an event of a bake, and keeps it for a campaign that asks again.
func (b *batch) tell(k *bake, t bakeTarget, e fleet.Event) {
	e.Line = t.number
	k.told = append(k.told, e)
	b.report(t.line, e)
}
