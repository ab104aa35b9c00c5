package wire

import (
	"crypto/tls"
	"crypto/x509"
	"os"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// check reports files that cannot be used, so that a worker says so when it starts and not when it asks.
func (t TLS) check() error {
	if t.CAFile != "" {
		text, err := os.ReadFile(t.CAFile)
		if err != nil || !x509.NewCertPool().AppendCertsFromPEM(text) {
			return maintenance.Invalid("caFile", t.CAFile, "a file of certificates in PEM form that the worker can read")
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return maintenance.Invalid("certFile", t.CertFile, "given together with keyFile")
	}
	if t.CertFile != "" {
		if _, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile); err != nil {
			return maintenance.Invalid("certFile", t.CertFile, "a certificate in PEM form that the worker can read, of the key in keyFile")
		}
	}
	return nil
}
