package main_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	starter "github.com/tidegate/tidegate/starter"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tidegate": starter.Main})
}

func TestWithoutAServer(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
	})
}

// The example of docs/configuration.md is a valid target: it fails only for
// want of a Temporal.
func TestTheDocumentedTargetIsValid(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "configuration.md"))
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(text), "## A target in a file")
	require.True(t, found)
	_, rest, found = strings.Cut(rest, "```yaml\n")
	require.True(t, found)
	example, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	file := filepath.Join(t.TempDir(), "target.yaml")
	require.NoError(t, os.WriteFile(file, []byte(example), 0o600)) //nolint:gosec // the path is the test's own
	var out, errs bytes.Buffer
	got := starter.Run(t.Context(), []string{"run", file, "--address", "127.0.0.1:1", "--client-connect-timeout", "100ms"}, &out, &errs)
	require.Equal(t, 1, got, errs.String())
	require.Contains(t, errs.String(), "no connection to Temporal")
}

// status runs a command of a script and demands its exit status.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N command [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("%s ended with status %d, not with %d", args[1], got, want)
	}
}
