package signers

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/tidegate/tidegate/internal/bounded"
)

// MaxFile is how many bytes an allowed_signers file or a list of revoked keys may have: some thousand keys.
const MaxFile = 1 << 20

// File is a file that was read. Its path is for people.
type File struct {
	Path string
	Text []byte
}

// Group are the people who may sign, by one allowed_signers file and, where there is one, a list of
// revoked keys. It does not change.
type Group struct {
	name    string
	path    string
	entries []entry
	revoked map[string]bool // by the key's wire form
	digest  string
}

// Load reads a group's files; revoked is empty where there is none. Its error names each line that cannot
// be understood: one is enough, since what it would have said is not known.
func Load(name, allowedSigners, revoked string) (*Group, error) {
	allowed, err := read(allowedSigners)
	if err != nil {
		return nil, err
	}
	if revoked == "" {
		return Parse(name, allowed, nil)
	}
	keys, err := read(revoked)
	if err != nil {
		return nil, err
	}
	return Parse(name, allowed, &keys)
}

func read(path string) (File, error) {
	text, err := bounded.ReadFile(path, MaxFile)
	if err != nil {
		return File{}, fmt.Errorf("read the signers: %w", err)
	}
	return File{Path: path, Text: text}, nil
}

// Parse is Load for files that were read; revoked is nil where there is none.
func Parse(name string, allowed File, revoked *File) (*Group, error) {
	g := &Group{name: name, path: allowed.Path, revoked: map[string]bool{}, digest: digest(allowed, revoked)}
	errs := allowed.each(func(number int, line string) error {
		e, err := parseLine(line)
		e.number = number
		g.entries = append(g.entries, e)
		return err
	})
	if len(errs) == 0 && len(g.entries) == 0 {
		errs = append(errs, fmt.Errorf("%s names no signer", allowed.Path))
	}
	if revoked != nil {
		errs = append(errs, g.revoke(*revoked)...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return g, nil
}

// revoke reads a file of public keys, one a line.
func (g *Group) revoke(f File) []error {
	if bytes.HasPrefix(f.Text, []byte("SSHKRL\n\x00")) {
		return []error{fmt.Errorf("%s is a binary key revocation list, which is not supported: "+
			"list the revoked public keys, one a line", f.Path)}
	}
	return f.each(func(_ int, line string) error {
		key, err := parseKey(line)
		if err == nil {
			g.revoked[string(plain(key).Marshal())] = true
		}
		return err
	})
}

// errPrivate is of a file in the wrong place: nothing of it is repeated.
var errPrivate = errors.New("it holds a private key: must be public keys")

// each reads the lines that are neither empty nor comments. Each error names its line.
func (f File) each(parse func(number int, line string) error) (errs []error) {
	if bytes.Contains(f.Text, []byte("PRIVATE KEY-----")) {
		return []error{fmt.Errorf("%s: %w", f.Path, errPrivate)}
	}
	number := 0
	for line := range strings.Lines(string(f.Text)) {
		number++
		if line = strings.Trim(line, " \t\r\n"); line == "" || line[0] == '#' {
			continue
		}
		if err := parse(number, line); err != nil {
			errs = append(errs, fmt.Errorf("%s:%d: %w", f.Path, number, err))
		}
	}
	return errs
}

// Name is the group's, by which plans name it.
func (g *Group) Name() string { return g.name }

// Digest is that of the group's files, sha256:...: of the lines that sha256sum writes for files of the names
// allowed_signers and, where there is one, revoked_keys.
func (g *Group) Digest() string { return g.digest }

func digest(allowed File, revoked *File) string {
	sums := fmt.Sprintf("%x  allowed_signers\n", sha256.Sum256(allowed.Text))
	if revoked != nil {
		sums += fmt.Sprintf("%x  revoked_keys\n", sha256.Sum256(revoked.Text))
	}
	return fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(sums)))
}

// plain is the key itself, where a certificate has it.
func plain(key ssh.PublicKey) ssh.PublicKey {
	if certificate, is := key.(*ssh.Certificate); is {
		return certificate.Key
	}
	return key
}
