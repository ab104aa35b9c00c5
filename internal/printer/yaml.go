package printer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// YAML writes JSON as YAML, with the same fields in the same order. It quotes
// whatever a reader of YAML 1.1 or 1.2 might take for something else than a
// string: what clouds and people say is not always as a library that guesses
// expects it.
func YAML(text []byte) (string, error) {
	y := yamlText{from: json.NewDecoder(bytes.NewReader(text))}
	y.from.UseNumber()
	if err := y.value(0, true); err != nil {
		return "", fmt.Errorf("write the answer as YAML: %w", err)
	}
	return y.to.String() + "\n", nil
}

// yamlText is what is written, from what is read.
type yamlText struct {
	from *json.Decoder
	to   strings.Builder
}

// yamlIndent is that of what stands inside of something.
const yamlIndent = 2

// value writes the next value. started is true where a line's start up to the
// indent is written already.
func (y *yamlText) value(indent int, started bool) error {
	token, err := y.from.Token()
	if err != nil {
		return err //nolint:wrapcheck // YAML does
	}
	delim, nested := token.(json.Delim)
	if nested && y.from.More() {
		return y.entries(delim, indent, started)
	}
	if !started {
		y.to.WriteByte(' ')
	}
	if !nested {
		y.to.WriteString(scalar(token))
		return nil
	}
	closing, err := y.from.Token()
	fmt.Fprintf(&y.to, "%s%s", delim, closing)
	return err //nolint:wrapcheck // YAML does
}

// entries writes those of an object or of an array, which has some.
func (y *yamlText) entries(delim json.Delim, indent int, started bool) error {
	for y.from.More() {
		if !started {
			y.to.WriteString("\n" + strings.Repeat(" ", indent))
		}
		started = false
		lead := "- "
		if delim == '{' {
			key, err := y.from.Token()
			if err != nil {
				return err //nolint:wrapcheck // YAML does
			}
			lead = scalar(key) + ":"
		}
		y.to.WriteString(lead)
		if err := y.value(indent+yamlIndent, delim == '['); err != nil {
			return err
		}
	}
	_, err := y.from.Token()
	return err //nolint:wrapcheck // YAML does
}

// plainForm is what may stand without quotes, unless it is one of notPlain.
var plainForm = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9 ._/-]*[A-Za-z0-9._/-])?$`)

// notPlain are the words that YAML 1.1 or 1.2 takes for truth values and nothing.
var notPlain = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|inf)$`)

// scalar is a token of JSON as YAML.
func scalar(token json.Token) string {
	switch v := token.(type) {
	case nil:
		return "null"
	case string:
		if plainForm.MatchString(v) && !notPlain.MatchString(v) {
			return v
		}
		return quoted(v)
	case json.Number:
		if n := v.String(); !strings.Contains(n, ".") {
			return strings.Replace(n, "e", ".0e", 1) // YAML 1.1 takes 1e+21 for a text
		}
	}
	return fmt.Sprint(token)
}

// quoted is a text in JSON's quotes, which are YAML's too, without the characters
// that YAML does not count as printable (YAML 1.2.2, 5.1).
func quoted(text string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) //nolint:errchkjson // a text always encodes
	var escaped strings.Builder
	for _, r := range strings.TrimSuffix(b.String(), "\n") {
		if (r >= 0x7f && r <= 0x9f) || r == 0xfeff || r == 0xfffe || r == 0xffff {
			fmt.Fprintf(&escaped, `\u%04x`, r)
			continue
		}
		escaped.WriteRune(r)
	}
	return escaped.String()
}
