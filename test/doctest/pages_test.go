package doctest_test

import (
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/test/waiting"
)

// page is how the lines of one page are run: all of them, in their order, in one
// session.
type page struct {
	start func(*shell)    // makes what is around them
	lines map[string]step // by their first lines, those of which more is known than that they succeed
}

// step is what is known of a line.
type step struct {
	before    func(*shell)              // makes what the line presupposes
	status    int                       // the wanted exit status
	during    func(*shell)              // what someone else does while it runs
	after     func(*shell, answer)      // what must be true then
	up        func(string, *shell) bool // its program stays up, and is, when this holds of what it said
	by        string                    // the shell that takes it; bash
	elsewhere string                    // the test that runs it instead, as FILE TEST
	instead   func(*shell)              // what it asks, asked by other means
}

func TestMain(m *testing.M) {
	waiting.SideBySide()
	m.Run()
}

// pages are the pages with command lines.
func pages() map[string]page {
	return map[string]page{
		"README.md":                             readme(),
		"docs/tutorial.md":                      tutorial(),
		"docs/runbook.md":                       runbook(),
		"docs/checks.md":                        checks(),
		"docs/first-contact.md":                 firstContact(),
		"docs/performance.md":                   performance(),
		"docs/production.md":                    production(),
		"docs/reliability.md":                   {},
		"docs/how-to/back-up.md":                backup(),
		"docs/how-to/encrypt-payloads.md":       encryption(),
		"docs/how-to/sign-approvals.md":         signatures(),
		"docs/how-to/schedule-campaigns.md":     schedules(),
		"docs/how-to/run-on-kubernetes.md":      kubernetes(),
		"docs/how-to/upgrade-the-worker.md":     upgrade(),
		"docs/how-to/write-a-plan.md":           {start: func(s *shell) { s.link("examples") }},
		"docs/reference/captures.md":            captures(),
		"docs/reference/commands.md":            campaigns(),
		"docs/reference/configuration.md":       configuration(),
		"docs/reference/reports.md":             reports(),
		"docs/reference/simcloud.md":            simcloud(),
		"docs/reference/simcloud-huawei.md":     simcloudHuawei(),
		"docs/reference/simcloud-monitoring.md": simcloudHuawei(),
	}
}

// performance has comparisons that take minutes; the test of internal/bench plays one in little.
func performance() page {
	const played = "internal/bench/bench_internal_test.go TestAFleetIsMaintainedAndMeasured"
	return page{lines: map[string]step{
		"go run ./bench --targets 20 --json bench.json":                                      {elsewhere: played},
		"go run ./bench --peers script,tidegate --compare-scale 10":                          {elsewhere: played},
		"go run ./bench --peers script,tidegate --rounds 2":                                  {elsewhere: played},
		"go run ./bench --peers script,tidegate --rate 20":                                   {elsewhere: played},
		"go run ./bench --instant --proxies 0 --rate 100000 --peers tidegate --targets 1000": {elsewhere: played},
		"go run ./bench --short --baseline internal/bench/baseline.json":                     {elsewhere: played},
	}}
}

// backup writes what there is; a test lets Temporal forget it.
func backup() page {
	return page{lines: map[string]step{
		"tidegate report --all --since 720h --dir records": {elsewhere: "internal/cli/reportall_test.go TestRecordsOutliveTheRetention"},
	}}
}

// kubernetes needs a cluster; a test builds and reads what it applies.
func kubernetes() page {
	const read = "test/kubernetes/kubernetes_test.go TestOverlays"
	return page{lines: map[string]step{
		"kubectl create namespace tidegate": {elsewhere: read},
		"kubectl -n tidegate create secret generic tidegate-temporal --from-file=apiKey=api-key.txt":      {elsewhere: read},
		"kubectl -n tidegate create secret generic tidegate-huawei --from-file=ak.txt --from-file=sk.txt": {elsewhere: read},
		"kubectl apply -k deploy/kubernetes/overlays/temporal-cloud":                                      {elsewhere: read},
		"kubectl -n tidegate rollout status deployment tidegate-worker-0-1-0":                             {elsewhere: read},
	}}
}

func TestEveryCommandLineOfTheDocsIsRun(t *testing.T) {
	t.Parallel()
	known := pages()
	for _, name := range markdown(t) {
		found := commands(read(t, name))
		p, ok := known[name]
		require.Equal(t, len(found) > 0, ok, "%s: a page with command lines has a session in pages(), and no other has", name)
		delete(known, name)
		for text, step := range p.lines {
			require.True(t, slices.ContainsFunc(found, func(c command) bool { return c.first() == text }), "%s does not show this line any more: %s", name, text)
			requireTest(t, step.elsewhere)
		}
	}
	require.Empty(t, known, "there are no such pages")
}

