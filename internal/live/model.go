package live

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// How often is asked.
const (
	second     = time.Second
	pollSlowly = 10 * time.Second // while a campaign waits, perhaps for weeks
	askEvery   = 5 * time.Second  // runs, lists and details
	// mostRuns is how many targets' own runs are asked for their step.
	mostRuns = 20
	// noteStays is how long an action's answer is shown.
	noteStays = 15 * time.Second
)

// Model is all that the view is made from: Update gives the next one.
type Model struct {
	ctx    context.Context // of the questions, which bubbletea asks without one
	source Source
	Options

	width, height int
	dark          bool
	now           time.Time

	status Status
	seen   bool // status was told
	silent string
	fresh  time.Time                     // when the status was received
	runs   map[string]maintenance.Status // of the targets that are, or were, on the screen
	mute   bool                          // one of them did not answer
	asked  map[question]asked

	chosen  string // gateway of the target that is chosen; empty: none
	filter  filter
	rows    []fleet.Row // of the filter's page
	from    int
	details *details
	form    *form
	help    bool
	note    note

	unanswered  []Action // that are on their way
	still       bool     // it is a picture, at which no key is pressed
	interrupted bool     // the operator has left with ctrl-c
}

// note is an answer that is shown for a while.
type note struct {
	text  string
	bad   bool
	until time.Time
}

// question is what a source is asked.
type question int

const (
	askStatus question = iota
	askRuns
	askRows
	askDetails
)

// asked is when a question was asked last, and whether its answer is still out.
type asked struct {
	at  time.Time
	out bool
}

// New is a model that has not seen its campaign yet.
func New(ctx context.Context, o Options, s Source) Model {
	return Model{
		ctx: ctx, source: s, Options: o, dark: true, now: time.Now(),
		runs: map[string]maintenance.Status{}, asked: make(map[question]asked),
	}
}

// Init starts the clock.
func (m Model) Init() tea.Cmd {
	return tea.Batch(tea.RequestBackgroundColor, func() tea.Msg { return tickMsg(time.Now()) })
}

// Update takes in a message.
func (m Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		m.again(askRows, askDetails)
	case tea.BackgroundColorMsg:
		m.dark = msg.IsDark()
	case tickMsg:
		m.now = time.Time(msg)
		return m.tick()
	case tea.PasteMsg:
		m.form.paste(msg.Content)
	case tea.KeyPressMsg:
		return m.key(msg)
	default:
		m = m.receive(msg)
		if m.status.Ended() && m.Leave {
			return m, tea.Quit
		}
	}
	return m, nil
}

// receive takes in the answer to a question, or to an action.
func (m Model) receive(msg tea.Msg) Model {
	switch msg := msg.(type) {
	case statusMsg:
		return m.receiveStatus(msg)
	case runsMsg:
		return m.receiveRuns(msg)
	case rowsMsg:
		return m.receiveRows(msg)
	case detailsMsg:
		return m.receiveDetails(msg)
	case givenMsg:
		return m.given(msg)
	}
	return m
}

// View is the whole screen.
func (m Model) View() tea.View {
	v := tea.NewView(m.frame())
	v.AltScreen = true
	return v
}

// tick asks what is due, and comes again.
func (m Model) tick() (tea.Model, tea.Cmd) {
	next := tea.Tick(second, func(t time.Time) tea.Msg { return tickMsg(t) })
	m, due := m.ask()
	return m, tea.Batch(next, due)
}

// again has questions asked at the next occasion.
func (m Model) again(all ...question) {
	for _, q := range all {
		m.asked[q] = asked{out: m.asked[q].out}
	}
}
