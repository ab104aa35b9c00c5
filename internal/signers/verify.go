package signers

import (
	"bytes"
	"crypto/rsa"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// keyDSA is the type of keys that OpenSSH gave up; files may still have them.
const keyDSA = "ssh-dss"

// minRSA is how many bits an RSA key must have.
const minRSA = 2048

// Check finds who has signed the wanted statement, as of a time, at which the signature must not be older
// than maxAge. Reason, nonce and time of signing are the signer's. Its error is a signing.RefusedError.
func (g *Group) Check(
	s signing.Signature, wanted signing.Statement, at time.Time, maxAge time.Duration,
) (signing.Verified, error) {
	signed, err := signing.Parse([]byte(s.Statement))
	if err != nil {
		return signing.Verified{}, err
	}
	verified, err := g.Verify(s, at)
	if err != nil {
		return signing.Verified{}, err
	}
	if err := signed.Match(wanted); err != nil {
		return signing.Verified{}, err
	}
	return verified, signed.Fresh(at, maxAge)
}

// Verify finds who has signed a text, as of a time, whatever the text says. Its error is a
// signing.RefusedError.
func (g *Group) Verify(s signing.Signature, at time.Time) (signing.Verified, error) {
	sig, err := unarmor(s.Armored)
	if err != nil {
		return signing.Verified{}, err
	}
	c := claim{group: g, sig: sig, key: plain(sig.PublicKey), at: at.UTC()}
	c.certificate, _ = sig.PublicKey.(*ssh.Certificate)
	if sig.Namespace != signing.SSHNamespace {
		return signing.Verified{}, signing.Refuse(signing.WrongNamespace, fmt.Sprintf("%q", shortened(sig.Namespace)))
	}
	entries := c.entries()
	if len(entries) == 0 {
		return signing.Verified{}, signing.Refuse(signing.NotASigner, c.whose()+", in group "+g.name)
	}
	if err := c.authentic(s.Statement); err != nil {
		return signing.Verified{}, err
	}
	return c.accepted(entries)
}

// unarmor reads a signature that is nothing else: no text before or after it.
func unarmor(armored string) (*sshsig.Signature, error) {
	refuse := func(detail string) (*sshsig.Signature, error) { return nil, signing.Refuse(signing.Malformed, detail) }
	if len(armored) > signing.MaxArmored {
		return refuse(fmt.Sprintf("the signature has %d bytes, at most %d are read", len(armored), signing.MaxArmored))
	}
	text := strings.TrimSpace(armored)
	block, rest := pem.Decode([]byte(text + "\n"))
	if block == nil || len(rest) > 0 || len(block.Headers) > 0 || strings.Count(text, "-----BEGIN ") != 1 ||
		!strings.HasPrefix(text, "-----BEGIN "+sshsig.PEMType+"-----") {
		return refuse("it is not one armored SSH signature, as ssh-keygen -Y sign writes it")
	}
	sig, err := sshsig.ParseSignature(block.Bytes)
	if err != nil {
		return refuse(err.Error())
	}
	if len(sig.Signature.Rest) > 0 && !bySecurityKey(sig.PublicKey) {
		return refuse("it has data after its end")
	}
	return sig, nil
}

func bySecurityKey(key ssh.PublicKey) bool { return strings.HasPrefix(plain(key).Type(), "sk-") }

// claim is a signature with what it says of its key.
type claim struct {
	group       *Group
	sig         *sshsig.Signature
	key         ssh.PublicKey    // the key itself
	certificate *ssh.Certificate // nil: the signature has none
	at          time.Time
}

// entries are the group's lines about the key, or about the authority that has certified it.
func (c claim) entries() (found []entry) {
	for _, e := range c.group.entries {
		if c.of(e) {
			found = append(found, e)
		}
	}
	return found
}

func (c claim) of(e entry) bool {
	if e.authority {
		return c.certificate != nil && same(e.key, c.certificate.SignatureKey)
	}
	return c.certificate == nil && same(e.key, c.key)
}

func same(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

func (c claim) whose() string {
	text := "key " + ssh.FingerprintSHA256(c.key)
	if c.certificate != nil {
		text += ", certified by " + ssh.FingerprintSHA256(c.certificate.SignatureKey)
	}
	return text
}

// authentic refuses a signature by a revoked or weak key, or over another text.
func (c claim) authentic(text string) error {
	keys := []ssh.PublicKey{c.key}
	if c.certificate != nil {
		keys = append(keys, c.certificate.SignatureKey)
	}
	for _, key := range keys {
		if c.group.revoked[string(key.Marshal())] {
			return signing.Refuse(signing.Revoked, "key "+ssh.FingerprintSHA256(key))
		}
		if weak := weakness(key); weak != "" {
			return signing.Refuse(signing.Weak, "key "+ssh.FingerprintSHA256(key)+" "+weak)
		}
	}
	// The library sees SHA-1 only where the key is no certificate.
	if c.sig.Signature.Format == ssh.KeyAlgoRSA {
		return signing.Refuse(signing.Weak, "it uses SHA-1")
	}
	if bySecurityKey(c.key) && !touched(c.sig.Signature) {
		return signing.Refuse(signing.Weak, "the security key was not touched")
	}
	err := sshsig.Verify(strings.NewReader(text), c.sig, c.sig.PublicKey, c.sig.HashAlgorithm, signing.SSHNamespace)
	if err != nil {
		return signing.Refuse(signing.Altered, c.whose())
	}
	return nil
}

// weakness says what is wrong with a kind of key; empty: nothing.
func weakness(key ssh.PublicKey) string {
	if key.Type() == keyDSA {
		return "is a DSA key"
	}
	if known, is := key.(ssh.CryptoPublicKey); is {
		if number, is := known.CryptoPublicKey().(*rsa.PublicKey); is && number.N.BitLen() < minRSA {
			return fmt.Sprintf("has %d bits", number.N.BitLen())
		}
	}
	return ""
}

// touched is true for a security key's signature that says that a person was there: bit 0 of the flags
// after it (OpenSSH, PROTOCOL.u2f).
func touched(s *ssh.Signature) bool { return len(s.Rest) > 0 && s.Rest[0]&1 == 1 }

// accepted is the person by the first line that permits the key now, or else the first line's refusal.
func (c claim) accepted(entries []entry) (signing.Verified, error) {
	var refusal error
	for _, e := range entries {
		person, err := c.person(e)
		if err == nil {
			return c.verified(e, person), nil
		}
		if refusal == nil {
			refusal = err
		}
	}
	return signing.Verified{}, refusal
}

// person is the name that a line gives to the key at the time.
func (c claim) person(e entry) (string, error) {
	line := fmt.Sprintf("%s, %s:%d", c.whose(), c.group.path, e.number)
	second := c.at.Truncate(time.Second) // as OpenSSH compares
	switch {
	case e.namespaces != "" && !matches(e.namespaces, signing.SSHNamespace):
		return "", signing.Refuse(signing.NotASigner, fmt.Sprintf("%s permits only the namespaces %s", line, e.namespaces))
	case !e.after.IsZero() && second.Before(e.after):
		return "", signing.Refuse(signing.NotYetValid, fmt.Sprintf("%s, from %s on", line, stamp(e.after)))
	case !e.before.IsZero() && second.After(e.before):
		return "", signing.Refuse(signing.Expired, fmt.Sprintf("%s, until %s", line, stamp(e.before)))
	}
	if e.authority {
		if err := c.certified(line); err != nil {
			return "", err
		}
	}
	people := c.names(e)
	if len(people) == 0 {
		return "", signing.Refuse(signing.NotASigner, line+" names nobody: it has patterns only")
	}
	return people[0], nil
}

// names are the people whom a line names: itself, or by the certificate's principals that it accepts.
func (c claim) names(e entry) (people []string) {
	if !e.authority {
		return names(e.principals)
	}
	for _, principal := range c.certificate.ValidPrincipals {
		if signing.OneLine(principal) && principal != "" && oneSpelling(principal) &&
			matches(e.principals, principal) {
			people = append(people, principal)
		}
	}
	return people
}

// certified refuses a certificate that is none for people, is not valid at the time, or has a limit that
// cannot be judged here.
func (c claim) certified(line string) error {
	cert, now := c.certificate, uint64(max(0, c.at.Unix()))
	switch {
	case cert.CertType != ssh.UserCert:
		return signing.Refuse(signing.NotASigner, line+": a certificate for hosts")
	case cert.Signature.Format == ssh.KeyAlgoRSA:
		return signing.Refuse(signing.Weak, line+": the certificate was signed with SHA-1")
	case now < cert.ValidAfter:
		return signing.Refuse(signing.NotYetValid, line+": the certificate")
	case now >= cert.ValidBefore:
		return signing.Refuse(signing.Expired, line+": the certificate")
	case len(cert.ValidPrincipals) == 0:
		return signing.Refuse(signing.NotASigner, line+": the certificate names no principal")
	}
	checker := ssh.CertChecker{Clock: func() time.Time { return c.at }}
	if err := checker.CheckCert(cert.ValidPrincipals[0], cert); err != nil {
		return signing.Refuse(signing.NotASigner, line+": "+strings.TrimPrefix(err.Error(), "ssh: "))
	}
	return nil
}

// verified has every name of the key, by all lines about it: two names of one key are one person.
func (c claim) verified(e entry, person string) signing.Verified {
	v := signing.Verified{
		Principal: person, Key: ssh.FingerprintSHA256(c.key), KeyType: c.key.Type(), Group: c.group.name,
		Files: c.group.digest, At: c.at,
	}
	if e.authority {
		v.Authority = ssh.FingerprintSHA256(e.key)
	}
	for _, e := range c.group.entries {
		if c.of(e) || (!e.authority && same(e.key, c.key)) {
			v.Names = append(v.Names, c.names(e)...)
		}
	}
	slices.Sort(v.Names)
	if v.Names = slices.Compact(v.Names); len(v.Names) == 1 {
		v.Names = nil
	}
	return v
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05Z") }
