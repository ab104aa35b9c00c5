package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// How many rows a status has of each kind.
const (
	shownRunning     = 50
	shownUpcoming    = 20
	shownFailures    = 50
	shownUnavailable = 50
)

// Counts sums the targets up by their states.
func (f Fleet) Counts(now time.Time) Counts {
	var c Counts
	for i := range f.Entries {
		c.add(f.Entries[i].StateAt(now))
	}
	return c
}

func (c *Counts) add(s State) {
	c.Total++
	switch s {
	case Waiting:
		c.Waiting++
	case Armed:
		c.Armed++
	case Running:
		c.Running++
	case Held:
		c.Held++
	case Succeeded:
		c.Succeeded++
	case Failed:
		c.Failed++
	case Skipped:
		c.Skipped++
	case UpToDate:
		c.UpToDate++
	}
}

// WaveLines sums each wave up, in order; a wave that has no target is left out.
func (f Fleet) WaveLines(now time.Time) []WaveLine { return f.survey(now).lines() }

func (b *board) lines() []WaveLine {
	lines := make([]WaveLine, len(b.waves))
	for i := range b.fleet.Entries {
		e := &b.fleet.Entries[i]
		lines[e.Wave].Counts.add(e.StateAt(b.now))
	}
	for n := range lines {
		line := &lines[n]
		line.Wave = n + 1
		line.State = b.waveState(n, line.Counts)
		if line.State == WaveBaking {
			line.Until = b.between.Next
		}
	}
	return slices.DeleteFunc(lines, func(l WaveLine) bool { return l.Counts.Total == 0 })
}

func (b *board) waveState(n int, c Counts) string {
	left, open := b.waves[n].left > 0, n == b.open
	switch {
	case !left && (!open || !b.leftAfter(n)):
		return WaveEnded
	case left && b.all.Blocker == maintenance.BlockedByStop, open && b.overspent():
		return WaveStopped
	case open && b.mayBakeWell():
		return WaveBaking
	case open && b.afterWave():
		return WaveStopped
	case !open, b.unapproved == n+1 && c.InProgress() == 0:
		return WaveWaiting
	}
	return WaveOpen
}

// overspent is true when too many failed, of the open wave or of all.
func (b *board) overspent() bool {
	return b.between.Blocker == maintenance.BlockedByBudget || b.all.Blocker == maintenance.BlockedByBudget
}

// Row is one target as it is shown; w is what keeps it, nil: nothing does.
func (f Fleet) Row(i int, w *Wait, now time.Time) Row { return f.row(i, w, f.pace(), now) }

func (f Fleet) row(i int, w *Wait, p pace, now time.Time) Row {
	e := &f.Entries[i]
	need := p.of(e.Work)
	r := Row{
		Name: e.Name, Gateway: e.Gateway, Wave: e.Wave + 1, State: e.StateAt(now), Schedule: e.Schedule,
		Forecast: maintenance.Duration(need), Attempts: e.Attempts, Note: e.Note,
	}
	switch r.State {
	case Waiting:
		if w != nil {
			r.Blocker, r.Reason, r.Next = w.Blocker, w.Reason, w.Next
		}
		r.UnreadSince, r.ReadAt = e.UnreadSince, e.ReadAt
	case Armed, Running:
		r.Started, r.End = e.Started, e.Started.Add(need)
		if r.State == Armed {
			r.Trigger = e.Trigger
		}
		if e.Check.Name != "" {
			r.Blocker, r.Reason, r.Since, r.Note = maintenance.BlockedByCheck, e.Note, e.Check.Since, ""
			r.Check = e.Check.Name
		}
	case Held:
		r.Started, r.Since, r.Step, r.May = e.Started, e.Hold.Since, e.Hold.Step, e.Hold.Step.Resolutions()
		r.Check = e.Check.Name
	case Succeeded, Failed, Skipped, UpToDate:
		r.Started, r.End = e.Started, e.End
	}
	return r
}

// Rows is a page of the targets, in the plan's order.
func (f Fleet) Rows(turn Turn, page Page, now time.Time) []Row {
	count := min(max(page.Count, 1), 1000)
	from := max(page.From, 0)
	rows, pace, waits := []Row{}, f.pace(), turn.Waits
	for i := range f.Entries {
		for len(waits) > 0 && waits[0].Entry < i {
			waits = waits[1:]
		}
		if !page.matches(&f.Entries[i], now) {
			continue
		}
		if from > 0 {
			from--
			continue
		}
		var w *Wait
		if len(waits) > 0 && waits[0].Entry == i {
			w = &waits[0]
		}
		if rows = append(rows, f.row(i, w, pace, now)); len(rows) == count {
			break
		}
	}
	return rows
}

func (p Page) matches(e *Entry, now time.Time) bool {
	if p.Target != "" && p.Target != e.Name && !strings.EqualFold(p.Target, e.Gateway) {
		return false
	}
	return len(p.States) == 0 || slices.Contains(p.States, e.StateAt(now))
}

