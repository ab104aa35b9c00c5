package printer

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// padding stands between columns.
const padding = "  "

// The widths to which a narrow terminal brings the last column, which is wrapped, at
// first and in need; and the first one, which is cut.
const (
	minNote   = 20
	leastNote = 12
	minCell   = 8
)

// Table writes rows under a head. On a terminal it is no wider than that, as far
// as its columns can be made narrower: those that say nothing are left out, texts
// are wrapped, and the first column, which names things, is cut. Where that is not
// enough each row stands in lines of its own. Elsewhere all is there.
func (p Printer) Table(head []string, rows [][]string) {
	all := make([][]string, 0, len(rows)+1)
	for _, cells := range append([][]string{head}, rows...) {
		line := make([]string, len(cells))
		for i, cell := range cells {
			line[i] = Line(cell)
		}
		all = append(all, line)
	}
	var configs []table.ColumnConfig
	if columns := p.Columns(); columns > 0 && total(widths(all)) > columns {
		var fits bool
		if all = telling(all); len(all) > 1 {
			configs, fits = fit(columns, all)
		}
		if !fits {
			p.lines(columns, all)
			return
		}
	}
	w := table.NewWriter()
	w.SetStyle(table.Style{Box: table.BoxStyle{PaddingRight: padding}, Options: table.Options{}})
	for i, cells := range all {
		row := make(table.Row, len(cells))
		for k, cell := range cells {
			row[k] = cell
		}
		if i == 0 {
			w.AppendHeader(row)
			continue
		}
		w.AppendRow(row)
	}
	w.SetColumnConfigs(configs)
	for line := range strings.SplitSeq(w.Render(), "\n") {
		p.Linef("%s", strings.TrimRight(line, " "))
	}
}

// telling are the rows, the head first, without the columns in which nothing
// stands; the first and the last one stay.
func telling(all [][]string) [][]string {
	keep := func(column int) bool {
		says := func(cells []string) bool { return cells[column] != "" && cells[column] != "-" }
		return column == 0 || column == len(all[0])-1 || slices.ContainsFunc(all[1:], says)
	}
	left := make([][]string, len(all))
	for column := range all[0] {
		for i := range all {
			if keep(column) {
				left[i] = append(left[i], all[i][column])
			}
		}
	}
	return left
}

// widths are those of the columns, in a terminal's cells.
func widths(all [][]string) []int {
	wide := make([]int, len(all[0]))
	for _, cells := range all {
		for i, cell := range cells {
			wide[i] = max(wide[i], text.StringWidthWithoutEscSequences(cell))
		}
	}
	return wide
}

// total is the width of a table: nothing is padded after its last column.
func total(wide []int) int {
	sum := len(padding) * (len(wide) - 1)
	for _, w := range wide {
		sum += w
	}
	return sum
}

// fit makes columns narrower until they fit: first the last one, then those that can
// be wrapped, such as times; then the first one is cut, and the last is narrowed
// again. It says so where that is not enough.
func fit(columns int, all [][]string) (configs []table.ColumnConfig, fits bool) {
	wide, words, last := widths(all), widths(longestWords(all)), len(all[0])-1
	give := func(column, least int) {
		wide[column] = max(min(wide[column], least), wide[column]-max(total(wide)-columns, 0))
	}
	give(last, minNote)
	for i := range last {
		give(i, words[i])
	}
	give(0, minCell)
	give(last, leastNote)
	configs = make([]table.ColumnConfig, len(wide))
	for i, w := range wide {
		configs[i] = table.ColumnConfig{Number: i + 1, WidthMax: w, WidthMaxEnforcer: wrap}
	}
	if last > 0 && wide[0] < words[0] {
		configs[0].WidthMaxEnforcer = shorten
	}
	return configs, total(wide) <= columns
}

// lines writes each row in lines of its own, for a terminal on which no table fits:
// what stands in a table's cells is typed next, and is not cut.
func (p Printer) lines(columns int, all [][]string) {
	head := 0
	for _, name := range all[0] {
		head = max(head, text.StringWidthWithoutEscSequences(name))
	}
	indent := strings.Repeat(" ", head+len(padding))
	for n, cells := range all[1:] {
		if n > 0 {
			p.Linef("")
		}
		for i, cell := range cells {
			if cell == "" || cell == "-" {
				continue
			}
			wrapped := wrap(cell, max(columns-len(indent), minCell))
			label := text.Pad(all[0][i], len(indent), ' ')
			for line := range strings.SplitSeq(wrapped, "\n") {
				p.Linef("%s%s", label, line)
				label = indent
			}
		}
	}
}

// longestWords are the longest words of the cells.
func longestWords(all [][]string) [][]string {
	longest := make([][]string, len(all))
	for i, cells := range all {
		for _, cell := range cells {
			words := append(strings.Fields(cell), "")
			longest[i] = append(longest[i], slices.MaxFunc(words, func(a, b string) int {
				return text.StringWidthWithoutEscSequences(a) - text.StringWidthWithoutEscSequences(b)
			}))
		}
	}
	return longest
}

// shorten leaves out the end of what is too long.
func shorten(cell string, width int) string { return text.Snip(cell, width, "…") }

// wrap breaks a text between words, and words that are too long.
func wrap(cell string, width int) string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(cell) {
		if line != "" && text.StringWidthWithoutEscSequences(line+" "+word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
		for text.StringWidthWithoutEscSequences(line) > width {
			head := text.Trim(line, max(width, 2)) // no character is wider
			lines, line = append(lines, head), strings.TrimPrefix(line, head)
		}
	}
	return strings.Join(append(lines, line), "\n")
}

// Section is a table after an empty line; nothing where there are no rows.
func Section[T any](p Printer, list []T, head []string, row func(T) []string) {
	if len(list) == 0 {
		return
	}
	rows := make([][]string, 0, len(list))
	for _, one := range list {
		rows = append(rows, row(one))
	}
	p.Linef("")
	p.Table(head, rows)
}
