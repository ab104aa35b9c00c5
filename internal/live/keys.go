package live

import (
	"slices"

	tea "charm.land/bubbletea/v2"
)

// key is what a key does.
func (m Model) key(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch msg.String() {
	case "ctrl+c":
		m.interrupted = true
		return m, tea.Quit
	case "ctrl+z":
		return m, tea.Suspend
	}
	if m.form != nil {
		return m.formKey(msg)
	}
	if msg.String() == "q" {
		return m, tea.Quit
	}
	if m.help {
		m.help = false
		return m, nil
	}
	m.note = note{}
	return m.press(msg.String()).ask()
}

// press is a key that neither a form nor the help has taken.
func (m Model) press(key string) Model {
	if i := slices.IndexFunc(actionKeys(), func(k actionKey) bool { return k.key == key }); i >= 0 {
		return m.open(actionKeys()[i])
	}
	if m.details != nil && m.scroll(key) {
		return m
	}
	switch key {
	case "?", "h":
		m.help = true
	case "0", "1", "2", "3", "4", "5":
		return m.show(filter(key[0] - '0'))
	case "enter":
		if r := m.chosenRow(); r != nil {
			m.details = &details{row: *r}
			m.again(askDetails)
		}
	case "esc":
		if m.details == nil {
			return m.show(everything)
		}
		m.details = nil
	default:
		return m.walk(key)
	}
	return m
}

// walk moves in the lists, where the key does that.
func (m Model) walk(key string) Model {
	switch key {
	case "tab", "down", "j":
		return m.move(1)
	case "shift+tab", "up", "k":
		return m.move(-1)
	case "pgdown", "space", "right":
		return m.turn(1)
	case "pgup", "left":
		return m.turn(-1)
	}
	return m
}

// scroll moves the details, where the key does that.
func (m *Model) scroll(key string) bool {
	by, page := 0, max(m.room()-1, 1)
	switch key {
	case "down", "j", "tab":
		by = 1
	case "up", "k", "shift+tab":
		by = -1
	case "pgdown", "space":
		by = page
	case "pgup":
		by = -page
	default:
		return false
	}
	d := *m.details
	d.top = max(min(d.top+by, len(d.lines(m.width, m.now))-page), 0)
	m.details = &d
	return true
}

// open opens the form of an action, or says why it makes no sense now.
func (m Model) open(k actionKey) Model {
	o := m.action(k)
	if o == nil {
		why := k.refuse
		if m.status.Ended() {
			why = "the campaign has ended"
		}
		m.note = note{text: k.update + ": " + why, bad: true, until: m.now.Add(noteStays)}
		return m
	}
	m.form = &form{action: *o, says: o.says(k)}
	return m
}
