package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	barWidth  = 12
	redraw    = 250 * time.Millisecond
	minimum   = 40  // of a message, on a narrow terminal
	maximum   = 110 // of a message, on a wide one
	nameWidth = 14
)

// bars draws one bar for each target, in place. go-pretty leaves colour out by
// itself under NO_COLOR.
type bars struct {
	out      io.Writer
	fleet    []member
	trackers []*progress.Tracker
	drawn    chan struct{} // closed when the last frame is drawn
}

func newBars(out io.Writer, fleet []member, width int) *bars {
	b := &bars{out: out, fleet: fleet, drawn: make(chan struct{})}
	writer := progress.NewWriter()
	writer.SetOutputWriter(out)
	writer.SetAutoStop(true)
	writer.SetUpdateFrequency(redraw)
	writer.SetSortBy(progress.SortByIndex)
	writer.SetTrackerPosition(progress.PositionRight)
	writer.SetTrackerLength(barWidth)
	writer.SetMessageLength(min(max(width-barWidth-2, minimum), maximum))
	writer.SetStyle(barStyle())
	for i, m := range fleet {
		tracker := &progress.Tracker{Index: uint64(i), Message: m.line("starts"), Total: int64(len(maintenance.Steps()))}
		b.trackers = append(b.trackers, tracker)
		writer.AppendTracker(tracker)
	}
	go func() {
		defer close(b.drawn)
		writer.Render()
	}()
	return b
}

// barStyle shows message and bar, and keeps the lines in their order. A bar
// that is done is drawn by us, in the place and width of one that is not.
func barStyle() progress.Style {
	style := progress.StyleBlocks
	style.Colors.Tracker = text.Colors{text.FgCyan}
	style.Options.KeepTrackersTogether = true
	style.Options.Separator = ""
	style.Options.DoneString = " " + text.FgGreen.Sprint(filled("█", ""))
	style.Options.ErrorString = " " + text.FgYellow.Sprint(filled("▒", "not all"))
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

func (m member) line(text string) string {
	return fmt.Sprintf("%-*s %s", nameWidth, m.target.Name, text)
}

func (b *bars) update(target int, status maintenance.Status) {
	tracker := b.trackers[target]
	tracker.UpdateMessage(b.fleet[target].line(headline(status, time.Now())))
	ended := 0
	for _, step := range status.Steps {
		if over(step.State) {
			ended++
		}
	}
	switch {
	case status.Result == nil:
		// A run may have taken its last step without having its record yet.
		tracker.SetValue(int64(min(ended, len(status.Steps)-1)))
	case status.Result.State == maintenance.StateCompleted:
		tracker.MarkAsDone()
	default:
		tracker.MarkAsErrored()
	}
}

// close draws the last frame. The drawing ends when no bar is left to move.
func (b *bars) close() {
	// The ^C that a terminal echoes would shift the frame.
	_, _ = fmt.Fprint(b.out, "\r"+text.EraseLine.Sprint()) //nolint:errcheck // see printer
	for _, tracker := range b.trackers {
		tracker.MarkAsErrored() // those that are not done
	}
	<-b.drawn
}
