package chaos_test

import (
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is a program that is killed and started again. It ends only when it
// is killed: one that ends by itself is a failure of the test.
type process struct {
	t    *testing.T
	name string
	path string
	args []string
	env  []string
	log  *os.File

	mu      sync.Mutex
	running *exec.Cmd // nil while it is killed
	ended   chan struct{}
}

func newProcess(t *testing.T, name, path string, env []string, args ...string) *process {
	t.Helper()
	log, err := os.Create(logFile(t, name))
	require.NoError(t, err)
	p := &process{t: t, name: name, path: path, args: args, env: env, log: log}
	t.Cleanup(func() {
		p.kill()
		require.NoError(t, log.Close())
	})
	return p
}

// start starts the program on a thread that lasts as long as it does, since
// Linux kills it with the thread that made it: see dieWithUs.
func (p *process) start() {
	p.mu.Lock()
	defer p.mu.Unlock()
	cmd := exec.CommandContext(p.t.Context(), p.path, p.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = p.env, p.log, p.log
	cmd.SysProcAttr = dieWithUs()
	ended, started := make(chan struct{}), make(chan error)
	go func() {
		defer close(ended)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.watch(cmd, cmd.Wait())
		}
	}()
	if err := <-started; err != nil {
		p.t.Errorf("start the %s: %v", p.name, err)
		return
	}
	p.running, p.ended = cmd, ended
}

// watch notes a program that has ended by itself.
func (p *process) watch(cmd *exec.Cmd, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.running == cmd && p.t.Context().Err() == nil {
		p.t.Errorf("the %s ended by itself: %v", p.name, err)
	}
}

// kill ends the program as a power cut would: SIGKILL, nothing is asked.
func (p *process) kill() {
	p.mu.Lock()
	cmd, ended := p.running, p.ended
	p.running = nil
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	if err := cmd.Process.Kill(); err != nil {
		p.t.Logf("kill the %s: %v", p.name, err)
	}
	<-ended
}

// terminate asks the program to stop, by SIGTERM, and gives the status with which it ends.
func (p *process) terminate(within time.Duration) (status int) {
	p.t.Helper()
	p.mu.Lock()
	cmd, ended := p.running, p.ended
	p.running = nil
	p.mu.Unlock()
	require.NoError(p.t, cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-ended:
		return cmd.ProcessState.ExitCode()
	case <-time.After(within):
		require.NoError(p.t, cmd.Process.Kill())
		require.Failf(p.t, "it does not stop", "the %s still runs %s after SIGTERM", p.name, within)
		return -1
	}
}

// build makes the two programs, once for all runs.
func build(t *testing.T) (folder string) {
	t.Helper()
	folder = t.TempDir()
	start := time.Now()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", folder, "../../worker", "../../devserver")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	t.Logf("built worker and devserver in %s", time.Since(start).Round(time.Second))
	return folder
}
