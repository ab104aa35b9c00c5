package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// printer writes what a command answers, as a table for people, or as JSON or YAML.
type printer struct {
	out   io.Writer
	form  string
	width int // of what it is written for; 0: out's own
}

// print writes data as JSON or YAML, or calls people where it is for them.
func (p printer) print(data any, people func(printer)) error {
	if p.form != outputJSON && p.form != outputYAML {
		people(p)
		return nil
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(data)
	text := b.String()
	if err == nil && p.form == outputYAML {
		text, err = toYAML(b.Bytes())
	}
	if err == nil {
		_, err = io.WriteString(p.out, text)
	}
	if err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func (p printer) linef(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...) //nolint:errcheck // nobody is left to read it
}

// columns is the terminal's width; 0 where the answer goes elsewhere.
func (p printer) columns() int {
	if p.width > 0 {
		return p.width
	}
	file, ok := p.out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}

func clock(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
