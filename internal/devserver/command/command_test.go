package command_test

import (
	"bufio"
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/devserver/command"
	"github.com/tidegate/tidegate/internal/program"
)

// asMain makes the test binary be the command: a signal needs a process.
const asMain = "TIDEGATE_TEST_AS_DEVSERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		program.Main(command.Run)
		return
	}
	m.Run()
}

// launch starts the command and returns when it has printed its addresses.
func launch(t *testing.T, args ...string) (cmd *exec.Cmd, temporal string) {
	t.Helper()
	program, err := os.Executable()
	require.NoError(t, err)
	cmd = exec.CommandContext(t.Context(), program, args...)
	cmd.Env = append(os.Environ(), asMain+"=1")
	cmd.Stderr = t.Output()
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		t.Log(lines.Text())
		if rest, ok := strings.CutPrefix(lines.Text(), "Temporal  "); ok {
			temporal, _, _ = strings.Cut(rest, " ")
		}
		if strings.HasPrefix(lines.Text(), "Ctrl-C") {
			return cmd, temporal
		}
	}
	require.Fail(t, "the command ended instead of serving")
	return nil, ""
}

func TestRunsSurviveAKillAndASignalEndsItCleanly(t *testing.T) {
	t.Parallel()
	args := []string{"--db", filepath.Join(t.TempDir(), "x.db"), "--port", "0", "--ui-port", "0", "--namespace", "tides"}
	cmd, address := launch(t, args...)
	c, err := client.Dial(client.Options{HostPort: address, Namespace: "tides"})
	require.NoError(t, err)
	_, err = c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "gateway-1", TaskQueue: "nobody"}, "wait")
	require.NoError(t, err)
	c.Close()
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	cmd, address = launch(t, args...)
	c, err = client.Dial(client.Options{HostPort: address, Namespace: "tides"})
	require.NoError(t, err)
	found, err := c.DescribeWorkflowExecution(t.Context(), "gateway-1", "")
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, found.GetWorkflowExecutionInfo().GetStatus())
	c.Close()
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait(), "exit status 0")
}

func TestFaultsNameTheFlag(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	_, taken, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"port taken":     {[]string{"--port", taken}, program.StatusUsage, "127.0.0.1:" + taken + "; choose another with --port"},
		"UI port taken":  {[]string{"--port", "0", "--ui-port", taken}, program.StatusUsage, "choose another with --ui-port"},
		"no such port":   {[]string{"--port", "70000"}, program.StatusUsage, `"70000" for "--port" flag`},
		"no such level":  {[]string{"--log-level", "loud"}, program.StatusUsage, `"loud" for "--log-level" flag`},
		"no such flag":   {[]string{"--colour"}, program.StatusUsage, "unknown flag: --colour"},
		"an argument":    {[]string{"x.db"}, program.StatusUsage, `unexpected argument "x.db"`},
		"no such folder": {[]string{"--db", "/no/such/x.db"}, program.StatusUsage, "the folder /no/such does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errOut bytes.Buffer
			require.Equal(t, c.code, command.Run(t.Context(), c.args, &out, &errOut), errOut.String())
			require.Contains(t, errOut.String(), c.want)
			require.Empty(t, out.String())
		})
	}
}
