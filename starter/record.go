package main

import (
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// record is what run, watch and status print. Its fields are added to, and never
// renamed.
type record struct {
	Gateway    string              `json:"gateway"` // sgw-...
	WorkflowID string              `json:"workflowId,omitempty"`
	RunID      string              `json:"runId,omitempty"`
	Execution  string              `json:"execution,omitempty"` // Temporal's word, such as Running, Failed or Terminated
	Status     *maintenance.Status `json:"status,omitempty"`    // while it runs
	Result     *maintenance.Result `json:"result,omitempty"`    // once it has ended
	// Quarantine is what keeps later runs from the gateway.
	Quarantine *maintenance.Quarantine `json:"quarantine,omitempty"`
	// May are the orders that it would take now: approve, retry, skip, abort, release.
	May []string `json:"may,omitempty"`
}

// exit is the exit status of a command that followed the run as far as it goes
// without a person.
func (r record) exit() int {
	switch {
	case r.Result == nil:
		return statusHeld
	case r.Result.State == maintenance.StateCompleted:
		return statusDone
	case r.Result.State == maintenance.StatePartial:
		return statusPartial
	case r.Result.State == maintenance.StateFailed && r.Quarantine != nil:
		return statusHeld // an earlier run's quarantine refused it
	}
	return statusFailed
}

// record prints one maintenance.
func (p printer) record(r record) error {
	return p.print(r, func(p printer) { p.recordText(r) })
}

func (p printer) recordText(r record) {
	if r.WorkflowID != "" {
		p.linef("workflow  %s, run %s: %s", r.WorkflowID, r.RunID, strings.ToLower(r.Execution))
	}
	p.quarantine(r.Quarantine)
	switch {
	case r.Result != nil:
		p.result(*r.Result)
	case r.Status != nil:
		p.status(*r.Status)
	}
	p.advice(lines(r.Gateway, r.May))
}

// advice prints the commands that would be taken now, after an empty line.
func (p printer) advice(lines []string) {
	for i, line := range lines {
		if i == 0 {
			p.linef("")
		}
		p.linef("you may   %s", line)
	}
}

func (p printer) quarantine(q *maintenance.Quarantine) {
	if q != nil {
		p.linef("quarantine since %s, by run %s of %s: %s", clock(&q.Since), q.RunID, q.WorkflowID, q.Reason)
	}
}

func (p printer) status(s maintenance.Status) {
	p.linef("target    %s, gateway %s in account %s", s.Target.Name, s.Target.Gateway.ID(), s.Target.Gateway.Account)
	if s.Schedule != nil {
		p.linef("window    %s", s.Schedule)
	}
	switch {
	case s.Held:
		p.linef("held      %s", s.Reason)
	case s.Blocker != maintenance.NotBlocked:
		p.linef("waits     (%s) %s", s.Blocker, s.Reason)
	default:
		p.linef("step      %s", s.Step)
	}
	if s.Blocker != maintenance.NotBlocked && s.Next != nil {
		p.linef("until     %s", clock(s.Next))
	}
	if s.PastNoReturn {
		p.linef("note      the update is triggered and the gateway does not run again yet: there is no way back from here")
	}
	p.parts(s.Steps, s.Proxies, s.Snapshots, s.Ledger, s.Decisions)
}

func (p printer) result(r maintenance.Result) {
	p.linef("target    %s", r.Target)
	p.linef("ended     %s at %s, after %s", r.State, clock(&r.End), maintenance.Duration(r.End.Sub(r.Start).Round(time.Second)))
	p.linef("summary   %s", r.Summary)
	if r.Window != nil {
		p.linef("window    %s to %s", clock(&r.Window.Start), clock(&r.Window.End))
	}
	if r.Overrun > 0 {
		p.linef("overrun   %s past the window's end", r.Overrun)
	}
	p.parts(r.Steps, r.Proxies, r.Snapshots, r.Ledger, r.Decisions)
}

func (p printer) parts(
	steps []maintenance.StepReport, proxies []maintenance.ProxyOutcome, snapshots []maintenance.SnapshotOutcome,
	ledger []maintenance.Change, decisions []maintenance.Decision,
) {
	section(p, steps, []string{"STEP", "STATE", "FROM", "TO", "NOTE"}, func(s maintenance.StepReport) []string {
		return []string{string(s.Step), string(s.State), clock(s.Start), clock(s.End), s.Note}
	})
	section(p, proxies, []string{"PROXY", "STATE", "FROM", "TO", "NOTE"}, func(x maintenance.ProxyOutcome) []string {
		return []string{x.ProxyID, string(x.State), x.From, x.To, x.Note}
	})
	section(p, snapshots, []string{"SNAPSHOT", "STATE", "TAKEN", "VOLUME"}, func(s maintenance.SnapshotOutcome) []string {
		return []string{s.SnapshotID, snapshotState(s), string(s.Point), s.VolumeID}
	})
	section(p, ledger, []string{"CHANGE", "KIND", "STATE", "THE WAY BACK"}, func(c maintenance.Change) []string {
		return []string{c.What, changeKind(c), string(c.State), strings.TrimSpace(c.Undo + " " + c.Why)}
	})
	section(p, decisions, []string{"DECISION", "BY", "AT", "WHY"}, func(d maintenance.Decision) []string {
		return []string{d.What, d.By, clock(&d.At), d.Why}
	})
}

func snapshotState(s maintenance.SnapshotOutcome) string {
	switch {
	case s.Deleted:
		return "deleted"
	case s.Completed:
		return "completed"
	}
	return "pending"
}

func changeKind(c maintenance.Change) string {
	if c.Reversible {
		return "reversible"
	}
	return "forward-only"
}

// section is a table after an empty line; nothing where there are no rows.
func section[T any](p printer, list []T, head []string, row func(T) []string) {
	if len(list) == 0 {
		return
	}
	rows := make([][]string, 0, len(list))
	for _, one := range list {
		rows = append(rows, row(one))
	}
	p.linef("")
	p.table(head, rows)
}
