package doctest_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// shell runs lines one after the other, as a person types them: in one folder,
// with the programs on the path by the names that the docs give them.
type shell struct {
	t        *testing.T
	bin      string            // the programs
	folder   string            // where the lines run
	env      []string          // what the lines find set
	set      []string          // the lines so far that set something for those after them
	replace  []string          // what is not here as the docs have it, and what it is here
	temporal string            // the address of the Temporal around it, where there is one
	helps    map[string]string // what commands say of themselves, as asked so far
}

// answer is what a line printed and how it ended.
type answer struct {
	status      int
	out, errors string
}

func newShell(t *testing.T, bin string) *shell {
	t.Helper()
	s := &shell{t: t, bin: bin, folder: t.TempDir()}
	s.write(".curlrc", "fail-with-body\n") // a refusal is a failure
	mine := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TEMPORAL_") || strings.HasPrefix(v, "AWS_") })
	s.env = append(mine, "PATH="+bin+":"+os.Getenv("PATH"), "CURL_HOME="+s.folder, "AWS_PAGER=")
	return s
}

// build makes the programs, once for all pages, and a go that knows them: what
// `go run ./PROGRAM` says is then run without building it again.
func build(t *testing.T) (bin string) {
	t.Helper()
	bin = t.TempDir()
	command := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./bench", "./demo", "./devserver", "./simcloud", "./cmd/...")
	command.Dir = root
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	for short, program := range map[string]string{"starter": "tidegate", "worker": "tidegate-worker"} {
		require.NoError(t, os.Symlink(program, filepath.Join(bin, short)))
	}
	installed, err := exec.LookPath("go")
	require.NoError(t, err)
	script := "#!/bin/sh\ncase \"$1 $2\" in \"run ./\"*)\n  program=${2#./}; shift 2; exec \"" + bin + "/$program\" \"$@\";;\nesac\nexec " + installed + " \"$@\"\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "go"), []byte(script), 0o700))
	return bin
}

// write puts a file into the folder.
func (s *shell) write(name, text string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o600))
}

// link shows folders of the repository in the folder.
func (s *shell) link(names ...string) {
	s.t.Helper()
	for _, name := range names {
		path, err := filepath.Abs(filepath.Join(root, name))
		require.NoError(s.t, err)
		require.NoError(s.t, os.Symlink(path, filepath.Join(s.folder, name)))
	}
}

// here is a text of the docs with what it is called here.
func (s *shell) here(text string) string { return strings.NewReplacer(s.replace...).Replace(text) }

// sets says that a line sets something for those after it.
func sets(line string) bool {
	return regexp.MustCompile(`^([A-Z_]+=\S+|export .*|source .*)$`).MatchString(line)
}

// command is a line as a process, in a process group of its own, by bash where no
// other shell is named.
func (s *shell) command(ctx context.Context, line, by string) *exec.Cmd {
	script := strings.Join(append(slices.Clone(s.set), s.here(line)), "\n")
	if by != "" {
		script = s.here(line) // what is set is set in bash's words
	}
	if by == "zsh" {
		script = "autoload -U compinit; compinit -u\n" + script // as in a person's own
	}
	command := exec.CommandContext(ctx, cmp.Or(by, "bash"), "-c", script)
	command.Dir, command.Env = s.folder, s.env
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	return command
}

// try runs a line to its end.
func (s *shell) try(line, by string) answer {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 4*time.Minute)
	defer cancel()
	command := s.command(ctx, line, by)
	var out, errs bytes.Buffer
	command.Stdout, command.Stderr = &out, &errs
	err := command.Run()
	if _, ended := errors.AsType[*exec.ExitError](err); !ended {
		require.NoError(s.t, err, line)
	}
	if sets(line) && by == "" {
		s.set = append(s.set, s.here(line))
	}
	return answer{command.ProcessState.ExitCode(), out.String(), errs.String()}
}

// run is try with the exit status that is wanted.
func (s *shell) run(line string, status int) answer {
	s.t.Helper()
	got := s.try(line, "")
	require.Equal(s.t, status, got.status, "%s\n%s%s", line, got.out, got.errors)
	return got
}

// until runs a line until it prints what is wanted.
func (s *shell) until(line, want string) {
	s.t.Helper()
	var got answer
	defer func() {
		if s.t.Failed() {
			s.t.Log(line, got.out, got.errors)
		}
	}()
	require.Eventually(s.t, func() bool {
		got = s.try(line, "")
		return regexp.MustCompile(want).MatchString(got.out)
	}, 2*time.Minute, 200*time.Millisecond, "%s never printed %s", line, want)
}

// background starts a line whose program stays up, and gives what it said when up
// holds of it. It is ended by a signal, after everything else.
func (s *shell) background(line string, up func(log string) bool) (log string) {
	s.t.Helper()
	file, err := os.Create(filepath.Join(s.t.TempDir(), "log"))
	require.NoError(s.t, err)
	command := s.command(context.WithoutCancel(s.t.Context()), line, "")
	command.Stdout, command.Stderr = file, file
	require.NoError(s.t, command.Start())
	said := func() string {
		text, err := os.ReadFile(file.Name())
		require.NoError(s.t, err)
		return string(text)
	}
	s.t.Cleanup(func() {
		require.NoError(s.t, syscall.Kill(-command.Process.Pid, syscall.SIGTERM))
		_ = command.Wait() // how it ends is its own test's affair
		if s.t.Failed() {
			s.t.Log(line, said())
		}
	})
	require.Eventually(s.t, func() bool { return up(said()) }, time.Minute, 50*time.Millisecond, "%s is not up", line)
	return said()
}
