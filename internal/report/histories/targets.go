package histories

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/workflows/api"
)

// targetsOf makes the targets' records: what the campaign knows of them, and their
// runs.
func targetsOf(e evidence, entries []fleet.Entry, asked plan.Plan) []report.Target {
	runs := map[string][]report.Run{} // by gateway's workflow id
	refs := map[int]maintenance.GatewayRef{}
	work := map[int]fleet.Work{}
	bakes := map[string][]maintenance.CheckRecord{} // by gateway's ARN
	for number, p := range e.batches {
		for _, m := range p.runs {
			runs[m.run.WorkflowID] = append(runs[m.run.WorkflowID], m.run)
		}
		in, _ := decode[api.BatchInput](p.history.started().GetInput())
		for line, t := range in.Targets {
			refs[api.RefOf(number, line)] = t.Gateway
		}
		for line, ref := range in.Found {
			refs[api.RefOf(number, line)] = ref
		}
		p.firstRead(number, work)
		maps.Copy(bakes, p.bakes())
	}
	pace := fleet.Fleet{Rollout: asked.Rollout}
	targets := make([]report.Target, 0, len(entries))
	for _, entry := range entries {
		t := report.Target{
			Name: entry.Name, Gateway: entry.Gateway, ARN: refs[entry.Ref].ARN, Account: refs[entry.Ref].Account,
			Wave:  entry.Wave + 1,
			State: entry.StateAt(e.asOf()), Note: cmp.Or(entry.Note, entry.Unavailable), HeldAt: entry.Hold.Step,
			Runs: runs[api.GatewayWorkflowID(entry.Gateway)],
		}
		withBake(t.Runs, bakes[t.ARN])
		if entry.Schedule != (maintenance.Schedule{}) {
			t.Window = entry.Schedule.String()
		}
		planned, known := work[entry.Ref]
		if !known {
			planned = entry.Work
		}
		t.Forecast = maintenance.Duration(pace.Forecast(fleet.Entry{Work: planned}))
		for _, r := range t.Runs {
			t.Took += tookOf(r)
			t.Held += heldFor(r, e.asOf())
		}
		targets = append(targets, t)
	}
	return targets
}

// firstRead notes what was to be done to a batch's targets when they were read
// first: after an update there is less.
func (p page) firstRead(number int, work map[int]fleet.Work) {
	for _, event := range p.history.events {
		told := event.GetSignalExternalWorkflowExecutionInitiatedEventAttributes()
		if told.GetSignalName() != api.BatchEventsSignal {
			continue
		}
		n, _ := decode[api.BatchEvents](told.GetInput())
		for _, e := range n.Events {
			ref := api.RefOf(number, e.Line)
			if _, known := work[ref]; !known && e.Entry != nil && !e.Entry.Work.IsZero() {
				work[ref] = e.Entry.Work
			}
		}
	}
}

// runOf is one maintenance, from the histories of the runs that it has continued
// as.
func runOf(chain []history) report.Run {
	first, last := chain[0], chain[len(chain)-1]
	how, payloads := last.ended()
	r := report.Run{WorkflowID: last.WorkflowID, RunID: last.RunID, Ended: how, Start: first.start()}
	if how != report.RunRunning && how != report.RunGone {
		r.End = at(last.last)
	}
	if result, ok := decode[maintenance.Result](payloads); ok && result.State != "" {
		r.Result = &result
	} else {
		r.Failed = holdsOf(chain)
	}
	return r
}

// holdsOf are the failed attempts that a run without a record has reported to its campaign.
func holdsOf(chain []history) (all []maintenance.StepFailure) {
	open := func() *maintenance.StepFailure {
		if n := len(all); n > 0 && all[n-1].Until == nil {
			return &all[n-1]
		}
		return nil
	}
	for _, h := range chain {
		started, _ := decode[api.MaintenanceInput](h.started().GetInput())
		for _, e := range h.events {
			if d, _, ok := decisionOf(e); ok && open() != nil && open().Decision == nil {
				open().Decision = &d
			}
			told := e.GetSignalExternalWorkflowExecutionInitiatedEventAttributes()
			if told.GetSignalName() != api.HeldSignal {
				continue
			}
			held, _ := decode[api.HeldTarget](told.GetInput())
			if hold := open(); hold != nil && held.Step == "" {
				until := at(e)
				hold.Until = &until
			}
			if held.Step != "" {
				all = append(all, maintenance.StepFailure{Step: held.Step, FailedAttempt: maintenance.FailedAttempt{
					At: held.Since.UTC(), Why: held.Reason, Asked: started.HeldChannels,
				}})
			}
		}
	}
	return all
}

