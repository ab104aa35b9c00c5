package target

import (
	"context"
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/workflows/call"
)

// attempt is how long one attempt of an activity may take. Until assess has recorded the policy's defaults it is
// the input's value, or 90 seconds.
func (r *run) attempt() time.Duration {
	return call.AttemptOf(r.policy, r.in.Policy)
}

// readWithin is for calls that change nothing. They are repeated until the deadline: a deadline ends an activity,
// never a count of attempts.
func (r *run) readWithin(limit time.Duration, summary string) workflow.ActivityOptions {
	options := r.pollWithin(limit, summary)
	options.RetryPolicy.BackoffCoefficient = 2
	return options
}

// pollWithin is for polls that fail until the expected state is reached. Failed attempts are not in the history, so
// a long wait costs as much as a short one.
func (r *run) pollWithin(limit time.Duration, summary string) workflow.ActivityOptions {
	return call.PollWithin(r.attempt(), limit, summary)
}

// watch polls a change that was started until it is done, and takes down when it ended, for the polls of later runs.
// The activity measures from its own start: where the first was out of time, and call.Do has polled once more, nothing
// is known.
func watch[In activities.Input, Out any](
	ctx workflow.Context, options workflow.ActivityOptions, activity func(context.Context, In) (Out, error), in In,
	saw func(Out),
) (Out, error) {
	start := workflow.Now(ctx)
	out, err := call.Do(ctx, options, activity, in)
	if err == nil && workflow.Now(ctx).Sub(start) < options.ScheduleToCloseTimeout {
		saw(out)
	}
	return out, err
}

// sendWithin is for calls that change something and have no idempotency token. A call that was certainly refused is
// repeated until the deadline. A lost attempt (its worker died, or its response never came) is not: it may have
// taken effect. The name of the timeout is the server's own, see common/retrypolicy.
func (r *run) sendWithin(limit time.Duration, summary string) workflow.ActivityOptions {
	options := r.pollWithin(limit, summary)
	// A cancelled run waits for the response to what it has sent.
	options.WaitForCancellation = true
	options.RetryPolicy.NonRetryableErrorTypes = []string{"TemporalTimeout:StartToClose"}
	return options
}

// undoWithin is for calls that revert a change. They set a value, so they may be repeated.
func (r *run) undoWithin(summary string) workflow.ActivityOptions {
	return r.readWithin(r.policy.CompensationDeadline.Std(), summary)
}
