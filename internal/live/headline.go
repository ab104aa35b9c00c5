package live

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"charm.land/lipgloss/v2"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/workflows/api"
)

// mood is how urgent a sentence is.
type mood int

const (
	calm mood = iota
	well
	asks // a person may have to act
	wrong
)

// sentence is one of the head.
type sentence struct {
	text string
	mood mood
	keys string // that answer it; they are never cut off
	// commands answer it too, each on lines of its own: it can be copied.
	commands []string
	most     int // lines; 0: as many as its mood has
}

func (s sentence) style(t theme) lipgloss.Style {
	return []lipgloss.Style{t.plain, t.good, t.warn, t.bad}[s.mood]
}

// lines are the sentence on a screen of such a size: where it is too long for its
// lines, what it says is cut, and not what answers it.
func (s sentence) lines(width, height int) []string {
	lines := s.words(width, height)
	for _, command := range s.commands {
		for _, text := range wrap(command, width-2, 4) {
			lines = append(lines, "  "+text)
		}
	}
	return lines
}

// words are the sentence and its keys.
func (s sentence) words(width, height int) []string {
	most := cmp.Or(s.most, 4)
	switch {
	case s.most == 0 && height < low && s.mood == calm:
		most = 1
	case s.most == 0 && height < low:
		most = 3
	}
	words := strings.Fields(cut(s.text, width*most))
	for cutOff := ""; ; cutOff = " …" {
		text := strings.TrimSpace(strings.Join(words, " ") + cutOff + " " + s.keys)
		if s.keys == "" || len(words) == 0 || len(wrap(text, width, most+1)) <= most {
			return wrap(text, width, most)
		}
		words = words[:len(words)-1]
	}
}

// said is how it is, in words: what a person has to answer, with the key for it,
// else what goes on by itself.
func (m Model) said() []sentence {
	var all []sentence
	if text := m.silence(); text != "" {
		all = append(all, sentence{text: text, mood: wrong})
	}
	if !m.seen {
		if m.silent == "" {
			all = append(all, sentence{text: "Waiting for the campaign's status."})
		}
		return all
	}
	if m.look.Ended() {
		return append(append(all, m.end()), m.undelivered()...)
	}
	s := m.look.Status
	for _, one := range []struct {
		label, text string
		mood        mood
	}{
		{"HELD: ", needs(s), wrong},
		{"PAUSED by ", unless(needs(s), s.Paused), asks},
		{"STOPPED: ", s.Stopped, wrong},
	} {
		if one.text != "" {
			all = append(all, m.offer(sentence{text: one.label + clean(one.text), mood: one.mood}, m.answers(one.label)))
		}
	}
	all = append(all, m.stuck()...)
	all = append(all, m.approval()...)
	all = append(all, m.undelivered()...)
	all = append(all, m.warned()...)
	if s.Phase == fleet.Discovering {
		return append(all, sentence{text: "Discovering the fleet: " + clean(s.Doing)})
	}
	return append(all, sentence{text: m.goesOn()})
}

// warned says what the plan file was warned about, of several the first: status has all.
func (m Model) warned() []sentence {
	all := m.look.Warnings
	if len(all) == 0 {
		return nil
	}
	label := "PLAN WARNING: "
	if len(all) > 1 {
		label = fmt.Sprintf("PLAN WARNING, the first of %d (tidegate status %s has all): ", len(all), m.Name)
	}
	return []sentence{{text: label + clean(all[0]), mood: asks, most: 2}}
}

// overdue is after how long an answer that is still awaited is missed.
const overdue = 3 * time.Second

// silence says that the campaign does not answer, and how old what is shown is.
func (m Model) silence() string {
	look := m.asked[askLook]
	awaited := m.seen && look.out && m.now.Sub(look.at) >= overdue
	switch {
	case m.silent == "" && !awaited:
		return ""
	case !m.seen:
		return m.silent
	}
	text := fmt.Sprintf("No answer for %s; last known status", span(m.now.Sub(m.fresh)))
	if m.silent != "" {
		text += ": " + m.silent
	}
	return text
}

// undelivered says which message to people did not arrive for certain, of several the
// last.
func (m Model) undelivered() []sentence {
	notices := m.look.Notices
	if m.look.Result != nil {
		notices = m.look.Result.Undelivered
	}
	notices = slices.DeleteFunc(slices.Clone(notices), func(n fleet.Notice) bool { return !n.State.Lost() })
	if len(notices) == 0 {
		return nil
	}
	n, label := notices[len(notices)-1], "NOT DELIVERED: "
	if n.State == fleet.NoticeUnknown {
		label = "DELIVERY UNKNOWN: "
	}
	text := fmt.Sprintf("%s%s to %s at %s", label, n.Event, clean(n.Channel), instant(n.At, m.now))
	if len(notices) > 1 {
		text += fmt.Sprintf(" and %d more", len(notices)-1)
	}
	return []sentence{{text: text + " (" + clean(n.Why) + ")", mood: asks, most: 1}}
}

// needs is what a person has to do before anything more starts; where targets are held,
// stuck says it of them.
func needs(s fleet.Status) string {
	if len(s.HeldRows()) > 0 {
		return ""
	}
	return s.Held
}

