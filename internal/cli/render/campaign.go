// Package render prints what the commands of tidegate show: a page or a table for people, JSON and
// YAML for programs, a line for each change of a followed run, and the details that the Web UI
// shows. It prints what it is given and never reaches Temporal; the layout of tables is in
// internal/printer. Start with the file of your subject.
package render

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate/action"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/printer"
)

// PrintCampaign prints what is known of a campaign.
func PrintCampaign(p printer.Printer, r record.Campaign) error {
	return p.Print(r, func(p printer.Printer) { page{p}.campaign(r) })
}

func (p page) campaign(r record.Campaign) {
	switch r.Part {
	case record.OneTarget:
		p.target(r)
		return
	case record.Targets:
		p.targets(r)
		return
	case record.Whole:
	}
	p.Linef("campaign  %s", r.Campaign)
	p.Linef("workflow  %s, run %s: %s", r.WorkflowID, r.RunID, strings.ToLower(r.Execution))
	switch {
	case r.Result != nil:
		p.campaignResult(*r.Result)
	case r.Status != nil:
		p.campaignStatus(*r.Status)
		p.retries(r.Calls)
	}
	p.advice(slices.Concat(heldLines(r), action.CampaignLines(r.Handle(), r.May), endLines(r)))
}

// targets prints those that were asked for.
func (p page) targets(r record.Campaign) {
	if len(r.Targets) == 0 {
		p.Linef("no target of %s is in that state; to list all: tidegate status %s --all", r.Campaign, r.Campaign)
		return
	}
	heads, row := rowsTable("TARGET")
	rows := make([][]string, 0, len(r.Targets))
	for _, t := range r.Targets {
		rows = append(rows, row(t))
	}
	p.Table(heads, rows)
}

// target prints one, and its maintenance.
func (p page) target(r record.Campaign) {
	t := r.Targets[0]
	p.Linef("target    %s of %s, gateway %s, wave %d", t.Name, r.Campaign, t.Gateway, t.Wave)
	state := string(t.State)
	if t.Attempts > 1 {
		state += fmt.Sprintf(", attempt %d", t.Attempts)
	}
	p.Linef("state     %s", state)
	if t.Blocker != maintenance.NotBlocked {
		p.Linef("waits     (%s) %s", t.Blocker, t.Reason)
	}
	if !t.Next.IsZero() {
		p.Linef("until     %s, local time %s", printer.Clock(&t.Next), t.Next.In(t.Schedule.Zone.Location()).Format("Mon 15:04 ")+t.Schedule.Zone.String())
	}
	switch {
	case t.Started.IsZero():
	case t.End.IsZero():
		p.Linef("started   %s", printer.Clock(&t.Started))
	case t.State == fleet.Armed:
		p.Linef("triggers  %s, expected to end %s", printer.Clock(&t.Trigger), printer.Clock(&t.End))
	case t.State == fleet.Running:
		p.Linef("started   %s, expected to end %s", printer.Clock(&t.Started), printer.Clock(&t.End))
	default:
		p.Linef("started   %s, ended %s", printer.Clock(&t.Started), printer.Clock(&t.End))
	}
	if t.Note != "" && r.Run == nil {
		p.Linef("note      %s", t.Note)
	}
	if r.Run != nil {
		p.Linef("")
		p.record(*r.Run)
	}
}

func (p page) campaignStatus(s fleet.Status) {
	p.Linef("phase     %s; started %s by %s", PhaseText(s), printer.Clock(&s.Start), s.Submitter)
	p.planRun(s.Plan)
	p.Linef("targets   %s", CountsText(s.Counts))
	for _, said := range [][2]string{
		{"held", s.Held}, {"paused", s.Paused}, {"stopped", s.Stopped},
	} {
		if said[1] != "" {
			p.Linef("%-9s %s", said[0], said[1])
		}
	}
	p.heldTargets(s)
	p.approval(s.Approval)
	if !s.Next.IsZero() {
		p.Linef("next      %s", printer.Clock(&s.Next))
	}
	p.Linef("limit     max concurrent %d", s.MaxConcurrent)
	p.waves(s.Waves)
	p.consents(s.Approval)
	printer.Section(p.Printer, slices.Sorted(maps.Keys(s.Blockers)), []string{"BLOCKER", "TARGETS"},
		func(b maintenance.Blocker) []string {
			return []string{string(b), strconv.Itoa(s.Blockers[b])}
		})
	p.checkLines(s.Checks)
	p.unavailable(s.Unavailable)
	p.rows("IN PROGRESS", withoutHeldNotes(s.Running))
	p.rows("UPCOMING", s.Upcoming)
	p.rows("FAILURE", s.Failures)
	p.decided(s.Decisions)
	p.notices(s.Notices)
	p.warnings(s.Warnings)
}