// requireTest demands a test that is named as FILE TEST.
func requireTest(t *testing.T, named string) {
	t.Helper()
	if named == "" {
		return
	}
	file, test, _ := strings.Cut(named, " ")
	source, err := os.ReadFile(filepath.Join(root, file))
	require.NoError(t, err)
	require.Regexp(t, `(?m)^func `+test+`\(t \*testing\.T\)`, string(source), named)
}

func TestTheDocsLinesWorkAsTheyStand(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the programs, and runs campaigns in real time: two minutes")
	}
	bin := build(t)
	docs := pages()
	for _, name := range []string{"README.md", "docs/tutorial.md"} { // the longest, so in parallel with the others
		first := docs[name]
		delete(docs, name)
		t.Run(path.Base(name), func(t *testing.T) {
			t.Parallel()
			newShell(t, bin).session(read(t, name), first)
		})
	}
	t.Run("docs", func(t *testing.T) {
		t.Parallel()
		s := newShell(t, bin)
		for _, name := range markdown(t) {
			s.names(name)
		}
		for _, name := range slices.Sorted(maps.Keys(docs)) { // one after the other
			t.Run(path.Base(name), func(t *testing.T) { newShell(t, bin).session(read(t, name), docs[name]) })
		}
	})
}

// session runs the lines of a page's text.
func (s *shell) session(text string, p page) {
	s.t.Helper()
	if p.start != nil {
		p.start(s)
	}
	for _, c := range commands(text) {
		s.play(c, p.lines[c.first()])
	}
}

// play runs a page's line.
func (s *shell) play(c command, is step) {
	s.t.Helper()
	switch lacks := lacking(s, c.text, is.by); {
	case is.elsewhere != "":
		return
	case is.instead != nil:
		is.instead(s)
		return
	case synopsis(c.text):
		s.requireWords(c.text)
		return
	case strings.Contains(c.text, "go test "):
		requireTests(s.t, c.text)
		return
	case strings.HasPrefix(c.text, "make "):
		requireTarget(s.t, c.text)
		return
	case lacks != "":
		s.t.Logf("line %d is not run, for want of %s: %s", c.line, lacks, c.text)
		return
	}
	if is.before != nil {
		is.before(s)
	}
	if is.up != nil {
		s.background(c.text, func(log string) bool { return is.up(log, s) })
		return
	}
	got := s.beside(c.text, is)
	require.Equal(s.t, is.status, got.status, "line %d: %s\n%s%s", c.line, c.text, got.out, got.errors)
	requireShape(s.t, c.shown, got.out+got.errors)
	if is.after != nil {
		is.after(s, got)
	}
}

// alongside runs a line and what someone else does meanwhile.
func (s *shell) beside(line string, is step) answer {
	s.t.Helper()
	if is.during == nil {
		return s.try(line, is.by)
	}
	ended := make(chan answer, 1)
	go func() { ended <- s.try(line, is.by) }()
	is.during(s)
	return <-ended
}

// lacking is the program that a line needs and this machine has not. AWS's may be
// a shim with nothing behind it.
func lacking(s *shell, line, by string) string {
	for _, name := range []string{"aws", "curl", "jq", "sha256sum", "temporal", "docker", by} {
		if name == "" || name != by && !regexp.MustCompile(`(^|\| )`+name+` `).MatchString(line) {
			continue
		}
		if name == "aws" && exec.CommandContext(s.t.Context(), "aws", "--version").Run() != nil {
			return name
		}
		if _, err := exec.LookPath(name); err != nil {
			return name
		}
	}
	return ""
}

// requireShape demands of what a line printed the shape that its page shows: the
// headings of its tables, the labels of its fields, and its sentences but for
// their numbers. A table's rows, and sentences that start with a number, are of
// the page's own fleet.
func requireShape(t *testing.T, shown []string, printed string) {
	t.Helper()
	var (
		heading  = regexp.MustCompile(`^[A-Z][A-Z ()]*$`)
		label    = regexp.MustCompile(`^([a-z ]{9}) \S`)
		sentence = regexp.MustCompile(`^(\D\S*) `)
		number   = regexp.MustCompile(`\d+`)
		rows     = false
	)
	lines := strings.Split(number.ReplaceAllString(printed, "0"), "\n")
	for _, line := range shown {
		want := number.ReplaceAllString(strings.Join(strings.Fields(line), " "), "0")
		switch {
		case line == "WARNINGS ABOUT THE PLAN FILE": // of the page's own plan
			rows = true
			continue
		case line == "" || rows && !heading.MatchString(line):
			rows = rows && line != ""
			continue
		case heading.MatchString(line):
			rows = true
		case label.MatchString(line):
			want = label.FindStringSubmatch(line)[1]
		case !sentence.MatchString(line):
			continue
		}
		require.True(t, slices.ContainsFunc(lines, func(got string) bool {
			return strings.HasPrefix(got, want) || strings.Join(strings.Fields(got), " ") == want
		}), "the page shows %q, and this is printed:\n%s", line, printed)
	}
}
