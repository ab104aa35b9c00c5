package secret_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/config/secret"
)

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func lookup(value, path string) (string, error) {
	return secret.Lookup(func(name string) string { return map[string]string{"KEY": value, "KEY_FILE": path}[name] }, "KEY")
}

func TestASecretComesFromItsVariableOrItsFile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ value, path, want string }{
		"a variable":             {value: " as it is\n", want: " as it is\n"},
		"a file":                 {path: file(t, "the secret"), want: "the secret"},
		"a file with a line end": {path: file(t, "the secret\r\n"), want: "the secret"},
		"a file of lines":        {path: file(t, "one\ntwo \n\n"), want: "one\ntwo "},
		"neither":                {},
	} {
		got, err := lookup(tc.value, tc.path)
		require.NoError(t, err, name)
		require.Equal(t, tc.want, got, name)
	}
}

func TestAFileThatHoldsNoSecretIsNamed(t *testing.T) {
	t.Parallel()
	missing, empty, huge := filepath.Join(t.TempDir(), "none"), file(t, " \n"), file(t, strings.Repeat("PLANTED", 1<<16))
	for want, tc := range map[string]struct{ value, path string }{
		"the environment variables KEY and KEY_FILE are both set: unset one of them":                                 {"PLANTED", missing},
		"the environment variable KEY_FILE: the file " + missing + " cannot be read: no such file or directory":      {"", missing},
		"the environment variable KEY_FILE: the file " + empty + " is empty: it must hold the secret":                {"", empty},
		"the environment variable KEY_FILE is not the path of a file: it must start with / or ./":                    {"", "PLANTED"},
		"the environment variable KEY_FILE: the file " + huge + " cannot be read: " + huge + " is too large: it has": {"", huge},
	} {
		_, err := lookup(tc.value, tc.path)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "PLANTED")
	}
}
