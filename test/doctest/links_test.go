package doctest_test

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`^#+ +(.+)$`)
	span    = regexp.MustCompile("`[^`]*`")
)

// prose are the lines of a page's text outside its fenced blocks, which are empty
// here, so that an index is a line's number less one.
func prose(text string) []string {
	lines, fenced := strings.Split(text, "\n"), false
	for i, line := range lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if fence {
			fenced = !fenced
		}
		if fence || fenced {
			lines[i] = ""
		}
	}
	return lines
}

// anchors are the fragments that a page's headings have on GitHub.
func anchors(text string) (all []string) {
	seen := map[string]int{}
	for _, line := range prose(text) {
		found := heading.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		title := regexp.MustCompile(`\]\([^)]*\)`).ReplaceAllString(found[1], "]")
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(title), "")
		name = strings.ReplaceAll(name, " ", "-")
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, seen[name]-1)
		}
		all = append(all, name)
	}
	return all
}

// lost says what is wrong with a link of a page, or nothing.
func lost(t *testing.T, page, target string) string {
	t.Helper()
	if regexp.MustCompile(`^[a-z]+:`).MatchString(target) {
		return ""
	}
	file, fragment, _ := strings.Cut(target, "#")
	to := page
	if file != "" {
		to = path.Join(path.Dir(page), file)
	}
	if _, err := os.Stat(filepath.Join(root, to)); err != nil {
		return "there is no " + to
	}
	if fragment != "" && !slices.Contains(anchors(read(t, to)), fragment) {
		return "there is no such heading"
	}
	return ""
}

func TestEveryLinkOfTheDocsLeadsSomewhere(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, page := range markdown(t) {
		for i, line := range prose(read(t, page)) {
			for _, found := range link.FindAllStringSubmatch(span.ReplaceAllString(line, "``"), -1) {
				checked++
				require.Empty(t, lost(t, page, found[1]), "%s:%d: %s", page, i+1, found[1])
			}
		}
	}
	require.Greater(t, checked, 100)
}

func TestALostLinkIsFound(t *testing.T) {
	t.Parallel()
	require.Equal(t, "there is no docs/none.md", lost(t, "docs/runbook.md", "none.md"))
	require.Equal(t, "there is no such heading", lost(t, "docs/runbook.md", "../README.md#none"))
	require.Equal(t, "there is no such heading", lost(t, "docs/runbook.md", "#none"))
	require.Empty(t, lost(t, "docs/runbook.md", "https://example.com/#none"))
	require.Equal(t, []string{"a-b_c-d", "a-b_c-d-1"}, anchors("# A `b_c`: d!\n```\n# none\n```\n## [A](x.md) `b_c` d\n"))
}
