package agent

import (
	"bytes"
	"encoding/pem"
	"strings"

	"golang.org/x/crypto/ssh"
)

// holdsSecurityKey is true for a private key's file of a security key: the library does not read those, but
// their public half stands in front (OpenSSH, PROTOCOL.key).
func holdsSecurityKey(text []byte) bool {
	block, _ := pem.Decode(text)
	const magic = "openssh-key-v1\x00"
	if block == nil || !bytes.HasPrefix(block.Bytes, []byte(magic)) {
		return false
	}
	var w struct {
		Cipher, KDF, KDFOptions string
		Keys                    uint32
		PublicKey               []byte
		Rest                    []byte `ssh:"rest"`
	}
	if err := ssh.Unmarshal(block.Bytes[len(magic):], &w); err != nil {
		return false
	}
	public, err := ssh.ParsePublicKey(w.PublicKey)
	return err == nil && strings.HasPrefix(public.Type(), "sk-")
}
