package channels

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/secretscan"
)

// Address is a channel's URL, as shoutrrr has it. It is never printed, whatever
// prints it.
type Address string

// hidden stands in print for an address, and for each piece of one.
const hidden = "(hidden)"

// Format hides the address from every verb of fmt.
func (Address) Format(f fmt.State, _ rune) {
	io.WriteString(f, hidden) //nolint:errcheck,gosec // fmt has no use for the error
}

// LogValue hides the address from log/slog.
func (Address) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText hides the address from JSON and YAML.
func (Address) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// longest is how much of a service's words is kept.
const longest = 300

// scrub is what a service said, without any piece of the address and without any
// URL: services make other URLs of the address's pieces.
func (a Address) scrub(err error) error {
	text := regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://[^\s"']+`).ReplaceAllString(err.Error(), hidden)
	pieces := a.pieces()
	for _, piece := range pieces {
		text = regexp.MustCompile("(?i)"+regexp.QuoteMeta(piece)).ReplaceAllString(text, hidden)
	}
	for _, piece := range pieces { // what is left in another form, such as base64
		if len(piece) >= 8 && len(secretscan.Find([]byte(text), secretscan.Secret{Value: piece})) > 0 {
			return errRefused
		}
	}
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return errors.New(strings.Join(strings.Fields(text), " "))
}

// shortest is from which length on a piece of an address counts as a secret,
// unless it is a password.
const shortest = 6

// pieces are what may be secret of an address, the longest first: all that stands
// after the service's name, as it is written and as it is meant.
func (a Address) pieces() []string {
	_, rest, found := strings.Cut(string(a), "://")
	if !found {
		rest = string(a)
	}
	var all []string
	if u, err := url.Parse(string(a)); err == nil && u.User != nil {
		password, _ := u.User.Password()
		all = append(all, password, url.QueryEscape(password), url.PathEscape(password))
	}
	separators := regexp.MustCompile(`[^A-Za-z0-9_-]+`)
	forms := []string{rest}
	if meant, err := url.PathUnescape(rest); err == nil {
		forms = append(forms, meant)
	}
	if meant, err := url.QueryUnescape(rest); err == nil {
		forms = append(forms, meant)
	}
	for _, form := range forms {
		for _, piece := range append(strings.FieldsFunc(form, func(r rune) bool { return strings.ContainsRune("/?&=@", r) }),
			separators.Split(form, -1)...) {
			if len(piece) >= shortest {
				all = append(all, piece)
			}
		}
	}
	all = slices.DeleteFunc(all, func(s string) bool { return s == "" })
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	return slices.Compact(all)
}
