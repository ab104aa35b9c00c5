package huaweicloud

import (
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"
)

const (
	// maxText is how much of a cloud's text goes into an error, in bytes.
	maxText = 300
	// minSecret is the length from which a secret is looked for in texts: a
	// password of one letter would blank every word.
	minSecret = 4
)

// longRun is what tokens, keys and signatures look like. Ids have 36
// characters, and a path has slashes.
var longRun = regexp.MustCompile(`[A-Za-z0-9+_=-]{40,}`)

// labelled finds a credential by the header that carries it, also one that is not
// the cloud's: an HTTP proxy's may be short.
var labelled = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|x-auth-token|x-subject-token|x-security-token)(["']?\s*[:=]\s*["']?)(?:(?:basic|bearer)\s+)?[^\s"',;&]+`)

// scrubber takes the credentials out of what a cloud or a library says: both
// repeat at times what they were sent.
type scrubber struct {
	given []string
	known atomic.Pointer[strings.Replacer]
}

func newScrubber(c Credentials) *scrubber {
	s := &scrubber{given: []string{c.AccessKey, c.SecretKey, c.SecurityToken, c.Token, c.Password}}
	s.also()
	return s
}

// also replaces the tokens that were fetched earlier: the scrubber then knows these, and
// the credentials that it was given.
func (s *scrubber) also(tokens ...string) {
	var pairs []string
	for _, secret := range slices.Concat(s.given, tokens) {
		if len(secret) < minSecret {
			continue
		}
		for _, form := range []string{secret, inJSON(secret), url.QueryEscape(secret)} {
			pairs = append(pairs, form, "***")
		}
	}
	s.known.Store(strings.NewReplacer(pairs...))
}

// clean blanks secrets, puts the text on one line and cuts it, in this order:
// half a secret would not be recognised.
func (s *scrubber) clean(text string) string {
	text = labelled.ReplaceAllString(s.known.Load().Replace(text), "$1$2***")
	text = longRun.ReplaceAllString(text, "***")
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if len(text) <= maxText {
		return text
	}
	end := maxText
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}

// inJSON is how a secret with quotes or backslashes looks within JSON.
func inJSON(secret string) string {
	quoted, err := json.Marshal(secret)
	if err != nil {
		return secret
	}
	return strings.Trim(string(quoted), `"`)
}
