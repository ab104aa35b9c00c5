package main

import (
	"errors"
	"fmt"

	"go.temporal.io/api/serviceerror"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
)

// The exit statuses.
const (
	statusDone    = 0
	statusFailed  = 1 // it failed, or its end could not be learnt
	statusUsage   = 2 // called wrongly: nothing was started
	statusPartial = 3 // the maintenance ended PARTIAL, or the plan is incomplete: not every target could be read
	statusHeld    = 4 // a person has to act: it is held, waits for an approval, its gateway is quarantined, or no worker takes it up
)

// usageError is a wrong flag, argument or file.
type usageError struct{ error }

// Unwrap is what is wrong.
func (e usageError) Unwrap() error { return e.error }

func isUsage(err error) bool {
	_, ok := errors.AsType[usageError](err)
	return ok
}

// heldError is a maintenance that was not started, since a person has to act.
type heldError struct{ error }

// Unwrap is why.
func (e heldError) Unwrap() error { return e.error }

// statusOf is the exit status of a command that ended with an error.
func statusOf(err error) int {
	_, missing := errors.AsType[operate.MissingError](err)
	_, held := errors.AsType[heldError](err)
	switch {
	case isUsage(err), missing:
		return statusUsage
	case held:
		return statusHeld
	}
	return statusFailed
}

// nextStep adds to what Temporal itself says, whichever command was told so, what to
// do about it.
func nextStep(err error) error {
	if missing, ok := errors.AsType[*serviceerror.NamespaceNotFound](err); ok {
		return fmt.Errorf("there is no namespace %s; make it with: tidegate setup --namespace %[1]s, or say another with --namespace: %[2]w", missing.Namespace, err)
	}
	if _, denied := errors.AsType[*serviceerror.PermissionDenied](err); denied {
		return fmt.Errorf("Temporal does not allow it; may this API key or certificate do so in that namespace? tidegate doctor says what else is missing: %w", err) //nolint:staticcheck // a name begins it
	}
	return err
}

// endError is a maintenance that was followed to an end other than COMPLETED.
// What became of it has been printed.
type endError struct{ status int }

// Error is for programs that do not look at the status.
func (e endError) Error() string { return fmt.Sprintf("ended with exit status %d", e.status) }

// recordExit is the exit status of a command that followed a maintenance as far as
// it goes without a person.
func recordExit(r operate.Record) int {
	switch {
	case r.Result == nil:
		return statusHeld
	case r.Result.State == maintenance.StateCompleted:
		return statusDone
	case r.Result.State == maintenance.StatePartial:
		return statusPartial
	case r.Result.State == maintenance.StateFailed && r.Quarantine != nil:
		return statusHeld // an earlier run's quarantine refused it
	}
	return statusFailed
}

// campaignExit is the exit status of a command that followed a campaign as far as
// it goes without a person.
func campaignExit(r operate.CampaignRecord) int {
	switch {
	case r.Result == nil && r.Status != nil && r.Status.Held != "":
		return statusHeld
	case r.Result == nil:
		return statusFailed
	case r.Result.State == fleet.Completed:
		return statusDone
	case r.Result.State == fleet.Partial:
		return statusPartial
	}
	return statusFailed
}
