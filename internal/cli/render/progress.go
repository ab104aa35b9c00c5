package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/show"
)

// MaintenanceProgress writes a line for each change of a step, and below them what goes on at
// this moment.
type MaintenanceProgress struct {
	show.Screen

	shown   map[maintenance.Step]string
	retries retries
	last    maintenance.Status
}

// NewMaintenanceProgress writes how a target's maintenance goes on to out, a line for each step.
func NewMaintenanceProgress(out io.Writer) *MaintenanceProgress {
	return &MaintenanceProgress{Screen: show.NewScreen(out), shown: make(map[maintenance.Step]string), retries: retries{}}
}

// Show shows what is new, and what goes on now.
func (p *MaintenanceProgress) Show(s maintenance.Status, now time.Time) {
	p.last, p.Mute = s, false
	p.Steps(s.Steps, s.Reason)
	p.retries.show(&p.Screen, s.Calls)
	p.Redraw(now)
}

// Steps shows what is new of them. reason is what the waiting step waits for, or why it is held.
func (p *MaintenanceProgress) Steps(steps []maintenance.StepReport, reason string) {
	for _, s := range steps {
		note := s.Note
		if s.State == maintenance.StepWaiting || s.State == maintenance.StepHeld {
			note = reason
		}
		text := strings.TrimRight(fmt.Sprintf("%-16s %-8s %s", s.Step, s.State, note), " ")
		if s.State == maintenance.StepPending || p.shown[s.Step] == text {
			continue
		}
		p.shown[s.Step] = text
		p.Line(text)
	}
}

// retries are the last responses to calls that are tried again, by target and call, as
// they were shown.
type retries map[[2]string]string

// show writes a line for each of them that is another than before.
func (r retries) show(s *show.Screen, calls []maintenance.Call) {
	for _, c := range calls {
		of := [2]string{c.Target, c.What}
		kind := withoutNumbers(c.LastResponse)
		if !c.Retried() || r[of] == kind {
			continue
		}
		r[of] = kind
		s.Line(fmt.Sprintf("%-9s %s", "retried", strings.TrimSpace(c.Target+" "+c.String())))
	}
}

// withoutNumbers is a response without the words that have digits, such as a request's
// id and a percentage: they differ each time, and say nothing new.
func withoutNumbers(text string) string {
	words := slices.DeleteFunc(strings.Fields(text), func(word string) bool {
		return strings.ContainsAny(word, "0123456789")
	})
	return strings.Join(words, " ")
}

// Redraw draws the last line of a terminal again.
func (p *MaintenanceProgress) Redraw(now time.Time) { p.Draw(moment(p.last, now)) }

// moment is in one line what a run does, or for how long it still waits.
func moment(s maintenance.Status, now time.Time) string {
	for i, step := range s.Steps {
		if step.Step != s.Step || step.Start == nil {
			continue
		}
		what := fmt.Sprintf("for %s", Seconds(now.Sub(*step.Start)))
		switch {
		case s.Next != nil:
			what = fmt.Sprintf("may go on in %s (%s)", Seconds(s.Next.Sub(now)), s.Blocker)
		case s.Blocker != maintenance.NotBlocked:
			what += fmt.Sprintf(" (%s)", s.Blocker)
		case s.PastNoReturn:
			what += ", past the point of no return"
		}
		return fmt.Sprintf("%d/%d %s, %s", i+1, len(s.Steps), s.Step, what)
	}
	return ""
}

// Seconds is a duration of seconds; none where it is over.
func Seconds(d time.Duration) maintenance.Duration {
	return maintenance.Duration(max(d, 0).Round(time.Second))
}

// Patient is true while a poll now and then is enough.
func (p *MaintenanceProgress) Patient(now time.Time) bool { return p.last.Patient(now) }
