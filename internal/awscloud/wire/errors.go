package wire

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/aws/smithy-go"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Failed turns the error of a call that may be repeated without harm into one
// that says what was done to what and wraps one of maintenance's sentinels,
// and context.Canceled or context.DeadlineExceeded where ctx ended. Of the
// SDK's error it keeps the words only, without secrets: Temporal writes every
// error that a chain holds into a history that many people read.
func (c *Call) Failed(err error) error {
	a := answerOf(err)
	return c.compose(c.sentinel(a, err), a, err)
}

// FailedOnce is Failed for a call that must not be repeated unless it is known
// that it did nothing: only a refusal that the table knows, or a request that
// never left, is certain. All else is ErrUnknownOutcome: no answer in time, a
// connection that broke, an undecodable answer, the service's own faults, and
// a code that the table does not know.
func (c *Call) FailedOnce(err error) error {
	a := answerOf(err)
	sentinel := c.sentinel(a, err)
	if c.sent() && !refused(a) {
		sentinel = maintenance.ErrUnknownOutcome
	}
	return c.compose(sentinel, a, err)
}

// Odd is the error of a call that was answered with success and without what
// the answer should hold: what it then means is for the caller to say, by a
// sentinel.
func (c *Call) Odd(sentinel error, what string) error {
	return fmt.Errorf("%s: %w: %s", c.did, sentinel, what)
}

// Invalid is the error of a call that is not made, for what it was given.
func (c *Call) Invalid(err error) error {
	return fmt.Errorf("%s: %w: nothing was sent: %w", c.did, maintenance.ErrInvalid, err)
}

func (c *Call) sentinel(a answer, err error) error {
	switch {
	case !c.sent():
		return c.sentinelUnsent(a, err)
	case ended(err) != nil, clockDiffers(a, err):
		return maintenance.ErrUnavailable
	case listed(a) != nil:
		return listed(a)
	case a.exception == "", a.exception == "UnknownError", a.server, a.status >= 500:
		return maintenance.ErrUnavailable
	}
	return maintenance.ErrInvalid // AWS named a fault of ours: asking again gives the same
}

// sentinelUnsent judges what kept a request from leaving this machine.
func (c *Call) sentinelUnsent(a answer, err error) error {
	_, network := errors.AsType[net.Error](err)
	credentials := errors.Is(err, errNoCredentials)
	switch {
	case ended(err) != nil, c.handed.Load(): // handed: no connection was had
		return maintenance.ErrUnavailable
	case !credentials: // a parameter, or the endpoint
		return maintenance.ErrInvalid
	case a.service == "ec2imds": // the chain's last: nothing before it gave any
		return maintenance.ErrDenied
	case listed(a) != nil:
		return listed(a)
	case network:
		return maintenance.ErrUnavailable
	}
	return maintenance.ErrDenied
}

// listed asks the table about an answer, from its most exact part on.
func listed(a answer) error {
	return firstOf(sentinelOf(a.inner), sentinelOfMessage(a.message), sentinelOf(a.exception))
}

// refused is true where it is certain that AWS did nothing.
func refused(a answer) bool {
	sentinel := listed(a)
	return sentinel != nil && !errors.Is(sentinel, maintenance.ErrUnavailable) && !a.server
}

// clockDiffers is true where AWS refused the signature for its time. The SDK
// has noted the difference by then, and signs the next request with it.
func clockDiffers(a answer, err error) bool {
	_, retryable := errors.AsType[interface {
		error
		RetryableError() bool
	}](err)
	return retryable && errors.Is(listed(a), maintenance.ErrDenied)
}

// ended is the context's error where that is what ended the call.
func ended(err error) error {
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return end
		}
	}
	return nil
}

// compose writes the error.
func (c *Call) compose(sentinel error, a answer, err error) error {
	prefix := ""
	switch {
	case errors.Is(err, errNoCredentials):
		prefix = "no usable credentials (set the account's profile or role, or AWS_* variables, on the worker): "
	case !c.sent():
		prefix = "nothing was sent: "
	case clockDiffers(a, err):
		prefix = "this machine's clock is more than four minutes wrong: "
	}
	if end := ended(err); end != nil {
		return fmt.Errorf("%s: %w: %s%w", c.did, sentinel, prefix, end)
	}
	text := a.String()
	if text == "" {
		text = innermost(err)
	}
	return fmt.Errorf("%s: %w: %s%s%s", c.did, sentinel, prefix, c.clean(text), a.source())
}

// innermost is an error's text without the SDK's own frame around it.
func innermost(err error) string {
	for {
		operation, ok := errors.AsType[*smithy.OperationError](err)
		if !ok {
			break
		}
		err = operation.Err
	}
	if undecoded, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return "undecodable answer: " + undecoded.Error()
	}
	return err.Error()
}
