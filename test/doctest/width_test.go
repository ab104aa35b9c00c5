package doctest_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// width is how long a line of a page's text may be.
const width = 100

// tooWide are the lines of a page that are longer, from 1. Tables, code blocks and
// the targets of links are as long as they are.
func tooWide(text string) (lines []int) {
	for i, line := range prose(text) {
		text := link.ReplaceAllString(line, "]()")
		if utf8.RuneCountInString(text) > width && !strings.HasPrefix(strings.TrimSpace(line), "|") {
			lines = append(lines, i+1)
		}
	}
	return lines
}

func TestTheDocsAreWrapped(t *testing.T) {
	t.Parallel()
	for _, page := range markdown(t) {
		require.Empty(t, tooWide(read(t, page)), "%s: lines of more than %d characters", page, width)
	}
}

func TestALineThatIsTooWideIsFound(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 21)
	require.Equal(t, []int{2, 7}, tooWide("short\n"+long+"\n```\n"+long+"\n```\n| "+long+"|\n- "+long+"\n[a]("+strings.Repeat("b", width)+")"))
}
