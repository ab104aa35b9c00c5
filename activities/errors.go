package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/activities/durations"
	"github.com/tidegate/tidegate/activities/names"
	"github.com/tidegate/tidegate/activities/signatures"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/polling"
)

// What the activities themselves find, in addition to the clouds' answers.
var (
	errNotYet       = errors.New("not yet")
	errWindowMissed = errors.New("too late to start in this window")
	errDisarmed     = errors.New("taken back before it was sent")
	errNoEffect     = errors.New("triggered without effect")
	errBroken       = errors.New("in a state that waiting does not end")
	errJobFailed    = errors.New("the cloud's job did not do its work")
	errQuarantined  = errors.New("the gateway is quarantined")
	errMarked       = errors.New("in use by another run")
	errChanged      = errors.New("changed since it was read")
	errNotSent      = errors.New("not sent")
	errRefused      = errors.New("its maintenance refuses it")
	errNoRun        = errors.New("its maintenance does not run any more")
	errNoAnswer     = errors.New("its maintenance did not answer")
)

// verdict is what Temporal should do about an error.
type verdict struct {
	is     error
	kind   string
	retry  bool // after the pace's next delay
	benign bool // expected on the way: no alarm, no error metric
}

// verdicts is the one error table. The first entry that matches counts.
func verdicts() []verdict {
	return []verdict{
		{is: maintenance.ErrUnknownOutcome, kind: names.TypeUnknownOutcome},
		{is: signatures.ErrNotApproved, kind: names.TypeNotApproved},
		{is: errNotSent, kind: names.TypeNotSent},
		{is: errRefused, kind: names.TypeRefused},
		{is: errNoRun, kind: names.TypeNotFound},
		{is: errNoAnswer, kind: names.TypeUnavailable, retry: true},
		{is: errWindowMissed, kind: names.TypeWindowMissed},
		{is: errDisarmed, kind: names.TypeDisarmed},
		{is: checks.ErrBlocked, kind: names.TypeBlocked},
		{is: errQuarantined, kind: names.TypeQuarantined},
		{is: errMarked, kind: names.TypeMarked},
		{is: errChanged, kind: names.TypeChanged},
		{is: errNoEffect, kind: names.TypeNoEffect},
		{is: errBroken, kind: names.TypeBroken},
		{is: errJobFailed, kind: names.TypeJobFailed},
		{is: maintenance.ErrRejected, kind: names.TypeRejected},
		{is: maintenance.ErrNoWindow, kind: names.TypeNoWindow},
		{is: maintenance.ErrAmbiguousWindow, kind: names.TypeNoWindow},
		{is: maintenance.ErrNotFound, kind: names.TypeNotFound},
		{is: maintenance.ErrDenied, kind: names.TypeDenied},
		{is: maintenance.ErrUpToDate, kind: names.TypeInvalid},
		{is: maintenance.ErrInvalid, kind: names.TypeInvalid},
		{is: maintenance.ErrUnsupported, kind: names.TypeUnsupported},
		{is: errNotYet, kind: names.TypeNotReady, retry: true, benign: true},
		{is: maintenance.ErrNotConnected, kind: names.TypeNotReady, retry: true, benign: true},
		{is: maintenance.ErrNotReady, kind: names.TypeNotReady, retry: true, benign: true},
		{is: maintenance.ErrBusy, kind: names.TypeNotReady, retry: true, benign: true},
		{is: maintenance.ErrThrottled, kind: names.TypeThrottled, retry: true, benign: true},
		{is: maintenance.ErrUnavailable, kind: names.TypeUnavailable, retry: true},
	}
}

// Clock returns the time; time.Now outside tests.
type Clock func() time.Time

// edge is the one place at which an activity's error becomes a typed
// application error. It is deferred first in every activity:
//
//	defer edge(ctx, in.Pace, &err)
func edge(ctx context.Context, pace maintenance.Pace, errp *error) {
	if *errp != nil {
		*errp = typed(ctx, pace, growing, *errp, judge(*errp))
	}
}

// patient is edge for an activity that watches what was set going, or takes a
// change back: it asks again also when it was not let in. To give up would leave
// things worse than to wait does, and credentials that ran out may be renewed.
func patient(ctx context.Context, pace maintenance.Pace, errp *error) {
	if *errp != nil {
		v := judge(*errp)
		v.retry = v.retry || v.kind == names.TypeDenied
		*errp = typed(ctx, pace, growing, *errp, v)
	}
}

// change is a kind of change that an activity polls, and what is known of how long others of the kind took.
type change struct {
	kind   string
	memory *durations.Memory
}

// learned is patient for an activity that polls the change: a poll that finds it not done is repeated when it may be.
func (c change) learned(ctx context.Context, pace maintenance.Pace, errp *error) {
	if *errp == nil || judge(*errp).kind != names.TypeNotReady {
		patient(ctx, pace, errp) // nobody knows how it is
		return
	}
	*errp = typed(ctx, pace, c.expected, *errp, judge(*errp))
}

