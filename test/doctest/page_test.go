package doctest_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the repository, from this package.
const root = "../.."

// command is a command line of a page.
type command struct {
	line  int      // of the page, from 1
	text  string   // as it stands, with the lines that continue it, without its comment
	shown []string // what the page shows that it prints
}

// first is the first line of the command, by which it is spoken of.
func (c command) first() string {
	line, _, _ := strings.Cut(c.text, "\n")
	return strings.TrimSuffix(line, " \\")
}

// block is a fenced block of a page.
type block struct {
	language string
	line     int  // of its first line
	follows  bool // nothing but its fence is between it and the block before
	lines    []string
}

// starts is how a command line starts, in a block that does not say what it holds.
var starts = regexp.MustCompile(`^(\$ )?([A-Z_]+=\S* )*(tidegate|tidegate-worker|simcloud|devserver|go|temporal|aws|curl|make|docker|kubectl|export|source|jq|git) \S|^[A-Z_]+=\S+$`)

// markdown are the repository's pages, by their paths from its root.
func markdown(t *testing.T) (pages []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if entry != nil && entry.IsDir() && slices.Contains([]string{".git", "testdata", "node_modules"}, entry.Name()) {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".md") {
			pages = append(pages, strings.TrimPrefix(filepath.ToSlash(path), root+"/"))
		}
		return err
	})
	require.NoError(t, err)
	return pages
}

func read(t *testing.T, page string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, page))
	require.NoError(t, err)
	return string(text)
}

// commands are the command lines of a page's text: every line of a shell's block,
// and of one without a language whose first line starts like a command. What such
// a block is followed by at once is what its last line prints.
func commands(text string) (all []command) {
	for _, b := range blocks(text) {
		shell := slices.Contains([]string{"sh", "bash", "zsh", "fish", "console"}, b.language)
		plain := b.language == "" || b.language == "text"
		switch {
		case shell, plain && starts.MatchString(b.lines[0]):
			all = append(all, b.commands()...)
		case plain && b.follows && len(all) > 0:
			all[len(all)-1].shown = b.lines
		}
	}
	return all
}

// commands are those of a block that holds nothing else.
func (b block) commands() (all []command) {
	for i, line := range b.lines {
		line = strings.TrimPrefix(line, "$ ")
		last := len(all) - 1
		switch {
		case last >= 0 && continues(all[last].text, line):
			all[last].text = uncommented(all[last].text + "\n" + line)
		case line != "" && !strings.HasPrefix(line, "#"):
			all = append(all, command{line: b.line + i, text: uncommented(line)})
		}
	}
	return all
}

// blocks are the fenced blocks of a text, and its indented lines, each as a block.
func blocks(text string) (all []block) {
	fenced, ended := false, -1
	for i, line := range strings.Split(text, "\n") {
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && fenced:
			fenced, ended = false, i
		case fence:
			fenced = true
			all = append(all, block{language: language, line: i + 2, follows: ended == i-1})
		case fenced:
			all[len(all)-1].lines = append(all[len(all)-1].lines, line)
		case strings.HasPrefix(line, "    "):
			all = append(all, block{line: i + 1, lines: []string{strings.TrimSpace(line)}})
		}
	}
	return all
}

// continues says that a line belongs to the command before it: a backslash or an
// open quote is at its end, or the line holds more of its flags.
func continues(before, line string) bool {
	more := strings.TrimLeft(line, " ")
	return strings.HasSuffix(before, `\`) || open(before) != 0 ||
		len(more) < len(line) && (strings.HasPrefix(more, "[") || strings.HasPrefix(more, "-"))
}

// open is the quote that is open at a text's end, or 0.
func open(text string) (quote rune) {
	for _, r := range text {
		switch {
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		}
	}
	return quote
}

// uncommented is a command without the comment at its end, as a shell takes it.
func uncommented(text string) string {
	for i := range text {
		if strings.HasPrefix(text[i:], " #") && open(text[:i]) == 0 {
			return strings.TrimRight(text[:i], " ")
		}
	}
	return strings.TrimRight(text, " ")
}

func TestCommandsAreFoundWhereverTheyStand(t *testing.T) {
	t.Parallel()
	page := strings.ReplaceAll(`
# A page

~~~sh
# nothing but a comment
S=http://127.0.0.1/_sim
curl $S/a -d '{"a": "#1"}'   # one
curl $S/b -d '{"a":
  1}' | grep -i x
~~~

~~~yaml
make: no command
~~~

    $ make check

~~~
tidegate plan a.yaml
~~~
~~~
plan      a
worker    OK
~~~
~~~
tidegate run --name a \
  --label b=c
tidegate-worker --accounts FILE
       [--build-id 1]
~~~

~~~
done
~~~
`, "~~~", "```")
	require.Equal(t, []command{
		{line: 6, text: "S=http://127.0.0.1/_sim"},
		{line: 7, text: `curl $S/a -d '{"a": "#1"}'`},
		{line: 8, text: "curl $S/b -d '{\"a\":\n  1}' | grep -i x"},
		{line: 16, text: "make check"},
		{line: 19, text: "tidegate plan a.yaml", shown: []string{"plan      a", "worker    OK"}},
		{line: 26, text: "tidegate run --name a \\\n  --label b=c"},
		{line: 28, text: "tidegate-worker --accounts FILE\n       [--build-id 1]"},
	}, commands(page))
}
