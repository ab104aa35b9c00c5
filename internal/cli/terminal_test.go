package cli_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"
	"golang.org/x/term"
)

// terminal is a pseudo-terminal in which the command runs.
type terminal struct {
	t        *testing.T
	tty, us  *os.File // the command's end, and ours
	cmd      *exec.Cmd
	before   *term.State
	finished chan struct{} // everything that was written has been read
	mu       sync.Mutex
	written  bytes.Buffer
	columns  uint16
	typed    int // how much had been written when something was typed last
}

// inTerminal runs tidegate in a terminal of its own.
func (w *world) inTerminal(args ...string) *terminal {
	w.t.Helper()
	us, tty, err := pty.Open()
	require.NoError(w.t, err)
	w.t.Cleanup(func() { require.NoError(w.t, us.Close()) })
	x := &terminal{t: w.t, tty: tty, us: us, finished: make(chan struct{}), columns: 100}
	x.before, err = term.GetState(int(tty.Fd()))
	require.NoError(w.t, err)
	x.resize()
	x.cmd = exec.CommandContext(w.t.Context(), "tidegate", append([]string{"--address", w.server.FrontendAddress()}, args...)...)
	x.cmd.Stdin, x.cmd.Stdout, x.cmd.Stderr = tty, tty, tty
	x.cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	x.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true} // so that it hears of a new size
	require.NoError(w.t, x.cmd.Start())
	go x.read()
	return x
}

func (x *terminal) read() {
	defer close(x.finished)
	part := make([]byte, 4096)
	for {
		n, err := x.us.Read(part)
		x.mu.Lock()
		x.written.Write(part[:n])
		x.mu.Unlock()
		if err != nil {
			return // the last end of the other side is closed
		}
	}
}

func (x *terminal) all() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.written.String()
}

// resize gives the terminal another width, which has the whole screen painted again.
func (x *terminal) resize() {
	x.columns ^= 1
	require.NoError(x.t, pty.Setsize(x.us, &pty.Winsize{Rows: 30, Cols: x.columns}))
}

var (
	forward = regexp.MustCompile("\x1b\\[([0-9]*)C")
	control = regexp.MustCompile("\x1b\\[[0-9;?<>=]*[ $]?[A-Za-z]|\x1b[=>]|\x1b\\][^\x07\x1b]*(\x07|\x1b\\\\)")
)

// emptied is what empties a screen (ECMA-48, ED).
const emptied = "\x1b[2J"

// screen is the text that was painted since the screen was emptied last.
func (x *terminal) screen() string {
	all := x.all()
	all = all[max(strings.LastIndex(all, emptied), 0):]
	all = forward.ReplaceAllStringFunc(all, func(move string) string {
		n, err := strconv.Atoi(strings.Trim(move, "\x1b[C"))
		if err != nil {
			n = 1
		}
		return strings.Repeat(" ", n)
	})
	return control.ReplaceAllString(all, "")
}

// shows waits until the screen shows a text.
func (x *terminal) shows(text string) {
	x.t.Helper()
	end := time.Now().Add(40 * time.Second)
	look := time.NewTicker(150 * time.Millisecond)
	defer look.Stop()
	for ; !x.painted() || !strings.Contains(x.screen(), text); <-look.C {
		if time.Now().After(end) {
			require.Failf(x.t, "the screen does not show it", "%q is missing from:\n%s", text, x.screen())
		}
		x.resize()
	}
}

// painted is true once the whole screen was painted since something was typed: what
// it held before that is no answer to it.
func (x *terminal) painted() bool { return strings.LastIndex(x.all(), emptied) >= x.typed }

func (x *terminal) types(text string) {
	x.t.Helper()
	x.typed = len(x.all())
	_, err := io.WriteString(x.us, text)
	require.NoError(x.t, err)
}

// ends waits for the command's end, and demands a status and a terminal as it was.
func (x *terminal) ends(status int) {
	x.t.Helper()
	err := x.cmd.Wait()
	after, stateErr := term.GetState(int(x.tty.Fd()))
	require.NoError(x.t, stateErr)
	require.NoError(x.t, x.tty.Close())
	<-x.finished
	if status == 0 {
		require.NoError(x.t, err)
	} else {
		var exit *exec.ExitError
		require.ErrorAs(x.t, err, &exit)
		require.Equal(x.t, status, exit.ExitCode(), x.screen())
	}
	require.Equal(x.t, x.before, after, "the terminal echoes and edits lines as before")
	all := x.all()
	for on, off := range map[string]string{
		"\x1b[?1049h": "\x1b[?1049l", // the alternate screen
		"\x1b[?25l":   "\x1b[?25h",   // no cursor
		"\x1b[?2004h": "\x1b[?2004l", // bracketed paste
	} {
		require.Contains(x.t, all, on)
		require.Greater(x.t, strings.LastIndex(all, off), strings.LastIndex(all, on), "%q", off)
	}
}
