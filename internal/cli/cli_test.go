package cli_test

import (
	"errors"
	"os/exec"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tidegate/tidegate/internal/cli"
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/test/waiting"
)

func TestMain(m *testing.M) {
	waiting.SideBySide()
	testscript.Main(m, map[string]func(){"tidegate": func() { program.Main(cli.Run) }})
}

func TestWithoutAServer(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status},
	})
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
