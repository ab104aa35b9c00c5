package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

const (
	barWidth  = 24
	redraw    = 250 * time.Millisecond
	minimum   = 40  // of a bar's message, on a narrow terminal
	maximum   = 80  // of a bar's message, on a wide one
	fewest    = 8   // lines below the bars, on a low terminal
	longest   = 140 // of such a line
	nameWidth = 14
)

// bars draws one bar for each wave, in place, and below them what runs, what
// waits and what failed. go-pretty leaves colour out by itself under NO_COLOR.
type bars struct {
	out    io.Writer
	writer progress.Writer
	waves  []*progress.Tracker
	width  int           // of the terminal
	room   int           // lines below the bars
	drawn  chan struct{} // closed when the last frame is drawn
}

func newBars(out io.Writer, targets []member, width, height int) *bars {
	b := &bars{out: out, writer: progress.NewWriter(), width: min(width, longest), drawn: make(chan struct{})}
	b.writer.SetOutputWriter(out)
	b.writer.SetAutoStop(true)
	b.writer.SetUpdateFrequency(redraw)
	b.writer.SetSortBy(progress.SortByIndex)
	b.writer.SetTrackerPosition(progress.PositionRight)
	b.writer.SetTrackerLength(barWidth)
	b.writer.SetMessageLength(min(max(width-barWidth-4, minimum), maximum))
	b.writer.SetStyle(barStyle())
	for i, size := range waveSizes(targets) {
		tracker := &progress.Tracker{Index: uint64(i), Message: fmt.Sprintf("wave %d", i+1), Total: int64(size)}
		b.waves = append(b.waves, tracker)
		b.writer.AppendTracker(tracker)
	}
	b.room = max(height-len(b.waves)-2, fewest)
	go func() {
		defer close(b.drawn)
		b.writer.Render()
	}()
	return b
}

func waveSizes(targets []member) (sizes []int) {
	for _, m := range targets {
		for len(sizes) < m.wave {
			sizes = append(sizes, 0)
		}
		sizes[m.wave-1]++
	}
	return sizes
}

// barStyle shows message and bar, and keeps the bars in their order. A bar that
// is done is drawn by us, in the place and width of one that is not.
func barStyle() progress.Style {
	style := progress.StyleBlocks
	style.Colors.Tracker = text.Colors{text.FgCyan}
	style.Colors.Pinned = nil
	style.Options.KeepTrackersTogether = true
	style.Options.Separator = ""
	style.Options.DoneString = " " + text.FgGreen.Sprint(filled("█", ""))
	style.Options.ErrorString = " " + text.FgYellow.Sprint(filled("▒", " not all "))
	style.Visibility.Percentage = false
	style.Visibility.Time = false
	style.Visibility.Value = false
	return style
}

// filled is a bar of one character with a label in its middle.
func filled(char, label string) string {
	rest := barWidth - 2 - len(label)
	return "║" + strings.Repeat(char, rest/2) + label + strings.Repeat(char, rest-rest/2) + "║"
}

func (b *bars) update(m moment, now time.Time) {
	below := details(m, now)
	if len(below) > b.room {
		below = append(below[:b.room-1], fmt.Sprintf("and %d more lines", len(below)-b.room+1))
	}
	for i, line := range below {
		below[i] = text.Snip(line, b.width, "…")
	}
	b.writer.SetPinnedMessages(below...)
	for _, w := range m.campaign.Waves {
		b.wave(w)
	}
}

func (b *bars) wave(w fleet.WaveLine) {
	tracker := b.waves[w.Wave-1]
	c := w.Counts
	ended := c.Total - c.Waiting - c.Running
	tracker.UpdateMessage(fmt.Sprintf("wave %d  %-7s %2d/%d ended, %d running", w.Wave, w.State, ended, c.Total, c.Running))
	switch {
	case w.State != fleet.WaveEnded && w.State != fleet.WaveBaking:
		tracker.SetValue(min(int64(ended), tracker.Total-1)) // not done before the campaign says so
	case c.Failed > 0:
		tracker.MarkAsErrored()
	default:
		tracker.MarkAsDone()
	}
}

// details are the lines below the bars.
func details(m moment, now time.Time) []string {
	c := m.campaign
	below := []string{""}
	if c.Doing != "" {
		below = append(below, label("gathering")+c.Doing)
	}
	if c.Asks != "" {
		below = append(below, label("approval")+c.Asks)
	}
	for _, row := range c.Running {
		below = append(below, label(row.Name)+headline(m.runs[row.Name], now))
	}
	for _, blocker := range slices.Sorted(maps.Keys(c.Blockers)) {
		below = append(below, label(fmt.Sprintf("%d wait", c.Blockers[blocker]))+string(blocker)+until(c.Upcoming, blocker, now))
	}
	for _, row := range c.Failures {
		below = append(below, label(row.Name)+"FAILED  "+row.Note)
	}
	return below
}

func label(name string) string { return fmt.Sprintf("%-*s ", nameWidth, name) }

// until is when the first of those that a blocker keeps may begin, where that is
// known.
func until(rows []fleet.Row, blocker maintenance.Blocker, now time.Time) string {
	for _, row := range rows {
		if row.Blocker == blocker && row.Next.After(now) {
			return ", the first may begin in " + countdown(row.Next.Sub(now))
		}
	}
	return ""
}

// close draws the last frame. The drawing ends when no bar is left to move.
func (b *bars) close() {
	// The ^C that a terminal echoes would shift the frame.
	_, _ = fmt.Fprint(b.out, "\r"+text.EraseLine.Sprint()) //nolint:errcheck // see printer
	for _, tracker := range b.waves {
		if !tracker.IsDone() {
			tracker.MarkAsErrored()
		}
	}
	<-b.drawn
}
