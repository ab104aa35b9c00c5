package demo

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// nameWidth is that of the column of names.
const nameWidth = 14

// lines writes one line for each thing that happened to the campaign or a
// target, with the time since the demo's start.
type lines struct {
	out   io.Writer
	start time.Time
	said  map[string]string // of the campaign, by what it is about
	last  map[string]maintenance.Status
}

func (l *lines) update(m observation, now time.Time) {
	c := m.campaign
	l.say("campaign", c.Doing, now)
	if a := c.Approval; a != nil {
		l.say("approval", a.Short(), now)
	}
	for _, w := range c.Waves {
		if w.State == fleet.WaveWaiting {
			continue // for its turn
		}
		l.say(fmt.Sprintf("wave %d", w.Wave), w.State, now)
	}
	l.say("waiting", keeps(c), now)
	for _, name := range slices.Sorted(maps.Keys(m.runs)) {
		for _, text := range news(l.last[name], m.runs[name], now) {
			l.write(name, text, now)
		}
		l.last[name] = m.runs[name]
	}
	if c.Result != nil {
		l.say("campaign", string(c.Result.State)+". "+c.Result.Summary, now)
	}
}

func (l *lines) close() {}

// say writes what is said of a thing, where it is not what was said last.
func (l *lines) say(of, text string, now time.Time) {
	if l.said[of] == text {
		return
	}
	l.said[of] = text
	if text != "" {
		l.write(of, text, now)
	}
}

func (l *lines) write(of, text string, now time.Time) {
	_, _ = fmt.Fprintf(l.out, "%6.1fs  %-*s %s\n", now.Sub(l.start).Seconds(), nameWidth, of, strings.ReplaceAll(text, "\n", "; ")) // a closed pipe does not stop the campaign
}

// keeps names what keeps the targets that wait.
func keeps(c fleet.Status) string {
	text := ""
	for _, blocker := range slices.Sorted(maps.Keys(c.Blockers)) {
		if text != "" {
			text += ", "
		}
		text += string(blocker)
	}
	return text
}

// news is what a status says that the one before did not.
func news(before, after maintenance.Status, now time.Time) []string {
	var texts []string
	for _, d := range after.Decisions[min(len(before.Decisions), len(after.Decisions)):] {
		texts = append(texts, fmt.Sprintf("%s: %s", who(d), d.Why))
	}
	texts = append(texts, newlySettled(before.Ledger, after.Ledger)...)
	texts = append(texts, newlyEnded(before.Steps, after.Steps)...)
	if waits(after) && (after.Blocker != before.Blocker || after.Reason != before.Reason) {
		texts = append(texts, fmt.Sprintf("%s waits (%s): %s%s", place(after.Step), after.Blocker, after.Reason,
			in(after.Next, now)))
	}
	if after.Result != nil && before.Result == nil {
		texts = append(texts, fmt.Sprintf("%s. %s", after.Result.State, after.Result.Summary))
	}
	return texts
}

func newlySettled(before, after []maintenance.Change) []string {
	var texts []string
	for i, c := range after {
		if settled(c.State) && (i >= len(before) || before[i].State != c.State) {
			texts = append(texts, fmt.Sprintf("%s: %s", c.State, c.What))
		}
	}
	return texts
}

func newlyEnded(before, after []maintenance.StepReport) []string {
	var texts []string
	for i, step := range after {
		if over(step.State) && (i >= len(before) || !over(before[i].State)) {
			texts = append(texts, fmt.Sprintf("%s %s: %s", place(step.Step), step.State, step.Note))
		}
	}
	return texts
}

// settled is true for the ends of a compensation.
func settled(s maintenance.ChangeState) bool {
	return s == maintenance.ChangeTakenBack || s == maintenance.ChangeStuck || s == maintenance.ChangeExpires
}

func in(next *time.Time, now time.Time) string {
	if next == nil {
		return ""
	}
	return "; in " + countdown(next.Sub(now))
}