// stuck says which targets are held.
func (m Model) stuck() []sentence {
	held := m.look.HeldRows()
	if len(held) == 0 {
		return nil
	}
	text := "HELD: " + clean(held[0].Name)
	if len(held) > 1 {
		text += fmt.Sprintf(" and %d more", len(held)-1)
	}
	return []sentence{m.offer(sentence{text: text + " (" + clean(held[0].Note) + ")", mood: wrong}, m.releases(held))}
}

// releases is what is typed to let held targets go on.
func (m Model) releases(held []fleet.Row) []string {
	if m.still {
		return maintenance.ResolveCommands(held[0].Gateway, held[0].Step)
	}
	keys := make([]string, 0, len(held[0].May))
	for _, update := range held[0].May {
		at := slices.IndexFunc(actionKeys(), func(k actionKey) bool { return k.target && k.update == update })
		keys = append(keys, actionKeys()[at].key+" "+update)
	}
	return []string{"tab select it, then " + strings.Join(keys, ", ") + " it"}
}

// namedAbove is true for the held target whose reason the head says.
func (m Model) namedAbove(r fleet.Row) bool {
	held := m.look.HeldRows()
	return len(held) > 0 && held[0].Gateway == r.Gateway
}

// approval says which approval the campaign needs next: how many of how many were given,
// who may not give it, and until when.
func (m Model) approval() []sentence {
	a := m.look.Approval
	if a == nil {
		return nil
	}
	label := "APPROVAL of " + a.Subject() + ": "
	if !a.AskFrom.IsZero() {
		text := fmt.Sprintf("%s%s; asked for in %s (%s)", label, clean(a.Tally()), span(a.AskFrom.Sub(m.now)),
			instant(a.AskFrom, m.now))
		return []sentence{{text: text, most: 1}}
	}
	s := sentence{text: label + clean(a.Details()) + "; for " + clean(a.TargetsText())}
	if !m.look.Asks() {
		return []sentence{s}
	}
	s.mood = asks
	if m.look.Held == "" { // else that is offered already
		s = m.offer(s, m.answers("APPROVAL"))
	}
	return []sentence{s}
}

// unless is a text, where another is empty that says the same and more.
func unless(other, text string) string {
	if strings.Contains(other, text) {
		return ""
	}
	return text
}

// offer says with a sentence what answers it: keys or, in a picture, commands.
func (m Model) offer(s sentence, typed []string) sentence {
	switch {
	case m.still:
		s.commands = typed
	case len(typed) > 0:
		s.keys = "[" + strings.Join(typed, ", ") + "]"
	}
	return s
}

// typed is what gives an action: its key or, in a picture, its command.
func (m Model) typed(k actionKey) string {
	switch {
	case !m.still:
		return k.key + " " + k.update
	case k.target:
		return fmt.Sprintf("tidegate %s %s TARGET --why TEXT", k.update, m.Name)
	}
	return fmt.Sprintf("tidegate %s %s --why TEXT", k.update, m.Name)
}

// answers are what is typed to answer a sentence of the head.
func (m Model) answers(label string) []string {
	if label == "STOPPED: " {
		return nil
	}
	var all []string
	for _, k := range actionKeys() {
		fit := (k.update == api.ApproveUpdate && m.look.Asks()) || k.update == api.ResumeUpdate
		if label == "HELD: " && !m.look.Asks() && m.look.Paused == "" {
			fit = k.target && k.key != "X"
		}
		if fit && m.campaignMay(k.update) {
			all = append(all, m.typed(k))
		}
	}
	return all
}

// goesOn is what happens without a person, and what keeps those that wait.
func (m Model) goesOn() string {
	s := m.look.Status
	parts := []string{fmt.Sprintf("%s, max concurrent %d", maintenance.Counted(s.Counts.Running, "target runs",
		"targets run"), s.MaxConcurrent)}
	if s.Counts.InProgress() == 0 {
		parts = []string{"Nothing runs"}
	}
	if s.Next.After(m.now) {
		parts = append(parts, fmt.Sprintf("next start in %s (%s)", span(s.Next.Sub(m.now)), instant(s.Next, m.now)))
	}
	var kept []string
	for _, b := range slices.Sorted(maps.Keys(s.Blockers)) {
		kept = append(kept, fmt.Sprintf("%d %s", s.Blockers[b], b))
	}
	if len(kept) > 0 {
		parts = append(parts, "blocked by: "+strings.Join(kept, ", "))
	}
	if named := unavailable(s.Unavailable); named != "" {
		parts = append(parts, "unavailable: "+named)
	}
	return strings.Join(parts, "; ")
}

// unavailable names the first of the targets that no window lets start.
func unavailable(rows []fleet.Row) string {
	const most = 3
	var names []string
	for _, r := range rows[:min(len(rows), most)] {
		names = append(names, fmt.Sprintf("%s (%s)", clean(r.Name), r.Blocker))
	}
	if more := len(rows) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}

// end is how a campaign ended.
func (m Model) end() sentence {
	r, keys := m.look.Result, "[q quit]"
	if m.still {
		keys = ""
	}
	if r == nil {
		return sentence{text: "ENDED without a result: " + clean(m.look.Gone), keys: keys, mood: wrong}
	}
	mood := wrong
	switch r.State {
	case fleet.Completed:
		mood = well
	case fleet.Partial:
		mood = asks
	case fleet.Aborted, fleet.Expired:
	}
	text := fmt.Sprintf("%s after %s, at %s: %s", r.State, span(r.End.Sub(r.Start)), instant(r.End, m.now),
		clean(r.Summary))
	return sentence{text: text, keys: keys, mood: mood}
}
