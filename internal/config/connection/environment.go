package connection

import (
	"errors"
	"os"
	"strings"

	"github.com/tidegate/tidegate/internal/config/secret"
)

const (
	apiKeyVariable = "TEMPORAL_API_KEY"    //nolint:gosec // the name, not what it holds
	headerPrefix   = "TEMPORAL_GRPC_META_" // a header may be a login
)

// environment is the process's, in which a secret of the connection may come from a file. The SDK
// itself reads the client's key from a file, by TEMPORAL_TLS_CLIENT_KEY_PATH.
type environment map[string]string

// readEnvironment reads the environment and the files that it names. Its error names each variable
// that is wrong.
func readEnvironment() (environment, error) {
	all := environment{}
	var errs []error
	for _, pair := range os.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		of, isFile := strings.CutSuffix(name, secret.Suffix)
		if isFile && (of == apiKeyVariable || strings.HasPrefix(of, headerPrefix)) {
			text, err := secret.Lookup(os.Getenv, of)
			errs = append(errs, err)
			name, value = of, text // its own name would be taken for a header
		}
		if value != "" || !isFile {
			all[name] = value
		}
	}
	return all, errors.Join(errs...)
}

// Environ is as os.Environ.
func (e environment) Environ() (all []string) {
	for name, value := range e {
		all = append(all, name+"="+value)
	}
	return all
}

// LookupEnv is as os.LookupEnv.
func (e environment) LookupEnv(name string) (string, bool) {
	value, is := e[name]
	return value, is
}
