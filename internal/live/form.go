package live

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// form asks for the reason of an action, and shows what became of it.
type form struct {
	action Action
	says   string
	why    []rune
	busy   bool // the action is on its way
	fault  string
}

// longest is how many runes a reason may have.
const longest = 500

// paste takes a text in, of which the form shows one line. No form takes none.
func (f *form) paste(text string) {
	if f == nil || f.busy {
		return
	}
	for _, r := range text {
		if unicode.IsSpace(r) {
			r = ' '
		}
		if unicode.IsPrint(r) && len(f.why) < longest {
			f.why = append(f.why, r)
		}
	}
	f.fault = ""
}

// key is a key while the form is open. An action that is on its way cannot be
// called back; the form may be left.
func (m Model) formKey(msg tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	f := *m.form
	m.form = &f
	switch msg.String() {
	case "esc":
		m.form = nil
	case "enter":
		return m.give()
	case "backspace":
		if len(f.why) > 0 && !f.busy {
			f.why = f.why[:len(f.why)-1]
		}
	case "ctrl+u":
		if !f.busy {
			f.why = nil
		}
	default:
		f.why = append([]rune(nil), f.why...)
		f.paste(msg.Text)
	}
	return m, nil
}

// give sends the action of the form, if it has a reason.
func (m Model) give() (tea.Model, tea.Cmd) {
	f := m.form
	if f.busy {
		return m, nil
	}
	f.action.Why = strings.TrimSpace(string(f.why))
	if f.action.Why == "" {
		f.fault = "enter a reason, for the record"
		return m, nil
	}
	f.busy, f.fault = true, ""
	action := f.action
	m.unanswered = append(slices.Clone(m.unanswered), action)
	return m, func() tea.Msg {
		decision, err := m.source.Give(m.ctx, action)
		return givenMsg{decision, action, err}
	}
}

// given takes in what became of an action: where its form is still open it says so
// localTime.
func (m Model) given(msg givenMsg) Model {
	m.again(askStatus, askRuns, askRows, askDetails)
	m.unanswered = slices.DeleteFunc(slices.Clone(m.unanswered), func(o Action) bool { return o == msg.action })
	what := msg.action.what(m.Name)
	if msg.err == nil {
		if m.form != nil && m.form.action == msg.action {
			m.form = nil
		}
		m.note = note{text: doneText(what, msg.decision), until: m.now.Add(noteStays)}
		return m
	}
	fault := clean(maintenance.Plain(msg.err))
	if m.form == nil || m.form.action != msg.action {
		m.note = note{text: fault, bad: true, until: m.now.Add(noteStays)}
		return m
	}
	f := *m.form
	f.busy, f.fault = false, fault
	m.form = &f
	return m
}

func doneText(what string, d maintenance.Decision) string {
	if detail := d.Detail(); detail != "" {
		what += " (" + detail + ")"
	}
	return fmt.Sprintf("done: %s, by %s at %s", what, clean(d.By), d.At.UTC().Format("15:04:05Z"))
}

// lines are the form as it is shown.
func (f *form) lines(t theme, width int, campaign string) []string {
	name := strings.ToUpper(f.action.Update[:1]) + f.action.Update[1:] + " " + f.action.about(campaign) + "?"
	var lines []string
	for _, text := range wrap(name, width, 3) {
		lines = append(lines, t.warn.Render(text))
	}
	lines = append(lines, wrap(f.says, width, 6)...)
	lines = append(lines, "")
	for i, text := range wrapInput(string(f.why), width-len("why  ")) {
		label := "why  "
		if i > 0 {
			label = "     "
		}
		lines = append(lines, t.bold.Render(label)+text)
	}
	lines = append(lines, t.bold.Render("by   ")+cut(clean(f.action.By), width-len("by   ")), "")
	switch {
	case f.busy:
		lines = append(lines, t.info.Render("waiting for the answer"))
	case f.fault != "":
		for _, text := range wrap(f.fault, width, 6) {
			lines = append(lines, t.bad.Render(text))
		}
	}
	return append(lines, t.faint.Render("enter: send   esc: back"))
}

// wrapInput breaks what is typed, its spaces kept, and puts a cursor behind it.
func wrapInput(text string, width int) []string {
	width = max(width, 1)
	var lines []string
	line := ""
	for _, r := range text + "▏" {
		if line != "" && lipgloss.Width(line+string(r)) > width {
			lines, line = append(lines, line), ""
		}
		line += string(r)
	}
	return append(lines, line)
}
