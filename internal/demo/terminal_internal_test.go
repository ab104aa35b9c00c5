package demo

import (
	"bytes"
	"context"
	"io"
	"os"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/program"
)

// onTerminal is a demo that runs in a pseudo-terminal.
type onTerminal struct {
	t      *testing.T
	us     *os.File // our end
	ended  chan int
	mu     sync.Mutex
	screen bytes.Buffer // everything that was written
}

func startOnTerminal(ctx context.Context, t *testing.T, args ...string) *onTerminal {
	t.Helper()
	t.Setenv("TERM", "xterm-256color")
	us, tty, err := pty.Open()
	require.NoError(t, err)
	require.NoError(t, pty.Setsize(us, &pty.Winsize{Rows: 40, Cols: 120}))
	x := &onTerminal{t: t, us: us, ended: make(chan int, 1)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(x, us) // it ends with the other end
	}()
	go func() {
		status := run(ctx, freePorts(args...), tty, tty, tty)
		_ = tty.Close() // nothing is left to be written
		x.ended <- status
	}()
	t.Cleanup(func() {
		<-read
		_ = us.Close() // both ends are done
		if t.Failed() {
			t.Log(x.text())
		}
	})
	return x
}

func (x *onTerminal) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.Write(p)
}

func (x *onTerminal) text() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.screen.String()
}

func (x *onTerminal) shows(form string) {
	x.t.Helper()
	require.Eventually(x.t, func() bool { return regexp.MustCompile(form).MatchString(x.text()) }, 90*time.Second, 50*time.Millisecond, form)
}

func (x *onTerminal) types(key string) {
	x.t.Helper()
	_, err := io.WriteString(x.us, key)
	require.NoError(x.t, err)
}

// Who leaves the live view sees the rest in lines; not what it has shown.
func TestOnATerminalTheDemoIsLiveUntilItIsLeft(t *testing.T) { //nolint:paralleltest // TERM is the process's
	if testing.Short() {
		t.Skip("starts Temporal")
	}
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	x := startOnTerminal(ctx, t, "--ask")
	x.shows(`It waits for you: go run ./starter --address \S+ approve tidegate-demo --why TEXT`)
	x.shows(`(?s)tidegate-demo.*Web UI http://127\.0\.0\.1:\d+/namespaces/default/workflows.*a approve`)
	x.types("q")
	x.shows(`The campaign goes on, in lines; see all of it again with: go run ./starter --address \S+ watch tidegate-demo`)
	require.NotContains(t, x.text(), "s  campaign       reading the clouds")
	interrupt()
	require.Equal(t, program.StatusFailed, <-x.ended)
	x.shows("interrupted before the campaign had ended")
}

func TestCtrlCInTheLiveViewEndsTheDemo(t *testing.T) { //nolint:paralleltest // TERM is the process's
	if testing.Short() {
		t.Skip("starts Temporal")
	}
	x := startOnTerminal(t.Context(), t)
	x.shows(`(?s)tidegate-demo.*Web UI http`)
	x.types("\x03")
	require.Equal(t, program.StatusFailed, <-x.ended)
	x.shows("interrupted before the campaign had ended")
}
