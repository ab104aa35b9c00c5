package wire

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/aws/smithy-go"

	"github.com/tidegate/tidegate/internal/bounded"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// Failed turns the error of a call that may be repeated without harm into one
// that says what was done to what and wraps one of maintenance's sentinels,
// and context.Canceled or context.DeadlineExceeded where ctx ended. Of the
// SDK's error it keeps the words only, without secrets: Temporal writes every
// error that a chain holds into a history that many people read.
func (c *Call) Failed(err error) error {
	a := answerOf(err)
	return c.failed(c.sentinel(a, err), a, err)
}

// failed is the error of a request whose outcome is known as far as it can be.
func (c *Call) failed(sentinel error, a answer, err error) error {
	c.ended(sentinel)
	return c.compose(sentinel, a, err)
}

// FailedOnce is Failed for a call that must not be repeated unless it is known
// that it did nothing. A request that never left did nothing, and neither did one
// that AWS answered with an error of its own, whether the table knows its code or
// not. ErrUnknownOutcome is said of the rest: see answer.leavesOpen.
func (c *Call) FailedOnce(err error) error {
	a := answerOf(err)
	sentinel := c.sentinel(a, err)
	if c.sent() && a.leavesOpen() {
		sentinel = maintenance.ErrUnknownOutcome
	}
	return c.failed(sentinel, a, err)
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
	case a.listed() != nil:
		return a.listed()
	case a.leavesOpen():
		return maintenance.ErrUnavailable
	}
	return maintenance.ErrRejected // with a reason of its own: asking again gives the same
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
	case a.listed() != nil:
		return a.listed()
	case network:
		return maintenance.ErrUnavailable
	}
	return maintenance.ErrDenied
}

// listed asks the table about an answer, from its most exact part on.
func (a answer) listed() error {
	return firstOf(sentinelOf(a.inner), sentinelOfMessage(a.message), sentinelOf(a.exception))
}

// unnamed is the SDK's word for an error without a code.
const unnamed = "UnknownError"

// leavesOpen is true where the answer does not say whether the request was carried
// out: none came, it was broken off or is no error in AWS's form, it is one of the
// service's own faults, or a 5xx with a code that the table does not know. Every
// other error is a refusal, whatever the HTTP status: the API reference documents
// InternalServerError with 400, the user guide with 500.
func (a answer) leavesOpen() bool {
	switch {
	case a.exception == "", a.exception == unnamed:
		return true
	case isInternal(a.inner), isInternal(a.exception), saysInternal(a.message):
		return true
	}
	return a.status >= http.StatusInternalServerError && a.listed() == nil
}

// clockDiffers is true where AWS refused the signature for its time. The SDK
// has noted the difference by then, and signs the next request with it.
func clockDiffers(a answer, err error) bool {
	_, retryable := errors.AsType[interface {
		error
		RetryableError() bool
	}](err)
	return retryable && errors.Is(a.listed(), maintenance.ErrDenied)
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
	prefix := c.advice(sentinel, a, err)
	if end := ended(err); end != nil {
		return fmt.Errorf("%s: %w: %s%w", c.did, sentinel, prefix, end)
	}
	text := a.String()
	if means, ok := bounded.TooLarge(err); ok {
		text = means
	}
	if text == "" {
		text = innermost(err)
	}
	return fmt.Errorf("%s: %w: %s%s%s", c.did, sentinel, prefix, c.clean(text), a.source())
}

// advice says where the call went, where that may be what is wrong, and what to do.
func (c *Call) advice(sentinel error, a answer, err error) string {
	switch {
	case errors.Is(err, errNoCredentials):
		return "no usable credentials for " + c.place() + " (set the account's profile or role, or AWS_* variables, on the worker): "
	case !c.handed.Load():
		return "nothing was sent: "
	case !c.sent():
		return "nothing was sent, since there is no connection to " + c.place() +
			"; check the account's endpoint and the network: "
	case clockDiffers(a, err):
		return "this machine's clock is more than four minutes wrong: "
	case ended(err) != nil, a.exception == "", a.exception == unnamed:
		return "no answer of AWS came from " + c.place() + "; if it stays so, check the account's endpoint: "
	case errors.Is(sentinel, maintenance.ErrDenied):
		return "asked at " + c.place() + "; check the account's credentials and what they may do: "
	}
	return ""
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
