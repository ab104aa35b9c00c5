package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"github.com/tidegate/tidegate/activities/checks"
)

const (
	// ArmAhead is how long before its time an armed trigger comes to a worker, at most: no reading
	// before a trigger is older.
	ArmAhead = 20 * time.Second
	// LeaseTime is the usual heartbeat timeout of a trigger.
	LeaseTime = 20 * time.Second
	// lastRead is how long before the trigger the gateway is read where AWS may have started its own
	// update.
	lastRead = 5 * time.Second
	// intentAhead is how long before the trigger it is recorded that it will be sent, at least; twice
	// that at most, so that not all are recorded at once.
	intentAhead = 1500 * time.Millisecond
	// stopDelay is when another worker takes over what a stopping one gives back.
	stopDelay = time.Second
)

// Slots allots the times of triggers.
type Slots interface {
	// Slot is when the trigger of that key is sent in the account: at or after a time, and so that
	// the account's rate holds over all workers, campaigns and single runs. The same key has the
	// same slot.
	Slot(ctx context.Context, account, key string, from time.Time) (time.Time, error)
}

// Heartbeats are heartbeats whose answer is known; a client has them. Those of the SDK's activity
// context are sent some time later, and say nothing when they fail.
type Heartbeats interface {
	RecordActivityHeartbeat(ctx context.Context, taskToken []byte, details ...any) error
}

// Armed is what an attempt of TriggerUpdate leaves to the next one, and to the workflow where it is
// lost, by its heartbeats.
type Armed struct {
	Slot time.Time `json:"slot,omitzero"` // when it is to be sent
	// Sending is set before it is sent. Zero: an attempt that was lost has sent nothing.
	Sending time.Time `json:"sending,omitzero"`
	Away    bool      `json:"away,omitempty"` // the gateway was away
	Back    time.Time `json:"back,omitzero"`  // or: when it was first seen back
	// Seen is what the health checks were answered; nil: they were not asked.
	Seen *checks.Seen `json:"seen,omitempty"`
}

// serverTime is the Temporal server's clock as an attempt can know it, whatever the
// worker's own clock shows: the time at which the server started the attempt, and what has passed
// since. It is behind the server's by how long the attempt was under way to the worker: usually some
// milliseconds, and less than the heartbeat timeout where a heartbeat was acknowledged since.
type serverTime struct {
	started time.Time // the server's
	begun   time.Time // here
	now     Clock
}

// between is how much time of this machine has passed at least and at most. It has two clocks: one
// that only counts, and may stand still while the machine is paused, and one that people set, and that
// is set right then. Round drops the first.
func between(from, to time.Time) (least, most time.Duration) {
	least = max(0, to.Sub(from))
	return least, max(least, to.Round(0).Sub(from.Round(0)))
}

// serverTime is taken at the start of an attempt.
func (now Clock) serverTime(ctx context.Context) serverTime {
	info := activity.GetInfo(ctx)
	return serverTime{started: info.StartedTime, begun: now(), now: now} //nolint:forbidigo // the start of all that is counted
}

// ofChecks is the clock by which health checks date their answers.
func (s serverTime) ofChecks() checks.Clock {
	return checks.Clock{Local: s.now, Ahead: s.started.Sub(s.begun)}
}

// earliest is a time that has certainly come: a wall clock that is set ahead does not change it.
func (s serverTime) earliest() time.Time {
	least, _ := between(s.begun, s.now())
	return s.started.Add(least)
}

// latest counts the time for which the machine was paused too.
func (s serverTime) latest() time.Time {
	_, most := between(s.begun, s.now())
	return s.started.Add(most)
}

// tooLate is true at or after a limit, where there is one. The check stands in the
// activity, next to the call, because an activity may have lain in its queue
// for hours.
func (s serverTime) tooLate(limit time.Time) bool {
	return !limit.IsZero() && !s.latest().Before(limit)
}

