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

// severity is how urgent a message is.
type severity int

const (
	neutral severity = iota
	success
	attention // a person may have to act
	failure
)

// message is one message of the head.
type message struct {
	text     string
	severity severity
	keys     string // that answer it; they are never cut off
	// commands answer it too, each on lines of its own: it can be copied.
	commands []string
	most     int // lines; 0: as many as its severity allows
}

func (s message) style(t theme) lipgloss.Style {
	return []lipgloss.Style{t.plain, t.good, t.warn, t.bad}[s.severity]
}

// lines are the message on a screen of such a size: where it is too long for its
// lines, what it says is cut, and not what answers it.
func (s message) lines(width, height int) []string {
	lines := s.words(width, height)
	for _, command := range s.commands {
		for _, text := range wrap(command, width-2, 4) {
			lines = append(lines, "  "+text)
		}
	}
	return lines
}

// words are the message and its keys.
func (s message) words(width, height int) []string {
	most := cmp.Or(s.most, 4)
	switch {
	case s.most == 0 && height < low && s.severity == neutral:
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

// messages are the state in words: what a person has to answer, with the key for it,
// else what goes on by itself.
func (m Model) messages() []message {
	var all []message
	if text := m.silence(); text != "" {
		all = append(all, message{text: text, severity: failure})
	}
	if !m.seen {
		if m.silent == "" {
			all = append(all, message{text: "Waiting for the campaign's status."})
		}
		return all
	}
	if m.status.Ended() {
		return append(append(all, m.end()), m.undelivered()...)
	}
	s := m.status.Status
	for _, one := range []struct {
		label, text string
		severity    severity
	}{
		{"HELD: ", needs(s), failure},
		{"PAUSED by ", unless(needs(s), s.Paused), attention},
		{"STOPPED: ", s.Stopped, failure},
	} {
		if one.text != "" {
			all = append(all, m.offer(message{text: one.label + clean(one.text), severity: one.severity}, m.answers(one.label)))
		}
	}
	all = append(all, m.stuck()...)
	all = append(all, m.approval()...)
	all = append(all, m.undelivered()...)
	all = append(all, m.warned()...)
	if s.Phase == fleet.Discovering {
		return append(all, message{text: "Discovering the fleet: " + clean(s.Doing)})
	}
	return append(all, message{text: m.activity()})
}

// warned says what the plan file was warned about, of several the first: status has all.
func (m Model) warned() []message {
	all := m.status.Warnings
	if len(all) == 0 {
		return nil
	}
	label := "PLAN WARNING: "
	if len(all) > 1 {
		label = fmt.Sprintf("PLAN WARNING, the first of %d (tidegate status %s has all): ", len(all), m.Name)
	}
	return []message{{text: label + clean(all[0]), severity: attention, most: 2}}
}

// overdue is after how long an answer that is still awaited is missed.
const overdue = 3 * time.Second

// silence says that the campaign does not answer, and how old what is shown is.
func (m Model) silence() string {
	status := m.asked[askStatus]
	awaited := m.seen && status.out && m.now.Sub(status.at) >= overdue
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
func (m Model) undelivered() []message {
	notices := m.status.Notices
	if m.status.Result != nil {
		notices = m.status.Result.Undelivered
	}
	notices = slices.DeleteFunc(slices.Clone(notices), func(n fleet.Notice) bool { return !n.State.Lost() })
	if len(notices) == 0 {
		return nil
	}
	n, label := notices[len(notices)-1], "NOT DELIVERED: "
	if n.State == fleet.NoticeUnknown {
		label = "DELIVERY UNKNOWN: "
	}
	text := fmt.Sprintf("%s%s to %s at %s", label, n.Event, clean(n.Channel), clockTime(n.At, m.now))
	if len(notices) > 1 {
		text += fmt.Sprintf(" and %d more", len(notices)-1)
	}
	return []message{{text: text + " (" + clean(n.Why) + ")", severity: attention, most: 1}}
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
func (m Model) stuck() []message {
	held := m.status.HeldRows()
	if len(held) == 0 {
		return nil
	}
	text := "HELD: " + clean(held[0].Name)
	if len(held) > 1 {
		text += fmt.Sprintf(" and %d more", len(held)-1)
	}
	return []message{m.offer(message{text: text + " (" + clean(held[0].Note) + ")", severity: failure}, m.releases(held))}
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
	held := m.status.HeldRows()
	return len(held) > 0 && held[0].Gateway == r.Gateway
}

// approval says which approval the campaign needs next: how many of how many were given,
// who may not give it, and until when.
func (m Model) approval() []message {
	a := m.status.Approval
	if a == nil {
		return nil
	}
	label := "APPROVAL of " + a.Subject() + ": "
	if !a.AskFrom.IsZero() {
		text := fmt.Sprintf("%s%s; asked for in %s (%s)", label, clean(a.Tally()), span(a.AskFrom.Sub(m.now)),
			clockTime(a.AskFrom, m.now))
		return []message{{text: text, most: 1}}
	}
	s := message{text: label + clean(a.Details()) + "; for " + clean(a.TargetsText())}
	if !m.status.Asks() {
		return []message{s}
	}
	s.severity = attention
	if m.status.Held == "" { // else that is offered already
		s = m.offer(s, m.answers("APPROVAL"))
	}
	return []message{s}
}

// unless is a text, where another is empty that says the same and more.
func unless(other, text string) string {
	if strings.Contains(other, text) {
		return ""
	}
	return text
}

// offer adds to a message what answers it: keys or, in a picture, commands.
func (m Model) offer(s message, typed []string) message {
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

// answers are what is typed to answer a message of the head.
func (m Model) answers(label string) []string {
	if label == "STOPPED: " {
		return nil
	}
	var all []string
	for _, k := range actionKeys() {
		fit := (k.update == api.ApproveUpdate && m.status.Asks()) || k.update == api.ResumeUpdate
		if label == "HELD: " && !m.status.Asks() && m.status.Paused == "" {
			fit = k.target && k.key != "X"
		}
		if fit && m.campaignMay(k.update) {
			all = append(all, m.typed(k))
		}
	}
	return all
}

// activity is what happens without a person, and what keeps those that wait.
func (m Model) activity() string {
	s := m.status.Status
	parts := []string{fmt.Sprintf("%s, max concurrent %d", maintenance.Counted(s.Counts.Running, "target runs",
		"targets run"), s.MaxConcurrent)}
	if s.Counts.Armed > 0 {
		parts = append(parts, maintenance.Counted(s.Counts.Armed, "is armed", "are armed"))
	}
	if s.Counts.InProgress() == 0 {
		parts = []string{"Nothing runs"}
	}
	if s.Next.After(m.now) {
		parts = append(parts, fmt.Sprintf("next start in %s (%s)", span(s.Next.Sub(m.now)), clockTime(s.Next, m.now)))
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
func (m Model) end() message {
	r, keys := m.status.Result, "[q quit]"
	if m.still {
		keys = ""
	}
	if r == nil {
		return message{text: "ENDED without a result: " + clean(m.status.Gone), keys: keys, severity: failure}
	}
	severity := failure
	switch r.State {
	case fleet.Completed:
		severity = success
	case fleet.Partial:
		severity = attention
	case fleet.Aborted, fleet.Expired:
	}
	text := fmt.Sprintf("%s after %s, at %s: %s", r.State, span(r.End.Sub(r.Start)), clockTime(r.End, m.now),
		clean(r.Summary))
	return message{text: text, keys: keys, severity: severity}
}
