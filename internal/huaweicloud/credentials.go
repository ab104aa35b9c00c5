package huaweicloud

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Credentials are one of three ways to be let in. Exactly one is to be given,
// whole. They are never printed, whatever prints them, unless they sit in an
// unexported field of another struct, where fmt cannot ask them.
type Credentials struct {
	// AccessKey and SecretKey (AK/SK) sign each request. The vendor recommends
	// this way.
	AccessKey string
	SecretKey string
	// SecurityToken belongs to a temporary access key.
	SecurityToken string

	// Token is an IAM token that someone else fetched. It is sent as it is,
	// and not renewed: the cloud lets it in for 24 hours at most.
	Token string

	// User, Password and Domain (the account's name) fetch IAM tokens, which
	// are renewed before they expire. A HUAWEI ID cannot: it takes an IAM user.
	User     string
	Password string
	Domain   string
}

// hiddenCredentials stands in print for every credential.
const hiddenCredentials = "Huawei Cloud credentials (hidden)" //nolint:gosec // it is what is shown instead

// String hides the credentials.
func (c Credentials) String() string { return hiddenCredentials }

// GoString hides the credentials from %#v.
func (c Credentials) GoString() string { return hiddenCredentials }

// Format hides the credentials from every verb of fmt.
func (c Credentials) Format(f fmt.State, _ rune) {
	io.WriteString(f, hiddenCredentials) //nolint:errcheck,gosec // fmt has no use for the error
}

// LogValue hides the credentials from log/slog.
func (c Credentials) LogValue() slog.Value { return slog.StringValue(hiddenCredentials) }

// MarshalJSON hides the credentials from JSON.
func (c Credentials) MarshalJSON() ([]byte, error) { return []byte(`"` + hiddenCredentials + `"`), nil }

// MarshalText hides the credentials from YAML.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(hiddenCredentials), nil }

// Validate reports every wrong field at once, without its value.
func (c Credentials) Validate() error {
	var errs []error
	ways := 0
	if c.AccessKey+c.SecretKey+c.SecurityToken != "" {
		ways++
		errs = append(errs, c.checkKeys())
	}
	if c.Token != "" {
		ways++
		errs = append(errs, checkSecret("credentials.token", c.Token))
	}
	if c.byPassword() {
		ways++
		errs = append(errs, c.checkPassword())
	}
	if ways != 1 {
		// The SDK would otherwise ask the metadata service of the machine.
		errs = append(errs, maintenance.Invalid("credentials", fmt.Sprintf("%d ways", ways),
			"exactly one of accessKey and secretKey, token, or user with password and domain"))
	}
	return errors.Join(errs...)
}

// byPassword: a domain alone belongs to no way, as it may come along with keys.
func (c Credentials) byPassword() bool { return c.User+c.Password != "" }

func (c Credentials) checkKeys() error {
	errs := []error{
		checkSecret("credentials.accessKey", c.AccessKey),
		checkSecret("credentials.secretKey", c.SecretKey),
	}
	if c.SecurityToken != "" {
		errs = append(errs, checkSecret("credentials.securityToken", c.SecurityToken))
	}
	return errors.Join(errs...)
}

func (c Credentials) checkPassword() error {
	var errs []error
	for _, field := range [][2]string{{"user", c.User}, {"password", c.Password}, {"domain", c.Domain}} {
		if field[1] == "" {
			errs = append(errs, maintenance.Invalid("credentials."+field[0], "", "given: user, password and domain go together"))
		}
	}
	return errors.Join(errs...)
}

// checkSecret refuses what a file's last line end makes of a key or a token.
func checkSecret(field, value string) error {
	if value == "" {
		return maintenance.Invalid(field, "", "")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r > unicode.MaxASCII || r <= ' ' || r == 0x7f }) {
		return maintenance.Invalid(field, "(hidden)", "plain characters, without spaces and line ends")
	}
	return nil
}
