package signing

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Signed is a signature that counts, with who was found to have made it: once for each group in which it counts.
type Signed struct {
	Signature
	Verified []Verified `json:"verified"`
}

// Person is who has signed; zero: nobody was found to have.
func (s Signed) Person() Verified {
	if len(s.Verified) == 0 {
		return Verified{}
	}
	return s.Verified[0]
}

// SamePerson is true for two signatures that cannot be taken for those of two people.
func (s Signed) SamePerson(o Signed) bool {
	return slices.ContainsFunc(s.Verified, func(v Verified) bool { return slices.ContainsFunc(o.Verified, v.SamePerson) })
}

// Proof is the signature as it stands in the record of a decision.
func (s Signed) Proof() maintenance.Proof {
	v := s.Person()
	p := maintenance.Proof{
		Principal: v.Principal, Key: v.Key, KeyType: v.KeyType, At: v.At, Statement: s.Statement, Signature: s.Armored,
	}
	var groups, files []string
	for _, v := range s.Verified {
		groups, files = append(groups, v.Group), append(files, v.Files)
	}
	p.Groups, p.Files = strings.Join(groups, ", "), strings.Join(files, ", ")
	return p
}

// Book is what a campaign knows of signatures. It travels from run to run.
type Book struct {
	// Plan is the digest of the plan as it runs, which the campaign has computed itself; empty: the plan has not arrived.
	Plan string `json:"plan,omitempty"`
	// Rule is what the plan asks for and the worker's configuration demands for its accounts; none: no signature is
	// needed.
	Rule Rule `json:"rule,omitempty"`
	// Demanded are the accounts whose owners demand a part of it, sorted: the plan cannot make that part weaker.
	Demanded []string `json:"demanded,omitempty"`
	// Start is the signature of who started the campaign; nil: nobody has signed that.
	Start *Signed `json:"start,omitempty"`
	// Used are the statements that were accepted and could still be taken for fresh.
	Used []Use `json:"used,omitempty"`
}

// Use is a statement that was accepted from somebody.
type Use struct {
	Digest string    `json:"digest"` // SHA-256 of the key's fingerprint and the text, in hexadecimal digits
	At     time.Time `json:"at"`     // when it was signed
}

// Approvals is the rule that approvals have to meet: each demand's Needed.
func (b Book) Approvals(submitterMayApprove bool) Rule {
	rule := slices.Clone(b.Rule)
	for i := range rule {
		rule[i] = rule[i].Needed(b.Start, submitterMayApprove)
	}
	return rule
}

// Accept notes that a signature was accepted. It refuses one whose statement was accepted before from the same key,
// also if
// the key has signed it again; several people may sign one text. One that is older than MaxAge is not noted any more,
// and is
// refused as stale.
func (b *Book) Accept(s Signed, now time.Time) error {
	statement, err := Parse([]byte(s.Statement))
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(s.Person().Key + "\n" + s.Statement))
	digest := hex.EncodeToString(sum[:])
	for _, used := range b.Used {
		if used.Digest == digest {
			return refuse(Replayed, "signed at "+stamp(used.At))
		}
	}
	if err := statement.Fresh(now, MaxAge); err != nil {
		return err
	}
	b.Used = slices.DeleteFunc(slices.Clone(b.Used), func(u Use) bool { return now.Sub(u.At) > MaxAge })
	b.Used = append(b.Used, Use{Digest: digest, At: statement.At})
	return nil
}

// Authorization is what a campaign answers to the worker that is about to change one of its targets: the approvals that
// let it. The worker verifies them again.
type Authorization struct {
	// Campaign, Run and Plan are the campaign's name, the id of its first run, and the digest of its plan: what every
	// approval has to be for.
	Campaign string `json:"campaign"`
	Run      string `json:"run"`
	Plan     string `json:"plan"`
	// Wave is the target's, from 1 on; EachWave: only approvals of that wave count.
	Wave     int  `json:"wave"`
	EachWave bool `json:"eachWave,omitempty"`
	// Batches are the ids of the workflows that the campaign has started for its targets.
	Batches []string `json:"batches,omitempty"`
	// Approvals are those that count, and Start the signature of the start; nil: nobody signed it.
	Approvals []Signed `json:"approvals,omitempty"`
	Start     *Signed  `json:"start,omitempty"`
}
