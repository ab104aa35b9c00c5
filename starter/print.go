package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
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

// padding stands between columns.
const padding = "  "

// table writes rows under a head. On a terminal they are wrapped to its width.
func (p printer) table(head []string, rows [][]string) {
	w := table.NewWriter()
	w.SetStyle(table.Style{
		Box:     table.BoxStyle{PaddingRight: padding},
		Options: table.Options{},
	})
	row := func(cells []string) table.Row {
		r := make(table.Row, len(cells))
		for i, cell := range cells {
			r[i] = strings.ReplaceAll(cell, "\n", "; ")
		}
		return r
	}
	w.AppendHeader(row(head))
	for _, cells := range rows {
		w.AppendRow(row(cells))
	}
	w.SetColumnConfigs(fit(p.columns(), append(rows, head)))
	for line := range strings.SplitSeq(w.Render(), "\n") {
		p.linef("%s", strings.TrimRight(line, " "))
	}
}

// minNote is the least width at which wrapping the last column helps.
const minNote = 20

// fit has the columns wrapped where a terminal is too narrow for them: none of
// them takes more than half of it, and the last one what is left.
func fit(columns int, rows [][]string) []table.ColumnConfig {
	if columns == 0 {
		return nil
	}
	last := len(rows[0]) - 1
	left := columns
	var configs []table.ColumnConfig
	for i := range last {
		width := 0
		for _, cells := range rows {
			width = max(width, len(cells[i]))
		}
		width = min(width, columns/2)
		left -= width + len(padding)
		configs = append(configs, table.ColumnConfig{Number: i + 1, WidthMax: width, WidthMaxEnforcer: wrap})
	}
	return append(configs, table.ColumnConfig{Number: last + 1, WidthMax: max(left-len(padding), minNote), WidthMaxEnforcer: wrap})
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

// wrap breaks a text between words.
func wrap(text string, width int) string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return strings.Join(append(lines, line), "\n")
}

func clock(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
