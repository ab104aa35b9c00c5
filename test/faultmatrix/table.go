package faultmatrix

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
)

// Markdown has all cells and scenarios with what is promised of each, as docs/reliability.md shows them.
func Markdown() string {
	var b strings.Builder
	cells := Cells()
	fmt.Fprintf(&b, "### One call fails\n\n%d calls, %d kinds of faults, **%d cells**.\n\n%s.\n\n",
		len(Calls()), len(fault.Kinds()), len(cells), answers(cells))
	b.WriteString(Matrix(Cell.Text))
	for _, group := range []struct {
		title     string
		scenarios []Scenario
	}{
		{"A call fails every time", Relentless()},
		{"The clouds misbehave", Misfortunes()},
		{"Nothing goes wrong", Plays()},
	} {
		fmt.Fprintf(&b, "\n### %s\n\n%d scenarios.\n\n| what happens | the run ends | the clouds' ledger then holds |\n|---|---|---|\n", group.title, len(group.scenarios))
		for _, s := range group.scenarios {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", s.Name, s.Promise.end(), s.Promise.list())
		}
	}
	return b.String()
}

// answers counts the cells by how a run handles them.
func answers(cells []Cell) string {
	counts := make(map[Answer]int)
	for _, c := range cells {
		counts[c.Answer()]++
	}
	return fmt.Sprintf("In %d the call is retried, in %d its outcome is polled first, in %d the call is refused",
		counts[Retries], counts[Polls], counts[Ends])
}

// Text of a cell: how the run goes on, or how it ends.
func (c Cell) Text() string {
	if c.Answer() == Ends {
		return c.Call.Refused.end()
	}
	return string(c.Answer())
}

// end is the end state, with the quarantine.
func (p Promise) end() string {
	if p.Quarantined {
		return string(p.End) + " (q)"
	}
	return string(p.End)
}

func (p Promise) list() string {
	if len(p.Effects) == 0 {
		return "nothing"
	}
	var words []string
	for _, e := range p.Effects {
		words = append(words, string(e))
	}
	return strings.Join(words, ", ")
}

// Matrix is the calls times the kinds of faults as a Markdown table, with the
// text of each cell.
func Matrix(text func(Cell) string) string {
	var b strings.Builder
	b.WriteString("| call | what for |")
	for _, kind := range fault.Kinds() {
		fmt.Fprintf(&b, " %s |", kind.Kind)
	}
	fmt.Fprintf(&b, " after a refusal, the clouds' ledger holds |\n%s\n", strings.Repeat("|---", len(fault.Kinds())+3)+"|")
	cells := Cells()
	for _, call := range Calls() {
		fmt.Fprintf(&b, "| %s | %s |", strings.SplitAfter(call.Operation, ":")[1], call.For)
		for _, kind := range fault.Kinds() {
			at := slices.IndexFunc(cells, func(c Cell) bool { return c.Kind.Kind == kind.Kind && c.Call.String() == call.String() })
			if at < 0 {
				b.WriteString(" |")
				continue
			}
			fmt.Fprintf(&b, " %s |", text(cells[at]))
		}
		fmt.Fprintf(&b, " %s |\n", call.Refused.list())
	}
	return b.String()
}
