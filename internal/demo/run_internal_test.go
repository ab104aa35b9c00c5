package demo

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/program"
	"github.com/tidegate/tidegate/internal/report"
)

func freePorts(more ...string) []string {
	return append([]string{"--temporal-port", "0", "--ui-port", "0", "--sim-port", "0"}, more...)
}

// The main job, whole. The environment is that of someone who works with a
// real AWS account, and whose settings for it are broken.
func TestTheDemoMeetsEveryOutcome(t *testing.T) {
	if testing.Short() {
		t.Skip("takes about two minutes")
	}
	t.Setenv("HOME", "")
	for name, value := range map[string]string{
		"AWS_CA_BUNDLE": "/no/such/bundle.pem", "AWS_PROFILE": "nobody", "AWS_REGION": "eu-north-1",
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "other",
		"TEMPORAL_ADDRESS": "127.0.0.1:1", "HUAWEICLOUD_SDK_AK": "other",
	} {
		t.Setenv(name, value)
	}
	file := filepath.Join(t.TempDir(), "r.json")
	var out, errOut bytes.Buffer
	status := run(t.Context(), freePorts("--exit", "--report", file), strings.NewReader(""), &out, &errOut)
	t.Log(out.String())
	require.Equal(t, program.StatusDone, status, errOut.String())
	require.Empty(t, errOut.String())
	require.Contains(t, out.String(), "Every outcome came out as it should")
	require.Contains(t, out.String(), "reverted: read weights of proxy "+rejected)
	require.Contains(t, out.String(), "refused        retry by night-shift")
	require.Contains(t, out.String(), "waiting        freeze, wave")
	require.NotContains(t, out.String(), "\x1b", "no colour and no cursor movement off a terminal")

	text, err := os.ReadFile(file)
	require.NoError(t, err)
	r, _, err := report.Parse(text)
	require.NoError(t, err)
	require.True(t, r.Start.Before(r.End))
	require.Equal(t, string(fleet.Partial), r.State)
	require.Len(t, r.Waves, 3)
	require.Empty(t, r.Remarks)
	require.Len(t, r.Targets, len(members()))
	for i, m := range members() {
		got := r.Targets[i]
		require.Equal(t, m.name, got.Name)
		require.Equal(t, m.expect.state, got.State)
		if m.expect.end == "" {
			continue
		}
		last := got.Runs[len(got.Runs)-1].Result
		require.Equal(t, m.expect.end, last.State)
		require.Len(t, last.Steps, len(maintenance.Steps()))
	}
}

func TestAnInterruptedDemoSaysWhatItLeft(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts Temporal")
	}
	file := filepath.Join(t.TempDir(), "r.json")
	ctx, interrupt := context.WithCancel(t.Context())
	out := &watched{until: "waiting        freeze, wave", then: interrupt}
	var errOut bytes.Buffer
	require.Equal(t, program.StatusFailed, run(ctx, freePorts("--report", file), strings.NewReader(""), out, &errOut), errOut.String())
	require.Contains(t, errOut.String(), "interrupted before the campaign had ended")
	require.NoFileExists(t, file)
}

// watched calls a function when a text is written. The demo writes one line a
// time, under a lock.
type watched struct {
	until string
	then  func()
}

func (w *watched) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.until) {
		w.then()
	}
	return len(p), nil
}

func TestFaultsOfTheCommandLineStartNothing(t *testing.T) {
	t.Parallel()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	_, taken, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"UI port taken":        {freePorts("--ui-port", taken), "choose another port with --ui-port (0 takes a free one)"},
		"Temporal port taken":  {freePorts("--temporal-port", taken), "--temporal-port " + taken + " cannot be used"},
		"clouds' port taken":   {freePorts("--sim-port", taken), "choose another port with --sim-port"},
		"one port for two":     {freePorts("--ui-port", "17999", "--sim-port", "17999"), "--sim-port 17999 cannot be used"},
		"no such port":         {[]string{"--ui-port", "70000"}, `"70000" for "--ui-port" flag`},
		"no such flag":         {[]string{"--colour"}, "unknown flag: --colour"},
		"an argument":          {[]string{"now"}, `unexpected argument "now"`},
		"report in no folder":  {freePorts("--report", "/no/such/r.json"), "--report: the report cannot be written to"},
		"report onto a folder": {freePorts("--report", t.TempDir()), "it already exists and is not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errOut bytes.Buffer
			require.Equal(t, program.StatusUsage, run(t.Context(), c.args, strings.NewReader(""), &out, &errOut), errOut.String())
			require.Contains(t, errOut.String(), c.want)
			require.Empty(t, out.String())
		})
	}
	var errOut bytes.Buffer
	require.Equal(t, program.StatusUsage, run(t.Context(), freePorts("--ui-port", taken, "--report", "/no/such/r.json"), strings.NewReader(""), &errOut, &errOut))
	require.Contains(t, errOut.String(), "--ui-port")
	require.Contains(t, errOut.String(), "--report", "every fault at once")
}
