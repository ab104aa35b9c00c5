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
	// most is true for a last one that gets half the width before others stay.
	most bool
}

// cell is a text with its style.
type cell struct {
	text  string
	style lipgloss.Style
}

const (
	gap         = 2  // between columns
	markWidth   = 2  // before the first one, for the target that is chosen
	mostCell    = 28 // of all columns but the first and the last
	othersWidth = 18 // what the first one leaves to the others
	lastShare   = 3  // the last one gets this part of the width before others stay, if it is not most
)

// table writes rows under their titles, each a line of at most so many columns. The
// first column is the name that an operator types next: the others give way to it.
// chosen is the index of the marked row; negative: none.
func (t theme) table(width int, columns []column, rows [][]cell, chosen int) []string {
	columns, rows = slices.Clone(columns), slices.Clone(rows)
	widths := widthsOf(columns, rows)
	widths[0] = min(widths[0], max(width-othersWidth, 1))
	for len(columns) > 2 && overflows(width, widths, columns[len(columns)-1]) {
		i := cheapest(columns, rows)
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
			w := lipgloss.Width(cells[i].text)
			if i > 0 && !c.most {
				w = min(w, mostCell)
			}
			widths[i] = max(widths[i], w)
		}
	}
	return widths
}

// overflows is true where the columns do not fit, of which the last one may be
// short.
func overflows(width int, widths []int, least column) bool {
	last, part := len(widths)-1, lastShare
	if least.most {
		part = 2
	}
	used := markWidth + min(widths[last], width/part)
	for _, w := range widths[:last] {
		used += w + gap
	}
	return used > width
}

// cheapest is the column that goes first: one that says nothing, else the one with
// the least keep.
func cheapest(columns []column, rows [][]cell) int {
	keep := func(i int) int {
		says := slices.ContainsFunc(rows, func(cells []cell) bool { return cells[i].text != "" && cells[i].text != "-" })
		if i > 0 && !says {
			return columns[i].keep - 100
		}
		return columns[i].keep
	}
	least := 0
	for i := range columns {
		if keep(i) < keep(least) {
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
		if i == 0 {
			text = squeeze(c.text, widths[i])
		}
		b.WriteString(c.style.Render(text))
		if i < len(cells)-1 {
			b.WriteString(strings.Repeat(" ", max(widths[i]-lipgloss.Width(text), 0)+gap))
		}
	}
	return strings.TrimRight(b.String(), " ")
}
