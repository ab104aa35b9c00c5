package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Digester computes the digest of a plan whose targets arrive a page at a time. A workflow may use it: it depends on
// the plan alone.
type Digester struct{ sum hash.Hash }

// NewDigester starts with a plan that has its defaults, without its targets. What is only said of the file, its
// warnings, does not count.
func NewDigester(p Plan) (*Digester, error) {
	p.Targets, p.Warnings = nil, nil
	d := &Digester{sum: sha256.New()}
	return d, d.write(p)
}

// Add takes in further targets, in the plan's order. It does not matter how they are cut into pages.
func (d *Digester) Add(targets []maintenance.Target) error {
	for _, t := range targets {
		if err := d.write(t); err != nil {
			return err
		}
	}
	return nil
}

// write takes in one line: JSON has no line breaks of its own.
func (d *Digester) write(of any) error {
	text, err := json.Marshal(of)
	if err != nil {
		return fmt.Errorf("digest the plan: %w", err)
	}
	_, err = d.sum.Write(append(text, '\n'))
	return err //nolint:wrapcheck // a hash returns none
}

// Digest is that of the plan so far, as sha256: with 64 hexadecimal digits.
func (d *Digester) Digest() string { return "sha256:" + hex.EncodeToString(d.sum.Sum(nil)) }

// Digest is the digest of a whole plan as a campaign runs it: with its defaults, and with its freezes as they were
// resolved at AsOf. A plan file that is read again as of that time, by the same version of this program, has the same.
func (p Plan) Digest() (string, error) {
	d, err := NewDigester(p)
	if err != nil {
		return "", err
	}
	if err := d.Add(p.Targets); err != nil {
		return "", err
	}
	return d.Digest(), nil
}
