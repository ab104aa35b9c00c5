package fleet

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
)

// mostSingle is how many targets to which the same happens at once have a message of
// their own each; more share one message. namedInOne is how many targets that one names.
const (
	mostSingle = 5
	namedInOne = 10
)

// kind is an event that happens to targets.
type kind struct {
	event maintenance.Event
	what  string // of a target, such as "failed"
	marks func(Milestones) []Mark
	text  func(Milestones, Mark) string
	again bool   // it may happen to one attempt several times
	list  string // the arguments by which status lists them
}

func failed() kind {
	return kind{
		event: maintenance.EventFailed, what: "failed", marks: func(m Milestones) []Mark { return m.Failed },
		list: "--state failed",
		text: func(m Milestones, k Mark) string {
			return fmt.Sprintf("%s failed. %s\n%s\n%s\n%s", k.who(), k.entry.Note, m.command("status", k.entry.Name),
				m.command("retry", k.entry.Name+why), m.command("skip", k.entry.Name+why))
		},
	}
}

func held() kind {
	return kind{
		event: maintenance.EventHeld, what: "held", again: true, marks: func(m Milestones) []Mark { return m.Held }, list: "--state held",
		text: func(_ Milestones, k Mark) string {
			id := k.entry.Gateway
			lines := append([]string{"tidegate status " + id}, maintenance.ResolveCommands(id, k.entry.Hold.Step)...)
			return fmt.Sprintf("%s is held: %s\n%s", k.who(), k.entry.Note, strings.Join(lines, "\n"))
		},
	}
}

func overran() kind {
	return kind{
		event: maintenance.EventOverrun, what: "ended after the window",
		marks: func(m Milestones) []Mark { return m.Overran },
		list:  "--all",
		text: func(m Milestones, k Mark) string {
			return fmt.Sprintf("%s %s at %s, %s after the end of its window.\n%s", k.who(), k.entry.State, stamp(k.entry.End),
				maintenance.Duration(k.over.Round(time.Second)), m.command("status", k.entry.Name))
		},
	}
}

func blocked() kind {
	return kind{
		event: maintenance.EventCheckBlocked, what: "blocked by a health check", again: true,
		marks: func(m Milestones) []Mark { return m.Blocked }, list: "--state running",
		text: func(m Milestones, k Mark) string {
			return fmt.Sprintf("%s waits for a health check: %s\n%s\n%s", k.who(), k.entry.Note,
				m.command("status", k.entry.Name), m.waive(k.Check, k.entry.Name))
		},
	}
}

func unwell() kind {
	return kind{
		event: maintenance.EventCheckFailed, what: "failed a health check",
		marks: func(m Milestones) []Mark { return m.Unwell }, list: "--all",
		text: func(m Milestones, k Mark) string {
			lines := []string{m.command("status", k.entry.Name)}
			if k.entry.State == Held {
				lines = append(lines, maintenance.ResolveCommands(k.entry.Gateway, k.entry.Hold.Step)...)
			}
			return fmt.Sprintf("%s: check %q failed after the update. %s\n%s", k.who(), k.Check, k.entry.Note,
				strings.Join(lines, "\n"))
		},
	}
}

// checksSince are the messages about checks that keep the campaign, or its next wave, and did not before.
func (m Milestones) checksSince(before Milestones) (all []Occurrence) {
	for _, l := range m.lines {
		switch {
		case l.Wave == 0 && slices.Contains(m.Checks, l.Check) && !slices.Contains(before.Checks, l.Check):
			all = append(all, Occurrence{
				ID:    fmt.Sprintf("%s/%s/%s", maintenance.EventCheckBlocked, l.Check, m.at.UTC().Format(time.RFC3339)),
				Event: maintenance.EventCheckBlocked, Title: m.campaign + ": blocked by a health check",
				Text: fmt.Sprintf("Nothing more starts until it passes: %s\n%s\n%s", l.Reason, m.command("status", ""),
					m.waive(l.Check, "")),
			})
		case l.State == health.Failed && !slices.Contains(before.Shut, l.key()):
			all = append(all, m.bakeFailed(l))
		}
	}
	return all
}

// bakeFailed says that a wave has not baked well.
func (m Milestones) bakeFailed(l CheckLine) Occurrence {
	names := strings.Join(l.Targets, ", ")
	if more := l.Of - len(l.Targets); more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	target := ""
	if l.Of == 1 {
		target = names
	}
	return Occurrence{
		ID: string(maintenance.EventCheckFailed) + "/" + l.key(), Event: maintenance.EventCheckFailed,
		Title: fmt.Sprintf("%s: a health check failed while wave %d baked", m.campaign, l.Wave),
		Text: fmt.Sprintf("%s: %s. Nothing of the next wave starts until the check is waived, also if it passes again.\n%s\n%s\n%s",
			names, l.Reason, m.command("status", ""), m.waive(l.Check, target), m.command("abort", why)),
	}
}

// waive is the command line by which a check does not count any more, of a target or of all.
func (m Milestones) waive(check, target string) string {
	return m.command("waive", strings.TrimSpace(quoted(check)+" "+target)+why)
}

