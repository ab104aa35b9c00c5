package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
)

// page is where the records are written for people.
type page struct{ printer.Printer }

// PrintMaintenance prints what is known of a maintenance.
func PrintMaintenance(p printer.Printer, r record.Maintenance) error {
	return p.Print(r, func(p printer.Printer) { page{p}.record(r) })
}

func (p page) record(r record.Maintenance) {
	if r.WorkflowID != "" {
		p.Linef("workflow  %s, run %s: %s", r.WorkflowID, r.RunID, strings.ToLower(r.Execution))
	}
	p.quarantine(r.Quarantine)
	switch {
	case r.Result != nil:
		p.result(*r.Result)
	case r.Status != nil:
		p.status(*r.Status)
	}
	p.calls(r.Calls)
	p.advice(action.CommandLines(r.Gateway, r.May))
}

// advice prints the commands that are accepted now, after an empty line.
func (p page) advice(lines []string) {
	for i, line := range lines {
		if i == 0 {
			p.Linef("")
			p.Linef("next steps:")
		}
		p.Linef("  %s", line)
	}
}

func (p page) quarantine(q *maintenance.Quarantine) {
	if q != nil {
		p.Linef("quarantine since %s, by run %s of %s: %s", printer.Clock(&q.Since), q.RunID, q.WorkflowID, q.Reason)
	}
}

func (p page) status(s maintenance.Status) {
	p.Linef("target    %s, gateway %s in account %s", s.Target.Name, s.Target.Gateway.ID(), s.Target.Gateway.Account)
	if s.Schedule != nil {
		p.Linef("window    %s", s.Schedule)
	}
	switch {
	case s.Held:
		p.Linef("held      %s", s.Reason)
	case s.Blocker != maintenance.NotBlocked:
		p.Linef("waits     (%s) %s", s.Blocker, s.Reason)
	default:
		p.Linef("step      %s", s.Step)
	}
	p.calls(s.Calls)
	if s.Blocker != maintenance.NotBlocked && s.Next != nil {
		p.Linef("until     %s", printer.Clock(s.Next))
	}
	if s.PastNoReturn {
		p.Linef("note      past the point of no return: the update is triggered, and the gateway does not run again yet")
	}
	p.checks(s.Checks)
	p.parts(s.Steps, s.Proxies, s.Snapshots, s.Ledger, s.Decisions)
}

// calls prints what is tried just now.
func (p page) calls(calls []maintenance.Call) {
	for _, c := range calls {
		p.Linef("calls     %s", c)
	}
}

func (p page) result(r maintenance.Result) {
	p.Linef("target    %s", r.Target)
	p.Linef("ended     %s at %s, after %s", r.State, printer.Clock(&r.End),
		maintenance.Duration(r.End.Sub(r.Start).Round(time.Second)))
	p.Linef("summary   %s", r.Summary)
	if r.Window != nil {
		p.Linef("window    %s to %s", printer.Clock(&r.Window.Start), printer.Clock(&r.Window.End))
	}
	if r.Overrun > 0 {
		p.Linef("overrun   %s past the window's end", r.Overrun)
	}
	p.checks(r.Checks)
	p.parts(r.Steps, r.Proxies, r.Snapshots, r.Ledger, r.Decisions)
}

// checks prints the last value of each health check, by its names.
func (p page) checks(records []maintenance.CheckRecord) {
	heads := []string{"HEALTH CHECK", "AT", "STATE", "LAST VALUES"}
	printer.Section(p.Printer, records, heads, func(r maintenance.CheckRecord) []string {
		state := r.State
		if r.Waived != "" {
			state += ", waived by " + r.Waived
		}
		var last []string
		for i, v := range r.Values {
			if i < len(r.Values)-1 && !v.At.Equal(r.Values[len(r.Values)-1].At) {
				continue
			}
			text := strings.TrimSpace(v.Of + " " + v.Text)
			if v.Limit != "" {
				text += ", limit: " + v.Limit
			}
			last = append(last, text)
		}
		return []string{r.Check, r.Moment, state, dash(strings.Join(last, "; "))}
	})
}

func (p page) parts(
	steps []maintenance.StepReport, proxies []maintenance.ProxyOutcome, snapshots []maintenance.SnapshotOutcome,
	ledger []maintenance.Change, decisions []maintenance.Decision,
) {
	printer.Section(p.Printer, steps, []string{"STEP", "STATE", "FROM", "TO", "NOTE"},
		func(s maintenance.StepReport) []string {
			return []string{string(s.Step), string(s.State), printer.Clock(s.Start), printer.Clock(s.End), s.Note}
		})
	printer.Section(p.Printer, maintenance.DecidedFailuresOf(steps), []string{"FAILED STEP", "AT", "DECIDED", "WHY"},
		func(f maintenance.StepFailure) []string {
			return []string{string(f.Step), printer.Clock(&f.At), f.Summary(), f.Why}
		})
	printer.Section(p.Printer, proxies, []string{"PROXY", "STATE", "FROM", "TO", "NOTE"},
		func(x maintenance.ProxyOutcome) []string {
			return []string{x.ProxyID, string(x.State), x.From, x.To, x.Note}
		})
	printer.Section(p.Printer, snapshots, []string{"SNAPSHOT", "STATE", "TAKEN", "VOLUME"},
		func(s maintenance.SnapshotOutcome) []string {
			return []string{s.SnapshotID, s.State(), string(s.Point), s.VolumeID}
		})
	printer.Section(p.Printer, ledger, []string{"CHANGE", "KIND", "STATE", "HOW TO UNDO"},
		func(c maintenance.Change) []string {
			return []string{c.What, c.Kind(), string(c.State), strings.TrimSpace(c.Undo + " " + c.Why)}
		})
	columns := []string{"DECISION", "BY", "SIGNATURE", "AT", "WHY"}
	printer.Section(p.Printer, decisions, columns, func(d maintenance.Decision) []string {
		return []string{d.Text(), d.By, d.Proof.Text(), printer.Clock(&d.At), d.Why}
	})
}

// Answer is the line that says that an action was applied, and with what.
func Answer(subject, past string, d maintenance.Decision) string {
	text := fmt.Sprintf("%s: %s by %s at %s", subject, past, d.By, printer.Clock(&d.At))
	if detail := d.Detail(); detail != "" {
		text += ": " + detail
	}
	return text
}
