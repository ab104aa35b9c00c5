package shell

import (
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/namespace"
	"github.com/tidegate/tidegate/internal/operate"
	"github.com/tidegate/tidegate/internal/operate/record"
	"github.com/tidegate/tidegate/internal/program"
)

// The exit statuses.
const (
	StatusDone    = 0
	StatusFailed  = 1 // it failed, or its end could not be learnt
	StatusUsage   = 2 // usage error: nothing was started
	StatusPartial = 3 // the maintenance ended PARTIAL, or the plan is incomplete: not every target could be read
	// StatusHeld: a person has to act. It is held, waits for an approval, its gateway is
	// quarantined, or no worker takes it up.
	StatusHeld = 4
)

// Usage marks an error as a usage error: nothing was done.
func Usage(err error) error { return program.Usage(err) }

// IsUsage is true for what Usage says.
func IsUsage(err error) bool { return program.IsUsage(err) }

// heldError is a maintenance that was not started, since a person has to act.
type heldError struct{ error }

// Unwrap is why.
func (e heldError) Unwrap() error { return e.error }

// Held says of an error that nothing was started, or goes on, before a person acts.
func Held(err error) error { return heldError{err} }

// StatusOf is the exit status of a command that ended with an error.
func StatusOf(err error) int {
	_, missing := errors.AsType[operate.MissingError](err)
	_, held := errors.AsType[heldError](err)
	switch {
	case IsUsage(err), missing:
		return StatusUsage
	case held:
		return StatusHeld
	}
	return StatusFailed
}

// NextStep adds to an error of Temporal, whichever command got it, what to
// do about it.
func NextStep(err error) error {
	if missing, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); ok {
		return fmt.Errorf("the namespace %s does not exist; to create it: tidegate setup --namespace %[1]s; to use another: --namespace: %[2]w", missing.Namespace, err)
	}
	_, known := errors.AsType[*namespace.RefusedError](err) // it says what to do itself
	if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied && !known {
		return fmt.Errorf("Temporal denied the request; check the permissions of this API key or certificate in the namespace; to check the setup: tidegate doctor: %w", err) //nolint:staticcheck // a name starts it
	}
	return err
}

// EndError is a maintenance that was followed to an end other than COMPLETED.
// What became of it has been printed.
type EndError struct{ Status int }

// Error is for programs that ignore the status.
func (e EndError) Error() string { return fmt.Sprintf("ended with exit status %d", e.Status) }

// ExitOfMaintenance is the exit status of a command that followed a maintenance as far as
// it goes without a person.
func ExitOfMaintenance(r record.Maintenance) int {
	switch {
	case r.Result == nil:
		return StatusHeld
	case r.Result.State == maintenance.StateCompleted:
		return StatusDone
	case r.Result.State == maintenance.StatePartial:
		return StatusPartial
	case r.Result.State == maintenance.StateFailed && r.Quarantine != nil:
		return StatusHeld // an earlier run's quarantine refused it
	}
	return StatusFailed
}

// ExitOfCampaign is the exit status of a command that followed a campaign as far as
// it goes without a person.
func ExitOfCampaign(r record.Campaign) int {
	switch {
	case r.Result == nil && r.Status != nil && r.Status.Held != "":
		return StatusHeld
	case r.Result == nil:
		return StatusFailed
	case r.Result.State == fleet.Completed:
		return StatusDone
	case r.Result.State == fleet.Partial:
		return StatusPartial
	}
	return StatusFailed
}

// NotStarted is why a workflow could not be started.
func NotStarted(what, namespace string, err error) error {
	_, invalid := errors.AsType[*serviceerror.InvalidArgument](err)
	if invalid {
		return fmt.Errorf("start %s: nothing was started; if namespace %s is not set up yet: tidegate setup: %w", what, namespace, err)
	}
	return fmt.Errorf("start %s: %w", what, err)
}

// ErrLeft ends the following of a run that continues.
var ErrLeft = errors.New("interrupted")

// NotFollowed is the error of a command that has stopped following something.
func NotFollowed(what, name string, err error) error {
	text := fmt.Sprintf("stopped following %s, which keeps running; to follow it again: tidegate watch %s", what, name)
	if errors.Is(err, ErrLeft) {
		return errors.New(text)
	}
	return fmt.Errorf("%s: %w", text, err)
}