// quoted is a check's name as a shell takes it.
func quoted(name string) string { return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'" }

// why ends the command lines that need a reason.
const why = " --why TEXT"

// who is a target in a message.
func (k Mark) who() string {
	return fmt.Sprintf("%s (%s, wave %d, attempt %d)", k.entry.Name, k.entry.Gateway, k.entry.Wave+1, k.Attempt)
}

func (m Milestones) command(name, arguments string) string {
	return strings.TrimSpace(fmt.Sprintf("tidegate %s %s %s", name, m.campaign, strings.TrimSpace(arguments)))
}

// occurrences are the messages about targets to which the same has happened.
func (of kind) occurrences(m Milestones, marks []Mark) []Occurrence {
	all := make([]Occurrence, 0, len(marks))
	for _, k := range marks {
		name := fmt.Sprintf("%s/%d", k.entry.Gateway, k.Attempt)
		o := Occurrence{ID: string(of.event) + "/" + name, Event: of.event, Targets: []string{name}}
		if of.again {
			o.ID += "/" + m.at.UTC().Format(time.RFC3339)
		}
		o.Title, o.Text = fmt.Sprintf("%s: %s %s", m.campaign, k.entry.Name, of.what), of.text(m, k)
		all = append(all, o)
	}
	if len(all) <= mostSingle {
		return all
	}
	return []Occurrence{of.join(m, marks, all)}
}

// join makes one message of many.
func (of kind) join(m Milestones, marks []Mark, all []Occurrence) Occurrence {
	o := Occurrence{
		ID: fmt.Sprintf("%s+%d", all[0].ID, len(all)-1), Event: of.event,
		Title: fmt.Sprintf("%s: %d targets %s", m.campaign, len(all), of.what),
	}
	names := make([]string, 0, namedInOne)
	for i, k := range marks {
		o.Targets = append(o.Targets, all[i].Targets...)
		if i < namedInOne {
			names = append(names, k.entry.Name)
		}
	}
	o.Text = strings.Join(names, ", ")
	if more := len(marks) - namedInOne; more > 0 {
		o.Text += fmt.Sprintf(" and %d more", more)
	}
	o.Text += ".\n" + m.command("status", of.list)
	return o
}

func (m Milestones) opened() Occurrence {
	first := m.first
	return Occurrence{
		ID: fmt.Sprintf("window/%d", m.Opened), Event: maintenance.EventWindow,
		Title: fmt.Sprintf("%s: wave %d starts", m.campaign, m.Opened),
		Text: fmt.Sprintf("%s (%s) starts at %s in its window (%s), the first of wave %d, which has %s.\n%s",
			first.Name, first.Gateway, stamp(first.Started), first.Schedule, m.Opened,
			maintenance.Counted(m.size, "target", "targets"), m.command("watch", "")),
	}
}

func (m Milestones) overspent() Occurrence {
	return Occurrence{
		ID: fmt.Sprintf("budget/%s/%s", m.Spent, m.at.UTC().Format(time.RFC3339)), Event: maintenance.EventBudget,
		Title: m.campaign + ": the error budget is spent",
		Text: fmt.Sprintf("%s. Nothing more starts until what failed is retried or skipped.\n%s\n%s\n%s\n%s", m.spent, m.command("status", "--state failed"),
			m.command("retry", "TARGET"+why), m.command("skip", "TARGET"+why), m.command("abort", why)),
	}
}

// needsApproval asks for an approval.
func (m Milestones) needsApproval(a *Approval) Occurrence {
	what := "Nothing starts"
	if a.EachWave {
		what = fmt.Sprintf("Nothing of wave %d starts", a.Wave)
	}
	people := "someone approves"
	if a.Wanted > 1 {
		people = fmt.Sprintf("%d different people approve", a.Wanted)
	}
	return Occurrence{
		ID: fmt.Sprintf("approval/%d", m.Asked), Event: maintenance.EventApproval, Title: m.campaign + ": " + a.Short(),
		Text: fmt.Sprintf("%s until %s. %s", what, people, m.approvalText(a)),
	}
}

// approvedInPart says that an approval was given, and more are needed.
func (m Milestones) approvedInPart(a *Approval) Occurrence {
	last := a.Given[len(a.Given)-1]
	text := last.By + " has approved"
	if last.Why != "" {
		text += " (" + last.Why + ")"
	}
	return Occurrence{
		ID: fmt.Sprintf("approval/%d/%d", m.Asked, m.Given), Event: maintenance.EventApproval, Title: m.campaign + ": " + a.Short(),
		Text: fmt.Sprintf("%s. Still needed: %s. %s", text, a.missing(), m.approvalText(a)),
	}
}

// approvalText is what a person must know to approve, and the commands.
func (m Milestones) approvalText(a *Approval) string {
	targets := plural(a.Targets, "target")
	text := a.Tally() + "."
	if a.MayNot != "" {
		text += fmt.Sprintf(" %s started the campaign and may not approve.", a.MayNot)
	}
	text += fmt.Sprintf("\n%s: %s.", targets, a.TargetsText())
	if !a.Window.IsZero() {
		text += fmt.Sprintf("\nFirst window: %s.", stamp(a.Window))
	}
	return text + fmt.Sprintf("\nDeadline: %s; not approved by then, the campaign ends EXPIRED.\n%s\n%s\n%s",
		stamp(a.Deadline), m.command("status", ""), m.command("approve", why), m.command("abort", why))
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (m Milestones) ended() Occurrence {
	return Occurrence{
		ID: "ended", Event: maintenance.EventEnded, Title: fmt.Sprintf("%s: %s", m.campaign, m.End),
		Text: m.summary + "\n" + m.command("status", ""),
	}
}
