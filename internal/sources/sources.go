// Package sources asks what health checks ask: Storage Gateway and CloudWatch of an account, and the monitoring
// servers. It asks each source at a bounded rate, sends equal questions once, and mutes alarms. It judges nothing
// (internal/maintenance/health does). Start at New and Sources.
package sources

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"github.com/tidegate/tidegate/activities"
	"github.com/tidegate/tidegate/activities/checks"
	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/servers/wire"
)

// Cloud is what is asked of an AWS account in one region.
type Cloud interface {
	Numbers(ctx context.Context, q health.GatewayQuestion) (health.GatewayNumbers, error)
	Alarms(ctx context.Context, q health.AlarmQuestion) ([]health.Alarm, error)
	// Mute is the mute rule of a name, or ErrNotFound. PutMute and DeleteMute may be repeated.
	Mute(ctx context.Context, name string) (health.MuteRule, error)
	PutMute(ctx context.Context, rule health.MuteRule) error
	DeleteMute(ctx context.Context, name string) error
}

// Accounts finds an AWS account of the worker's configuration. An unknown name is ErrNotFound.
type Accounts interface {
	Health(account string) (Cloud, error)
	// Rates are the calls a second of the accounts, by name; 0: no limit.
	Rates() (onAWS, onHuawei map[string]float64)
}

const (
	// fresh is how old an answer may be that is given to others who ask the same.
	fresh = 2 * time.Second
	// patience is how long a question waits for its turn and its answer.
	patience = 10 * time.Minute
	// defaultPerSecond is the rate of an account without one.
	defaultPerSecond = 10
)

// Sources are all that can be asked. It may be used by many goroutines at once; a worker has one.
type Sources struct {
	accounts Accounts
	servers  *servers.Servers
	now      func() time.Time

	asking singleflight.Group

	mu       sync.Mutex
	limiters map[string]*rate.Limiter // by account
	answered map[string]answer        // by the question's key
}

var (
	_ checks.Asker = (*Sources)(nil)
	_ checks.Muter = (*Sources)(nil)
)

// answer is what a question was answered not long ago.
type answer struct {
	reading health.Reading
	until   time.Time // until when it is given to others
}

// New makes the sources of the worker's accounts and servers; monitoring may be nil: no servers. It sends nothing. now
// is the worker's clock.
func New(accounts Accounts, monitoring *servers.Servers, now func() time.Time) *Sources {
	if monitoring == nil {
		monitoring = &servers.Servers{}
	}
	return &Sources{
		accounts: accounts, servers: monitoring, now: now,
		limiters: map[string]*rate.Limiter{}, answered: map[string]answer{},
	}
}

// Ask is the reading of each question, in their order.
func (s *Sources) Ask(ctx context.Context, notBefore time.Time, questions []health.Question) []health.Reading {
	calls := health.Calls(questions)
	readings := make([]health.Reading, len(calls))
	var asking sync.WaitGroup
	for i, call := range calls {
		asking.Go(func() { readings[i] = s.ask(ctx, notBefore, call.Question) })
	}
	asking.Wait()
	return health.Distribute(questions, calls, readings)
}

// ask shares the answer of a question with all who ask the same now. It is not given up with one of them. One that was
// sent for others before the time that counts is not taken: the question is sent again.
func (s *Sources) ask(ctx context.Context, notBefore time.Time, q health.Question) health.Reading {
	if now := s.now(); notBefore.After(now) {
		notBefore = now // a clock was set back
	}
	for {
		reading := s.share(ctx, notBefore, q)
		if ctx.Err() != nil || !reading.At.Before(notBefore) {
			return reading
		}
	}
}

