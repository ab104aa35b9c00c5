// Package wire is what every request to a monitoring server has in common: it goes to the URL of the worker's
// configuration and follows no redirect elsewhere, waits for the server's rate, has an end, reads a bounded answer, and
// repeats no credential in its errors. It does not know what is asked. Start at Server and Client.
package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	promconfig "github.com/prometheus/common/config"
	"golang.org/x/time/rate"

	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	// DefaultPerSecond is how many requests a second a server gets from one worker process.
	DefaultPerSecond = 5
	// DefaultTimeout is how long one request may take.
	DefaultTimeout = 10 * time.Second
	// MaxTimeout is the most that Timeout may be.
	MaxTimeout = time.Minute
)

// Server is one server of the worker's configuration.
type Server struct {
	Name string // by which plans name it
	// URL is where it is: http or https, with a path where its API has one, without credentials, query and fragment.
	URL string
	// User is who signs in by a password. Empty: with a secret, by a bearer token.
	User       string
	Secret     Secret // the password or the token; empty: none, or SecretFile's
	SecretFile string // holds the secret, and is read for every request, since such files are rotated
	TLS        TLS
	// AWSAccount is the account of the worker's configuration whose signature every request gets, in place of a secret:
	// for Amazon Managed Service for Prometheus. Empty: none.
	AWSAccount string
	// Signed is set where AWSAccount is.
	Signed    func(http.RoundTripper) http.RoundTripper
	PerSecond float64       // requests a second; 0: DefaultPerSecond
	Timeout   time.Duration // of one request; 0: DefaultTimeout
}

// TLS says how a server is known, and how the worker is known to it. The files are read again when they change.
type TLS struct {
	CAFile            string // PEM; empty: the machine's own authorities
	CertFile, KeyFile string // PEM, of the worker; both or none
}

// Client is a server that can be asked, by many goroutines at once.
type Client struct {
	server  Server
	is      string // what it is, for people, such as "the Prometheus server"
	base    *url.URL
	limiter *rate.Limiter
	http    *http.Client
}

// Open makes the client of a server. It sends nothing. is says what the server is, such as "Prometheus server". Its
// errors are FieldErrors, with the fields' names in the worker's configuration.
func (s Server) Open(is string) (*Client, error) {
	base, err := parseBase(s.URL)
	if err != nil {
		return nil, err
	}
	if s.PerSecond == 0 {
		s.PerSecond = DefaultPerSecond
	}
	if s.Timeout == 0 {
		s.Timeout = DefaultTimeout
	}
	transport, err := s.transport()
	if err != nil {
		return nil, err
	}
	c := &Client{
		server: s, is: is, base: base,
		limiter: rate.NewLimiter(rate.Limit(s.PerSecond), max(1, int(s.PerSecond))),
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: stayAt(base)}
	return c, nil
}

