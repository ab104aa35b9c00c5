package cli_test

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// The scripts of testdata/live each have a world of their own: Temporal, the
// simulated clouds, a worker.
func TestWithAServer(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob("testdata/live/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	for _, script := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(script), ".txtar"), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			clouds := w.work()
			testscript.Run(t, testscript.Params{
				Files: []string{script},
				Setup: func(env *testscript.Env) error {
					env.Setenv("TEMPORAL_ADDRESS", w.server.FrontendAddress())
					env.Setenv("SIM", clouds)
					return nil
				},
				Cmds: map[string]func(*testscript.TestScript, bool, []string){"status": status, "until": until, "sim": tellSim},
			})
		})
	}
}

// until runs a command again and again, until what it prints matches.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: until PATTERN command [args...]")
	}
	pattern := regexp.MustCompile(args[0])
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); <-again.C {
		if err := ts.Exec(args[1], args[2:]...); err == nil && pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("%s did not come to print %s", args[1], args[0])
}

// tellSim changes the simulated clouds by their admin side.
func tellSim(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sim PATH BODY")
	}
	ts.Check(tell(ts.Getenv("SIM")+args[0], args[1]))
}

func tell(url, body string) error {
	answer, err := http.Post(url, "application/json", strings.NewReader(body)) //nolint:noctx // a test's own server
	if err == nil && answer.StatusCode/100 != 2 {
		err = errors.New(answer.Status)
	}
	if err != nil {
		return fmt.Errorf("tell the simulated clouds at %s: %w", url, err)
	}
	return answer.Body.Close()
}
