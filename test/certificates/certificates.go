// Package certificates makes certificates on the spot, for tests of TLS. Start at New.
package certificates

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Authority signs certificates, and keeps them as files in a folder: its own is ca.pem.
type Authority struct {
	Cert   *x509.Certificate
	key    *ecdsa.PrivateKey
	folder string
}

// New makes an authority.
func New(folder string) (*Authority, error) {
	a := &Authority{folder: folder}
	_, err := a.Issue("ca", x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a, err
}

// Path is where a file of the authority is, such as NAME.pem.
func (a *Authority) Path(file string) string { return filepath.Join(a.folder, file) }

// Pool has the authority alone.
func (a *Authority) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Cert)
	return pool
}

// Here is a certificate for this machine.
func Here() x509.Certificate {
	return x509.Certificate{
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}, DNSNames: []string{"localhost"},
	}
}

// Expired is a certificate that expired yesterday.
func Expired(c x509.Certificate) x509.Certificate {
	c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
	return c
}

// Issue signs a certificate, for an hour unless it says otherwise, and puts it and its key into NAME.pem and NAME.key,
// each in place of an earlier one at once. The first is the authority's own.
func (a *Authority) Issue(name string, c x509.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make a key: %w", err)
	}
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	if c.NotAfter.IsZero() {
		c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	}
	parent, by := a.Cert, a.key
	if parent == nil {
		parent, by = &c, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, &c, parent, &key.PublicKey, by)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("sign %s: %w", name, err)
	}
	made, err := x509.ParseCertificate(raw)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read %s: %w", name, err)
	}
	if a.Cert == nil {
		a.Cert, a.key = made, key
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("write the key of %s: %w", name, err)
	}
	if err := a.write(name+".key", "EC PRIVATE KEY", secret); err != nil {
		return tls.Certificate{}, err
	}
	pair := tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: made}
	return pair, a.write(name+".pem", "CERTIFICATE", raw)
}

func (a *Authority) write(name, kind string, raw []byte) error {
	text, path := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), a.Path(name)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("write a certificate: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write a certificate: %w", err)
	}
	return nil
}
