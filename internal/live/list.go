package live

import (
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// filter is which targets are listed.
type filter int

// The filters, by the keys 0 to 5.
const (
	everything filter = iota // the overview
	ofRunning
	ofWaiting
	ofFailed
	ofDone
	ofSkipped
)

// states are those of the targets that a filter lets through.
func (f filter) states() []fleet.State {
	switch f {
	case ofRunning:
		return []fleet.State{fleet.Armed, fleet.Running, fleet.Held}
	case ofWaiting, everything: // the overview has the others from the status
		return []fleet.State{fleet.Waiting}
	case ofFailed:
		return []fleet.State{fleet.Failed}
	case ofDone:
		return []fleet.State{fleet.Succeeded, fleet.UpToDate}
	case ofSkipped:
		return []fleet.State{fleet.Skipped}
	}
	return nil
}

// stateNames are those states as status takes them.
func (f filter) stateNames() string {
	var names []string
	for _, s := range f.states() {
		names = append(names, string(s))
	}
	return strings.Join(names, ",")
}

// title is how a list of so filtered targets is called.
func (f filter) title() string {
	return []string{"TARGETS", "ACTIVE", "WAITING", "FAILED", "DONE", "SKIPPED"}[f]
}

func (f filter) total(c fleet.Counts) int {
	return []int{c.Total, c.InProgress(), c.Waiting, c.Failed, c.Succeeded + c.UpToDate, c.Skipped}[f]
}

// section is a list on the screen: some rows of all that there are.
type section struct {
	filter filter
	rows   []fleet.Row
	total  int
}

// more is how many are not shown, of those after the first shown.
func (s section) more() int { return s.total - len(s.rows) }

// lines is how high a section is: its head, its rows, what it says of the rest, and
// a line between it and the next one.
func (s section) lines() int {
	switch {
	case s.total == 0:
		return 0
	case len(s.rows) == 0:
		return 2
	case s.more() > 0:
		return 3 + len(s.rows)
	}
	return 2 + len(s.rows)
}

// least is how many lines the lists have, however low the terminal.
const least = 6

// sections are the lists that the screen has room for: on a low one the first that
// is not empty, of those that are asked for soonest.
func (m Model) sections() []section {
	c := m.status.Counts
	if m.filter != everything {
		return []section{{filter: m.filter, rows: m.rows, total: max(m.filter.total(c)-m.from, 0)}}
	}
	all := []section{
		{filter: ofRunning, rows: m.status.Running, total: c.InProgress()},
		{filter: ofFailed, rows: m.status.Failures, total: c.Failed},
		{filter: ofWaiting, rows: m.waitingRows(), total: c.Waiting},
	}
	if m.height < low {
		all = all[:1+max(slices.IndexFunc(all, func(s section) bool { return s.total > 0 }), 0)]
	}
	return share(all, max(m.room(), least))
}

// waitingRows are the targets that wait: those of which it is known when they may
// start, and then, as far as they were asked for, the others.
func (m Model) waitingRows() []fleet.Row {
	rows := slices.Clone(m.status.Upcoming)
	shown := map[string]bool{}
	for _, r := range slices.Concat(rows, m.status.Running, m.status.Failures) {
		shown[r.Gateway] = true
	}
	for _, r := range m.rows {
		if !shown[r.Gateway] && len(rows) < m.status.Counts.Waiting {
			rows = append(rows, r)
		}
	}
	return rows
}

// wantsRows is true where there is room for more targets than the campaign's
// status has.
func (m Model) wantsRows() bool {
	upcoming := len(m.status.Upcoming)
	return m.filter != everything || upcoming < min(m.status.Counts.Waiting,
		m.listHeight()-len(m.status.Running)-len(m.status.Failures))
}

// share gives the lists, one after the other, a row each as long as there is room.
func share(all []section, room int) []section {
	shown := slices.Clone(all)
	for i := range shown {
		shown[i].rows = nil
		room -= shown[i].lines()
	}
	for gave := true; gave; {
		gave = false
		for i := range shown {
			n := len(shown[i].rows)
			if n == len(all[i].rows) {
				continue
			}
			before := shown[i].lines()
			shown[i].rows = all[i].rows[:n+1]
			if room -= shown[i].lines() - before; room < 0 {
				shown[i].rows = all[i].rows[:n]
				return shown
			}
			gave = true
		}
	}
	return shown
}

// visible are the targets on the screen, from above.
func (m Model) visible() []fleet.Row {
	var rows []fleet.Row
	for _, s := range m.sections() {
		rows = append(rows, s.rows...)
	}
	return rows
}

// listHeight is how many rows a filtered list has room for, of its head and foot
// aside.
func (m Model) listHeight() int { return min(max(m.room()-2, least), 200) }

// chosenRow is the target that is chosen; nil: none that is on the screen.
func (m Model) chosenRow() *fleet.Row {
	rows := m.visible()
	if i := m.chosenIndex(rows); i >= 0 {
		return &rows[i]
	}
	return nil
}

func (m Model) chosenIndex(rows []fleet.Row) int {
	return slices.IndexFunc(rows, func(r fleet.Row) bool { return r.Gateway == m.chosen })
}

// move chooses the target so many rows below; above, where by is negative. At the
// end of a page it turns the page.
func (m Model) move(by int) Model {
	rows := m.visible()
	if len(rows) == 0 {
		return m
	}
	at := m.chosenIndex(rows)
	next := at + by
	switch {
	case at < 0 && by < 0:
		next = len(rows) - 1
	case at < 0:
		next = 0
	case m.filter != everything && (next < 0 || next >= len(rows)):
		return m.turn(by)
	}
	m.chosen = rows[(next+len(rows))%len(rows)].Gateway
	return m
}

// turn shows the page after, or before, of a filtered list.
func (m Model) turn(by int) Model {
	height := m.listHeight()
	from := m.from + height
	if by < 0 {
		from = max(m.from-height, 0)
	}
	if m.filter == everything || from == m.from || from >= m.filter.total(m.status.Counts) {
		return m
	}
	m.from, m.chosen = from, ""
	m.again(askRows)
	return m
}

// show lists other targets.
func (m Model) show(f filter) Model {
	m.filter, m.from, m.rows, m.chosen, m.details = f, 0, nil, "", nil
	m.again(askRows)
	return m
}
