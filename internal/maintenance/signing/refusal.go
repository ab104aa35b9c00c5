package signing

// Reason is why a signature does not count.
type Reason string

// The reasons. Those that need the state of a campaign (replayed, submitter, repeated, unsigned) are
// given by who has it.
const (
	// Malformed: the statement or the signature cannot be read.
	Malformed Reason = "malformed"
	// WrongNamespace: the signature was made for another use of the key.
	WrongNamespace Reason = "wrong namespace"
	// Altered: the signature is not over this statement.
	Altered Reason = "altered"
	// Weak: the key or the algorithm is not accepted, or a security key was not touched.
	Weak Reason = "weak"
	// NotASigner: the key is none of the group's.
	NotASigner Reason = "not a signer"
	// NotYetValid, Expired and Revoked: the key is the group's, but not at that time, or no longer.
	NotYetValid Reason = "not yet valid"
	Expired     Reason = "expired"
	Revoked     Reason = "revoked"
	// Stale and Future: it was signed too long ago, or will be, as the clocks go.
	Stale  Reason = "stale"
	Future Reason = "future"
	// Another: it was signed for another campaign, run, wave, plan, action, or for other arguments.
	Another Reason = "another"
	// Replayed: it was used already.
	Replayed Reason = "replayed"
	// BySubmitter: the person who started the campaign does not count.
	BySubmitter Reason = "submitter"
	// Repeated: the person counts already.
	Repeated Reason = "repeated"
	// Unsigned: a signature is demanded, and there is none.
	Unsigned Reason = "unsigned"
)

// words are what a reason means for the operator, and what to do.
func (r Reason) words() (w struct{ means, do string }) {
	return map[Reason]struct{ means, do string }{
		Malformed:      {"the signature cannot be read", "sign again"},
		WrongNamespace: {"the signature was made for another purpose", "sign with the namespace " + SSHNamespace},
		Altered:        {"the signature does not belong to this statement", "sign the statement again, unchanged"},
		Weak:           {"the signature is of a kind that is not accepted", "sign with an Ed25519, ECDSA or RSA key (2,048 bits or more, SHA-2), and touch a security key when it asks"},
		NotASigner:     {"the key may not sign here", "sign with a key of the group, or have the key added to its file"},
		NotYetValid:    {"the key may not sign yet", "sign with another key, or wait"},
		Expired:        {"the key has expired", "sign with another key, or have the key's entry renewed"},
		Revoked:        {"the key was revoked", "sign with another key"},
		Stale:          {"the signature is too old", "sign again, and check the clock of your machine"},
		Future:         {"the signature is from the future", "check the clock of your machine, and sign again"},
		Another:        {"the signature is for something else", "look at what is asked for now, and sign that"},
		Replayed:       {"the signature was used already", "sign again: each signature counts once"},
		BySubmitter:    {"the person who started the campaign may not approve it", "ask another signer"},
		Repeated:       {"the person has approved already", "ask another signer"},
		Unsigned:       {"a signature is required", "use the tidegate command with a key of the group: it signs"},
	}[r]
}

// RefusedError is the error of a signature that does not count. It is final: the same signature never will.
type RefusedError struct {
	Reason Reason `json:"reason"`
	// Detail is what was found: names, times, digests; never a secret.
	Detail string `json:"detail,omitempty"`
}

// Error says what it means, what was found, and what to do.
func (r *RefusedError) Error() string {
	words, means := r.Reason.words(), ""
	if r.Detail != "" {
		means = " (" + r.Detail + ")"
	}
	return words.means + means + ": " + words.do
}

// Details lets the refusal travel with the error of an activity.
func (r *RefusedError) Details() any { return *r }

func refuse(reason Reason, detail string) error { return &RefusedError{Reason: reason, Detail: detail} }

// Refuse is the error for a reason that only others can find, with what was found.
func Refuse(reason Reason, detail string) error { return refuse(reason, detail) }
