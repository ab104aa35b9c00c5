package histories

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/planfile/plan"
	"github.com/tidegate/tidegate/internal/report"
	"github.com/tidegate/tidegate/workflows/api"
)

// Make makes the report of a campaign from its histories. runID is that of its
// last run; empty: the last one that there is. A campaign of which Temporal keeps
// nothing is ErrGone.
func Make(ctx context.Context, r Reader, workflowID, runID string) (report.Document, error) {
	e, err := collect(ctx, r, workflowID, runID)
	if err != nil {
		return report.Document{}, err
	}
	if e.open() {
		// What was read first has gone on while the rest was read: by now everything
		// that took place by the last event is there to be read.
		if e, err = e.again(ctx, r); err != nil {
			return report.Document{}, err
		}
	}
	return build(e)
}

// build makes a report of histories.
func build(e evidence) (report.Document, error) {
	last := e.campaign[len(e.campaign)-1]
	in, ok := decode[api.CampaignInput](last.started().GetInput())
	if !ok {
		return report.Document{}, fmt.Errorf("the workflow %s, run %s, is not a campaign that this release of tidegate can read", last.WorkflowID, last.RunID)
	}
	d := report.Document{
		SchemaVersion: report.SchemaVersion, Name: in.Plan.Name, WorkflowID: last.WorkflowID, RunID: last.RunID,
		Schedule:  in.Schedule,
		Submitter: in.Submitter, PlanDigest: in.Digest, Start: last.start(), Plan: planOf(e, in), AsOf: e.asOf(),
	}
	if in.Carried != nil {
		d.Start = in.Carried.Start.UTC()
	}
	entries := entriesOf(e, d.Plan)
	d.Targets = targetsOf(e, entries, d.Plan)
	d.Counts = fleet.Fleet{Progress: fleet.Progress{Entries: entries}}.Counts(e.asOf())
	d.Decisions = decisionsOf(e, d.Targets)
	conclude(&d, last)
	d.Undone, d.Undelivered = undone(d), undeliveredOf(e.campaign, d.State != report.StateRunning)
	d.Remarks = append(d.Remarks, remarks(e)...)
	d.Chain = chainOf(in.Digest, e.links())
	return d, nil
}

// planOf is the plan as the worker has completed it, without its targets.
func planOf(e evidence, in api.CampaignInput) plan.Plan {
	p := in.Plan
	for _, r := range e.batches {
		if asked, ok := decode[api.BatchInput](r.history.started().GetInput()); ok {
			selectors := p.Selectors
			p = asked.Plan
			p.Selectors = selectors
			break
		}
	}
	p.Targets = nil
	return p.WithDefaults()
}

// conclude says how the campaign ended, or how far it is.
func conclude(d *report.Document, last history) {
	how, payloads := last.ended()
	result, ok := decode[fleet.Result](payloads)
	switch {
	case ok && result.State != "":
		d.State, d.Summary, d.Waves, d.End = string(result.State), result.Summary, result.Waves, result.End.UTC()
		d.Run, d.Submitter = result.Plan, result.Submitter // who has signed the start is the submitter
		if result.Counts != d.Counts {
			d.Remarks = append(d.Remarks, fmt.Sprintf(
				"The campaign itself counted: %s. Its histories give: %s.", result.Counts.Line(), d.Counts.Line()))
		}
	case how == report.RunRunning:
		d.State = report.StateRunning
		d.Summary = "The campaign runs: " + maintenance.CountedOf(d.Counts.Ended(), d.Counts.Total, "target", "targets") +
			" ended so far."
	default:
		d.State, d.End = report.StateNoRecord, at(last.last)
		d.Summary = "The campaign was " + how + " and left no record."
		if how == "failed" {
			d.Summary = "The campaign failed: " + last.failure()
		}
	}
}

// decisionsOf are all decisions, about the campaign and within its targets' runs.
func decisionsOf(e evidence, targets []report.Target) []report.Decision {
	var all []report.Decision
	if in, ok := decode[api.CampaignInput](e.campaign[0].started().GetInput()); ok && in.Carried != nil {
		all = told("", in.Carried.Decisions) // the runs before are gone
	}
	for _, h := range e.campaign {
		all = append(all, h.decisions()...)
	}
	names := map[string]string{} // by run id
	for _, t := range targets {
		for _, r := range t.Runs {
			if names[r.RunID] = t.Name; r.Result != nil {
				all = append(all, told(t.Name, r.Result.Decisions)...)
			}
		}
	}
	for _, p := range e.batches {
		for _, m := range p.runs {
			for _, d := range m.decisions {
				d.Target = names[m.run.RunID]
				all = append(all, d)
			}
		}
	}
	for i := range all {
		all[i].At = all[i].At.UTC()
	}
	return once(all)
}

// told are decisions that a record has, about a target where it has a name.
func told(target string, decisions []maintenance.Decision) []report.Decision {
	all := make([]report.Decision, 0, len(decisions))
	for _, d := range decisions {
		d.Target = cmp.Or(target, d.Target)
		all = append(all, report.Decision{Decision: d})
	}
	return all
}

// once keeps, of a decision that two histories have, the fuller one, in their order.
func once(all []report.Decision) []report.Decision {
	slices.SortStableFunc(all, func(a, b report.Decision) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.What, b.What), cmp.Compare(a.Target, b.Target),
			cmp.Compare(b.Via, a.Via))
	})
	return slices.CompactFunc(all, func(a, b report.Decision) bool { return a.Decision == b.Decision })
}

// remarks say which histories are gone.
func remarks(e evidence) (all []string) {
	for _, h := range e.links() {
		if h.Gone {
			all = append(all, fmt.Sprintf("The history of %s, run %s, is gone: the namespace does not keep it any longer. What it held is not in this report.",
				h.WorkflowID, cmp.Or(h.RunID, "unknown")))
		}
	}
	return all
}
