package live

import (
	"slices"
	"strings"

	"charm.land/lipgloss/v2"
)

// column is one of a table. The last one of a table takes what is left of the
// width.
type column struct {
	title string
	// keep is how long it stays where the terminal is too narrow for all: the
	// column with the least goes first.
	keep int
}

// cell is a text with its look.
type cell struct {
	text  string
	style lipgloss.Style
}

const (
	gap       = 2  // between columns
	markWidth = 2  // before the first one, for the target that is chosen
	mostCell  = 28 // of all columns but the last
	lastShare = 3  // the last one gets this part of the width, before others stay
)

// table writes rows under their titles, each a line of at most so many columns.
// chosen is the index of the marked row; negative: none.
func (t theme) table(width int, columns []column, rows [][]cell, chosen int) []string {
	columns, rows = slices.Clone(columns), slices.Clone(rows)
	widths := widthsOf(columns, rows)
	for len(columns) > 1 && overflows(width, widths) {
		i := cheapest(columns)
		columns, widths = slices.Delete(columns, i, i+1), slices.Delete(widths, i, i+1)
		for n := range rows {
			rows[n] = slices.Delete(slices.Clone(rows[n]), i, i+1)
		}
	}
	used := markWidth
	for _, w := range widths[:len(widths)-1] {
		used += w + gap
	}
	widths[len(widths)-1] = max(width-used, 1)
	titles := make([]cell, len(columns))
	for i, c := range columns {
		titles[i] = cell{c.title, t.faint}
	}
	lines := []string{row("  ", titles, widths)}
	for i, cells := range rows {
		mark := "  "
		if i == chosen {
			mark = t.info.Bold(true).Render("▸ ")
			cells = slices.Clone(cells)
			cells[0].style = t.info.Bold(true)
		}
		lines = append(lines, row(mark, cells, widths))
	}
	return lines
}

func widthsOf(columns []column, rows [][]cell) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		widths[i] = lipgloss.Width(c.title)
		for _, cells := range rows {
			widths[i] = max(widths[i], min(lipgloss.Width(cells[i].text), mostCell))
		}
	}
	return widths
}

// overflows is true where the columns do not fit, of which the last one may be
// short.
func overflows(width int, widths []int) bool {
	last := len(widths) - 1
	used := markWidth + min(widths[last], width/lastShare)
	for _, w := range widths[:last] {
		used += w + gap
	}
	return used > width
}

func cheapest(columns []column) int {
	least := 0
	for i, c := range columns {
		if c.keep < columns[least].keep {
			least = i
		}
	}
	return least
}

func row(mark string, cells []cell, widths []int) string {
	var b strings.Builder
	b.WriteString(mark)
	for i, c := range cells {
		text := cut(c.text, widths[i])
		b.WriteString(c.style.Render(text))
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", max(widths[i]-lipgloss.Width(text), 0)+gap))
		}
	}
	return strings.TrimRight(b.String(), " ")
}
