package main

import (
	"io"
	"os"
	"strings"
	"time"
)

// screen is where something is followed: lines for what is new, and on a terminal
// one more line below them, drawn anew again and again. It has no colours, so
// NO_COLOR finds nothing to leave out.
type screen struct {
	out   io.Writer
	width int  // of the terminal; 0 where there is none
	mute  bool // it was said that nobody answers
}

func newScreen(out io.Writer) screen {
	s := screen{out: out}
	if os.Getenv("TERM") != "dumb" { // one that is cannot go back in a line
		s.width = printer{out: out}.columns()
	}
	return s
}

const clockForm = "15:04:05Z"

// line writes a line, with the time; further lines of its text stand below it.
func (s *screen) line(text string) {
	s.close()
	text = strings.ReplaceAll(text, "\n", "\n"+strings.Repeat(" ", len(clockForm)+2))
	s.write(time.Now().UTC().Format(clockForm) + "  " + text + "\n")
}

// silent says once that a run does not answer.
func (s *screen) silent(err error) {
	if !s.mute {
		s.mute = true
		s.line(err.Error())
	}
}

// eraseLine goes to the line's begin and empties the line (ECMA-48, EL).
const eraseLine = "\r\x1b[K"

// draw draws the last line of a terminal anew.
func (s *screen) draw(text string) {
	if s.width == 0 || text == "" {
		return
	}
	if runes := []rune(text); len(runes) >= s.width {
		text = string(runes[:s.width-1]) // a longer one could not be erased
	}
	s.write(eraseLine + text)
}

// close takes the last line of a terminal away.
func (s *screen) close() {
	if s.width > 0 {
		s.write(eraseLine)
	}
}

func (s *screen) write(text string) {
	_, _ = io.WriteString(s.out, text) //nolint:errcheck // nobody is left to read it
}
