package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// progress writes a line for each change of a step. On a terminal one more line
// below them, drawn anew again and again, says what goes on at this moment. It
// has no colours, so NO_COLOR finds nothing to leave out.
type progress struct {
	out     io.Writer
	gateway string // its id
	width   int    // of the terminal; 0 where there is none

	shown  map[maintenance.Step]string
	last   maintenance.Status
	advice string // the commands that were shown last
	mute   bool   // it was said that nobody answers
}

func newProgress(out io.Writer, gatewayID string) *progress {
	p := &progress{out: out, gateway: gatewayID, shown: map[maintenance.Step]string{}}
	if os.Getenv("TERM") != "dumb" { // one that is cannot go back in a line
		p.width = printer{out: out}.columns()
	}
	return p
}

// show shows what is new, and what goes on now.
func (p *progress) show(s maintenance.Status, now time.Time) {
	p.last, p.mute = s, false
	p.steps(s.Steps, s.Reason)
	p.advise(s)
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
		p.line(text)
	}
}

// advise shows what to type where the run waits for a person. Where it is held
// the record, which then follows, says so.
func (p *progress) advise(s maintenance.Status) {
	advice := ""
	if s.Blocker == maintenance.BlockedByApproval {
		advice = strings.Join(lines(p.gateway, mayNow(s)), "\n"+strings.Repeat(" ", len(clockForm)+2))
	}
	if advice != "" && advice != p.advice {
		p.line(advice)
	}
	p.advice = advice
}

// silent says once that a run does not answer.
func (p *progress) silent(err error) {
	if !p.mute {
		p.mute = true
		p.line(err.Error())
	}
}

// patient is true while the run waits for an instant that is not near.
func (p *progress) patient() bool {
	return p.last.Next != nil && time.Until(*p.last.Next) > lookSlowly
}

const clockForm = "15:04:05Z"

func (p *progress) line(text string) {
	p.close()
	p.write(time.Now().UTC().Format(clockForm) + "  " + text + "\n")
}

// eraseLine goes to the line's begin and empties the line (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

// redraw draws the last line of a terminal anew.
func (p *progress) redraw(now time.Time) {
	text := moment(p.last, now)
	if p.width == 0 || text == "" {
		return
	}
	if runes := []rune(text); len(runes) >= p.width {
		text = string(runes[:p.width-1]) // a longer one could not be erased
	}
	p.write(eraseLine + text)
}

// close takes the last line of a terminal away.
func (p *progress) close() {
	if p.width > 0 {
		p.write(eraseLine)
	}
}

func (p *progress) write(text string) {
	_, _ = io.WriteString(p.out, text) //nolint:errcheck // nobody is left to read it
}

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
