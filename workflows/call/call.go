package call

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/metric"
)

// Do runs one activity. Its type parameters tie the input to the method: an
// activity that is called with wrong arguments would run on zero values,
// without an error. A cancelled run starts nothing: the SDK would schedule the
// activity and cancel it in one go, and leave open which came first. An attempt that
// Temporal would have repeated, if the run were not cancelled, ends as cancelled.
func Do[In activities.Input, Out any](
	ctx workflow.Context, options workflow.ActivityOptions, activity func(context.Context, In) (Out, error), in In,
) (Out, error) {
	var out Out
	if err := ctx.Err(); err != nil {
		return out, err
	}
	err := Start(ctx, options, activity, in).Get(ctx, &out)
	if OutOfTime(err) && !options.WaitForCancellation {
		// The time may have passed without a worker that looked. There is one now,
		// since it runs this.
		options.ScheduleToCloseTimeout = 2 * options.StartToCloseTimeout
		err = Start(ctx, options, activity, in).Get(ctx, &out)
	}
	if ctx.Err() != nil && repeated(err) {
		return out, ctx.Err()
	}
	return out, err
}

// repeated is true for the error of an attempt that is usually repeated. Where a cancel is requested Temporal
// repeats none, and the activity ends with the error of its last attempt.
func repeated(err error) bool {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && !app.NonRetryable()
}

// Start is Do for an activity that is waited for later. It goes to the task
// queue of its cloud account.
func Start[In activities.Input, Out any](
	ctx workflow.Context, options workflow.ActivityOptions, activity func(context.Context, In) (Out, error), in In,
) workflow.Future {
	options.TaskQueue = in.Queue(workflow.GetInfo(ctx).TaskQueueName)
	return execute(ctx, options, activity, in)
}

// first and most bound the waits between attempts that gave no delay of their
// own: those whose worker died.
const (
	FirstRetry   = 2 * time.Second
	LongestRetry = time.Minute
)

// AttemptOf is what the first of the policies says that says anything.
func AttemptOf(policies ...maintenance.Policy) time.Duration {
	for _, p := range policies {
		if p.Attempt != 0 {
			return p.Attempt.Std()
		}
	}
	return 90 * time.Second
}

// PollWithin is the same for attempts of a given length. One that is longer than what
// is left of the limit ends with it: a deadline is kept.
func PollWithin(attempt, limit time.Duration, summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                summary,
		StartToCloseTimeout:    attempt,
		ScheduleToCloseTimeout: max(limit, time.Second),
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: FirstRetry, BackoffCoefficient: 1, MaximumInterval: LongestRetry,
		},
	}
}

// UnknownOutcome is true where a call that changes something may have been
// done.
func UnknownOutcome(err error) bool {
	if timeout, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		return timeout.TimeoutType() != enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START
	}
	return HasType(err, names.TypeUnknownOutcome)
}

// OutOfTime is true where the deadline of an activity ended it, whatever its
// last attempt was doing.
func OutOfTime(err error) bool {
	timeout, ok := errors.AsType[*temporal.TimeoutError](err)
	return ok && timeout.TimeoutType() == enumspb.TIMEOUT_TYPE_SCHEDULE_TO_CLOSE
}

// HasType tells an application error by its type.
func HasType(err error, kind string) bool {
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	return ok && app.Type() == kind
}

// stillUnknown is the error of a poll for what may have been done. Whatever kept
// it from looking, the thing may have been done.
func stillUnknown(err error) error {
	return temporal.NewNonRetryableApplicationError(
		"sent, and whether it took effect could not be found out: "+Explain(err).Error(), names.TypeUnknownOutcome, nil)
}

// Explain is an activity's error for people: what the cloud or the activity
// said, without Temporal's wrapping; for one that ran out of time, how long it
// had and what it last saw.
func Explain(err error) error {
	if timeout, ok := errors.AsType[*temporal.TimeoutError](err); ok {
		if last := errors.Unwrap(timeout); last != nil {
			return ranOut(last)
		}
		return errors.New("timed out")
	}
	if _, ok := errors.AsType[*temporal.TerminatedError](err); ok {
		return errors.New("it was terminated in Temporal")
	}
	app, ok := errors.AsType[*temporal.ApplicationError](err)
	if !ok {
		return err
	}
	if app.Type() == names.TypeNotReady {
		return ranOut(app)
	}
	return errors.New(app.Message())
}

// ranOut is the error of a wait that ended without what was waited for.
func ranOut(last error) error {
	said := last.Error()
	if app, ok := errors.AsType[*temporal.ApplicationError](last); ok {
		said = app.Message()
	}
	return fmt.Errorf("timed out; the last response: %s", said)
}

// MaxSends is how often a call without an idempotency token is sent at most,
// again only after a settle time without any sign of the one before. A worker's
// death counts as a send wherever in the activity it falls, mostly before the
// call: so it takes more of them than a cloud that shows nothing would deserve.
const MaxSends = 5

// Once sends a change that the cloud cannot de-duplicate; metrics call it by the name. When the outcome is
// unknown it looks, also in a cancelled run, and sends again only what find
// says never started.
func Once[T any](
	ctx workflow.Context, change string, send func() (T, error),
	find func(workflow.Context) (out T, started bool, err error),
) (T, error) {
	watching, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	var last error
	for sent := range MaxSends {
		if sent > 0 {
			Count(ctx, metric.RepeatedSends, map[string]string{"change": change})
		}
		out, err := send()
		if err == nil || !UnknownOutcome(err) {
			return out, err
		}
		Count(ctx, metric.UnknownOutcomes, map[string]string{"change": change})
		spent := OutOfTime(err)
		last = Explain(err)
		out, started, err := find(watching)
		switch {
		case err != nil:
			return out, stillUnknown(err)
		case started:
			return out, nil
		case ctx.Err() != nil:
			return out, ctx.Err()
		case spent:
			return out, temporal.NewNonRetryableApplicationError("nothing started; the last answer: "+Explain(last).Error(),
				names.TypeNotReady, nil)
		}
	}
	var none T
	return none, temporal.NewNonRetryableApplicationError(
		fmt.Sprintf("sent %d times, and no answer said whether it took effect, nor is there a sign that it started; the last answer: %s",
			MaxSends, Explain(last)), names.TypeUnknownOutcome, nil)
}

// The activities, named by their methods on nil pointers.
var (
	Gateways *activities.StorageGateway //nolint:gochecknoglobals // never set: a name for method values
	Proxies  *activities.TaurusDB       //nolint:gochecknoglobals // as above
	Engine   *activities.Engine         //nolint:gochecknoglobals // as above
	Watcher  *checks.Watcher            //nolint:gochecknoglobals // as above

	Signatures *signatures.Signatures //nolint:gochecknoglobals // as above
)

// WatchLimit outlives the longest wait that maintenance.Decide allows: 105 monthly
// windows.
const WatchLimit = 10 * 365 * 24 * time.Hour

// noticed is how often Temporal is asked whether a workflow still runs, at most: its
// end is noticed within a minute.
const noticed = maintenance.Duration(45 * time.Second)

// NoticePace is the plan's pace for that.
func NoticePace(policy maintenance.Policy) maintenance.Pace {
	p := policy.WithDefaults().Pace
	return maintenance.Pace{Min: min(p.Min, noticed), Max: min(p.Max, noticed)}
}
