package live

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// Due is what a tick asks at a time, without the tick that follows it.
func Due(m Model, now time.Time) (Model, tea.Cmd) {
	m.now = now
	return m.ask()
}

// Frame is the screen.
func Frame(m Model) string { return m.frame() }

// Interrupted is true once ctrl-c has ended the view.
func Interrupted(m Model) bool { return m.interrupted }

// Chosen is the gateway that is chosen.
func Chosen(m Model) string { return m.chosen }
