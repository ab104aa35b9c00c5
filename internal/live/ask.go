package live

import (
	"cmp"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// The messages: the clock, and the answers to questions.
type (
	tickMsg   time.Time
	statusMsg struct {
		status Status
		err    error
	}
	runsMsg struct {
		runs   map[string]maintenance.Status // by gateway
		silent bool                          // one did not answer, and those after it were not asked
	}
	rowsMsg struct {
		filter filter
		from   int
		rows   []fleet.Row
		err    error
	}
	detailsMsg struct {
		row  fleet.Row // as it is now, where that is known
		text string
		err  error
	}
	givenMsg struct {
		decision maintenance.Decision
		action   Action
		err      error
	}
)

// ask asks what is due.
func (m Model) ask() (Model, tea.Cmd) {
	every := second
	if m.status.Patient(m.now) {
		every = pollSlowly
	}
	var due []tea.Cmd
	add := func(q question, wanted bool, every time.Duration, ask func() tea.Cmd) {
		last := m.asked[q]
		// Half a tick of grace: a tick that comes a moment early is still the one.
		if !wanted || last.out || m.now.Sub(last.at) < every-second/2 {
			return
		}
		m.asked[q] = asked{at: m.now, out: true}
		due = append(due, ask())
	}
	add(askStatus, !m.status.Ended(), every, m.askStatus)
	add(askRuns, m.details == nil && len(m.visibleRuns()) > 0, m.runsEvery(), m.askRuns)
	add(askRows, m.seen && m.details == nil && m.wantsRows(), max(every, askEvery), m.askRows)
	add(askDetails, m.details != nil, askEvery, m.askDetails)
	return m, tea.Batch(due...)
}

// answered notes that a question is no longer out.
func (m Model) answered(q question) Model {
	m.asked[q] = asked{at: m.asked[q].at}
	return m
}

func (m Model) askStatus() tea.Cmd {
	return func() tea.Msg {
		status, err := m.source.Status(m.ctx)
		return statusMsg{status, err}
	}
}

func (m Model) receiveStatus(msg statusMsg) Model {
	m = m.answered(askStatus)
	if msg.err != nil {
		m.silent = clean(maintenance.Plain(msg.err))
		return m
	}
	m.status, m.seen, m.silent, m.fresh = msg.status, true, "", m.now
	return m
}

// visibleRuns are the targets in progress on the screen.
func (m Model) visibleRuns() []fleet.Row {
	var running []fleet.Row
	for _, r := range m.visible() {
		if r.State.InProgress() && len(running) < mostRuns {
			running = append(running, r)
		}
	}
	return running
}

// runsEvery is how soon the visible runs are asked again: sooner where one is new.
func (m Model) runsEvery() time.Duration {
	unknown := func(r fleet.Row) bool {
		_, known := m.runs[r.Gateway]
		return !known
	}
	if !m.mute && slices.ContainsFunc(m.visibleRuns(), unknown) {
		return second
	}
	return askEvery
}

// askRuns asks the visible runs, one after the other, up to the first that does not
// answer: where that is for want of a worker, none of them would.
func (m Model) askRuns() tea.Cmd {
	rows := m.visibleRuns()
	return func() tea.Msg {
		msg := runsMsg{runs: map[string]maintenance.Status{}}
		for _, r := range rows {
			status, err := m.source.Run(m.ctx, r)
			if err != nil {
				msg.silent = true
				break
			}
			msg.runs[r.Gateway] = status
		}
		return msg
	}
}

func (m Model) receiveRuns(msg runsMsg) Model {
	m = m.answered(askRuns)
	m.runs, m.mute = msg.runs, msg.silent
	return m
}

func (m Model) askRows() tea.Cmd {
	f, from := m.filter, m.from
	page := fleet.Page{From: from, Count: m.listHeight(), States: f.states()}
	return func() tea.Msg {
		rows, err := m.source.Rows(m.ctx, page)
		return rowsMsg{f, from, rows, err}
	}
}

func (m Model) receiveRows(msg rowsMsg) Model {
	m = m.answered(askRows)
	switch {
	case msg.filter != m.filter || msg.from != m.from:
		m.again(askRows)
	case msg.err != nil:
		m.note = note{text: clean(maintenance.Plain(msg.err)), bad: true, until: m.now.Add(noteStays)}
	default:
		m.rows = msg.rows
	}
	return m
}

func (m Model) askDetails() tea.Cmd {
	row, columns := m.details.row, m.width
	return func() tea.Msg {
		now, err := m.source.Rows(m.ctx, fleet.Page{Count: 1, Target: row.Gateway})
		if err == nil && len(now) == 1 {
			row = now[0]
		}
		text, err := m.source.Details(m.ctx, row, columns)
		return detailsMsg{row, text, err}
	}
}

func (m Model) receiveDetails(msg detailsMsg) Model {
	m = m.answered(askDetails)
	if m.details == nil || m.details.row.Gateway != msg.row.Gateway {
		m.again(askDetails)
		return m
	}
	d := *m.details
	d.row = msg.row
	if d.text, d.err = cmp.Or(msg.text, d.text), ""; msg.err != nil {
		d.err = clean(maintenance.Plain(msg.err))
	}
	m.details = &d
	return m
}
