package show

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// padding stands between columns.
const padding = "  "

// The least widths to which a narrow terminal brings the last column, which is
// wrapped, and another one, which is cut.
const (
	minNote = 20
	minCell = 8
)

// Table writes rows under a head. On a terminal it is no wider than that, as far
// as its columns can be made narrower: those that say nothing are left out, the
// widest ones are cut, and the last one is wrapped. Elsewhere all is there.
func (p Printer) Table(head []string, rows [][]string) {
	all := make([][]string, 0, len(rows)+1)
	for _, cells := range append([][]string{head}, rows...) {
		line := make([]string, len(cells))
		for i, cell := range cells {
			line[i] = strings.ReplaceAll(cell, "\n", "; ")
		}
		all = append(all, line)
	}
	var configs []table.ColumnConfig
	if columns := p.Columns(); columns > 0 && total(widths(all)) > columns {
		all = telling(all)
		configs = fit(columns, widths(all))
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

// fit makes columns narrower until they fit, or cannot be: first the last one,
// then the widest of the others, again and again.
func fit(columns int, wide []int) []table.ColumnConfig {
	last := len(wide) - 1
	give := func(column, least int) {
		wide[column] = max(min(wide[column], least), wide[column]-max(total(wide)-columns, 0))
	}
	give(last, minNote)
	for total(wide) > columns {
		widest := 0
		for i := range wide[:last] {
			if wide[i] > wide[widest] {
				widest = i
			}
		}
		if last == 0 || wide[widest] <= minCell {
			break
		}
		wide[widest]--
	}
	configs := make([]table.ColumnConfig, len(wide))
	for i, w := range wide {
		configs[i] = table.ColumnConfig{Number: i + 1, WidthMax: w, WidthMaxEnforcer: shorten}
	}
	configs[last].WidthMaxEnforcer = wrap
	return configs
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
