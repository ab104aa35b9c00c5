package signing

import (
	"slices"
	"strings"
	"time"
)

// Signature is a signed statement as it travels with an action.
type Signature struct {
	// Statement is the text that was signed, Statement.Text.
	Statement string `json:"statement"`
	// Armored is the signature in OpenSSH's format: -----BEGIN SSH SIGNATURE-----.
	Armored string `json:"signature"`
}

// Verified is who is found to have signed a statement, and by what. It is recorded, and can be found
// again later from the same files, statement and time.
type Verified struct {
	// Principal is the person: the first name on the line of the allowed_signers file, or on the
	// certificate, by which the key counts.
	Principal string `json:"principal"`
	// Names are all names that the file has for the key, with Principal, sorted; left out if there is one only.
	Names []string `json:"names,omitempty"`
	// Key is the key's fingerprint, SHA256:..., and KeyType its type, such as ssh-ed25519.
	Key     string `json:"key"`
	KeyType string `json:"keyType"`
	// Authority is the fingerprint of the authority that has certified the key; empty: the file has the
	// key itself.
	Authority string `json:"authority,omitempty"`
	// Group is the worker's group of signers in which it counts.
	Group string `json:"group"`
	// Files is the digest of the group's files, sha256:..., by which it was verified.
	Files string `json:"files"`
	// At is the time as of which it was verified: that of acceptance.
	At time.Time `json:"at"`
}

// Is is true for a name of the person, by whatever case.
func (v Verified) Is(name string) bool {
	name = strings.TrimSpace(name)
	same := func(n string) bool { return strings.EqualFold(n, name) }
	return same(v.Principal) || slices.ContainsFunc(v.Names, same)
}

// SamePerson is true for two signatures that cannot be taken for those of two people: by one key, or by
// keys that have a name in common.
func (v Verified) SamePerson(o Verified) bool {
	return v.Key == o.Key || v.Is(o.Principal) || slices.ContainsFunc(o.Names, v.Is)
}

// Text is how people are told: verified: alice@example.com (SHA256:...).
func (v Verified) Text() string { return "verified: " + v.Principal + " (" + v.Key + ")" }

// NotVerified is what is said of an action that no signature stands behind.
const NotVerified = "not verified"
