package codec

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Variable is the environment variable that holds the keys, for the texts of errors.
const Variable = "TIDEGATE_ENCRYPTION_KEYS"

// Key encrypts and decrypts. A random nonce stands before what it encrypts.
type Key struct {
	// ID stands readable beside each payload that the key has encrypted.
	ID string
	// AEAD is used by many goroutines at once. Its nonce size is 0: it makes its own nonces.
	cipher.AEAD
}

// Keys finds keys: those of the environment, or of a key management service, which would cache the
// data keys that it unwraps, since a workflow waits for each call. Many goroutines use it at once.
type Keys interface {
	// Encrypting is the key of new payloads. A Key without an AEAD says that they stay in plain text;
	// an error, that nothing may be sent now.
	Encrypting() (Key, error)
	// Decrypting is the key of an id; an *UnknownKeyError where there is none.
	Decrypting(id string) (Key, error)
}

// Ring is Keys that are given: the first encrypts, all decrypt. The zero value encrypts nothing.
type Ring struct{ keys []Key }

var _ Keys = Ring{}

// keySize of AES-256 in bytes.
const keySize = 32

var idForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// ParseKeys reads keys, each written as ID:KEY with a KEY of 32 bytes in base64, between white space.
// Nothing is an empty ring. Its error counts the keys from 1 and repeats none.
func ParseKeys(text string) (Ring, error) {
	var r Ring
	var errs []error
	for i, word := range strings.Fields(text) {
		id, encoded, _ := strings.Cut(word, ":")
		material, err := base64.StdEncoding.DecodeString(encoded)
		switch {
		case !idForm.MatchString(id):
			errs = append(errs, fmt.Errorf("key %d: its id must be 1 to 64 letters, digits, dots, underscores or dashes, before a colon", i+1))
			continue
		case err != nil || len(material) != keySize:
			errs = append(errs, fmt.Errorf("key %d: must be ID:KEY, with a KEY of %d bytes in base64, such as `openssl rand -base64 %[2]d` makes", i+1, keySize))
			continue
		case slices.Contains(r.IDs(), id):
			errs = append(errs, fmt.Errorf("key %d: its id is that of an earlier key; each has its own", i+1))
			continue
		}
		aead, err := newAEAD(material)
		errs = append(errs, err)
		r.keys = append(r.keys, Key{id, aead})
	}
	return r, errors.Join(errs...)
}

func newAEAD(material []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(material)
	if err != nil {
		return nil, fmt.Errorf("AES: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("AES-GCM: %w", err)
	}
	return aead, nil
}

// IDs of the keys, that of the encrypting one first.
func (r Ring) IDs() []string {
	ids := make([]string, len(r.keys))
	for i, k := range r.keys {
		ids[i] = k.ID
	}
	return ids
}

// Encrypting is the first key, if there is one.
func (r Ring) Encrypting() (Key, error) {
	if len(r.keys) == 0 {
		return Key{}, nil
	}
	return r.keys[0], nil
}

// Decrypting is the key of an id.
func (r Ring) Decrypting(id string) (Key, error) {
	i := slices.IndexFunc(r.keys, func(k Key) bool { return k.ID == id })
	if i < 0 {
		return Key{}, &UnknownKeyError{ID: id, Known: r.IDs()}
	}
	return r.keys[i], nil
}
