package huaweicloud

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/tidegate/tidegate/internal/bounded"
)

// callTransport carries one call: the SDK's requests know no context and no
// token.
type callTransport struct {
	ctx   context.Context
	base  http.RoundTripper
	token string // "" leaves the SDK's signature

	asked, traced, connected atomic.Bool

	requestID string // of the answer
}

// sent is true unless it is certain that nothing left the machine: the request
// never got a connection (refused, no such host, TLS, cancelled before). A base
// transport that does not say counts as sent.
func (t *callTransport) sent() bool {
	return t.asked.Load() && (!t.traced.Load() || t.connected.Load())
}

// RoundTrip sends the request under the call's context.
func (t *callTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := t.ctx.Err(); err != nil {
		return nil, err
	}
	out := req.Clone(httptrace.WithClientTrace(t.ctx, &httptrace.ClientTrace{
		GetConn: func(string) { t.traced.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { t.connected.Store(true) },
	}))
	if t.token != "" {
		out.Header.Del("Authorization")
		out.Header.Del("X-Sdk-Date")
		out.Header.Set("X-Auth-Token", t.token)
	}
	t.asked.Store(true)
	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, err //nolint:wrapcheck // the http.Client wraps it
	}
	t.requestID = resp.Header.Get("X-Request-Id")
	bounded.Limit(resp)
	return resp, nil
}
