package maintenance

import (
	"errors"
	"fmt"
)

// What a cloud answered, in the words that decide what is done next. The
// adapters wrap one of these; the activities' error table turns it into a
// typed application error.
var (
	// ErrNotConnected: the gateway is not connected to AWS. While it restarts
	// this is progress, not failure.
	ErrNotConnected = errors.New("the gateway is not connected")
	// ErrThrottled: refused for its rate, and not done.
	ErrThrottled = errors.New("throttled by the cloud")
	// ErrUnavailable: the cloud failed, or was not reached, on a call that may
	// be repeated without harm.
	ErrUnavailable = errors.New("the cloud did not answer properly")
	// ErrUnknownOutcome: a call that changes something was sent, and whether
	// it took effect is not known. Look before anything is sent again.
	ErrUnknownOutcome = errors.New("sent, but whether it took effect is not known")
	// ErrNotFound: the cloud does not know the resource.
	ErrNotFound = errors.New("not known to the cloud")
	// ErrDenied: credentials or permissions do not suffice.
	ErrDenied = errors.New("refused for lack of permission")
	// ErrInvalid: the request is wrong, as the cloud says, or the worker before it asks
	// one; repeating it is no use.
	ErrInvalid = errors.New("invalid")
	// ErrUnsupported: the cloud does not offer the operation for this resource.
	ErrUnsupported = errors.New("not supported for this resource")
	// ErrNotReady: refused for now, because of the resource's state.
	ErrNotReady = errors.New("not ready yet")
	// ErrBusy: refused for now, because another operation is in progress.
	ErrBusy = errors.New("another operation is in progress")
	// ErrRejected: understood and turned down, as in 200 with state REJECT.
	ErrRejected = errors.New("rejected by the cloud")
	// ErrUpToDate: refused because there is nothing newer to install.
	ErrUpToDate = errors.New("already the newest version")
	// ErrNoWindow: the gateway has no maintenance window.
	ErrNoWindow = errors.New("the gateway has no maintenance window")
	// ErrAmbiguousWindow: AWS gives a weekly and a monthly day at once, and the
	// plan does not say which one counts.
	ErrAmbiguousWindow = errors.New("the gateway's window is ambiguous")
)

// FieldError names one wrong value in what a person gave.
type FieldError struct {
	Field string // path of the field, as the person wrote it
	Value string // what it holds
	Want  string // what it must be
}

// Error names the field, its value and what it must be.
func (e *FieldError) Error() string {
	switch {
	case e.Value == "" && e.Want == "":
		return e.Field + " is required"
	case e.Value == "":
		return fmt.Sprintf("%s is required: must be %s", e.Field, e.Want)
	}
	return fmt.Sprintf("%s: invalid value %q: must be %s", e.Field, e.Value, e.Want)
}

// Invalid is the error of a field or a flag: what it has, and what it must have.
func Invalid(field, value, want string) error {
	return &FieldError{Field: field, Value: value, Want: want}
}
