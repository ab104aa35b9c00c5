package live

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"charm.land/lipgloss/v2"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows"
)

// mood is how urgent a sentence is.
type mood int

const (
	calm mood = iota
	well
	asks // a person may have to act
	wrong
)

// sentence is one line of the head.
type sentence struct {
	text string
	mood mood
}

func (s sentence) style(t theme) lipgloss.Style {
	return []lipgloss.Style{t.plain, t.good, t.warn, t.bad}[s.mood]
}

// said is how it is, in words: what a person has to answer, with the key for it,
// else what goes on by itself.
func (m Model) said() []sentence {
	var all []sentence
	if m.silent != "" {
		text := m.silent
		if d := m.now.Sub(m.since); m.seen && d >= second {
			text = fmt.Sprintf("No answer for %s, this is how it was: %s", span(d), m.silent)
		}
		all = append(all, sentence{text, wrong})
	}
	if !m.seen {
		if m.silent == "" {
			all = append(all, sentence{"Asking the campaign how far it is.", calm})
		}
		return all
	}
	if m.look.Ended() {
		return append(all, m.end())
	}
	s := m.look.Status
	for _, one := range []struct {
		label, text string
		mood        mood
	}{
		{"HELD: ", s.Held, wrong},
		{"WAITS FOR AN APPROVAL: ", unless(s.Held, s.Asks), asks},
		{"PAUSED by ", unless(s.Held, s.Paused), asks},
		{"STOPPED: ", s.Stopped, wrong},
	} {
		if one.text != "" {
			all = append(all, sentence{one.label + clean(one.text) + m.answers(one.label), one.mood})
		}
	}
	if text := m.stuck(); text != "" && s.Held == "" {
		all = append(all, sentence{text, asks})
	}
	if s.Phase == fleet.Gathering {
		return append(all, sentence{"Gathering the fleet: " + clean(s.Doing), calm})
	}
	return append(all, sentence{m.goesOn(), calm})
}

// stuck says which running targets are held, while others go on.
func (m Model) stuck() string {
	var names []string
	note := ""
	for _, r := range m.look.Running {
		if r.Note != "" {
			names, note = append(names, clean(r.Name)), cmp.Or(note, clean(r.Note))
		}
	}
	if len(names) == 0 {
		return ""
	}
	text := "HELD: " + names[0]
	if len(names) > 1 {
		text += fmt.Sprintf(" and %d more", len(names)-1)
	}
	return text + " (" + note + ") [tab choose it, then t retry, s skip, X abort it]"
}

// unless is a text, where another is empty that says the same and more.
func unless(other, text string) string {
	if strings.Contains(other, text) {
		return ""
	}
	return text
}

// answers are the keys that answer a sentence of the head.
func (m Model) answers(label string) string {
	var keys []string
	for _, k := range orderKeys() {
		fit := k.update == workflows.ApproveUpdate || k.update == workflows.ResumeUpdate
		if label == "HELD: " && m.look.Asks == "" && m.look.Paused == "" {
			fit = k.target && k.key != "X"
		}
		if fit && m.campaignMay(k.update) {
			keys = append(keys, k.key+" "+k.update)
		}
	}
	if len(keys) == 0 || label == "STOPPED: " {
		return ""
	}
	return " [" + strings.Join(keys, ", ") + "]"
}

// goesOn is what happens without a person, and what keeps those that wait.
func (m Model) goesOn() string {
	s := m.look.Status
	parts := []string{fmt.Sprintf("%s, %d may at a time", plural(s.Counts.Running, "target runs", "targets run"), s.MaxConcurrent)}
	if s.Counts.Running == 0 {
		parts = []string{"Nothing runs"}
	}
	if s.Next.After(m.now) {
		parts = append(parts, fmt.Sprintf("the next may begin in %s (%s)", span(s.Next.Sub(m.now)), instant(s.Next, m.now)))
	}
	var kept []string
	for _, b := range slices.Sorted(maps.Keys(s.Blockers)) {
		kept = append(kept, fmt.Sprintf("%d %s", s.Blockers[b], b))
	}
	if len(kept) > 0 {
		parts = append(parts, "kept by: "+strings.Join(kept, ", "))
	}
	return strings.Join(parts, "; ")
}

// end is how a campaign ended.
func (m Model) end() sentence {
	r := m.look.Result
	if r == nil {
		return sentence{"ENDED without a result: " + clean(m.look.Gone) + " [q quit]", wrong}
	}
	mood := wrong
	switch r.State {
	case fleet.Completed:
		mood = well
	case fleet.Partial:
		mood = asks
	case fleet.Aborted, fleet.Expired:
	}
	return sentence{fmt.Sprintf("%s after %s, at %s: %s [q quit]", r.State, span(r.End.Sub(r.Start)), instant(r.End, m.now), clean(r.Summary)), mood}
}
