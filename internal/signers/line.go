package signers

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/text/unicode/norm"

	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// entry is a line of an allowed_signers file.
type entry struct {
	number     int    // of the line, from 1 on
	principals string // a pattern-list
	key        ssh.PublicKey
	options
}

// options are what a line may say of its key.
type options struct {
	authority  bool      // the key certifies others
	namespaces string    // a pattern-list; empty: all
	after      time.Time // from then on; zero: always
	before     time.Time // until then, to the second; zero: for ever
}

// parseLine reads a line that is neither empty nor a comment: principals, options, type, key, comment.
func parseLine(line string) (e entry, err error) {
	rest := ""
	if e.principals, rest, err = cutPrincipals(line); err != nil {
		return e, err
	}
	if !startsWithType(rest) {
		var given string
		if given, rest, err = cutOptions(rest); err != nil {
			return e, err
		}
		if e.options, err = parseOptions(given); err != nil {
			return e, err
		}
	}
	e.key, err = parseKey(rest)
	if _, isCertificate := e.key.(*ssh.Certificate); isCertificate {
		err = errors.New("has a certificate: give the key itself, or its authority with the option cert-authority")
	}
	return e, err
}

// cutPrincipals takes the first field off a line; double quotes around it let it have spaces.
func cutPrincipals(line string) (list, rest string, err error) {
	if quoted, is := strings.CutPrefix(line, `"`); is {
		var found bool
		if list, rest, found = strings.Cut(quoted, `"`); !found {
			return "", "", errors.New("has a double quote that is not closed")
		}
		if !strings.HasPrefix(rest, " ") && !strings.HasPrefix(rest, "\t") {
			return "", "", errors.New("has no space after its principals")
		}
	} else {
		i := strings.IndexAny(line, " \t")
		if i < 0 {
			return "", "", errors.New("has no key: must be principals, options if any, type, key")
		}
		list, rest = line[:i], line[i:]
		if strings.Contains(list, `"`) {
			return "", "", errors.New("has a double quote within its principals: quotes must enclose all of them")
		}
	}
	for name := range strings.SplitSeq(list, ",") {
		switch {
		case strings.Trim(name, "!") == "" || !signing.OneLine(name):
			return "", "", fmt.Errorf("has the principal %q: must be a name or a pattern", name)
		case !oneSpelling(name):
			return "", "", fmt.Errorf("has the principal %+q, which looks as %+q does: write it in Unicode's form NFC", name,
				norm.NFC.String(name))
		}
	}
	return list, strings.TrimLeft(rest, " \t"), nil
}

// oneSpelling is true for a name that no other spelling of Unicode's looks the same as: é is one character, and not e
// with an accent. Two spellings would be two people.
func oneSpelling(name string) bool { return norm.NFC.IsNormalString(name) }

// startsWithType is true where a key begins, and no options do.
func startsWithType(text string) bool {
	word, _, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
	return slices.Contains([]string{
		ssh.KeyAlgoED25519, ssh.KeyAlgoRSA, keyDSA, ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384,
		ssh.KeyAlgoECDSA521, ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256,
	}, word) || strings.HasSuffix(word, "-cert-v01@openssh.com")
}

// cutOptions takes the options off: up to the first space outside double quotes.
func cutOptions(text string) (given, rest string, err error) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && text[i+1] == '"':
			i++
		case c == '"':
			quoted = !quoted
		case (c == ' ' || c == '\t') && !quoted:
			return text[:i], strings.TrimLeft(text[i:], " \t"), nil
		}
	}
	if quoted {
		return "", "", errors.New("has a double quote that is not closed")
	}
	return "", "", fmt.Errorf("has no key after %q: must be principals, options if any, type, key", shortened(text))
}

// parseOptions reads options, which are separated by commas.
func parseOptions(text string) (o options, err error) {
	given := map[string]bool{}
	for text != "" {
		i := strings.IndexAny(text, "=,")
		if i < 0 {
			i = len(text)
		}
		name, value := strings.ToLower(text[:i]), ""
		if text = text[i:]; strings.HasPrefix(text, "=") {
			if value, text, err = unquote(text[1:]); err != nil {
				return o, fmt.Errorf("option %s: %w", shortened(name), err)
			}
		}
		if given[name] {
			return o, fmt.Errorf("has the option %s twice", shortened(name))
		}
		given[name] = true
		if err := o.set(name, value); err != nil {
			return o, err
		}
		if text != "" && (!strings.HasPrefix(text, ",") || text == ",") {
			return o, fmt.Errorf("has options that end in %q", shortened(text))
		}
		text = strings.TrimPrefix(text, ",")
	}
	if !o.after.IsZero() && !o.before.IsZero() && !o.before.After(o.after) {
		return o, errors.New("has a valid-before that is not after its valid-after")
	}
	return o, nil
}

// unquote takes a value in double quotes off a text; \" stands for a quote in it.
func unquote(text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		return "", "", errors.New("its value must be in double quotes")
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text) && text[i+1] == '"':
			i++
			b.WriteByte('"')
		case c == '"':
			return b.String(), text[i+1:], nil
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errors.New("its double quote is not closed")
}

func (o *options) set(name, value string) (err error) {
	switch name {
	case "cert-authority":
		o.authority = true
		if value != "" {
			err = errors.New("option cert-authority takes no value")
		}
	case "namespaces":
		if o.namespaces = value; value == "" {
			err = errors.New("option namespaces names none")
		}
	case "valid-after":
		o.after, err = parseTime(name, value)
	case "valid-before":
		o.before, err = parseTime(name, value)
	default:
		err = fmt.Errorf("has the unknown option %q: must be cert-authority, namespaces, valid-after or valid-before",
			shortened(name))
	}
	return err
}

// parseTime reads YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, with Z or UTC after it. Without it the time
// would be one of the machine's zone, and so not the same on all workers.
func parseTime(name, text string) (time.Time, error) {
	digits, utc := strings.ToUpper(text), false
	for _, zone := range []string{"Z", "UTC"} {
		if !utc {
			digits, utc = strings.CutSuffix(digits, zone)
		}
	}
	layout := map[int]string{8: "20060102", 12: "200601021504", 14: "20060102150405"}[len(digits)]
	t, err := time.Parse(layout, digits)
	switch {
	case layout == "" || err != nil || t.Unix() <= 0:
		return t, fmt.Errorf(`option %s: invalid time %q: must be YYYYMMDDZ, YYYYMMDDHHMMZ or YYYYMMDDHHMMSSZ`, name, shortened(text))
	case !utc:
		return t, fmt.Errorf("option %s: %q has no zone, so it would not be the same time on each machine: write %sZ",
			name, text, digits)
	}
	return t, nil
}

// parseKey reads a type, a key in base64 and a comment.
func parseKey(text string) (ssh.PublicKey, error) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return nil, errors.New("has no key: must be its type and the key in base64")
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil {
		return nil, fmt.Errorf("has a key that is not base64: %w", err)
	}
	key, err := ssh.ParsePublicKey(blob)
	switch {
	case err != nil:
		return nil, fmt.Errorf("has a key that cannot be read: %w", err)
	case key.Type() != fields[0]:
		return nil, fmt.Errorf("has a key of type %s that is called %s", key.Type(), shortened(fields[0]))
	}
	return key, nil
}

// shortened is a text of others, for an error.
func shortened(text string) string {
	const most = 60
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
