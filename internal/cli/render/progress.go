package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/printer"
)

// progress writes a line for each change of what is followed, and below them what goes on now.
type progress[S interface{ Patient(now time.Time) bool }] struct {
	printer.Screen

	last  S
	now   func(s S, now time.Time) string // what goes on, in one line
	shown map[string]string               // the last text, by what it is about
}

func newProgress[S interface{ Patient(now time.Time) bool }](out io.Writer, now func(S, time.Time) string) progress[S] {
	return progress[S]{Screen: printer.NewScreen(out), now: now, shown: map[string]string{}}
}

// changed is true where a text about something is not the last one.
func (p *progress[S]) changed(of, text string) bool {
	changed := p.shown[of] != text
	p.shown[of] = text
	return changed
}

// Redraw draws the last line of a terminal again.
func (p *progress[S]) Redraw(now time.Time) { p.Draw(p.now(p.last, now)) }

// Patient is true while a poll now and then is enough.
func (p *progress[S]) Patient(now time.Time) bool { return p.last.Patient(now) }

// Retried shows the calls that are tried again: a line for each kind of response.
func (p *progress[S]) Retried(calls []maintenance.Call) {
	for _, c := range calls {
		if !c.Retried() || !p.changed("retried "+c.Target+"\x00"+c.What, withoutNumbers(c.LastResponse)) {
			continue
		}
		p.Line(fmt.Sprintf("%-9s %s", "retried", strings.TrimSpace(c.Target+" "+c.String())))
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

// Seconds is a duration of seconds; none where it is over.
func Seconds(d time.Duration) maintenance.Duration {
	return maintenance.Duration(max(d, 0).Round(time.Second))
}
