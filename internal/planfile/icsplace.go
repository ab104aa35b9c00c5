package planfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	ical "github.com/arran4/golang-ical"
)

// lines is a text that a parser reads a byte at a time, so that it is known how
// far it came: golang-ical does not count the lines inside of components.
type lines struct {
	text []byte
	at   int
}

// Read is io.Reader's.
func (l *lines) Read(p []byte) (int, error) {
	if l.at == len(l.text) {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 1)], l.text[l.at:])
	l.at += n
	return n, nil
}

// last is the line that was read last, from 1. The parser looks one byte ahead,
// to see whether the line goes on.
func (l *lines) last() int {
	read := l.text[:l.at]
	if l.at < len(l.text) && !bytes.HasSuffix(read, []byte("\n")) {
		read = read[:max(0, len(read)-1)]
	}
	return 1 + bytes.Count(bytes.TrimRight(read, "\r\n"), []byte("\n"))
}

// refusal is why the parser reads no further.
func (l *lines) refusal(err error) error {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	why := err.Error()
	if strings.HasPrefix(why, "parsing ") { // with a number that is not the line's
		why = "there is no property"
	}
	return fmt.Errorf("line %d: it is no iCalendar file: %s", l.last(), why)
}

// eventLines are the lines on which a calendar's events begin, in their order. The
// calendar is one that was parsed, and so its components are nested as they should.
func eventLines(text []byte) []int {
	var begin []int
	source := &lines{text: text}
	stream := ical.NewCalendarStream(source)
	depth := 0
	for {
		line, end := stream.ReadLine()
		if line != nil {
			p, err := ical.ParseProperty(*line)
			switch {
			case err != nil || p == nil:
			case p.IANAToken == "BEGIN":
				if depth == 1 && p.Value == string(ical.ComponentVEvent) {
					begin = append(begin, source.last())
				}
				depth++
			case p.IANAToken == "END":
				depth--
			}
		}
		if end != nil {
			return begin
		}
	}
}

// wrongs are what is wrong with a calendar's events, each at its line.
type wrongs struct {
	lines []int // of the events
	all   []string
}

// add takes in what is wrong with an event, which may be nothing.
func (w *wrongs) add(number int, reason string, err error) {
	if err == nil {
		return
	}
	at := ""
	if number < len(w.lines) {
		at = fmt.Sprintf("line %d: ", w.lines[number])
	}
	w.all = append(w.all, fmt.Sprintf("%sevent %q: %v", at, reason, err))
}

// err is the first few of them; nil where there is none.
func (w *wrongs) err() error {
	const most = 5
	if len(w.all) == 0 {
		return nil
	}
	told := w.all
	if len(told) > most {
		told = append(slices.Clone(told[:most]), fmt.Sprintf("and %d more events", len(told)-most))
	}
	return errors.New(strings.Join(told, "; "))
}