// checkLines prints the health checks that keep the campaign or a wave.
func (p page) checkLines(lines []fleet.CheckLine) {
	printer.Section(p.Printer, lines, []string{"HEALTH CHECK", "OF", "STATE", "WHY"}, func(l fleet.CheckLine) []string {
		of := "the campaign"
		if l.Wave > 0 {
			of = fmt.Sprintf("wave %d: %s", l.Wave, strings.Join(l.Targets, ", "))
			if more := l.Of - len(l.Targets); more > 0 {
				of += fmt.Sprintf(" and %d more", more)
			}
		}
		return []string{l.Check, of, string(l.State), l.Reason}
	})
}

// retries prints the calls of running targets that are tried again.
func (p page) retries(calls []maintenance.Call) {
	printer.Section(p.Printer, calls, []string{"CALL", "TARGET", "ATTEMPT", "UNTIL", "AT", "LAST RESPONSE"},
		func(c maintenance.Call) []string {
			return []string{
				c.What, c.Target, strconv.Itoa(c.Attempt), printer.ClockOrDash(c.Until), printer.ClockOrDash(c.LastAt),
				c.LastResponse,
			}
		})
}

// heldTargets names those that wait for a person.
func (p page) heldTargets(s fleet.Status) {
	held := s.HeldRows()
	for _, r := range held[:min(len(held), mostHeld)] {
		p.Linef("held      %s (%s) since %s: %s", r.Name, r.Gateway, printer.Clock(&r.Since), r.Note)
	}
	if len(held) > mostHeld {
		p.Linef("held      and more: see tidegate status %s --state held", s.Name)
	}
}

// withoutHeldNotes are rows without the reasons of those that heldTargets names.
func withoutHeldNotes(rows []fleet.Row) []fleet.Row {
	rows = slices.Clone(rows)
	for i := range rows[:min(len(rows), mostHeld)] {
		if rows[i].State == fleet.Held {
			rows[i].Note = ""
		}
	}
	return rows
}

func (p page) campaignResult(r fleet.Result) {
	p.Linef("ended     %s at %s, after %s", r.State, printer.Clock(&r.End),
		maintenance.Duration(r.End.Sub(r.Start).Round(time.Second)))
	p.Linef("summary   %s", r.Summary)
	p.Linef("targets   %s", CountsText(r.Counts))
	p.Linef("by        %s", r.Submitter)
	if r.Digest != "" {
		p.Linef("plan      SHA-256 %s", r.Digest)
	}
	p.planRun(r.Plan)
	p.approval(r.Approval)
	p.waves(r.Waves)
	p.consents(r.Approval)
	p.rows("FAILURE", r.Failures)
	p.decided(r.Decisions)
	p.notices(r.Undelivered)
	p.warnings(r.Warnings)
}

// planRun prints what people sign for: the plan's digest, as the campaign has computed it. Where nothing has to be
// signed it says so by saying nothing.
func (p page) planRun(r fleet.PlanRun) {
	if len(r.Signers) == 0 {
		return
	}
	p.Linef("digest    %s, of the plan as of %s", r.Digest, printer.Clock(&r.AsOf))
	p.Linef("start     %s", r.Started.Text())
	demanded := ""
	if len(r.Demanded) > 0 {
		demanded = "; demanded for " + strings.Join(r.Demanded, ", ")
	}
	p.Linef("signers   %s%s", r.Signers.Text(), demanded)
}

// approval says which one is needed next, how many of how many were given, and until when.
func (p page) approval(a *fleet.Approval) {
	if a != nil {
		p.Linef("approval  %s", a.Line())
		p.Linef("          for %s", a.TargetsText())
	}
}

// consents prints who has approved what is needed next.
func (p page) consents(a *fleet.Approval) {
	if a == nil {
		return
	}
	columns := []string{"APPROVAL", "BY", "SIGNATURE", "AT", "WHY"}
	printer.Section(p.Printer, a.Given, columns, func(c fleet.Consent) []string {
		return []string{a.Subject(), c.By, c.Verdict(), printer.Clock(&c.At), c.Why}
	})
}

// warnings are those about the plan file.
func (p page) warnings(all []string) {
	printer.Section(p.Printer, all, []string{"WARNINGS ABOUT THE PLAN FILE"},
		func(w string) []string { return []string{w} })
}

// PhaseText is the campaign's phase, with what it does in it.
func PhaseText(s fleet.Status) string {
	if s.Doing != "" {
		return fmt.Sprintf("%s (%s)", s.Phase, s.Doing)
	}
	return string(s.Phase)
}

