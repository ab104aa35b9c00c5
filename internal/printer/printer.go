// Package printer prints tables for people, JSON and YAML for programs, and the lines of something
// that is followed. It knows no workflow. Start at Printer.
package printer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"golang.org/x/term"
)

// The forms of an answer.
const (
	FormTable = "table"
	FormJSON  = "json"
	FormYAML  = "yaml"

	// Forms names them, for people.
	Forms = "table, json or yaml"
)

// Printer writes what a command answers, as a table for people, or as JSON or YAML.
type Printer struct {
	Out   io.Writer
	Form  string // one of the forms; a table where it is none
	Width int    // of what it is written for, in columns; 0: Out's own
}

// Print writes data as JSON or YAML, or calls people where it is for them.
func (p Printer) Print(data any, people func(Printer)) error {
	if p.Form != FormJSON && p.Form != FormYAML {
		people(p)
		return nil
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(data)
	text := b.String()
	if err == nil && p.Form == FormYAML {
		text, err = YAML(b.Bytes())
	}
	if err == nil {
		_, err = io.WriteString(p.Out, text)
	}
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// Linef writes one line for people; see Line.
func (p Printer) Linef(format string, args ...any) {
	fmt.Fprintln(p.Out, Line(fmt.Sprintf(format, args...))) //nolint:errcheck // nobody is left to read it
}

// Columns is the terminal's width; 0 where the answer goes elsewhere.
func (p Printer) Columns() int {
	if p.Width > 0 {
		return p.Width
	}
	file, ok := fileOf(p.Out)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// Clock is a time in UTC, to the second; a dash for none.
func Clock(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// ClockOrDash is Clock of a time that may be zero, which is none.
func ClockOrDash(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return Clock(&t)
}
