package huaweicloud

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const (
	codeClockSkew    = "APIGW.0303"
	codeInvalidToken = "DBS.280056" //nolint:gosec // an error code
)

// operation is what a call does, for its errors.
type operation struct {
	doing   string // "upgrade proxy X of instance Y ...", in the imperative
	action  string // the IAM action that it takes
	changes bool   // false where repeating it does no harm

	// at is where it goes; empty: the account's endpoint of TaurusDB.
	at string

	requestID string // of the last answer, or "": what the vendor's support asks for
}

func (op *operation) endpoint(a Account) string { return cmp.Or(op.at, a.Endpoint) }

// fail is for an answer that came, and is not the one asked for.
func (op *operation) fail(kind error, format string, args ...any) error {
	detail := fmt.Sprintf(format, args...)
	if op.requestID != "" {
		detail += ", request " + op.requestID
	}
	return &callError{doing: op.doing, kind: kind, detail: detail}
}

// missing is for a 2xx that lacks what was asked for.
func (op *operation) missing(what string) error {
	kind := maintenance.ErrUnavailable
	if op.changes {
		kind = maintenance.ErrUnknownOutcome
	}
	return op.fail(kind, "the reply has no %s", what)
}

// callError is a call that failed.
type callError struct {
	doing      string
	kind       error  // one of the sentinels of internal/maintenance
	detail     string // what the cloud or the network said; scrubbed
	advice     string // what to do, where there is something
	cause      error  // for errors.Is, never printed; nil where the cloud answered
	retryAfter time.Duration
}

// Error says what was done to what, what became of it, what to do, and at last, since
// it is what may be cut off, what the cloud said.
func (e *callError) Error() string {
	text := e.doing + ": " + e.kind.Error()
	if e.advice != "" {
		text += "; " + e.advice
	}
	if e.detail != "" {
		text += ": " + e.detail
	}
	return text
}

// Unwrap gives the sentinel and, where the call got no answer, its cause.
func (e *callError) Unwrap() []error {
	if e.cause == nil {
		return []error{e.kind}
	}
	return []error{e.kind, e.cause}
}

// RetryAfter is how long the cloud asks to wait; 0 where it does not say.
func (e *callError) RetryAfter() time.Duration { return e.retryAfter }

// failure turns what the SDK gave back into a callError. sent is true when the
// request may have left the machine.
func (c *Cloud) failure(op *operation, err error, sent bool) error {
	failed := &callError{doing: op.doing}
	var reply *replyError
	var undecodable *sdkerr.ServiceResponseError // our handler leaves only 2xx to the SDK
	switch {
	case errors.As(err, &reply):
		failed.kind = kindOf(reply)
		failed.detail = reply.describe(c.clean)
		failed.advice = c.advice(op, failed.kind, reply)
		failed.retryAfter = reply.retryAfter
	case errors.As(err, &undecodable):
		failed.kind = maintenance.ErrUnavailable
		// What follows is a piece of the body, cut by the decoder, where half a
		// secret would not be recognised.
		why, _, _ := strings.Cut(undecodable.ErrorMessage, ", error found in")
		failed.detail = (&replyError{
			status: undecodable.StatusCode, requestID: undecodable.RequestId, text: "not decodable: " + why,
		}).describe(c.clean)
	default:
		failed.kind, failed.cause = maintenance.ErrUnavailable, err
		failed.advice = fmt.Sprintf("no answer came from %s for %s: check its endpoint and the network", op.endpoint(c.account), c.account)
		failed.detail = c.clean(err.Error())
	}
	if errors.Is(failed.kind, maintenance.ErrUnavailable) && op.changes && sent {
		failed.kind = maintenance.ErrUnknownOutcome
	}
	return failed
}

// advice is what an operator can do about a failure, where that is clear.
func (c *Cloud) advice(op *operation, kind error, reply *replyError) string {
	switch {
	case reply.normalCode() == codeClockSkew:
		return "set this machine's clock: it is more than 15 minutes off"
	case errors.Is(kind, maintenance.ErrDenied):
		return fmt.Sprintf("check the credentials of %s and that they may %s", c.account, op.action)
	case errors.Is(kind, maintenance.ErrUnsupported):
		return fmt.Sprintf("check the endpoint %s of %s", c.account.Endpoint, c.account)
	case !reply.wellFormed && !errors.Is(kind, maintenance.ErrThrottled):
		return fmt.Sprintf("this is not an answer of TaurusDB; if it persists, check the endpoint %s of %s", c.account.Endpoint, c.account)
	default:
		return ""
	}
}

// kindOf is the one table of Huawei's errors: by code where we know it (the
// error code tables of the API references, and what the vendor's Terraform
// provider retries). Any other error in Huawei's form is a refusal. ErrUnavailable
// stands for a failure after which it is not known whether anything was done.
func kindOf(reply *replyError) error {
	switch reply.normalCode() {
	case "DBS.200001", "DBS.200004", "DBS.200006", "DBS.280001", "DBS.290000",
		"DBS.270025", "DBS.270026", "DBS.270027", "DBS.280404":
		return maintenance.ErrInvalid
	case "DBS.05000008":
		return maintenance.ErrUpToDate
	case "DBS.05000001", "DBS.05000012", // kernel too old; customer service has to do it
		"DBS.200316", "DBS.280406", "DBS.280449", // storage full; status forbids; frozen
		"DBS.200046", "DBS.290003", // quota
		"DBS.280214", "DBS.201203", "DBS.201208": // backup missing, or in the wrong status
		return maintenance.ErrRejected
	case "DBS.200086":
		return maintenance.ErrNotReady
	case "DBS.200011", "DBS.200019", "DBS.200047", "DBS.201014", "DBS.201015",
		"DBS.201202", "DBS.201205", "DBS.212006", "DBS.212033", "DBS.05000084":
		return maintenance.ErrBusy
	case "DBS.200543", "DBS.270024", "DBS.200932",
		"DBS.200002", "DBS.200008", "DBS.200045", "DBS.200408", "DBS.200602", "DBS.201028":
		return maintenance.ErrNotFound
	case "DBS.200010", "DBS.200044", "DBS.200604", "DBS.201003", "DBS.280015", codeInvalidToken,
		"APIGW.0301", codeClockSkew, "APIGW.0310":
		return maintenance.ErrDenied
	case "APIGW.0308":
		return maintenance.ErrThrottled
	case "APIGW.0101":
		return maintenance.ErrUnsupported
	case "DBS.05000000", "DBS.108000", "DBS.108002", "DBS.108005", "DBS.200005", "DBS.200208",
		"DBS.213002", "DBS.213004", "DBS.290006", "DBS.290015":
		return maintenance.ErrUnavailable
	default:
		return kindOfOther(reply)
	}
}

// kindOfOther judges an error without a code that the table knows. The status only
// distinguishes refusals, and whether one that the service does not name is its own
// fault. What is no error in Huawei's form comes from a proxy in between.
func kindOfOther(reply *replyError) error {
	switch {
	case reply.status == http.StatusTooManyRequests: // also of a load balancer: it did not pass the request on
		return maintenance.ErrThrottled
	case !reply.wellFormed, reply.status/100 != 4, reply.status == http.StatusRequestTimeout:
		return maintenance.ErrUnavailable
	case reply.status == http.StatusUnauthorized, reply.status == http.StatusForbidden:
		return maintenance.ErrDenied
	case reply.status == http.StatusNotFound, reply.status == http.StatusGone:
		return maintenance.ErrNotFound
	case reply.status == http.StatusConflict:
		return maintenance.ErrBusy
	}
	return maintenance.ErrRejected
}
