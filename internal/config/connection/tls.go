package connection

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// refusalTimeout is how long a server may take after a handshake to say that it refuses the client's
// certificate: TLS 1.3 says so only then.
const refusalTimeout = time.Second

// fault is a cause that waiting does not remove, with what it means and what to do.
type fault struct {
	means string
	cause error
}

// Error is what it means and what to do, then the cause.
func (f *fault) Error() string { return f.means + ": " + f.cause.Error() }

// Unwrap is the cause.
func (f *fault) Unwrap() error { return f.cause }

func faulty(cause error, means string, args ...any) error {
	return &fault{fmt.Sprintf(means, args...), cause}
}

var errSpeaksTLS = errors.New("it answers a TLS handshake")

// shake is what is wrong with TLS over a connection; nil where nothing is. conf is nil for none.
func shake(ctx context.Context, over net.Conn, host string, conf *tls.Config) error {
	ctx, cancel := context.WithTimeout(ctx, probing)
	defer cancel()
	if conf == nil {
		//nolint:gosec // nothing is sent: it only finds out whether TLS is spoken
		probe := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}, ServerName: host}
		if err := tls.Client(over, probe).HandshakeContext(ctx); err == nil || refused(err) {
			return faulty(errSpeaksTLS, "the server speaks TLS, and this connection does not: use --tls (TEMPORAL_TLS=true)")
		}
		return nil
	}
	conf = conf.Clone()
	conf.NextProtos = []string{"h2"}
	if conf.ServerName == "" {
		conf.ServerName = host
	}
	given := presented(conf)
	c := tls.Client(over, conf)
	err := c.HandshakeContext(ctx)
	if err == nil {
		_ = c.SetReadDeadline(time.Now().Add(refusalTimeout)) // it cannot fail: the connection is open
		_, err = c.Read(make([]byte, 1))
	}
	return judge(err, conf.ServerName, given())
}

// presented notes the certificate that the server asks for, and is given. It is empty where none is.
func presented(conf *tls.Config) func() *tls.Certificate {
	given := &tls.Certificate{}
	get := conf.GetClientCertificate
	conf.GetClientCertificate = func(asked *tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if get != nil {
			found, err := get(asked)
			if err == nil {
				given = found
			}
			return found, err
		}
		for i := range conf.Certificates {
			given = &conf.Certificates[i]
		}
		return given, nil
	}
	return func() *tls.Certificate { return given }
}

// judge says what an error of a handshake means. Other errors than TLS's own are none.
func judge(err error, host string, given *tls.Certificate) error {
	if wrong, is := errors.AsType[x509.CertificateInvalidError](err); is && wrong.Reason == x509.Expired {
		return faulty(err, "the server's certificate is valid from %s to %s, and this machine's clock says %s: have it renewed, or set the clock",
			day(wrong.Cert.NotBefore), day(wrong.Cert.NotAfter), day(time.Now()))
	}
	if wrong, is := errors.AsType[x509.HostnameError](err); is {
		return faulty(err, "the server's certificate is not for %q but for %s: use one of these as the address, or with --tls-server-name (TEMPORAL_TLS_SERVER_NAME)",
			host, names(wrong.Certificate))
	}
	if _, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		return faulty(err, "the server's certificate is signed by an authority that this machine does not trust: name the authority's certificate with --tls-ca-path (TEMPORAL_TLS_SERVER_CA_CERT_PATH)")
	}
	if _, is := errors.AsType[tls.RecordHeaderError](err); is {
		return faulty(err, "the server does not speak TLS: check the port, or use --tls=false (TEMPORAL_TLS=false)")
	}
	if !refused(err) {
		return nil
	}
	if len(given.Certificate) == 0 {
		return faulty(err, "the server demands a client certificate: give one with --tls-cert-path and --tls-key-path (TEMPORAL_TLS_CLIENT_CERT_PATH, TEMPORAL_TLS_CLIENT_KEY_PATH)")
	}
	leaf, parseErr := x509.ParseCertificate(given.Certificate[0])
	if parseErr == nil && (time.Now().After(leaf.NotAfter) || time.Now().Before(leaf.NotBefore)) {
		return faulty(err, "the client certificate is valid from %s to %s, and the server refuses it: renew the file of --tls-cert-path (TEMPORAL_TLS_CLIENT_CERT_PATH)",
			day(leaf.NotBefore), day(leaf.NotAfter))
	}
	return faulty(err, "the server refuses the client certificate of --tls-cert-path (TEMPORAL_TLS_CLIENT_CERT_PATH): it must be signed by an authority that the server trusts for clients")
}

// refused is true for an alert that the other side sent.
func refused(err error) bool {
	alert, is := errors.AsType[*net.OpError](err)
	return is && alert.Op == "remote error"
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// names are those that a certificate is for.
func names(c *x509.Certificate) string {
	all := c.DNSNames
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	if len(all) == 0 {
		return "no name"
	}
	return strings.Join(all, ", ")
}

// unauthorized is what a server's refusal of a login means; nil for another error.
func unauthorized(options client.Options, err error) error {
	_, denied := errors.AsType[*serviceerror.PermissionDenied](err)
	if !denied && status.Code(err) != codes.Unauthenticated {
		return nil
	}
	if options.Credentials == nil {
		return faulty(err, "the server demands a login: set an API key (TEMPORAL_API_KEY or TEMPORAL_API_KEY_FILE), or use the client certificate that it knows")
	}
	return faulty(err, "the server refuses the API key: it is wrong, has expired, or may not use namespace %s; check TEMPORAL_API_KEY (or its file, --api-key, the profile)",
		options.Namespace)
}