// share is the answer to the question that is sent now, or was a moment ago.
func (s *Sources) share(ctx context.Context, notBefore time.Time, q health.Question) health.Reading {
	key := q.Key()
	if reading, is := s.remembered(key, notBefore); is {
		return reading
	}
	shared := s.asking.DoChan(key, func() (any, error) {
		if reading, is := s.remembered(key, notBefore); is { // answered between the look above and now
			return reading, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		reading := s.read(ctx, q)
		s.remember(key, reading)
		return reading, nil
	})
	select {
	case <-ctx.Done():
		err := fmt.Errorf("%w: %w", maintenance.ErrUnavailable, context.Cause(ctx))
		return health.Reading{At: s.now(), Err: err}
	case got := <-shared:
		reading, _ := got.Val.(health.Reading) // it is nothing else
		return reading
	}
}

// remembered is the answer of a moment ago, unless it is too early.
func (s *Sources) remembered(key string, notBefore time.Time) (health.Reading, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, is := s.answered[key]
	return a.reading, is && s.now().Before(a.until) && !a.reading.At.Before(notBefore)
}

// remember keeps an answer, and forgets those that are too old.
func (s *Sources) remember(key string, r health.Reading) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for other, a := range s.answered {
		if !now.Before(a.until) {
			delete(s.answered, other)
		}
	}
	s.answered[key] = answer{reading: r, until: r.At.Add(fresh)}
}

// read sends the question. The reading's time is that of its first request, once it had its turn: a slow answer is not
// taken for a fresh one, nor is one that waited to be asked for an old one.
func (s *Sources) read(ctx context.Context, q health.Question) health.Reading {
	var r health.Reading
	sent := func() {
		if r.At.IsZero() {
			r.At = s.now()
		}
	}
	switch {
	case q.Gateway != nil:
		r.Err = s.turn(ctx, q.Gateway.Account, sent, func(ctx context.Context, c Cloud) (err error) {
			r.Gateway, err = c.Numbers(ctx, *q.Gateway)
			return err
		})
	case q.Alarms != nil:
		r.Err = s.turn(ctx, q.Alarms.Account, sent, func(ctx context.Context, c Cloud) (err error) {
			r.Alarms, err = c.Alarms(ctx, *q.Alarms)
			return err
		})
	default:
		r.Err = s.askServer(wire.OnSend(ctx, sent), q, &r)
	}
	sent() // nothing was: it has no other time
	return r
}

// askServer asks a monitoring server, which has its own rate and time limit.
func (s *Sources) askServer(ctx context.Context, q health.Question, r *health.Reading) error {
	switch {
	case q.Prometheus != nil:
		server, err := s.servers.Prometheus(q.Prometheus.Server)
		if err == nil {
			r.Query, err = server.Query(ctx, *q.Prometheus)
		}
		return err
	case q.Alertmanager != nil:
		server, err := s.servers.Alertmanager(q.Alertmanager.Server)
		if err == nil {
			r.Alerts, err = server.Alerts(ctx, *q.Alertmanager)
		}
		return err
	case q.HTTP != nil:
		server, err := s.servers.HTTP(q.HTTP.Server)
		if err == nil {
			r.Status, err = server.Status(ctx, *q.HTTP)
		}
		return err
	}
	return errors.New("the question asks nothing: a worker of this version does not know its kind")
}

// turn waits until an account may be called, and calls it within a deadline.
func (s *Sources) turn(
	ctx context.Context, account string, sent func(), call func(context.Context, Cloud) error,
) error {
	cloud, err := s.accounts.Health(account)
	if err != nil {
		return err
	}
	if err := s.limiter(account).Wait(ctx); err != nil {
		return fmt.Errorf("%w: AWS account %q was not asked, since its turn did not come in time; raise its perSecond in the worker's accounts file, or ask less often",
			maintenance.ErrUnavailable, account)
	}
	sent()
	ctx, cancel := context.WithTimeout(ctx, activities.CallTimeout)
	defer cancel()
	return call(ctx, cloud)
}

func (s *Sources) limiter(account string) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	limiter, is := s.limiters[account]
	if !is {
		onAWS, _ := s.accounts.Rates()
		perSecond := onAWS[account]
		if perSecond == 0 {
			perSecond = defaultPerSecond
		}
		limiter = rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))
		s.limiters[account] = limiter
	}
	return limiter
}
