package wire

import (
	"net/http"
	"regexp"
	"strings"
)

// labelled finds a secret by the name before it, as in the canonical request
// that AWS repeats where a signature is wrong.
var labelled = regexp.MustCompile(`(?i)\b(x-amz-security-token|authorization|credential|signature|` +
	`(?:aws[-_ ]?)?(?:session[-_ ]?token|secret[-_ ]?(?:access[-_ ]?)?key|access[-_ ]?key(?:[-_ ]?id)?))["']?\s*[:=]\s*["']?(?:(?:basic|bearer)\s+)?[^\s"',;&]+`)

const (
	hiddenText = "[hidden]"
	maxText    = 500 // runes of an answer that an error repeats
)

// hide notes what a request carries that no error may say. Services repeat
// headers in their messages, the session token among them.
func (c *Call) hide(header http.Header) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hidden = append(c.hidden, header.Values("X-Amz-Security-Token")...)
	parts := strings.FieldsFuncSeq(header.Get("Authorization"), func(r rune) bool {
		return strings.ContainsRune(" ,=/", r)
	})
	for part := range parts {
		if len(part) >= minSecret {
			c.hidden = append(c.hidden, part)
		}
	}
}

// minSecret keeps the public words of an Authorization header, such as the
// date and the region, from being hidden wherever they occur. Access keys have
// 16 characters at least (IAM API reference, AccessKeyId).
const minSecret = 16

// clean is the first line of a text without secrets, cut to a length that a
// person reads. What AWS says for people stands in the first line; in those
// that follow it repeats the request.
func (c *Call) clean(text string) string {
	text, _, _ = strings.Cut(strings.TrimSpace(text), "\n")
	c.mu.Lock()
	for _, secret := range c.hidden {
		text = strings.ReplaceAll(text, secret, hiddenText)
	}
	c.mu.Unlock()
	text = labelled.ReplaceAllString(text, "$1="+hiddenText)
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText]) + "..."
	}
	return text
}
