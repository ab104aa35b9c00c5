package signing

import (
	"fmt"
	"strings"
	"time"
)

// MaxAge is how old a signature may be when it arrives, and MaxSkew how far from the future it may be,
// since the clocks of two machines differ.
const (
	MaxAge  = 10 * time.Minute
	MaxSkew = time.Minute
)

// Match refuses a statement that is not the wanted one. Why, Nonce and At are the signer's own: wanted
// has them empty, or as the signer has them. The refusal names the first field that differs, with what
// was signed and what is wanted.
func (s Statement) Match(wanted Statement) error {
	wanted.Why, wanted.Nonce, wanted.At = s.Why, s.Nonce, s.At
	for _, f := range fields() {
		signed, want := f.text(s), f.text(wanted)
		if signed != want {
			return refuse(Another, fmt.Sprintf("%s: signed for %s, wanted %s", f.label, orNone(signed), orNone(want)))
		}
	}
	return nil
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return shortened(text)
}

// Fresh refuses a statement that was signed more than limit before now, or more than MaxSkew after it.
func (s Statement) Fresh(now time.Time, limit time.Duration) error {
	switch age := now.Sub(s.At); {
	case age > limit:
		return refuse(Stale, fmt.Sprintf("signed at %s, %s before it arrived: at most %s", stamp(s.At),
			age.Round(time.Second), limit))
	case age < -MaxSkew:
		return refuse(Future, fmt.Sprintf("signed at %s, it arrived at %s", stamp(s.At), stamp(now)))
	}
	return nil
}

// SignedSince refuses a statement that may have been accepted before a time, as by an earlier run: whose clock is
// MaxSkew ahead signs with a time after that of acceptance.
func (s Statement) SignedSince(start time.Time) error {
	if from := start.Add(MaxSkew); !s.At.After(from) {
		return refuse(Stale, fmt.Sprintf("signed at %s, and what began at %s takes what is signed after %s", stamp(s.At),
			stamp(start), stamp(from)))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }

// PlanDigest is the form in which a statement has a SHA-256, from its hexadecimal digits.
func PlanDigest(hexDigits string) string { return "sha256:" + strings.ToLower(hexDigits) }
