// Package secretscan finds given credentials in the output of other programs: histories, logs,
// reports, errors. It also finds them quoted in JSON, escaped in a URL, inside base64, or cut in
// half. It does not look for text that only resembles a credential. Start at Find.
package secretscan

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
)

// Secret is a credential that nobody may read, under the name by which a
// finding speaks of it.
type Secret struct {
	Name  string
	Value string // at least 8 bytes: a shorter one would be found in every text
}

// shortest is the length from which the halves of a secret are looked for too.
const shortest = 24

// Find are the names of the secrets that the text holds, in any of their forms,
// with the form in brackets; in the order of the secrets.
func Find(text []byte, secrets ...Secret) []string {
	var found []string
	for _, s := range secrets {
		for _, f := range forms(s.Value) {
			if bytes.Contains(text, []byte(f.text)) {
				found = append(found, s.Name+" ("+f.name+")")
				break
			}
		}
	}
	return found
}

type form struct{ name, text string }

// forms are the ways in which a secret may look, the plainest first.
func forms(secret string) []form {
	all := formsOf("", secret)
	if len(secret) >= shortest {
		all = append(all, formsOf("first half, ", secret[:len(secret)/2])...)
		all = append(all, formsOf("second half, ", secret[len(secret)/2:])...)
	}
	return all
}

func formsOf(part, secret string) []form {
	all := []form{
		{part + "plain", secret},
		{part + "in a URL's query", url.QueryEscape(secret)},
		{part + "in a URL's path", url.PathEscape(secret)},
		{part + "in hexadecimal", hex.EncodeToString([]byte(secret))},
	}
	for _, escapeHTML := range []bool{true, false} {
		once := inJSON(secret, escapeHTML)
		all = append(all, form{part + "in JSON", once},
			form{part + "in JSON within JSON", inJSON(once, true)}, form{part + "in JSON within JSON", inJSON(once, false)})
	}
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		for shift := range 3 {
			all = append(all, form{part + "in base64", within(encoding, shift, secret)})
		}
	}
	return all
}

// inJSON is the secret as a JSON text has it between its quotes.
func inJSON(secret string, escapeHTML bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(secret); err != nil {
		return secret // a string always can be quoted
	}
	quoted := strings.TrimSpace(b.String())
	return quoted[1 : len(quoted)-1]
}

// within are the characters that depend on the secret alone when so many bytes,
// modulo three, stand before it and others follow.
func within(encoding *base64.Encoding, shift int, secret string) string {
	encoded := encoding.EncodeToString(append(make([]byte, shift), secret...))
	mixed := (shift*8 + 5) / 6 // characters that hold bits of what stands before
	whole := (shift + len(secret)) * 8 / 6
	return encoded[mixed:whole]
}
