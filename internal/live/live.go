// Package live is the full-screen view of a campaign on a terminal: what runs, what waits and why,
// what failed, what needs a person, and the keys that send operator actions. The view is a pure
// function of a model (a fleet.Status, some rows and a clock). It reaches the campaign through a
// Source, and knows no Temporal. Start at Model, Source and view.go.
package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// Status is what a campaign says of itself, or has left behind.
type Status struct {
	fleet.Status
	// Gone says how a campaign ended that left no result, as one does that was
	// terminated.
	Gone string
}

// Ended is true once nothing will change any more.
func (s Status) Ended() bool { return s.Result != nil || s.Gone != "" }

// Action is an operator action on the campaign, or on one of its targets.
type Action struct {
	Update  string // the update's name, such as pause
	By, Why string
	Check   string // of waive: the health check's name
	// Target is the one it is about; nil: the campaign.
	Target *fleet.Row
	// Run is true where the action goes to the target's own maintenance, not to the campaign.
	Run bool
}

// Source is the campaign that is shown. Its errors are phrased for the operator.
// Every call may take as long as a worker takes to answer.
type Source interface {
	// Status is how far the campaign is. It is called once a second at most.
	Status(ctx context.Context) (Status, error)
	// Rows are some of the campaign's targets.
	Rows(ctx context.Context, page fleet.Page) ([]fleet.Row, error)
	// Run is what the maintenance of a running target says of itself.
	Run(ctx context.Context, row fleet.Row) (maintenance.Status, error)
	// Details is what is known of a target in addition to its row, as text for so many
	// columns.
	Details(ctx context.Context, row fleet.Row, columns int) (string, error)
	// Give gives an action, and waits until it is applied or refused.
	Give(ctx context.Context, action Action) (maintenance.Decision, error)
}

// Options say what is shown, and how.
type Options struct {
	Name string // of the campaign
	// Note is a line under the name, such as where the campaign can be seen too. It
	// gives way to what is urgent, and to a terminal that is narrower.
	Note string
	By   string // who gives the actions
	// Leave ends the view with the campaign, and not with a key.
	Leave bool
	In    io.Reader // the terminal
	Out   io.Writer // the terminal
	// Typed is a text in which commands are as they must be typed; nil: they are so.
	Typed func(string) string
}

// ErrInterrupted is what Run gives where the operator has left with ctrl-c, which
// is also how a program is stopped, and not with q.
var ErrInterrupted = errors.New("interrupted")

// Run shows a campaign until the operator leaves, and gives what was seen last,
// also with an error. It leaves the terminal as it was, also where ctx ends; then
// its error is ctx's. Below the view it says which actions it leaves unanswered.
func Run(ctx context.Context, o Options, s Source) (Status, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	last, err := tea.NewProgram(New(ctx, o, s),
		tea.WithContext(ctx), tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithoutSignalHandler()).Run()
	m, ok := last.(Model)
	for _, action := range m.unanswered {
		text := fmt.Sprintf("Sent, not answered yet: %s. It may still be applied. To check: tidegate status %s\n", action.what(o.Name), o.Name)
		if o.Typed != nil {
			text = o.Typed(text)
		}
		io.WriteString(o.Out, text) //nolint:errcheck,gosec // nobody is left to read it
	}
	switch {
	case ctx.Err() != nil:
		return m.status, ctx.Err()
	case err != nil:
		return m.status, fmt.Errorf("show the campaign %s on this terminal: %w", o.Name, err)
	case !ok:
		return Status{}, fmt.Errorf("show the campaign %s on this terminal: it shows a %T", o.Name, last)
	case m.interrupted:
		return m.status, fmt.Errorf("show the campaign %s on this terminal: %w", o.Name, ErrInterrupted)
	}
	return m.status, nil
}

// Once is one picture of the campaign, as ANSI text of so many columns and lines.
// Instead of keys it names commands.
func Once(ctx context.Context, o Options, s Source, columns, lines int, now time.Time) (Status, string, error) {
	m := New(ctx, o, s)
	m.width, m.height, m.now, m.still = columns, lines, now, true
	status, err := s.Status(ctx)
	if err != nil {
		return Status{}, "", err
	}
	m = m.receiveStatus(statusMsg{status: status})
	m = m.receive(m.askRuns()())
	if !status.Ended() && m.wantsRows() {
		m = m.receive(m.askRows()())
	}
	return m.status, m.within(m.picture(newTheme(m.dark))), nil
}
