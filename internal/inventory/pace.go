package inventory

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/tidegate/tidegate/internal/calltrace"
	"github.com/tidegate/tidegate/internal/maintenance"
)

// Backoff is a pause.
type Backoff time.Duration

// usualBackoff is the first pause.
const usualBackoff = Backoff(500 * time.Millisecond)

const (
	attempts = 5 // of one call
	// callTime bounds one call: the clouds' SDKs set no bound.
	callTime = time.Minute
	// slowest is the fewest calls per second to which throttling brings an account.
	slowest = 0.5
)

// pace keeps the calls of one account to its rate. It may be used by many goroutines at once.
type pace struct {
	limit   *rate.Limiter
	most    rate.Limit
	backoff time.Duration
	tally   *tally
	made    atomic.Int64 // requests
}

// learned is the rate to which the first throttling brings an account without one.
const learned = rate.Limit(20)

func newPace(perSecond float64, backoff Backoff, t *tally) *pace {
	most := rate.Limit(perSecond)
	if perSecond <= 0 {
		most = rate.Inf
	}
	if backoff <= 0 {
		backoff = usualBackoff
	}
	return &pace{limit: rate.NewLimiter(most, 1), most: most, backoff: time.Duration(backoff), tally: t}
}

// throttled halves the rate, and succeeded brings it back, a twentieth at a time. Both race with other
// calls of the account, which makes no difference that matters.
func (p *pace) throttled() {
	now := p.limit.Limit()
	if now == rate.Inf {
		now = learned
	}
	p.limit.SetLimit(max(now/2, slowest))
}

func (p *pace) succeeded() {
	if now := p.limit.Limit(); now < p.most {
		p.limit.SetLimit(min(p.most, now+min(p.most, learned)/20))
	}
}

// asked counts what one call has sent, and has the account pay for what was more than one request:
// pages, the two calls for volumes.
func (p *pace) asked(requests int) {
	requests = max(requests, 1)
	p.made.Add(int64(requests))
	p.tally.add(0, 0, requests)
	for range requests - 1 {
		p.limit.Reserve()
	}
}

// passing is true for a failure after which the call may succeed: all calls here only read.
func passing(err error) bool {
	for _, kind := range []error{
		maintenance.ErrThrottled, maintenance.ErrUnavailable, maintenance.ErrBusy, maintenance.ErrNotReady,
		maintenance.ErrUnknownOutcome,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// call makes one call at the account's rate, and repeats it where that may help.
func call[T any](ctx context.Context, p *pace, do func(context.Context) (T, error)) (answer T, err error) {
	pause := p.backoff
	for attempt := 1; ; attempt++ {
		if waitErr := p.limit.Wait(ctx); waitErr != nil {
			if err == nil {
				err = fmt.Errorf("not asked: %w", context.Cause(ctx))
			}
			return answer, err
		}
		answer, err = followed(ctx, p, do)
		if err == nil {
			p.succeeded()
			return answer, nil
		}
		if errors.Is(err, maintenance.ErrThrottled) {
			p.throttled()
		}
		if !passing(err) || attempt == attempts || !sleep(ctx, pause) {
			return answer, err
		}
		pause *= 2
	}
}

// followed makes the call once, within its time, and counts what it sends.
func followed[T any](ctx context.Context, p *pace, do func(context.Context) (T, error)) (T, error) {
	var requests atomic.Int64
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	ctx = calltrace.With(ctx, func(context.Context, calltrace.Request) { requests.Add(1) })
	defer func() { p.asked(int(requests.Load())) }()
	return do(ctx)
}

// sleep waits for a pause and up to half of it more, so that calls which failed together do not come
// back together. It is false where ctx ended.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause + rand.N(pause/2+1)) //nolint:gosec // a pause is no secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
