package live

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// frame is the whole screen: what is so at the top, what was asked for below it,
// and the keys in the last line.
func (m Model) frame() string {
	if m.width < 1 || m.height < 1 {
		return ""
	}
	t := newTheme(m.dark)
	lines := m.picture(t)
	foot := append(m.answer(t), m.foot(t))
	foot = foot[max(len(foot)-m.height, 0):]
	lines = lines[:min(len(lines), max(m.height-len(foot), 0))]
	for len(lines) < m.height-len(foot) {
		lines = append(lines, "")
	}
	lines = append(lines, foot...)
	return m.within(lines)
}

// picture is what the screen shows above its keys, as long as it is.
func (m Model) picture(t theme) []string {
	lines := append(m.head(t), m.body(t)...)
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// within keeps lines in the terminal's width.
func (m Model) within(lines []string) string {
	edge := lipgloss.NewStyle().MaxWidth(m.width)
	for i := range lines {
		lines[i] = edge.Render(lines[i])
	}
	return strings.Join(lines, "\n")
}

// body is what stands between the head and the keys.
func (m Model) body(t theme) []string {
	switch {
	case m.help:
		return helpLines(t, m.width)
	case m.form != nil:
		return m.form.lines(t, m.width, m.Name)
	case m.details != nil:
		return m.details.page(t, m.width, m.room(), m.now)
	case !m.seen:
		return nil
	}
	var lines []string
	if waves := m.waves(t); m.filter == everything && len(waves) > 0 {
		lines = append(waves, "")
	}
	for _, s := range m.sections() {
		lines = append(lines, m.list(t, s)...)
	}
	return lines
}

// room is how many lines the lists, or the details, may take.
func (m Model) room() int {
	t := newTheme(m.dark)
	room := m.height - len(m.head(t)) - len(m.answer(t)) - 1
	if m.filter == everything && m.details == nil {
		room -= len(m.waves(t)) + 1
	}
	return room
}

// low is the height below which a terminal shows less of everything.
const low = 20

// head says in five seconds how it is: the campaign, how far, and what a person is
// asked for.
func (m Model) head(t theme) []string {
	name := t.bold.Render(cut(clean(m.Name), m.width))
	title := []string{name}
	for _, more := range []string{
		m.now.UTC().Format("15:04:05Z"), string(m.status.Phase), "by " + clean(m.status.Submitter),
	} {
		if m.seen && lipgloss.Width(strings.Join(title, "  "))+2+lipgloss.Width(more) <= m.width {
			title = append(title, t.faint.Render(more))
		}
	}
	lines := []string{strings.Join(title, "  ")}
	if m.height < low && (m.form != nil || m.details != nil || m.help) {
		return append(lines, "")
	}
	if c := m.status.Counts; c.Total > 0 {
		lines = append(lines, m.progress(t, "", c, cell{}))
	}
	for _, messages := range m.messages() {
		for _, text := range messages.lines(m.width, m.height) {
			lines = append(lines, messages.style(t).Render(text))
		}
	}
	lines = append(lines, "")
	if m.notable(len(lines)) {
		lines = slices.Insert(lines, 1, t.faint.Render(clean(m.Note)))
	}
	return lines
}

// notable is true where the note fits with so many lines of the head: the
// running and the failed targets keep theirs, and one of those that wait.
func (m Model) notable(head int) bool {
	if m.Note == "" || m.details != nil || m.form != nil || m.help || lipgloss.Width(clean(m.Note)) > m.width {
		return false
	}
	c, t := m.status.Counts, newTheme(m.dark)
	need := head + 1 + len(m.waves(t)) + 1 + len(m.answer(t)) + 1
	for _, s := range []section{
		{rows: m.status.Running, total: c.InProgress()},
		{rows: m.status.Failures, total: c.Failed},
		{rows: m.status.Upcoming[:min(1, len(m.status.Upcoming))], total: c.Waiting},
	} {
		need += s.lines()
	}
	return need <= m.height
}

// ended is how many targets have ended.
func ended(c fleet.Counts) int { return c.Ended() }

// mostBar is how wide a progress bar is at most.
const mostBar = 32

// progress is a bar after a label, and before a state and what else it counts, as
// far as there is room.
func (m Model) progress(t theme, label string, c fleet.Counts, state cell) string {
	width := min(max(m.width/3, 8), mostBar)
	text := label + t.bar(width, ended(c), c.Total) + fmt.Sprintf(" %d/%d", ended(c), c.Total)
	if lipgloss.Width(text)+lipgloss.Width(state.text) <= m.width {
		text += state.style.Render(state.text)
	}
	for _, part := range []struct {
		n     int
		says  string
		style lipgloss.Style
	}{
		{c.Failed, "failed", t.bad},
		{c.Running, "running", t.info},
		{c.Held, "held", t.bad},
		{c.Skipped, "skipped", t.warn},
	} {
		more := fmt.Sprintf("  %d %s", part.n, part.says)
		if part.n > 0 && lipgloss.Width(text)+len(more) <= m.width {
			text += part.style.Render(more)
		}
	}
	return text
}

// mostWaves is how many waves are shown on a high terminal.
const mostWaves = 6

// waves are as many of the campaign's waves as a terminal so high has room for,
// from the one before the first that has not ended.
func (m Model) waves(t theme) []string {
	waves, most := m.status.Waves, min(mostWaves, m.height/4-2)
	if len(waves) < 2 || most < 1 {
		return nil
	}
	from, before := 0, min(most-1, 1)
	for from < len(waves)-most && waves[from+before].State == fleet.WaveEnded {
		from++
	}
	var lines []string
	digits := len(fmt.Sprint(waves[len(waves)-1].Wave))
	for i, w := range waves[from:] {
		if i == most && m.height < low {
			break
		}
		if i == most {
			return append(lines, t.faint.Render(fmt.Sprintf("and %s more",
				maintenance.Counted(len(waves)-from-i, "wave", "waves"))))
		}
		state := "  " + w.State
		if !w.Until.IsZero() {
			state += ", " + span(w.Until.Sub(m.now)) + " left"
		}
		lines = append(lines, m.progress(t, fmt.Sprintf("wave %*d ", digits, w.Wave), w.Counts,
			cell{state, waveStyle(t, w.State)}))
	}
	return lines
}

func waveStyle(t theme, state string) lipgloss.Style {
	switch state {
	case fleet.WaveStopped:
		return t.bad
	case fleet.WaveOpen:
		return t.info
	case fleet.WaveEnded:
		return t.good
	}
	return t.faint
}

// answer is the answer to the last action.
func (m Model) answer(t theme) []string {
	if m.note.text == "" || !m.now.Before(m.note.until) {
		return nil
	}
	style := t.good
	if m.note.bad {
		style = t.bad
	}
	lines := wrap(m.note.text, m.width, 2)
	for i := range lines {
		lines[i] = style.Render(lines[i])
	}
	return lines
}

// foot is the last line: the keys that make sense now.
func (m Model) foot(t theme) string {
	text := ""
	for _, key := range m.keys() {
		if len(text)+2+len(key) > m.width {
			break
		}
		text = strings.TrimPrefix(text+"  "+key, "  ")
	}
	return t.faint.Render(text)
}

// keys are the keys that make sense now, the important ones first.
func (m Model) keys() []string {
	if m.form != nil {
		return nil
	}
	keys := []string{"q quit", "? help"}
	for _, k := range actionKeys() {
		if m.action(k) != nil {
			says := k.update
			if k.key == "X" {
				says = "abort it"
			}
			keys = append(keys, k.key+" "+says)
		}
	}
	if m.details != nil {
		return append(keys, "esc back")
	}
	return append(keys, "1-5 lists", "tab select", "enter details")
}
