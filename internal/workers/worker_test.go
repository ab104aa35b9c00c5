package workers_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/devserver"
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/workers"
	"github.com/tidegate/tidegate/test/waiting"
)

func TestMain(m *testing.M) {
	waiting.SideBySide()
	testscript.Main(m, map[string]func(){"tidegate-worker": func() { program.Main(workers.Run) }})
}

func TestWrongUsageEndsWithTwoBeforeAnythingStarts(t *testing.T) {
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

// log is a log that a worker writes while the test reads it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().String()
}

func TestAWorkerIsReadyWhileItPollsAndStopsWhenAsked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		flags []string
		logs  string
	}{
		"unversioned":           {logs: `"msg":"worker polls"`},
		"a build":               {[]string{"--deployment", "tidegate", "--build-id", "1.4.0"}, `set-current-version --deployment-name tidegate --build-id 1.4.0"`},
		"a build, and promoted": {[]string{"--deployment", "tidegate", "--build-id", "1.4.0", "--promote"}, `"msg":"this build is current"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			readyAndStopped(t, tc.flags, tc.logs)
		})
	}
}

// readyAndStopped is a worker's life, in which it logs a text.
func readyAndStopped(t *testing.T, flags []string, logs string) {
	t.Helper()
	server, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	file := filepath.Join(t.TempDir(), "accounts.yaml")
	require.NoError(t, os.WriteFile(file, []byte("aws: [{name: prod, region: us-east-1}]\n"), 0o600))
	address := freeAddress(t)
	healthy := func() (int, string) {
		var out, errs bytes.Buffer
		status := workers.Run(t.Context(), []string{"healthcheck", "--health-listen", address}, &out, &errs)
		return status, out.String() + errs.String()
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var written log
	ended := make(chan int, 1)
	go func() {
		ended <- workers.Run(ctx, append(flags,
			"--accounts", file, "--address", server.FrontendAddress(), "--health-listen", address, "--log-format", "json",
		), &written, &written)
	}()
	require.Eventually(t, func() bool { status, _ := healthy(); return status == 0 }, time.Minute, 50*time.Millisecond)
	_, answer := healthy()
	require.Contains(t, answer, `"status":"ready"`)
	require.Eventually(t, func() bool { return strings.Contains(written.String(), logs) }, time.Minute, 50*time.Millisecond, logs)

	server.Stop()
	require.Eventually(t, func() bool { status, _ := healthy(); return status == 1 }, time.Minute, 50*time.Millisecond)
	_, answer = healthy()
	require.Contains(t, answer, `not ready`)
	for path, status := range map[string]int{"/livez": 200, "/readyz": 503, "/healthz": 503, "/metrics": 200} {
		require.Equal(t, status, statusOf(t, address, path), "%s without Temporal", path)
	}

	stop()
	select {
	case status := <-ended:
		require.Equal(t, 0, status, written.String())
	case <-time.After(40 * time.Second):
		require.Fail(t, "the worker did not stop", written.String())
	}
}

func statusOf(t *testing.T, address, path string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, http.NoBody)
	require.NoError(t, err)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode
}

func TestAMissingNamespaceSaysHowItIsMade(t *testing.T) {
	t.Parallel()
	server, err := devserver.Start(t.Context(), devserver.Options{UIPort: devserver.NoUI})
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	file := filepath.Join(t.TempDir(), "accounts.yaml")
	require.NoError(t, os.WriteFile(file, []byte("aws: [{name: prod, region: us-east-1}]\n"), 0o600))
	var written log
	status := workers.Run(t.Context(), []string{
		"--accounts", file, "--address", server.FrontendAddress(), "--namespace", "nowhere", "--health-listen", "",
	}, &written, &written)
	require.Equal(t, 1, status)
	require.Contains(t, written.String(), "check that namespace nowhere exists")
	require.Contains(t, written.String(), "to create it: tidegate setup")
}
