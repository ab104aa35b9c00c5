package target

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"github.com/tidegate/tidegate/workflows/call"
)

// attempt is how long one attempt of an activity may take. Before assess has
// recorded the policy's defaults it is what the input says, else 90 seconds.
func (r *run) attempt() time.Duration {
	return call.AttemptOf(r.policy, r.in.Policy)
}

// readWithin is for calls that change nothing. They are repeated until the time
// is up: a deadline ends an activity, never a count of attempts.
func (r *run) readWithin(limit time.Duration, summary string) workflow.ActivityOptions {
	options := r.pollWithin(limit, summary)
	options.RetryPolicy.BackoffCoefficient = 2
	return options
}

// pollWithin is for polls that fail until what they wait for is there. Failed
// attempts are not in the history, so a long wait costs what a short one does.
func (r *run) pollWithin(limit time.Duration, summary string) workflow.ActivityOptions {
	return call.PollWithin(r.attempt(), limit, summary)
}

// sendWithin is for calls that change something and have no idempotency token.
// What was certainly not done is repeated until the time is up. A lost attempt
// (its worker died, its answer never came) is not: it may have been done. The
// name of the timeout is the server's own, see common/retrypolicy.
func (r *run) sendWithin(limit time.Duration, summary string) workflow.ActivityOptions {
	options := r.pollWithin(limit, summary)
	// A cancelled run waits for the answer of what it has sent.
	options.WaitForCancellation = true
	options.RetryPolicy.NonRetryableErrorTypes = []string{"TemporalTimeout:StartToClose"}
	return options
}

// undoWithin is for what takes a change back. It makes something so, and may
// therefore be repeated.
func (r *run) undoWithin(summary string) workflow.ActivityOptions {
	return r.readWithin(r.policy.CompensationDeadline.Std(), summary)
}
