// Package calltrace reports each request to a cloud to those who measure it, as net/http/httptrace reports
// connections: the adapters report to the context, and know neither metrics nor traces. Start at With.
package calltrace

import (
	"context"
	"time"
)

// Request is one request to a cloud's API that has ended.
type Request struct {
	Cloud     string // aws or huawei
	Account   string // its name in the worker's configuration
	Operation string // the API's name of it, such as DescribeGatewayInformation
	// Err is how it failed, and wraps one of the sentinels of internal/maintenance; nil: it did not.
	Err  error
	Took time.Duration
}

type key struct{}

// With has the requests that are made under the context reported, each with the context that it was made under.
func With(ctx context.Context, report func(context.Context, Request)) context.Context {
	return context.WithValue(ctx, key{}, report)
}

// Start is called before a request, and the function that it returns once the request has ended.
func Start(ctx context.Context, cloud, account, operation string) (ended func(error)) {
	report, reported := ctx.Value(key{}).(func(context.Context, Request))
	if !reported {
		return func(error) {}
	}
	started := time.Now()
	return func(err error) {
		report(ctx, Request{Cloud: cloud, Account: account, Operation: operation, Err: err, Took: time.Since(started)})
	}
}
