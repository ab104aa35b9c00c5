package render

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// MaintenanceProgress writes a line for each change of a step.
type MaintenanceProgress struct {
	progress[maintenance.Status]
}

// NewMaintenanceProgress writes how a target's maintenance goes on to out, a line for each step.
func NewMaintenanceProgress(out io.Writer) *MaintenanceProgress {
	return &MaintenanceProgress{newProgress(out, moment)}
}

// Show shows what is new, and what goes on now.
func (p *MaintenanceProgress) Show(s maintenance.Status, now time.Time) {
	p.last, p.Mute = s, false
	p.Steps(s.Steps, s.Reason)
	p.Retried(s.Calls)
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
		if s.State != maintenance.StepPending && p.changed(string(s.Step), text) {
			p.Line(text)
		}
	}
}

// moment is in one line what a run does, or for how long it still waits.
func moment(s maintenance.Status, now time.Time) string {
	for i, step := range s.Steps {
		if step.Step != s.Step || step.Start == nil {
			continue
		}
		what := fmt.Sprintf("for %s", Seconds(now.Sub(*step.Start)))
		switch {
		case s.Next != nil:
			what = fmt.Sprintf("may continue in %s (%s)", Seconds(s.Next.Sub(now)), s.Blocker)
		case s.Blocker != maintenance.NotBlocked:
			what += fmt.Sprintf(" (%s)", s.Blocker)
		case s.PastNoReturn:
			what += ", past the point of no return"
		}
		return fmt.Sprintf("%d/%d %s, %s", i+1, len(s.Steps), s.Step, what)
	}
	return ""
}