// Status fills in what a fleet knows of itself: all but the campaign's name,
// phase, people, decisions and result. What has started or ended since the turn is
// no longer counted as waiting.
func (f Fleet) Status(turn Turn, now time.Time) Status {
	b := f.survey(now)
	s := Status{
		Counts: f.Counts(now), Waves: b.lines(), Paused: f.Life.Paused(), Stopped: f.Life.Stopped(),
		MaxConcurrent: f.Rollout.MaxConcurrent, Measured: f.Measured,
		MaxFailures: f.Rollout.MaxFailures.Within(len(f.Entries)), Closing: f.closing(turn, now),
	}
	s.Held = f.held(s.Counts, turn)
	s.Blockers = f.blockers(turn)
	s.Checks = f.checkLines(b)
	if f.Life.Stopped() == "" {
		s.Approval = b.approval()
	}
	coming := f.coming(turn, now)
	if len(coming) > 0 {
		s.Next = coming[0].Next
	}
	pace := f.pace()
	for i := range coming[:min(len(coming), shownUpcoming)] {
		s.Upcoming = append(s.Upcoming, f.row(coming[i].Entry, &coming[i], pace, now))
	}
	s.Running = f.some(now, State.InProgress, shownRunning, func(a, b Row) int {
		return cmp.Or(heldFirst(a, b), a.End.Compare(b.End))
	})
	s.Failures = f.some(now, func(s State) bool { return s == Failed }, shownFailures, func(a, b Row) int {
		return b.End.Compare(a.End)
	})
	s.Unavailable = f.unavailable(now)
	return s
}

// closing finds the targets that wait in an open window although nothing that lies in their plan or windows keeps them.
func (f Fleet) closing(turn Turn, now time.Time) (c *Closing) {
	windows := map[maintenance.Schedule]maintenance.Window{}
	for _, w := range turn.Waits {
		e := &f.Entries[w.Entry]
		if !f.waits(w.Entry) || meaningOf(w.Blocker).asPlanned || e.Schedule == (maintenance.Schedule{}) {
			continue
		}
		window, known := windows[e.Schedule]
		if !known {
			window = e.Schedule.WindowAt(now, f.Rules.Length)
			windows[e.Schedule] = window
		}
		if !window.Contains(now) {
			continue
		}
		if c == nil {
			c = &Closing{At: window.End}
		}
		c.At, c.Waiting = sooner(c.At, window.End), c.Waiting+1
	}
	return c
}

// blockers counts what waits by what keeps it.
func (f Fleet) blockers(turn Turn) (counts map[maintenance.Blocker]int) {
	for _, w := range turn.Waits {
		if !f.waits(w.Entry) {
			continue
		}
		if counts == nil {
			counts = make(map[maintenance.Blocker]int)
		}
		counts[w.Blocker]++
	}
	return counts
}

// coming is what is known to start some time, soonest first; now, what the turn
// starts.
func (f Fleet) coming(turn Turn, now time.Time) []Wait {
	var coming []Wait
	for _, i := range turn.Start {
		coming = append(coming, Wait{Entry: i, Next: now})
	}
	for _, a := range turn.Arm {
		coming = append(coming, Wait{Entry: a.Entry, Next: a.Started})
	}
	for _, w := range turn.Waits {
		if !w.Next.IsZero() {
			coming = append(coming, w)
		}
	}
	coming = slices.DeleteFunc(coming, func(w Wait) bool { return !f.waits(w.Entry) })
	slices.SortStableFunc(coming, func(a, b Wait) int { return a.Next.Compare(b.Next) })
	return coming
}

// unavailable are the first of the targets that no window lets start, whatever else
// keeps them; those that are only being read come last.
func (f Fleet) unavailable(now time.Time) []Row {
	var rows []Row
	pace := f.pace()
	for i := range f.Entries {
		if e := &f.Entries[i]; e.State == Waiting && e.Bar != maintenance.NotBlocked {
			w := e.bar()
			rows = append(rows, f.row(i, &w, pace, now))
		}
	}
	reading := func(r Row) int {
		if r.Blocker == maintenance.BlockedByReading {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return reading(a) - reading(b) })
	return rows[:min(len(rows), shownUnavailable)]
}

// heldFirst puts those that wait for a person before the others: what is shown is cut
// off, and they must not be.
func heldFirst(a, b Row) int {
	if a.State == b.State {
		return 0
	}
	if a.State == Held {
		return -1
	}
	return 1
}

// some are the first rows of the wanted states, in the order that is given.
func (f Fleet) some(now time.Time, wanted func(State) bool, n int, order func(a, b Row) int) []Row {
	var rows []Row
	pace := f.pace()
	for i := range f.Entries {
		if wanted(f.Entries[i].State) {
			rows = append(rows, f.row(i, nil, pace, now))
		}
	}
	slices.SortStableFunc(rows, order)
	return rows[:min(len(rows), n)]
}
