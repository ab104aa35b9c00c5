// Package secret reads the secrets that a process is given: an environment variable, or a file that
// NAME_FILE names, as Docker and Kubernetes mount secrets. It knows no secret's name and keeps
// none. Start at Lookup.
package secret

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/tidegate/tidegate/internal/bounded"
)

// Suffix makes the name of the variable that names a secret's file of the secret's own.
const Suffix = "_FILE"

// maxSize of a secret's file in bytes: a private key has some 3 kB, a chain of certificates 20 kB.
const maxSize = 256 << 10

// Lookup is the secret that the environment variable name holds, or the content of the file that
// name_FILE names, without line ends at its end; empty where neither variable is set. It is an
// error that both are set, and that the file cannot be read or is empty: it names the variable and
// the file, and repeats no content.
func Lookup(getenv func(string) string, name string) (string, error) {
	value, path := getenv(name), getenv(name+Suffix)
	switch {
	case path == "":
		return value, nil
	case value != "":
		return "", fmt.Errorf("the environment variables %s and %s are both set: unset one of them", name, name+Suffix)
	case !filepath.IsAbs(path) && !strings.HasPrefix(path, "."):
		// Not repeated: it may be the secret itself.
		return "", fmt.Errorf("the environment variable %s is not the path of a file: it must start with / or ./", name+Suffix)
	}
	text, err := Read(path)
	if err != nil {
		return "", fmt.Errorf("the environment variable %s: %w", name+Suffix, err)
	}
	return text, nil
}

// Read is the content of a secret's file, without line ends at its end. Its error names the file.
func Read(path string) (string, error) {
	text, err := bounded.ReadFile(path, maxSize)
	if wrong, is := errors.AsType[*fs.PathError](err); is {
		err = wrong.Err // it repeats the path
	}
	if err != nil {
		return "", fmt.Errorf("the file %s cannot be read: %w", path, err)
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return "", fmt.Errorf("the file %s is empty: it must hold the secret", path)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}
