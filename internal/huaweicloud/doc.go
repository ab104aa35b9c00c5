// Package huaweicloud reads and changes the TaurusDB proxies of one Huawei Cloud project,
// through the vendor's own SDK (services/gaussdb/v3).
//
// The SDK knows no context, no token and no half-filled error. So each call gets a client of
// its own, which costs under a microsecond, around a RoundTripper that carries the caller's
// context and, where the account works with tokens, swaps the signature for X-Auth-Token; an
// error handler of ours keeps what the cloud said. The SDK's retries stay unused: Temporal
// retries, and a call that changes something is sent once at most.
//
// Every error says what was done to what, wraps one of the sentinels of internal/maintenance,
// keeps the cloud's code, text and request id, and holds no credential. Where the cloud says
// how long to wait, errors.As finds it through interface{ RetryAfter() time.Duration }, which
// else gives 0.
//
// It neither retries nor decides. Start at Open and Cloud: proxies.go and jobs.go read, writes.go
// changes.
package huaweicloud