// tookOf is how long a run worked.
func tookOf(r report.Run) (sum maintenance.Duration) {
	if r.Result == nil {
		return 0
	}
	for _, s := range r.Result.Steps {
		if isWork(s.Step) && s.Start != nil && s.End != nil {
			sum += maintenance.Duration(s.Took())
		}
	}
	return sum
}

// heldFor is for how long a run waited for a person.
func heldFor(r report.Run, asOf time.Time) (sum maintenance.Duration) {
	for _, f := range r.Failures() {
		sum += maintenance.Duration(f.Held(r.EndBy(asOf)))
	}
	return sum
}

// undone is what was asked for and is not so.
func undone(d report.Document) (list []report.Undone) {
	over := d.State != report.StateRunning
	for _, t := range d.Targets {
		add := func(what, why string) {
			list = append(list, report.Undone{Target: t.Name, What: what, Why: cmp.Or(why, "no reason is recorded")})
		}
		switch t.State {
		case fleet.Skipped:
			add("the target was skipped", t.Note)
		case fleet.Waiting:
			if over {
				add("the target was not started", cmp.Or(t.Note, d.Summary))
			}
		case fleet.Failed:
			why := t.Note
			if r := t.Latest(); r != nil {
				why = r.Summary
			}
			add("the target failed", why)
		case fleet.Held:
			add("step "+string(t.HeldAt)+" is held", t.Note+". Resolve it with: "+strings.Join(maintenance.ResolveCommands(t.Gateway, t.HeldAt), ", "))
		case fleet.Armed, fleet.Running:
			if over {
				add("the target was being maintained when the campaign ended", "see its own run")
			}
		case fleet.Succeeded, fleet.UpToDate:
		}
		if r := t.Latest(); r != nil && t.State != fleet.Waiting {
			list = append(list, undoneIn(t.Name, *r)...)
		}
	}
	return list
}

// undoneIn is what one maintenance did not do of what it started with.
func undoneIn(target string, r maintenance.Result) (list []report.Undone) {
	add := func(what, why string) { list = append(list, report.Undone{Target: target, What: what, Why: why}) }
	for _, s := range r.Steps {
		if s.State == maintenance.StepFailed {
			add("step "+string(s.Step), cmp.Or(s.Note, "it failed"))
		}
	}
	for _, s := range r.Snapshots {
		switch {
		case s.Deleted:
			add("snapshot "+s.SnapshotID+" of "+s.VolumeID, "it was deleted when the maintenance failed")
		case !s.Completed:
			add(strings.TrimSpace("snapshot "+s.SnapshotID+" of "+s.VolumeID), "it was not completed")
		}
	}
	for _, p := range r.Proxies {
		switch p.State {
		case maintenance.ProxyUpgraded, maintenance.ProxyCurrent:
		case maintenance.ProxyPending, maintenance.ProxyActive, maintenance.ProxyRejected, maintenance.ProxyFailed,
			maintenance.ProxyNotStarted:
			add(fmt.Sprintf("proxy %s to %s", p.ProxyID, cmp.Or(p.To, "its newest version")),
				strings.Trim(string(p.State)+": "+p.Note, ": "))
		}
	}
	return list
}

// isWork is true for the steps that a forecast speaks of.
func isWork(s maintenance.Step) bool {
	switch s {
	case maintenance.StepUpdate, maintenance.StepRunning, maintenance.StepSnapshot, maintenance.StepProxies:
		return true
	case maintenance.StepAssess, maintenance.StepWait, maintenance.StepHealth, maintenance.StepVerify:
	}
	return false
}
