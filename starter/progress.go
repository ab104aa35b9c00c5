package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/show"
)

// progress writes a line for each change of a step, and below them what goes on at
// this moment.
type progress struct {
	show.Screen

	shown map[maintenance.Step]string
	last  maintenance.Status
}

func newProgress(out io.Writer) *progress {
	return &progress{Screen: show.NewScreen(out), shown: map[maintenance.Step]string{}}
}

// show shows what is new, and what goes on now.
func (p *progress) show(s maintenance.Status, now time.Time) {
	p.last, p.Mute = s, false
	p.steps(s.Steps, s.Reason)
	p.redraw(now)
}

// steps shows what is new of them. reason is what the waiting step waits for.
func (p *progress) steps(steps []maintenance.StepReport, reason string) {
	for _, s := range steps {
		note := s.Note
		if s.State == maintenance.StepWaiting {
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

// redraw draws the last line of a terminal anew.
func (p *progress) redraw(now time.Time) { p.Draw(moment(p.last, now)) }

// moment is in one line what a run does, or for how long it still waits.
func moment(s maintenance.Status, now time.Time) string {
	for i, step := range s.Steps {
		if step.Step != s.Step || step.Start == nil {
			continue
		}
		what := fmt.Sprintf("for %s", whole(now.Sub(*step.Start)))
		switch {
		case s.Next != nil:
			what = fmt.Sprintf("may go on in %s (%s)", whole(s.Next.Sub(now)), s.Blocker)
		case s.Blocker != maintenance.NotBlocked:
			what += fmt.Sprintf(" (%s)", s.Blocker)
		case s.PastNoReturn:
			what += ", past the point of no return"
		}
		return fmt.Sprintf("%d/%d %s, %s", i+1, len(s.Steps), s.Step, what)
	}
	return ""
}

// whole is a duration of seconds; none where it is over.
func whole(d time.Duration) maintenance.Duration {
	return maintenance.Duration(max(d, 0).Round(time.Second))
}
