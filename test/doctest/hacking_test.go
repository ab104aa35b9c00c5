package doctest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// place is a file or folder that an item of the hacking page starts with, and the
// names that it says are there.
type place struct {
	path  string
	names []string
}

// places are those of a page's numbered items: a path, then the names in it, before
// the colon. Paths elsewhere in the text are places without names.
func places(text string) (all []place) {
	item := regexp.MustCompile(`^\d+\. (.*)$`)
	code := regexp.MustCompile("`([^`]+)`")
	for _, line := range prose(text) {
		rest := line
		if found := item.FindStringSubmatch(line); found != nil {
			before, after, _ := strings.Cut(found[1], ": ")
			rest = after
			for _, span := range code.FindAllStringSubmatch(before, -1) {
				if len(all) == 0 || strings.Contains(span[1], "/") {
					all = append(all, place{path: span[1]})
					continue
				}
				all[len(all)-1].names = append(all[len(all)-1].names, span[1])
			}
		}
		for _, span := range code.FindAllStringSubmatch(rest, -1) {
			if strings.Contains(span[1], "/") && !strings.Contains(span[1], " ") {
				all = append(all, place{path: span[1]})
			}
		}
	}
	return all
}

// missing says which of a place's names are not there, or that it is not there itself.
func (p place) missing(t *testing.T) (all []string) {
	t.Helper()
	tree, path := os.DirFS(root), filepath.ToSlash(filepath.Clean(p.path))
	if _, err := fs.Stat(tree, path); err != nil {
		return []string{p.path}
	}
	var text strings.Builder
	require.NoError(t, fs.WalkDir(tree, path, func(file string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := fs.ReadFile(tree, file)
		text.Write(source)
		return err
	}))
	for _, name := range p.names {
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`).MatchString(text.String()) {
			all = append(all, name)
		}
	}
	return all
}

func TestEveryPlaceOfTheHackingPageIsThere(t *testing.T) {
	t.Parallel()
	all := places(read(t, "docs/hacking.md"))
	require.Greater(t, len(all), 40)
	for _, p := range all {
		require.Empty(t, p.missing(t), "docs/hacking.md: %s", p.path)
	}
}

func TestAPlaceThatIsGoneIsFound(t *testing.T) {
	t.Parallel()
	all := places("1. `test/doctest/doc.go` `doctest`, `Nobody`: a.\n   In `test/none` too.\n2. `none/a.go`, and `test/e2e`: b.\n")
	require.Equal(t, []place{
		{path: "test/doctest/doc.go", names: []string{"doctest", "Nobody"}}, {path: "test/none"}, {path: "none/a.go"}, {path: "test/e2e"},
	}, all)
	require.Equal(t, []string{"Nobody"}, all[0].missing(t))
	require.Equal(t, []string{"test/none"}, all[1].missing(t))
	require.Equal(t, []string{"none/a.go"}, all[2].missing(t))
	require.Empty(t, all[3].missing(t))
}
