package target

import (
	"time"

	"go.temporal.io/sdk/temporal"
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

// triggerWithin is for the trigger, which a worker may hold until its time. A lost attempt comes back with its last
// heartbeat, which says whether it was about to send: so it is noticed soon. It goes before all other activities of
// its account. waits is for how long an attempt may wait in a worker, for its time and for its guard.
func (r *run) triggerWithin(limit, waits time.Duration) workflow.ActivityOptions {
	options := r.sendWithin(limit, "update the gateway's software")
	options.StartToCloseTimeout += waits
	options.HeartbeatTimeout = activities.LeaseTime
	final := &options.RetryPolicy.NonRetryableErrorTypes
	*final = append(*final, "TemporalTimeout:Heartbeat")
	options.Priority = temporal.Priority{PriorityKey: 1}
	return options
}

// undoWithin is for calls that revert a change. They set a value, so they may be repeated.
func (r *run) undoWithin(summary string) workflow.ActivityOptions {
	return r.readWithin(r.policy.CompensationDeadline.Std(), summary)
}
