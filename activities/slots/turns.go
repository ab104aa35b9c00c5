package slots

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
)

const (
	// turnAhead is how long before a trigger other activities of its account start no more.
	turnAhead = time.Second
	// turnLimit is how long an activity waits for the triggers at most.
	turnLimit = 30 * time.Second
	turnPoll  = 100 * time.Millisecond
)

// Turns lets the triggers of an account go before its other activities, which read or poll: in a
// worker that sends a trigger within the next second, the others of its account wait. The zero
// value is ready.
type Turns struct {
	mu  sync.Mutex
	due map[string]map[*time.Time]struct{} // by account
	// next is, by account, when the line of those that have waited has ended.
	next map[string]time.Time
}

// Claim notes that a trigger is due, until the function that it returns is called. Nil notes nothing.
func (t *Turns) Claim(account string, at time.Time) (release func()) {
	if t == nil {
		return func() {}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.due == nil {
		t.due = map[string]map[*time.Time]struct{}{}
	}
	if t.due[account] == nil {
		t.due[account] = map[*time.Time]struct{}{}
	}
	t.due[account][&at] = struct{}{}
	return func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		delete(t.due[account], &at)
	}
}

// soon is true while a trigger of the account is due within turnAhead.
func (t *Turns) soon(account string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for at := range t.due[account] {
		if at.Sub(now) < turnAhead {
			return true
		}
	}
	return false
}

// start is when an activity of the account may start, that did or did not wait for triggers: a distance after the one
// before it in the line, or now where there is none.
func (t *Turns) start(account string, now time.Time, waited bool, distance time.Duration) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.next[account]
	if !waited && !at.After(now) {
		return now
	}
	if at.Before(now) {
		at = now
	}
	if t.next == nil {
		t.next = map[string]time.Time{}
	}
	t.next[account] = at.Add(distance)
	return at
}

// Of is the interceptor of an account's worker. rate is how many of the account's activities Temporal gives out in a
// second; 0: no limit.
func (t *Turns) Of(account string, rate float64) interceptor.WorkerInterceptor {
	of := &turnOf{turns: t, account: account}
	if rate > 0 {
		of.distance = time.Duration(float64(time.Second) / rate)
	}
	return of
}

type turnOf struct {
	interceptor.WorkerInterceptorBase
	turns    *Turns
	account  string
	distance time.Duration // between two activities, by the account's rate
}

// wait waits while a trigger is due, and then until its turn. Temporal has given out those that wait at the account's
// rate. So they leave at that rate, and not all at once when the triggers are through.
func (w *turnOf) wait(ctx context.Context, most time.Duration) error {
	now := time.Now() //nolint:forbidigo // as the timers
	limit := now.Add(most)
	var mine time.Time                                         // its turn; zero: it has none yet
	for waited := false; now.Before(limit); now = time.Now() { //nolint:forbidigo // as above
		until := now.Add(turnPoll)
		if w.turns.soon(w.account, now) {
			waited, mine = true, time.Time{}
		} else {
			if mine.IsZero() {
				mine = w.turns.start(w.account, now, waited, w.distance)
			}
			until = mine
		}
		if !until.After(now) {
			return nil
		}
		select {
		case <-time.After(min(until.Sub(now), limit.Sub(now))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (w *turnOf) InterceptActivity(
	_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &turn{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, of: w}
}

type turn struct {
	interceptor.ActivityInboundInterceptorBase
	of *turnOf
}

// ExecuteActivity waits where a trigger is due. An attempt keeps two thirds of its time.
func (i *turn) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	if info.ActivityType.Name != triggerName {
		if err := i.of.wait(ctx, min(turnLimit, info.StartToCloseTimeout/3)); err != nil {
			return nil, err
		}
	}
	return i.Next.ExecuteActivity(ctx, in)
}

// triggerName is the activity that does not wait.
const triggerName = "TriggerUpdate"
