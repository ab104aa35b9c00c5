package calltrace

import (
	"context"
	"net/http"
)

// Wrap puts something around the transport of one account's requests, such as a flight recorder. account is its
// name in the worker's configuration.
type Wrap func(account string, next http.RoundTripper) http.RoundTripper

type wrapKey struct{}

// WithWrap has every HTTP request that is made to a cloud under the context pass through wrap.
func WithWrap(ctx context.Context, wrap Wrap) context.Context {
	return context.WithValue(ctx, wrapKey{}, wrap)
}

// Transport is next, wrapped as the context asks; next itself where it asks for nothing.
func Transport(ctx context.Context, account string, next http.RoundTripper) http.RoundTripper {
	if wrap, wrapped := ctx.Value(wrapKey{}).(Wrap); wrapped {
		return wrap(account, next)
	}
	return next
}