// lease is the right of an attempt to send. Temporal gives up an attempt without heartbeats, and
// another may send then. So this one sends only while the server has acknowledged a heartbeat
// within half of that time, and ends its call before the time is over: no two attempts can send,
// also where a worker was cut off from Temporal. Where a machine stood still it is so if its wall clock is
// right when it goes on: the clock that only counts may have stood still too.
type lease struct {
	serverTime
	beats   Heartbeats
	token   []byte
	timeout time.Duration
	acked   time.Time // when the last heartbeat that was acknowledged was sent
	stop    <-chan struct{}
	note    Armed
}

func (a *StorageGateway) newLease(ctx context.Context) *lease {
	info := activity.GetInfo(ctx)
	l := &lease{
		serverTime: a.Now.serverTime(ctx), beats: a.Beats, token: info.TaskToken,
		timeout: cmp.Or(info.HeartbeatTimeout, LeaseTime), stop: activity.GetWorkerStopChannel(ctx),
	}
	l.note = noted(ctx)
	return l
}

// noted is what the attempt before has left.
func noted(ctx context.Context) (note Armed) {
	if activity.HasHeartbeatDetails(ctx) && activity.GetHeartbeatDetails(ctx, &note) != nil {
		return Armed{}
	}
	return note
}

// beat records the note, and renews the lease.
func (l *lease) beat(ctx context.Context) error {
	before := l.now()
	ctx, cancel := context.WithTimeout(ctx, l.timeout/4)
	defer cancel()
	err := l.beats.RecordActivityHeartbeat(ctx, l.token, l.note)
	switch {
	case err == nil:
		l.acked = before
		return nil
	case temporal.IsCanceledError(err):
		return errDisarmed
	}
	if _, gone := errors.AsType[*serviceerror.NotFound](err); gone {
		return fmt.Errorf("this attempt was given up by Temporal: %w", err)
	}
	return fmt.Errorf("record the heartbeat: %w", err)
}

// intendNothing takes back what the attempt before recorded. That one was about to send, and has ended without: if this
// one is lost before it is about to, nothing was sent.
func (l *lease) intendNothing(ctx context.Context) error {
	if l.note.Sending.IsZero() {
		return nil
	}
	l.note.Sending = time.Time{}
	return l.beat(ctx)
}

// wait waits until a time of the server, and keeps the lease meanwhile. A heartbeat that fails is
// tried again: what counts is the last one before the trigger.
func (l *lease) wait(ctx context.Context, until time.Time) error {
	every := l.timeout / 4
	for {
		left := until.Sub(l.earliest())
		if left <= 0 {
			return nil
		}
		if err := l.sleep(ctx, until.Add(-max(0, left-every))); err != nil {
			return err
		}
		if left <= every {
			return nil
		}
		if err := l.beat(ctx); errors.Is(err, errDisarmed) {
			return err
		}
	}
}

// sleep waits without a heartbeat. A worker that is stopped gives the attempt back, unless it has
// recorded that it sends.
func (l *lease) sleep(ctx context.Context, until time.Time) error {
	stop := l.stop
	if !l.note.Sending.IsZero() {
		stop = nil
	}
	for {
		left := until.Sub(l.earliest())
		if left <= 0 {
			return nil
		}
		select {
		case <-time.After(left):
		case <-stop:
			return &asleep{stopDelay}
		case <-ctx.Done():
			return fmt.Errorf("wait for the trigger's time: %w", context.Cause(ctx))
		}
	}
}

// reading bounds one of the two readings before the trigger: together they leave time for a heartbeat.
func (l *lease) reading(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, l.timeout*2/5)
}

// within bounds a call so that it ends before the lease does. It fails where the lease is too old.
func (l *lease) within(ctx context.Context) (context.Context, context.CancelFunc, error) {
	_, age := between(l.acked, l.now())
	if age > l.timeout/2 {
		return nil, nil, fmt.Errorf("the last heartbeat that Temporal has acknowledged is %s old: nothing was sent", age)
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout*9/10-age)
	return ctx, cancel, nil
}

// asleep ends an attempt of which the next one starts after a given time.
type asleep struct{ d time.Duration }

func (s *asleep) Error() string { return "armed; comes back to a worker in " + s.d.String() }
func (s *asleep) Unwrap() error { return errNotYet }
