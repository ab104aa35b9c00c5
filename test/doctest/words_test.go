package doctest_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// named is a command of ours, or a part of one, in the middle of a page's text.
var named = regexp.MustCompile("`((?:tidegate|tidegate-worker|simcloud|devserver|go run \\./\\w+|make)(?: [^`]*)?)`")

// synopsis says that a line says what may be typed, and cannot be typed as it stands.
func synopsis(text string) bool {
	return regexp.MustCompile(`^(tidegate|tidegate-worker|simcloud|devserver) [^"]*(\[|\b[A-Z]{4,}\b)`).MatchString(text)
}

// names demands that there is every command that a page's text names.
func (s *shell) names(page string) {
	s.t.Helper()
	fenced := false
	for line := range strings.Lines(read(s.t, page)) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
		}
		for _, span := range named.FindAllStringSubmatch(line, -1) {
			if !fenced {
				s.requireWords(span[1])
			}
		}
	}
}

// requireWords demands that there is the command that a text starts with, up to
// what the reader has to fill in, and every flag that the text gives it.
func (s *shell) requireWords(text string) {
	s.t.Helper()
	words := strings.Fields(regexp.MustCompile(`[][|]`).ReplaceAllString(strings.TrimPrefix(text, "go run ./"), " "))
	if words[0] == "make" {
		requireTarget(s.t, text)
		return
	}
	if words[0] == "starter" {
		words[0] = "tidegate"
	}
	called := words[0]
	help := s.help(called)
	for _, word := range words[1:] {
		if !regexp.MustCompile(`(?m)^  ` + regexp.QuoteMeta(word) + ` +[A-Z]`).MatchString(help) {
			break
		}
		called += " " + word
		help = s.help(called)
	}
	typed := strings.Fields(called)
	if len(words) > len(typed) && regexp.MustCompile(`^[a-z]+$`).MatchString(words[len(typed)]) {
		require.NotContains(s.t, help, "Available Commands:", "%s has no such command: %s", called, text)
	}
	for _, word := range words {
		if flag, _, _ := strings.Cut(word, "="); strings.HasPrefix(flag, "-") {
			require.Regexp(s.t, `(?m)^ +(-\w, )?`+flag+`\b|^ +`+flag+`, `, help, text)
		}
	}
}

// help is what a command says of itself.
func (s *shell) help(called string) string {
	s.t.Helper()
	if s.helps == nil {
		s.helps = map[string]string{}
	}
	if _, asked := s.helps[called]; !asked {
		s.helps[called] = s.run(called+" --help", 0).out
	}
	return s.helps[called]
}

// requireTarget demands that make knows a target, by its own dry run, and that the
// tests which it would run are there. A target that wants more says so there.
func requireTarget(t *testing.T, line string) {
	t.Helper()
	makefile := read(t, "Makefile")
	for _, target := range strings.Fields(line)[1:] {
		recipe := regexp.MustCompile(`(?m)^` + target + `:.*\n((?:\t.*\n)+)`).FindStringSubmatch(makefile)
		require.NotNil(t, recipe, "make has no target %s", target)
		for done := range strings.Lines(strings.NewReplacer("$(GO)", "go", "$$", "$").Replace(recipe[1])) {
			if strings.Contains(done, "go test ") {
				requireTests(t, strings.TrimSpace(done))
			}
		}
	}
}

// requireTests demands of a line that runs our tests that its packages are there,
// the tests and benchmarks that it names, the flags of ours that it gives them,
// and the variables that it sets for them. To run it would be to run the tests in
// the tests.
func requireTests(t *testing.T, line string) {
	t.Helper()
	settings, rest, _ := strings.Cut(line, "go test")
	words := strings.Fields(strings.ReplaceAll(rest, "'", ""))
	source := ""
	for _, word := range words {
		if folder, ok := strings.CutPrefix(word, "./"); ok {
			source += testsOf(t, folder)
		}
	}
	require.NotEmpty(t, source, "%s: there are no tests there", line)
	for i, word := range words {
		switch flag := strings.TrimPrefix(word, "-"); {
		case word == flag, strings.HasPrefix(flag, "count="), strings.HasPrefix(flag, "fuzz"):
		case flag == "run" && words[i+1] != "^$":
			require.Regexp(t, `func Test\w*`+words[i+1], source, line)
		case flag == "bench" && words[i+1] != ".":
			require.Regexp(t, `func Benchmark\w*`+words[i+1], source, line)
		case strings.Contains("run bench skip timeout v artifacts benchtime benchmem short race", flag): // go's own
		default:
			require.Regexp(t, `flag\.\w+\("`+flag+`"`, source, line)
		}
	}
	for setting := range strings.FieldsSeq(settings) {
		name, _, _ := strings.Cut(setting, "=")
		require.Contains(t, source, `"`+name+`"`, line)
	}
}

// testsOf is the text of the tests of a folder, or with /... of all under it.
func testsOf(t *testing.T, folder string) (source string) {
	t.Helper()
	folder, all := strings.CutSuffix(folder, "...")
	files, top := os.DirFS(root), path.Clean(folder)
	err := fs.WalkDir(files, top, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && !all && file != top:
			return fs.SkipDir
		case strings.HasSuffix(file, "_test.go"):
			text, err := fs.ReadFile(files, file)
			source += string(text)
			return err
		}
		return nil
	})
	require.NoError(t, err, folder)
	return source
}
