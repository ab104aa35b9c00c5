package wire

import (
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// NoRetries makes the SDK send every request once.
func NoRetries() aws.Retryer { return aws.NopRetryer{} }

// Place is where an account's calls go.
type Place struct {
	Account  string // its name in the worker's configuration, for errors
	Endpoint string // a URL; empty: where the AWS configuration says
}

// Call is one call to AWS: what it is for, and how far it came. It is made for
// one goroutine, and for one request or the pages of one listing.
type Call struct {
	did     string
	account string // by its name in the worker's configuration; empty: not known

	handed    atomic.Bool // to the HTTP client
	dialled   atomic.Bool // the transport went for a connection
	connected atomic.Bool // and has one, new or reused

	mu      sync.Mutex
	hidden  []string // what the requests carried and no error may say
	address string   // where the last request went, as a URL without path
}

// Begin names a call in the words that its errors begin with, such as
// "describe gateway sgw-12A3456B".
func Begin(format string, args ...any) *Call {
	return &Call{did: fmt.Sprintf(format, args...)}
}

// Over is the HTTP client by which a call for the account is followed. The account's
// name is for errors.
func (c *Call) Over(next aws.HTTPClient, account string) aws.HTTPClient {
	c.account = account
	return &follower{call: c, next: next}
}

// place says where the call went and for which account, as far as is known.
func (c *Call) place() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	place := "AWS"
	if c.address != "" {
		place = c.address
	}
	if c.account != "" {
		place += fmt.Sprintf(" for the AWS account %q", c.account)
	}
	return place
}

// sent is false only where it is certain that nothing left this machine: the
// SDK refused or found no credentials, or the transport found no connection. A
// transport that reports nothing of its connections counts as having sent.
func (c *Call) sent() bool {
	return c.handed.Load() && (c.connected.Load() || !c.dialled.Load())
}

type follower struct {
	call *Call
	next aws.HTTPClient
}

// Do passes the request on and notes how far it comes.
func (f *follower) Do(request *http.Request) (*http.Response, error) {
	f.call.hide(request.Header)
	f.call.mu.Lock()
	f.call.address = request.URL.Scheme + "://" + request.URL.Host
	f.call.mu.Unlock()
	f.call.handed.Store(true)
	traced := httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { f.call.dialled.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { f.call.connected.Store(true) },
	})
	return f.next.Do(request.WithContext(traced)) //nolint:wrapcheck // between the SDK and its own client: Failed says what was done
}