// parseBase reads a server's URL. It is not repeated: someone may have put a password there.
func parseBase(text string) (*url.URL, error) {
	base, err := url.Parse(text)
	if err != nil || (base.Scheme != "http" && base.Scheme != "https") || base.Hostname() == "" || base.User != nil ||
		base.RawQuery != "" || base.ForceQuery || base.Fragment != "" {
		return nil, &maintenance.FieldError{
			Field: "url", Want: "an http or https URL without credentials, query and fragment, such as https://prometheus.example.com",
		}
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawPath = ""
	return base, nil
}

// transport is, from the wire outwards: TLS, what notes the call's progress, the bound of the answer, and the login.
func (s Server) transport() (http.RoundTripper, error) {
	if err := s.TLS.check(); err != nil {
		return nil, err
	}
	wire, err := promconfig.NewRoundTripperFromConfig(promconfig.HTTPClientConfig{
		TLSConfig:   promconfig.TLSConfig{CAFile: s.TLS.CAFile, CertFile: s.TLS.CertFile, KeyFile: s.TLS.KeyFile},
		ProxyConfig: promconfig.ProxyConfig{ProxyFromEnvironment: true},
		EnableHTTP2: true,
	}, s.Name, promconfig.WithUserAgent("tidegate"))
	if err != nil {
		return nil, fmt.Errorf("make an HTTP client: %w", err)
	}
	var sent http.RoundTripper = noting{bounded.Transport{Over: wire}}
	switch {
	case s.Signed != nil:
		return s.Signed(sent), nil
	case s.User != "":
		return promconfig.NewBasicAuthRoundTripper(promconfig.NewInlineSecret(s.User), s.secret(), sent), nil
	case s.Secret != "" || s.SecretFile != "":
		return promconfig.NewAuthorizationCredentialsRoundTripper("Bearer", s.secret(), sent), nil
	}
	return sent, nil
}

func (s Server) secret() promconfig.SecretReader {
	if s.SecretFile != "" {
		return promconfig.NewFileSecret(s.SecretFile)
	}
	return promconfig.NewInlineSecret(string(s.Secret))
}

// maxRedirects bounds the redirects within one server.
const maxRedirects = 5

// redirectError says that an answer leads to another host, where the login would go along.
type redirectError struct{ to string }

// Error names the host.
func (e *redirectError) Error() string { return "its answer redirects to another server, " + e.to }

var errRedirects = errors.New("its answers redirect without end")

// stayAt refuses redirects that leave the server: another scheme, host or port.
func stayAt(base *url.URL) func(*http.Request, []*http.Request) error {
	return func(next *http.Request, before []*http.Request) error {
		switch {
		case next.URL.Scheme != base.Scheme || next.URL.Host != base.Host:
			return &redirectError{to: next.URL.Scheme + "://" + next.URL.Host}
		case len(before) > maxRedirects:
			return errRedirects
		}
		return nil
	}
}

// HTTP is the client by which a Call's request has to be sent.
func (c *Client) HTTP() *http.Client { return c.http }

// Base is the server's URL, without a slash at its end.
func (c *Client) Base() *url.URL {
	base := *c.base
	return &base
}

// Call sends one request, which may be repeated without harm: send is to use the context that it is given, and the
// client of HTTP. The request waits for the server's rate, and then has the server's timeout. doing says what it does
// for people, such as "run the query". The error wraps one of maintenance's sentinels.
func (c *Client) Call(ctx context.Context, doing string, send func(context.Context) error) error {
	return c.call(ctx, doing, send, false)
}

// CallOnce is Call for a request that must not be repeated unless it is known that it did nothing:
// maintenance.ErrUnknownOutcome where that is not known.
func (c *Client) CallOnce(ctx context.Context, doing string, send func(context.Context) error) error {
	return c.call(ctx, doing, send, true)
}

func (c *Client) call(ctx context.Context, doing string, send func(context.Context) error, once bool) error {
	made := &call{client: c, did: fmt.Sprintf("%s on the %s %q", doing, c.is, c.server.Name)}
	if err := c.limiter.Wait(ctx); err != nil {
		return made.unsent(ctx)
	}
	if send, is := ctx.Value(sendKey{}).(func()); is {
		send()
	}
	ctx, cancel := context.WithTimeout(made.noted(ctx), c.server.Timeout)
	defer cancel()
	if err := send(ctx); err != nil {
		return made.failed(err, once)
	}
	return nil
}

type sendKey struct{}

// OnSend has send called whenever a request by this context goes out: when it has waited for its server's rate.
func OnSend(ctx context.Context, send func()) context.Context {
	return context.WithValue(ctx, sendKey{}, send)
}

// Refuse is the error of a request that is not made, for what it was to ask.
func (c *Client) Refuse(doing string, err error) error {
	return fmt.Errorf("%s on the %s %q: %w: nothing was sent: %w", doing, c.is, c.server.Name, maintenance.ErrInvalid, err)
}
