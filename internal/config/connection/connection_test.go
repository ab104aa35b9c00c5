package connection_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/tidegate/tidegate/internal/config/connection"
)

// options are those that arguments make in an environment without Temporal's
// variables.
func options(t *testing.T, args ...string) (client.Options, error) {
	t.Helper()
	var f connection.Flags
	cmd := &cobra.Command{Use: "x", SilenceErrors: true, SilenceUsage: true, RunE: func(*cobra.Command, []string) error { return nil }}
	f.Register(cmd, time.Second)
	cmd.SetArgs(args)
	require.NoError(t, cmd.Execute())
	return f.Options()
}

const toml = `
[profile.default]
address = "file:1"
namespace = "from-file"
[profile.prod]
address = "prod:7233"
api_key = "the-key"
`

func configFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "temporal.toml")
	require.NoError(t, os.WriteFile(path, []byte(toml), 0o600))
	return path
}

func TestFlagsGoBeforeTheEnvironmentAndThatBeforeTheProfile(t *testing.T) {
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(t.TempDir(), "none.toml"))
	o, err := options(t)
	require.NoError(t, err)
	require.Equal(t, "localhost:7233", o.HostPort)
	require.Equal(t, "default", o.Namespace)
	require.Nil(t, o.ConnectionOptions.TLS)

	file := configFile(t)
	o, err = options(t, "--config-file", file)
	require.NoError(t, err)
	require.Equal(t, "file:1", o.HostPort)
	require.Equal(t, "from-file", o.Namespace)

	o, err = options(t, "--config-file", file, "--profile", "prod")
	require.NoError(t, err)
	require.Equal(t, "prod:7233", o.HostPort)
	require.NotNil(t, o.Credentials)
	require.NotNil(t, o.ConnectionOptions.TLS, "an API key goes over TLS")

	t.Setenv("TEMPORAL_ADDRESS", "env:2")
	t.Setenv("TEMPORAL_NAMESPACE", "from-env")
	o, err = options(t, "--config-file", file)
	require.NoError(t, err)
	require.Equal(t, "env:2", o.HostPort)
	require.Equal(t, "from-env", o.Namespace)

	o, err = options(t, "--config-file", file, "--address", "flag:3", "-n", "from-flag", "--tls", "--tls-server-name", "t", "--grpc-meta", "K_y=v")
	require.NoError(t, err)
	require.Equal(t, "flag:3", o.HostPort)
	require.Equal(t, "from-flag", o.Namespace)
	require.Equal(t, "t", o.ConnectionOptions.TLS.ServerName)
	headers, err := o.HeadersProvider.GetHeaders(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]string{"k-y": "v"}, headers)

	t.Setenv("TEMPORAL_TLS", "true")
	o, err = options(t, "--config-file", file, "--tls=false")
	require.NoError(t, err)
	require.Nil(t, o.ConnectionOptions.TLS)
	require.True(t, o.ConnectionOptions.TLSDisabled)
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	file, missing := configFile(t), filepath.Join(t.TempDir(), "none.toml")
	t.Setenv("TEMPORAL_CONFIG_FILE", missing)
	for want, args := range map[string][]string{
		`--address: invalid value "nowhere": must be host:port, such as 127.0.0.1:7233`:                                                                             {"--address", "nowhere"},
		`--address: invalid value "h:99999": must be host:port, such as 127.0.0.1:7233`:                                                                             {"--address", "h:99999"},
		`--grpc-meta, number 1: must be KEY=VALUE`:                                                                                                                  {"--grpc-meta", "SECRET"},
		`--client-connect-timeout: invalid value "0s": must be a duration above 0`:                                                                                  {"--client-connect-timeout", "0s"},
		`--config-file: stat /there/is/none: no such file or directory`:                                                                                             {"--config-file", "/there/is/none"},
		`--profile: invalid value "none": must be left out: the Temporal configuration file, ` + missing + `, is missing or empty; name another with --config-file`: {"--profile", "none"},
		`--profile: invalid value "none": must be one of those in ` + file + `: default, prod`:                                                                      {"--profile", "none", "--config-file", file},
		`failed reading server CA cert path: open /there/is/none: no such file`:                                                                                     {"--tls-ca-path", "/there/is/none"},
		`if either client cert or key path is present, other must be present too`:                                                                                   {"--tls-cert-path", "/there/is/none"},
	} {
		_, err := options(t, args...)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "SECRET")
	}
	t.Setenv("TEMPORAL_PROFILE", "none")
	_, err := options(t)
	require.ErrorContains(t, err, `TEMPORAL_PROFILE: invalid value "none": must be left out`)
	t.Setenv("TEMPORAL_PROFILE", "")
	t.Setenv("TEMPORAL_ADDRESS", "nowhere")
	_, err = options(t)
	require.ErrorContains(t, err, `address (TEMPORAL_ADDRESS or the profile's): invalid value "nowhere"`)
}

