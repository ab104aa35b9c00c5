package command_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/command"
)

// launch serves in the background and returns the lines of the greeting and the address.
func launch(t *testing.T, args ...string) (greeting []string, address string, end func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	status := make(chan int, 1)
	go func() {
		status <- command.Run(ctx, args, in, t.Output())
		_ = in.Close() // a pipe's never fails
	}()
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		greeting = append(greeting, lines.Text())
		if rest, ok := strings.CutPrefix(lines.Text(), "export AWS_ENDPOINT_URL=http://"); ok {
			address = rest
		}
		if strings.HasPrefix(lines.Text(), "# Huawei Cloud") {
			break
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // only to keep the pipe empty
	require.NotEmpty(t, address, "the command ended instead of serving")
	return greeting, address, func() int { cancel(); return <-status }
}

func TestServesTheDefaultFleetUntilItIsEnded(t *testing.T) {
	t.Parallel()
	greeting, address, end := launch(t, "--listen", "127.0.0.1:0")
	require.Contains(t, greeting, "export AWS_ACCESS_KEY_ID=AKIDEXAMPLE")
	require.Contains(t, greeting, "export HUAWEICLOUD_SDK_AK=SIMHUAWEIAK")
	require.Zero(t, command.Run(t.Context(), []string{"healthcheck", "--address", address}, io.Discard, t.Output()))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/_sim/effects", nil)
	require.NoError(t, err)
	reply, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, http.StatusOK, reply.StatusCode)
	require.Zero(t, end())
	require.Equal(t, 1, command.Run(t.Context(), []string{"healthcheck", "--address", address}, io.Discard, io.Discard))
}

func TestTakenPortNamesTheFlag(t *testing.T) {
	t.Parallel()
	_, address, end := launch(t, "--listen", "127.0.0.1:0")
	var stderr bytes.Buffer
	require.Equal(t, 2, command.Run(t.Context(), []string{"--listen", address}, io.Discard, &stderr))
	require.Contains(t, stderr.String(), "--listen "+address)
	require.Zero(t, end())
}

func TestBadInputIsRefusedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "fleet.yaml")
	require.NoError(t, os.WriteFile(file, []byte("aws:\n  gateways:\n    - id: sgw-1\n      timezone: EST\n"), 0o600))
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"unknown flag": {[]string{"--port", "1"}, []string{"unknown flag: --port"}},
		"argument":     {[]string{"fleet.yaml"}, []string{"fleet.yaml"}},
		"no file":      {[]string{"--scenario", "none.yaml"}, []string{"--scenario", "none.yaml"}},
		"bad file":     {[]string{"--scenario", file}, []string{"--scenario", file + ":3:11: aws.gateways[0].id", file + ":4:17: aws.gateways[0].timezone: invalid value \"EST\": must be GMT"}},
		"no address":   {[]string{"--listen", "nowhere"}, []string{"--listen nowhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			require.Equal(t, 2, command.Run(t.Context(), tc.args, io.Discard, &stderr))
			for _, want := range tc.want {
				require.Contains(t, stderr.String(), want)
			}
		})
	}
}
