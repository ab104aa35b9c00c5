// Package endrecord reads the record of an ended run. For Temporal, a maintenance or campaign that
// did not end COMPLETED is a failed or cancelled workflow, and carries its record in the error's
// details: every reader of the record gets it here. It calls no Temporal: the caller has the
// history. The end states themselves are in internal/maintenance. Start at Of and OfCampaign.
package endrecord

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/fleet"
)

// ErrNoResult says that the run ended without leaving a record, as one does that was
// terminated.
var ErrNoResult = errors.New("the run left no result")

// Of waits until a run has ended, and is its record, whatever its end state: a
// failed or cancelled run is no error here. ErrNoResult wraps what Temporal
// says of a run without a record; any other error means that the run's end
// could not be learnt (ctx is done, Temporal is not reached, no such run).
func Of(ctx context.Context, run client.WorkflowRun) (maintenance.Result, error) {
	return read(ctx, run, func(r maintenance.Result) bool { return r.State != "" })
}

// OfCampaign is Of for a campaign. It follows one that continues as a new run to
// the end of the last.
func OfCampaign(ctx context.Context, run client.WorkflowRun) (fleet.Result, error) {
	return read(ctx, run, func(r fleet.Result) bool { return r.State != "" })
}

// read reads a record, which is one where it says how the run ended.
func read[R any](ctx context.Context, run client.WorkflowRun, ended func(R) bool) (R, error) {
	var result, none R
	err := run.Get(ctx, &result)
	if err == nil {
		return result, nil
	}
	if details, ok := detailsOf(err); ok && details(&result) == nil && ended(result) {
		return result, nil
	}
	if _, ok := errors.AsType[*temporal.WorkflowExecutionError](err); ok {
		return none, fmt.Errorf("%w: %w", ErrNoResult, causeError{err})
	}
	return none, fmt.Errorf("learn how %s ended: %w", run.GetID(), err)
}

// causeError is what ended a run, in the words of the code that gave up first, without
// what its callers added.
type causeError struct{ error }

// Error is those words.
func (e causeError) Error() string {
	text := e.error.Error()
	for err := e.error; err != nil; err = errors.Unwrap(err) {
		switch said := err.(type) { //nolint:errorlint // each in its turn
		case *temporal.ApplicationError:
			text = said.Message()
		case *temporal.TerminatedError:
			text = "it was terminated in Temporal"
		case *temporal.TimeoutError:
			text = "it reached a time limit in Temporal"
		case *temporal.CanceledError:
			text = "it was cancelled in Temporal"
		}
	}
	return text
}

// Unwrap is what Temporal says.
func (e causeError) Unwrap() error { return e.error }

// detailsOf are the details of the two errors that carry a record.
func detailsOf(err error) (details func(...any) error, ok bool) {
	var failed *temporal.ApplicationError
	if errors.As(err, &failed) && failed.HasDetails() {
		return failed.Details, true
	}
	var cancelled *temporal.CanceledError
	if errors.As(err, &cancelled) && cancelled.HasDetails() {
		return cancelled.Details, true
	}
	return nil, false
}