func TestTemporalThatDoesNotAnswerIsAnErrorThatSaysWhyAndWhatToDo(t *testing.T) {
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(t.TempDir(), "none.toml"))
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, silent.Close()) })
	for address, why := range map[string]string{
		"127.0.0.1:1":             "no connection to Temporal at 127.0.0.1:1: check the address (--address, TEMPORAL_ADDRESS or a profile) and TLS, or start a server there",
		"dns:///127.0.0.1:1":      "(devserver --db temporal.db): connection refused",
		"nowhere.localhost.:7233": "at nowhere.localhost.:7233: ",
		silent.Addr().String():    "context deadline exceeded",
	} {
		o, err := options(t, "--address", address, "--client-connect-timeout", "300ms")
		require.NoError(t, err)
		for _, dial := range []func(context.Context, client.Options, *slog.Logger) (client.Client, error){connection.Dial, connection.DialNow} {
			_, err = dial(t.Context(), o, slog.New(slog.DiscardHandler))
			require.ErrorContains(t, err, why)
		}
	}
}

// Who waits for the answer is not kept where there is nothing to wait for.
func TestAnAddressAtWhichNobodyListensIsReportedSoon(t *testing.T) {
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(t.TempDir(), "none.toml"))
	o, err := options(t, "--address", "127.0.0.1:1", "--client-connect-timeout", "1h")
	require.NoError(t, err)
	_, err = connection.DialNow(t.Context(), o, slog.New(slog.DiscardHandler))
	require.ErrorContains(t, err, "connection refused")

	over, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = connection.Dial(over, o, slog.New(slog.DiscardHandler))
	require.ErrorIs(t, err, context.Canceled)
	require.NotContains(t, err.Error(), "check the address")
}

func TestACommandIsRepeatedWithTheFlagsThatWereGiven(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"": {"--api-key", "secret", "--grpc-meta", "authorization=secret", "--client-connect-timeout", "3s"},
		"--address t:7233 --namespace prod --tls=true --tls-cert-path '/my certs/c.pem'": {"--tls", "-n", "prod", "--tls-cert-path", "/my certs/c.pem", "--address", "t:7233"},
	} {
		var f connection.Flags
		cmd := &cobra.Command{Use: "x", RunE: func(*cobra.Command, []string) error { return nil }}
		f.Register(cmd, time.Second)
		cmd.SetArgs(args)
		require.NoError(t, cmd.Execute())
		require.Equal(t, want, f.Given())
	}
}

func TestAClientHasTheNameOfItsProgram(t *testing.T) {
	t.Setenv("TEMPORAL_CONFIG_FILE", filepath.Join(t.TempDir(), "none.toml"))
	o, err := options(t)
	require.NoError(t, err)
	require.Regexp(t, `^x( \(.+@.+\))?$`, o.Identity)
}

func TestTheConnectionsSecretsMayComeFromFiles(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none.toml")
	t.Setenv("TEMPORAL_CONFIG_FILE", none)
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte("PLANTED\n"), 0o600))
	for _, name := range []string{"TEMPORAL_API_KEY", "TEMPORAL_GRPC_META_AUTHORIZATION"} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(name+"_FILE", secret)
			require.Regexp(t, "^(Bearer )?PLANTED$", sent(t))

			t.Setenv(name, "PLANTED")
			_, err := options(t)
			require.ErrorContains(t, err, name+" and "+name+"_FILE are both set")
			require.NotContains(t, err.Error(), "PLANTED")

			t.Setenv(name, "")
			t.Setenv(name+"_FILE", none)
			_, err = options(t)
			require.ErrorContains(t, err, name+"_FILE: the file "+none+" cannot be read")
		})
	}
	t.Run("none", func(t *testing.T) {
		t.Setenv("TEMPORAL_API_KEY_FILE", "")
		o, err := options(t, "--config-file", configFile(t), "--profile", "prod")
		require.NoError(t, err)
		require.NotNil(t, o.Credentials, "the profile's key stays")
	})
}
