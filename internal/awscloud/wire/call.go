package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"

	"github.com/tidegate/tidegate/internal/calltrace"
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
	ended   func(error)

	handed    atomic.Bool // to the HTTP client
	dialled   atomic.Bool // the transport went for a connection
	connected atomic.Bool // and has one, new or reused

	mu      sync.Mutex
	hidden  []string // what the requests carried and no error may say
	address string   // where the last request went, as a URL without path
}

// Start names a call in the words that its errors start with, such as
// "describe gateway sgw-12A3456B".
func Start(format string, args ...any) *Call {
	return &Call{did: fmt.Sprintf(format, args...), ended: func(error) {}}
}

// Over is the HTTP client by which a call for the account is followed. The account's
// name is for errors.
func (c *Call) Over(next aws.HTTPClient, account string) aws.HTTPClient {
	c.account = account
	return &follower{call: c, next: next}
}

// Traced reports the call's requests to those who measure them: one that fails once it is known what that means.
func (c *Call) Traced(stack *middleware.Stack) error {
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("calltrace", func( //nolint:wrapcheck // between the SDK and itself
		ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		c.ended = calltrace.Start(ctx, "aws", c.account, middleware.GetOperationName(ctx))
		out, metadata, err := next.HandleInitialize(ctx, in)
		if err == nil {
			c.ended(nil)
		}
		return out, metadata, err //nolint:wrapcheck // between two parts of the SDK
	}), middleware.Before)
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
	request, err := whole(request)
	if err != nil {
		return nil, err
	}
	f.call.handed.Store(true)
	traced := httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { f.call.dialled.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { f.call.connected.Store(true) },
	})
	return do(request.WithContext(traced), f.next, f.call.account)
}

// do sends a request through what the context puts around it.
func do(request *http.Request, next aws.HTTPClient, account string) (*http.Response, error) {
	through := calltrace.Transport(request.Context(), account, client{next})
	return through.RoundTrip(request) //nolint:wrapcheck // between the SDK and its own client: Failed says what was done
}

// client is a client as a transport.
type client struct{ aws.HTTPClient }

// RoundTrip sends the request.
func (c client) RoundTrip(request *http.Request) (*http.Response, error) {
	return c.Do(request) //nolint:wrapcheck // as it came
}

// Whole is a client that is given each request's body whole. Those of the SDK that no
// Call follows, such as STS's, take it, for the account of this name.
func Whole(next aws.HTTPClient, account string) aws.HTTPClient { return wholly{next, account} }

type wholly struct {
	next    aws.HTTPClient
	account string
}

// Do passes the request on.
func (w wholly) Do(request *http.Request) (*http.Response, error) {
	request, err := whole(request)
	if err != nil {
		return nil, err
	}
	return do(request, w.next, w.account)
}

// whole gives a request a body that nobody closes while it is sent. The SDK closes its
// own as soon as an answer starts. Where the transport has not seen the end of the body
// by then, it takes that for a failed write and cuts the connection, and a large answer
// breaks off. The bodies are small: no call uploads anything.
func whole(request *http.Request) (*http.Request, error) {
	if request.Body == nil || request.Body == http.NoBody {
		return request, nil
	}
	body, err := io.ReadAll(request.Body)
	if err := errors.Join(err, request.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the request's own body: %w", err)
	}
	request = request.WithContext(request.Context()) // a copy: the SDK keeps its own
	request.Body = io.NopCloser(bytes.NewReader(body))
	return request, nil
}
