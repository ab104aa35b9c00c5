package printer_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/tidegate/tidegate/internal/printer"
)

var heads = []string{"TARGET", "GATEWAY", "WAVE", "STATE", "STARTED", "END", "NEXT", "BLOCKER", "NOTE"}

func targetRows() [][]string {
	return [][]string{
		{
			"payments-storage-frankfurt-1", "sgw-12A3456B", "2", "waiting", "-", "-", "2026-11-29 02:00:00Z", "window",
			"its window opens at 2026-11-29 02:00:00Z; see https://example.com/a-word-that-is-far-too-long-for-its-column",
		},
		{"files-2", "sgw-22222222", "2", "succeeded", "-", "-", "-", "-", ""},
	}
}

func TestTablesFitTheTerminal(t *testing.T) {
	t.Parallel()
	wide := table(0, heads, targetRows())
	require.Contains(t, wide, "payments-storage-frankfurt-1  sgw-12A3456B  2     waiting    -        -    2026-11-29 02:00:00Z  window   its window")
	require.NotContains(t, wide, "…", "what is piped is whole")
	require.Equal(t, wide, table(300, heads, targetRows()))
	for columns, want := range map[int]string{
		120: `
TARGET                        GATEWAY       WAVE  STATE      NEXT                  BLOCKER  NOTE
payments-storage-frankfurt-1  sgw-12A3456B  2     waiting    2026-11-29 02:00:00Z  window   its window opens at
                                                                                            2026-11-29 02:00:00Z; see
                                                                                            https://example.com/a-word-t
                                                                                            hat-is-far-too-long-for-its-
                                                                                            column
files-2                       sgw-22222222  2     succeeded  -                     -
`,
		80: `
TARGET    GATEWAY       WAVE  STATE      NEXT        BLOCKER  NOTE
payment…  sgw-12A3456B  2     waiting    2026-11-29  window   its window opens
                                         02:00:00Z            at 2026-11-29
                                                              02:00:00Z; see
                                                              https://example.co
                                                              m/a-word-that-is-f
                                                              ar-too-long-for-it
                                                              s-column
files-2   sgw-22222222  2     succeeded  -           -
`,
		60: `
TARGET   payments-storage-frankfurt-1
GATEWAY  sgw-12A3456B
WAVE     2
STATE    waiting
NEXT     2026-11-29 02:00:00Z
BLOCKER  window
NOTE     its window opens at 2026-11-29 02:00:00Z; see
         https://example.com/a-word-that-is-far-too-long-for
         -its-column

TARGET   files-2
GATEWAY  sgw-22222222
WAVE     2
STATE    succeeded
`,
	} {
		require.Equal(t, strings.TrimPrefix(want, "\n"), table(columns, heads, targetRows()), columns)
	}
}

func TestNoTableIsWiderThanItsTerminal(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.IntRange(1, 6).Draw(t, "columns")
		cell := rapid.StringMatching(`[a-zé漢…-]{0,30}( [a-z漢/]{1,60}){0,4}`)
		row := rapid.SliceOfN(cell, count, count)
		head := make([]string, count)
		for i := range head {
			head[i] = "H" + strconv.Itoa(i)
		}
		for line := range strings.Lines(table(80, head, rapid.SliceOf(row).Draw(t, "rows"))) {
			require.LessOrEqual(t, text.StringWidthWithoutEscSequences(strings.TrimSuffix(line, "\n")), 80, line)
		}
	})
}

// table is one on a terminal of so many columns; 0: not on one.
func table(columns int, head []string, rows [][]string) string {
	var out strings.Builder
	printer.Printer{Out: &out, Width: columns}.Table(head, rows)
	return out.String()
}
