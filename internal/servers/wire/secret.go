package wire

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a password or a token. It is never printed, whatever prints it.
type Secret string

// hidden stands in print for a secret.
const hidden = "(hidden)"

// Format hides the secret from every verb of fmt.
func (Secret) Format(f fmt.State, _ rune) {
	io.WriteString(f, hidden) //nolint:errcheck,gosec // fmt has no use for the error
}

// LogValue hides the secret from log/slog.
func (Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the secret from JSON and YAML.
func (Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }
