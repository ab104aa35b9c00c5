package doctest_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// elsewhere are the lines of the README that another test runs, and which.
var elsewhere = map[string]string{
	"go test ./...": "is running now",
}

// ready says where a program that stays up answers once it can be used.
var ready = map[string]string{
	"demo":      "http://127.0.0.1:18233/api/v1/namespaces/default/workflows/campaign-tidegate-demo",
	"devserver": "http://127.0.0.1:8233/",
	"simcloud":  "http://127.0.0.1:4599/_sim/healthz",
	"worker":    "http://127.0.0.1:8081/healthz",
}

func TestREADMEsLinesWorkAsTheyStand(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs a whole maintenance with the default policy: a minute")
	}
	for _, address := range []string{
		"127.0.0.1:7233", "127.0.0.1:8233", "127.0.0.1:4599", "127.0.0.1:8081",
		"127.0.0.1:17233", "127.0.0.1:18233", "127.0.0.1:14599",
	} {
		requireFree(t, address)
	}
	s := newShell(t)
	for _, line := range shown(t, "../../README.md") {
		if _, ok := elsewhere[line]; !ok {
			s.run(line)
		}
	}
}

// requireFree skips where somebody else has a port that the README's programs
// take by default.
func requireFree(t *testing.T, address string) {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Skipf("needs %s, which is taken on this machine: %v", address, err)
	}
	require.NoError(t, l.Close())
}

// shown are the lines of a document's sh blocks.
func shown(t *testing.T, file string) []string {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var lines []string
	for _, block := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		lines = append(lines, strings.Split(strings.TrimSpace(block[1]), "\n")...)
	}
	require.NotEmpty(t, lines)
	return lines
}

// shell runs the README's lines one after the other: programs that stay up in
// the background, all others to their end.
type shell struct {
	t    *testing.T
	bin  string
	work string
	env  []string
}

func newShell(t *testing.T) *shell {
	t.Helper()
	s := &shell{t: t, bin: t.TempDir(), work: t.TempDir(), env: append(os.Environ(), "AWS_CA_BUNDLE=")}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	for _, folder := range []string{"deploy", "demo"} {
		require.NoError(t, os.Symlink(filepath.Join(root, folder), filepath.Join(s.work, folder)))
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", s.bin, "./demo", "./devserver", "./simcloud", "./worker", "./starter") //nolint:gosec // our own programs
	build.Dir = root
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return s
}

func (s *shell) run(line string) {
	s.t.Helper()
	words := strings.Fields(line)
	if words[0] == "export" {
		s.env = append(s.env, words[1:]...)
		return
	}
	require.Equal(s.t, []string{"go", "run"}, words[:2], "what does a test make of this line? %s", line)
	program := strings.TrimPrefix(words[2], "./")
	ctx, cancel := context.WithTimeout(s.t.Context(), 4*time.Minute)
	s.t.Cleanup(cancel)
	url, stays := ready[program]
	if stays {
		ctx = context.WithoutCancel(ctx) // it is ended by a signal, after everything else
	}
	command := exec.CommandContext(ctx, filepath.Join(s.bin, program), words[3:]...) //nolint:gosec // our own programs, by the README's lines
	command.Dir, command.Env = s.work, s.env
	if stays {
		s.background(command, url)
		return
	}
	out, err := command.CombinedOutput()
	require.NoError(s.t, err, "%s\n%s", line, out)
}

// background starts a program, and returns when it answers.
func (s *shell) background(command *exec.Cmd, url string) {
	s.t.Helper()
	log, err := os.Create(filepath.Join(s.t.TempDir(), "log"))
	require.NoError(s.t, err)
	command.Stdout, command.Stderr = log, log
	require.NoError(s.t, command.Start())
	s.t.Cleanup(func() {
		require.NoError(s.t, command.Process.Signal(syscall.SIGTERM))
		_ = command.Wait() //nolint:errcheck // how it ends is its own test's affair
		if s.t.Failed() {
			text, err := os.ReadFile(log.Name())
			s.t.Log(command.Path, string(text), err)
		}
	})
	require.Eventually(s.t, func() bool { return answers(s.t, url) }, time.Minute, 100*time.Millisecond, "%s does not answer", url)
}

func answers(t *testing.T, url string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	require.NoError(t, response.Body.Close())
	return response.StatusCode == http.StatusOK
}
