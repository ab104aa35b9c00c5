// Package signerstest has keys for tests that no library and no machine has: a security key, which signs as
// a FIDO token does. Start at NewSecurityKey.
package signerstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/big"

	"golang.org/x/crypto/ssh"
)

// application is what tokens call SSH.
const application = "ssh:"

// SecurityKey signs as a FIDO token does (OpenSSH, PROTOCOL.u2f).
type SecurityKey struct {
	private *ecdsa.PrivateKey
	public  ssh.PublicKey
	flags   byte
}

// NewSecurityKey makes one whose signatures have these flags: bit 0 says that it was touched.
func NewSecurityKey(flags byte) (*SecurityKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		return nil, fmt.Errorf("write the key: %w", err)
	}
	public, err := ssh.ParsePublicKey(ssh.Marshal(struct {
		Type, Curve string
		Point       []byte
		Application string
	}{ssh.KeyAlgoSKECDSA256, "nistp256", point, application}))
	if err != nil {
		return nil, fmt.Errorf("read the key again: %w", err)
	}
	return &SecurityKey{private: private, public: public, flags: flags}, nil
}

// PublicKey is its public half.
func (k *SecurityKey) PublicKey() ssh.PublicKey { return k.public }

// Sign signs as the token does.
func (k *SecurityKey) Sign(_ io.Reader, data []byte) (*ssh.Signature, error) {
	name, message := sha256.Sum256([]byte(application)), sha256.Sum256(data)
	state := binary.BigEndian.AppendUint32([]byte{k.flags}, 7) // flags, counter
	sum := sha256.Sum256(append(append(name[:], state...), message[:]...))
	r, s, err := ecdsa.Sign(rand.Reader, k.private, sum[:])
	if err != nil {
		return nil, fmt.Errorf("sign: %w", err)
	}
	blob := ssh.Marshal(struct{ R, S *big.Int }{r, s})
	return &ssh.Signature{Format: ssh.KeyAlgoSKECDSA256, Blob: blob, Rest: state}, nil
}