// ended remembers that the change ended after the time waited at the last poll that found it not done, and before that
// at the one that found it done.
func (c change) ended(ctx context.Context, notDone, done time.Duration) {
	info := activity.GetInfo(ctx)
	started := info.ScheduledTime //nolint:forbidigo // durations of all workers are compared by the server's clock alone
	c.memory.Add(ctx, info.TaskQueue, c.kind, polling.Change{Started: started, Took: polling.SpanOf(notDone, done)})
}

// polled is learned for an activity whose heartbeats have nothing else to say: where the change is
// done it remembers when it ended.
func (c change) polled(ctx context.Context, pace maintenance.Pace, errp *error) {
	now := waited(activity.GetInfo(ctx))
	switch {
	case *errp == nil:
		var before time.Duration
		if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &before) != nil {
			before = 0
		}
		c.ended(ctx, before, now)
	case judge(*errp).kind == names.TypeNotReady:
		activity.RecordHeartbeat(ctx, now)
	}
	c.learned(ctx, pace, errp)
}

// edgeOf is the edge of an activity that makes a change or takes it back.
func edgeOf(undo bool) func(context.Context, maintenance.Pace, *error) {
	if undo {
		return patient
	}
	return edge
}

// schedule is how long to wait before the next attempt.
type schedule func(ctx context.Context, pace maintenance.Pace) time.Duration

// growing waits the longer the more time has passed since the activity was scheduled.
func growing(ctx context.Context, pace maintenance.Pace) time.Duration {
	info := activity.GetInfo(ctx)
	return pace.NextPoll(waited(info), spread(info))
}

// expected waits until the change may have ended, as others did. They may have taken longer than the activity has time:
// it polls at half of what is left at the latest. If so many are polled that the account's rate is too low for it, all
// wait longer.
func (c change) expected(ctx context.Context, pace maintenance.Pace) time.Duration {
	info := activity.GetInfo(ctx)
	started := info.ScheduledTime //nolint:forbidigo // as above
	seen := c.memory.Before(ctx, info.TaskQueue, c.kind, started)
	wait := polling.Learn(pace, seen).Next(waited(info), spread(info))
	wait = c.memory.Interval(info.TaskQueue, info.WorkflowExecution.RunID+"/"+info.ActivityID, wait)
	return min(wait, max(pace.Min.Std(), (info.ScheduleToCloseTimeout-waited(info))/2))
}

func typed(ctx context.Context, pace maintenance.Pace, next schedule, err error, v verdict) error {
	options := temporal.ApplicationErrorOptions{NonRetryable: !v.retry}
	if v.benign {
		options.Category = temporal.ApplicationErrorCategoryBenign
	}
	if v.retry {
		options.NextRetryDelay = nextPoll(ctx, pace, next, err)
	}
	var known interface{ Details() any }
	if errors.As(err, &known) {
		options.Details = []any{known.Details()}
	}
	return temporal.NewApplicationErrorWithOptions(maintenance.Plain(err), v.kind, options)
}

func judge(err error) verdict {
	for _, v := range verdicts() {
		if errors.Is(err, v.is) {
			return v
		}
	}
	// Nothing of ours: on a call that may be repeated, since the adapters mark
	// the others. Retried until the step's deadline, and visible.
	return verdict{kind: names.TypeUnavailable, retry: true}
}

// nextPoll is never below what the cloud itself asked for. The time waited is never the difference of two machines'
// clocks: both times are the Temporal server's.
func nextPoll(ctx context.Context, pace maintenance.Pace, next schedule, err error) time.Duration {
	if exact, ok := errors.AsType[*asleep](err); ok {
		return exact.d
	}
	wait := next(ctx, pace)
	var asked interface{ RetryAfter() time.Duration }
	if errors.As(err, &asked) {
		wait = max(wait, asked.RetryAfter())
	}
	return cmp.Or(wait, time.Second)
}

// waited is how long ago the activity was scheduled.
func waited(info activity.Info) time.Duration {
	return info.StartedTime.Sub(info.ScheduledTime) //nolint:forbidigo // both are the server's
}

// spread is a number in [0, 1) that differs between activities and attempts:
// jitter without a source of randomness to seed.
func spread(info activity.Info) float64 {
	id := fmt.Sprintf("%s/%s/%d", info.WorkflowExecution.RunID, info.ActivityID, info.Attempt)
	return float64(crc32.ChecksumIEEE([]byte(id))) / (math.MaxUint32 + 1)
}

// notYet is the error of a poll that did not find what is waited for.
func notYet(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errNotYet, fmt.Sprintf(format, args...))
}

// repeatable is for a call that makes something so and may be sent again: that
// its outcome is unknown is then no more than a failed attempt.
func repeatable(err error) error {
	if errors.Is(err, maintenance.ErrUnknownOutcome) {
		return fmt.Errorf("%w: %v", maintenance.ErrUnavailable, err) //nolint:errorlint // the sentinel must not survive
	}
	return err
}
