// Package agent signs a statement with an operator's own key: one of ssh-agent's, one of a file, or a
// security key; or it takes a signature that ssh-keygen -Y sign has made elsewhere. Keys stay where they
// are: what it returns and what its errors say has no private key and no passphrase.
//
// It does not know whose keys count: the worker does (internal/signers). Start at Sign.
package agent

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"

	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/maintenance/signing"
)

// Options say which key signs, as flags and the environment do. The zero value has none.
type Options struct {
	// Socket is ssh-agent's, as in SSH_AUTH_SOCK; empty: there is no agent.
	Socket string
	// Key is a file: a public key, or a certificate, whose private half the agent has; or a private key.
	// Empty: the agent's only key.
	Key string
	// Statement and Signature are files, where the signature was made elsewhere: the text of Print, and what
	// ssh-keygen -Y sign has written for it. Empty: the key signs.
	Statement, Signature string
	// Ask asks a person for the passphrase of a private key's file, without showing it; nil: nobody can be asked.
	Ask func(prompt string) ([]byte, error)
	// Run runs ssh-keygen, for security keys that are in no agent; nil: it is not run.
	Run func(ctx context.Context, stdin []byte, args ...string) ([]byte, error)
}

// Sign signs a statement, whose time and nonce it fills where they are empty. With a signature from a file,
// the signed statement's reason, nonce and time count; all else must be as in s.
func Sign(ctx context.Context, o Options, s signing.Statement, now time.Time) (signing.Signature, error) {
	if o.Statement != "" || o.Signature != "" {
		return o.fromFiles(s)
	}
	text, err := Print(s, now)
	if err != nil {
		return signing.Signature{}, err
	}
	armored, err := o.sign(ctx, text)
	if err != nil {
		return signing.Signature{}, err
	}
	return signing.Signature{Statement: string(text), Armored: string(armored)}, nil
}

// Print is the text to sign: a statement with its time and nonce filled where they are empty.
func Print(s signing.Statement, now time.Time) ([]byte, error) {
	if s.At.IsZero() {
		s.At = now.UTC().Truncate(time.Second)
	}
	if s.Nonce == "" {
		var nonce [8]byte
		_, _ = rand.Read(nonce[:]) // it never fails
		s.Nonce = hex.EncodeToString(nonce[:])
	}
	return s.Text()
}

// fromFiles takes a signature that was made elsewhere.
func (o Options) fromFiles(wanted signing.Statement) (made signing.Signature, err error) {
	if o.Statement == "" || o.Signature == "" {
		return made, fmt.Errorf("a signature from a file needs the statement's file too: %s",
			"give both, as ssh-keygen -Y sign has read and written them")
	}
	text, err := bounded.ReadFile(o.Statement, signing.MaxText)
	if err != nil {
		return made, fmt.Errorf("read the statement: %w", err)
	}
	signed, err := signing.Parse(text)
	if err == nil {
		err = signed.Match(wanted)
	}
	if err != nil {
		return made, fmt.Errorf("the statement in %s: %w", o.Statement, err)
	}
	armored, err := bounded.ReadFile(o.Signature, signing.MaxArmored)
	if err != nil {
		return made, fmt.Errorf("read the signature: %w", err)
	}
	if _, err := sshsig.Unarmor(armored); err != nil {
		return made, fmt.Errorf("%s has no SSH signature: make it with ssh-keygen -Y sign -n %s -f KEY %s: %w",
			o.Signature, signing.SSHNamespace, o.Statement, err)
	}
	return signing.Signature{Statement: string(text), Armored: string(armored)}, nil
}

func (o Options) sign(ctx context.Context, text []byte) ([]byte, error) {
	signer, done, err := o.signer(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if signer == nil {
		return o.bySSHKeygen(ctx, text)
	}
	sig, err := sshsig.Sign(strings.NewReader(string(text)), sha2{signer}, sshsig.HashSHA512, signing.SSHNamespace)
	if err != nil {
		return nil, fmt.Errorf("key %s did not sign; if it asks to be confirmed or touched, do so, and try again: %w",
			ssh.FingerprintSHA256(signer.PublicKey()), err)
	}
	return sshsig.Armor(sig), nil
}

// bySSHKeygen has ssh-keygen sign, which asks for touch and PIN itself.
func (o Options) bySSHKeygen(ctx context.Context, text []byte) ([]byte, error) {
	armored, err := o.Run(ctx, text, "-q", "-Y", "sign", "-n", signing.SSHNamespace, "-f", o.Key)
	if err == nil {
		_, err = sshsig.Unarmor(armored)
	}
	if err != nil {
		return nil, fmt.Errorf("ssh-keygen did not sign with %s: %w", o.Key, err)
	}
	return armored, nil
}

// sha2 has RSA keys sign with SHA-2, also certified ones, which the library leaves to the agent: it would
// take SHA-1.
type sha2 struct{ ssh.Signer }

// Sign signs by SHA-512 if the key is RSA.
func (s sha2) Sign(random io.Reader, data []byte) (*ssh.Signature, error) {
	if t := s.PublicKey().Type(); t == ssh.KeyAlgoRSA || t == ssh.CertAlgoRSAv01 {
		return s.SignWithAlgorithm(random, data, ssh.KeyAlgoRSASHA512)
	}
	return s.Signer.Sign(random, data) //nolint:wrapcheck // sign says what it means
}

// SignWithAlgorithm signs by the algorithm, where the key lets that be chosen.
func (s sha2) SignWithAlgorithm(
	random io.Reader, data []byte, algorithm string,
) (*ssh.Signature, error) {
	chosen, can := s.Signer.(ssh.AlgorithmSigner)
	if !can {
		return nil, fmt.Errorf("its algorithm cannot be chosen: must be %s", algorithm)
	}
	return chosen.SignWithAlgorithm(random, data, algorithm) //nolint:wrapcheck // as above
}