// CountsText says how many targets are in which state, without those in which
// none is.
func CountsText(c fleet.Counts) string {
	var parts []string
	for _, one := range []struct {
		n     int
		state fleet.State
	}{
		{c.Waiting, fleet.Waiting},
		{c.Armed, fleet.Armed},
		{c.Running, fleet.Running},
		{c.Held, fleet.Held},
		{c.Succeeded, fleet.Succeeded},
		{c.Failed, fleet.Failed},
		{c.Skipped, fleet.Skipped},
		{c.UpToDate, fleet.UpToDate},
	} {
		if one.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", one.n, one.state))
		}
	}
	if len(parts) == 0 {
		return strconv.Itoa(c.Total)
	}
	return fmt.Sprintf("%d: %s", c.Total, strings.Join(parts, ", "))
}

func (p page) waves(waves []fleet.WaveLine) {
	printer.Section(p.Printer, waves, []string{"WAVE", "STATE", "UNTIL", "TARGETS"}, func(w fleet.WaveLine) []string {
		return []string{strconv.Itoa(w.Wave), w.State, printer.ClockOrDash(w.Until), CountsText(w.Counts)}
	})
}

// rows prints targets after an empty line; head stands for their names' column.
func (p page) rows(head string, rows []fleet.Row) {
	heads, row := rowsTable(head)
	printer.Section(p.Printer, rows, heads, row)
}

// unavailable prints the targets that no window lets start, each with why.
func (p page) unavailable(rows []fleet.Row) {
	printer.Section(p.Printer, rows, []string{"UNAVAILABLE", "GATEWAY", "WAVE", "BLOCKER", "WHY"},
		func(r fleet.Row) []string {
			return []string{r.Name, r.Gateway, strconv.Itoa(r.Wave), string(r.Blocker), r.Reason}
		})
}

// rowsTable is how targets stand in a table.
func rowsTable(head string) (heads []string, row func(fleet.Row) []string) {
	heads = []string{head, "GATEWAY", "WAVE", "STATE", "STARTED", "END", "NEXT", "BLOCKER", "NOTE"}
	return heads, func(r fleet.Row) []string {
		note := cmp.Or(r.Note, r.Reason)
		if r.State == fleet.Armed {
			note = strings.TrimSuffix("triggers at "+printer.Clock(&r.Trigger)+"; "+note, "; ")
		}
		if r.Attempts > 1 {
			note = strings.TrimSuffix(fmt.Sprintf("attempt %d; %s", r.Attempts, note), "; ")
		}
		return []string{
			r.Name, r.Gateway, strconv.Itoa(r.Wave), string(r.State), printer.ClockOrDash(r.Started), printer.ClockOrDash(r.End),
			printer.ClockOrDash(r.Next),
			cmp.Or(string(r.Blocker), "-"), note,
		}
	}
}

// decided prints what was decided, as campaigns do: with the target.
func (p page) decided(decisions []maintenance.Decision) {
	printer.Section(p.Printer, decisions, []string{"DECISION", "TARGET", "BY", "SIGNATURE", "AT", "WHY"},
		func(d maintenance.Decision) []string {
			return []string{d.Text(), cmp.Or(d.Target, "-"), d.By, d.Proof.Text(), printer.Clock(&d.At), d.Why}
		})
}

// notices prints the messages that people were sent.
func (p page) notices(notices []fleet.Notice) {
	columns := []string{"MESSAGE", "CHANNEL", "AT", "STATE", "WHY"}
	printer.Section(p.Printer, notices, columns, func(n fleet.Notice) []string {
		return []string{n.ID, n.Channel, printer.Clock(&n.At), string(n.State), cmp.Or(n.Why, "-")}
	})
}

// mostHeld is for how many held targets commands are listed with the campaign's.
const mostHeld = 3

// heldLines are the commands that resolve what is held in a campaign.
func heldLines(r record.Campaign) []string {
	if r.Status == nil || r.Execution != record.Running {
		return nil
	}
	var texts []string
	held := r.Status.HeldRows()
	for _, row := range held[:min(len(held), mostHeld)] {
		texts = append(texts, "tidegate status "+r.Handle()+" "+row.Gateway)
		texts = append(texts, maintenance.ResolveCommands(row.Gateway, row.Step)...)
	}
	return texts
}

// endLines are the commands for an ended campaign: one for its report, one for the reason
// of the first failure.
func endLines(r record.Campaign) []string {
	if r.Result == nil && !r.Left {
		return nil
	}
	texts := []string{fmt.Sprintf("tidegate report %s --file %s.html", r.Handle(), r.Handle())}
	if r.Result != nil && len(r.Result.Failures) > 0 {
		texts = append(texts, fmt.Sprintf("tidegate status %s %s", r.Handle(), r.Result.Failures[0].Gateway))
	}
	return texts
}
