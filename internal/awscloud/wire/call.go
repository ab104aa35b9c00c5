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

// Call is one call to AWS: what it is for, and how far it came. It is made for
// one goroutine, and for one request or the pages of one listing.
type Call struct {
	did string

	handed    atomic.Bool // to the HTTP client
	dialled   atomic.Bool // the transport went for a connection
	connected atomic.Bool // and has one, new or reused

	mu     sync.Mutex
	hidden []string // what the requests carried and no error may say
}

// Begin names a call in the words that its errors begin with, such as
// "describe gateway sgw-12A3456B".
func Begin(format string, args ...any) *Call {
	return &Call{did: fmt.Sprintf(format, args...)}
}

// Over is the HTTP client by which the call is followed.
func (c *Call) Over(next aws.HTTPClient) aws.HTTPClient {
	return &follower{call: c, next: next}
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
	f.call.handed.Store(true)
	traced := httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { f.call.dialled.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { f.call.connected.Store(true) },
	})
	return f.next.Do(request.WithContext(traced)) //nolint:wrapcheck // between the SDK and its own client: Failed says what was done
}
