package main

import (
	"errors"
	"fmt"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
	"github.com/tidegate/tidegate/internal/operate"
)

// The exit statuses.
const (
	statusDone    = 0
	statusFailed  = 1 // it failed, or its end could not be learnt
	statusUsage   = 2 // called wrongly: nothing was started
	statusPartial = 3 // the maintenance ended PARTIAL
	statusHeld    = 4 // a person has to act: it is held, or its gateway is quarantined
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
