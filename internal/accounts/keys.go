package accounts

import (
	"fmt"
	"io"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/aws"         //nolint:depguard // given keys need no more of the SDK
	"github.com/aws/aws-sdk-go-v2/credentials" //nolint:depguard // as above
)

// Keys are an AWS access key that is given, in place of the SDK's search for
// one: for simulated clouds and tests. They are never printed, whatever prints
// them.
type Keys struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // of a temporary key only
}

// provider gives the keys to the SDK.
func (k Keys) provider() aws.CredentialsProvider {
	return credentials.NewStaticCredentialsProvider(k.AccessKeyID, k.SecretAccessKey, k.SessionToken)
}

// hiddenKeys stands in print for every key.
const hiddenKeys = "AWS keys (hidden)"

// Format hides the keys from every verb of fmt.
func (Keys) Format(f fmt.State, _ rune) {
	io.WriteString(f, hiddenKeys) //nolint:errcheck,gosec // fmt has no use for the error
}

// LogValue hides the keys from log/slog.
func (Keys) LogValue() slog.Value { return slog.StringValue(hiddenKeys) }

// MarshalText hides the keys from JSON and YAML.
func (Keys) MarshalText() ([]byte, error) { return []byte(hiddenKeys), nil }
