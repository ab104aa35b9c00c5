package printer

import (
	"io"
	"strings"
	"time"

	columns "github.com/jedib0t/go-pretty/v6/text"
)

// Screen is where something is followed: lines for what is new, and on a terminal
// one more line below them, drawn again again and again. It has no colours, so
// NO_COLOR finds nothing to leave out.
type Screen struct {
	// Width is the terminal's; 0 where there is none, and nothing is drawn.
	Width int
	// Mute is true once it was said that nobody answers; the next answer resets it.
	Mute bool
	out  io.Writer
}

// NewScreen is one on out.
func NewScreen(out io.Writer) Screen {
	s := Screen{out: out}
	if Moves(out) {
		s.Width = Printer{Out: out}.Columns()
	}
	return s
}

// ClockForm is how a line prints the time.
const ClockForm = "15:04:05Z"

// Line writes a line, with the time; further lines of its text stand below it.
func (s *Screen) Line(text string) {
	s.Close()
	text = strings.ReplaceAll(Lines(text), "\n", "\n"+strings.Repeat(" ", len(ClockForm)+2))
	s.write(time.Now().UTC().Format(ClockForm) + "  " + text + "\n")
}

// Silent says once that a run does not answer.
func (s *Screen) Silent(text string) {
	if !s.Mute {
		s.Mute = true
		s.Line(text)
	}
}

// eraseLine goes to the line's start and empties the line (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

// Draw draws the last line of a terminal again.
func (s *Screen) Draw(text string) {
	if s.Width == 0 || text == "" {
		return
	}
	s.write(eraseLine + columns.Trim(Line(text), s.Width-1)) // a longer one could not be erased
}

// Close takes the last line of a terminal away.
func (s *Screen) Close() {
	if s.Width > 0 {
		s.write(eraseLine)
	}
}

func (s *Screen) write(text string) {
	_, _ = io.WriteString(s.out, text) // nobody is left to read it
}
