package sources_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/servers/wire"
	"github.com/tidegate/tidegate/internal/sources"
	"github.com/tidegate/tidegate/test/monitoring"
)

// cloud is an AWS account that notes what it is asked, and takes a second for it.
type cloud struct {
	rate float64

	mu    sync.Mutex
	times []time.Time // of the calls
	asked []string
	fails error
	rules map[string]health.MuteRule
	puts  int
}

func (c *cloud) Rates() (onAWS, onHuawei map[string]float64) {
	return map[string]float64{"prod": c.rate}, nil
}

func (c *cloud) Health(account string) (sources.Cloud, error) {
	if account != "prod" {
		return nil, fmt.Errorf("%w: no account %q", maintenance.ErrNotFound, account)
	}
	return c, nil
}

func (c *cloud) note(ctx context.Context, what string) error {
	c.mu.Lock()
	c.times, c.asked = append(c.times, time.Now()), append(c.asked, what)
	c.mu.Unlock()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Second):
		return c.fails
	}
}

func (c *cloud) Numbers(ctx context.Context, q health.GatewayQuestion) (health.GatewayNumbers, error) {
	err := c.note(ctx, q.ARN)
	return health.GatewayNumbers{Cache: &health.Cache{AllocatedBytes: 1, DirtyPercent: 7}}, err
}

func (c *cloud) Alarms(ctx context.Context, q health.AlarmQuestion) (found []health.Alarm, err error) {
	err = c.note(ctx, fmt.Sprint(len(q.Names), q.Prefix))
	for _, name := range append(q.Names, q.Prefix) {
		if name != "" {
			found = append(found, health.Alarm{Name: name, State: health.AlarmOK})
		}
	}
	return found, err
}

func (c *cloud) Mute(_ context.Context, name string) (health.MuteRule, error) {
	rule, is := c.rules[name]
	if !is {
		return rule, maintenance.ErrNotFound
	}
	return rule, nil
}

func (c *cloud) PutMute(_ context.Context, rule health.MuteRule) error {
	c.puts++
	c.rules[rule.Name] = rule
	return nil
}

func (c *cloud) DeleteMute(_ context.Context, name string) error {
	delete(c.rules, name)
	return nil
}

func gateway(n int) health.Question {
	return health.Question{Gateway: &health.GatewayQuestion{Account: "prod", ARN: fmt.Sprint("gateway-", n), Cache: true}}
}

func bubble(t *testing.T, c *cloud, test func(t *testing.T, s *sources.Sources)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.rules = map[string]health.MuteRule{}
		test(t, sources.New(c, nil, time.Now))
	})
}

func TestEqualQuestionsAreSentOnce(t *testing.T) {
	t.Parallel()
	c := &cloud{rate: 100}
	bubble(t, c, func(t *testing.T, s *sources.Sources) {
		t.Helper()
		var asking sync.WaitGroup
		for range 50 {
			asking.Go(func() {
				got := s.Ask(t.Context(), time.Time{}, []health.Question{gateway(1), gateway(1), gateway(2)})
				require.Len(t, got, 3)
				for _, r := range got {
					require.NoError(t, r.Err)
					require.InDelta(t, 7, r.Gateway.Cache.DirtyPercent, 0)
				}
			})
		}
		asking.Wait()
		require.Len(t, c.asked, 2, "in flight")
		time.Sleep(900 * time.Millisecond) //nolint:forbidigo // the bubble's clock
		s.Ask(t.Context(), time.Time{}, []health.Question{gateway(1)})
		require.Len(t, c.asked, 2, "answered 1.9 seconds ago")
		time.Sleep(200 * time.Millisecond) //nolint:forbidigo // the bubble's clock
		s.Ask(t.Context(), time.Time{}, []health.Question{gateway(1)})
		require.Len(t, c.asked, 3, "too long ago")
	})
}

// An answer that others were given before a change is none after it, nor is one whose request is under way.
func TestAnAnswerFromBeforeAChangeDoesNotCount(t *testing.T) {
	t.Parallel()
	for name, after := range map[string]time.Duration{
		"it is under way": 500 * time.Millisecond, "it was given": 1500 * time.Millisecond,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &cloud{rate: 100}
			bubble(t, c, func(t *testing.T, s *sources.Sources) {
				t.Helper()
				go s.Ask(t.Context(), time.Time{}, []health.Question{gateway(1)})
				time.Sleep(after) //nolint:forbidigo // the bubble's clock
				changed := time.Now()
				var asking sync.WaitGroup
				for range 20 {
					asking.Go(func() {
						got := s.Ask(t.Context(), changed, []health.Question{gateway(1)})
						require.NoError(t, got[0].Err)
						require.False(t, got[0].At.Before(changed))
					})
				}
				asking.Wait()
				require.Len(t, c.asked, 2, "once more, for all")
				s.Ask(t.Context(), changed.Add(time.Hour), []health.Question{gateway(1)})
				require.Len(t, c.asked, 3, "a clock that was set back asks now")
			})
		})
	}
}

func TestAnAccountIsAskedAtItsRateAndAnAnswerIsAsOldAsItsRequest(t *testing.T) {
	t.Parallel()
	c := &cloud{rate: 5}
	bubble(t, c, func(t *testing.T, s *sources.Sources) {
		t.Helper()
		var questions []health.Question
		for i := range 105 {
			questions = append(questions, gateway(i))
		}
		start := time.Now()
		got := s.Ask(t.Context(), time.Time{}, questions)
		require.Equal(t, 21*time.Second, time.Since(start), "5 at once, 100 at 5 a second, and the last one's second")
		for i := range c.times[10:] {
			require.GreaterOrEqual(t, c.times[i+10].Sub(c.times[i]), time.Second, "at most 5 at once and 5 a second")
		}
		var at []time.Time
		for _, r := range got {
			at = append(at, r.At)
		}
		require.ElementsMatch(t, c.times, at, "not when it began to wait for its turn")
	})
}

func TestOneWhoGivesUpDoesNotTakeTheAnswerFromOthers(t *testing.T) {
	t.Parallel()
	c := &cloud{rate: 5}
	bubble(t, c, func(t *testing.T, s *sources.Sources) {
		t.Helper()
		short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var asking sync.WaitGroup
		asking.Go(func() {
			got := s.Ask(short, time.Time{}, []health.Question{gateway(1)})
			require.ErrorIs(t, got[0].Err, context.DeadlineExceeded)
			require.ErrorIs(t, got[0].Err, maintenance.ErrUnavailable)
		})
		synctest.Wait()
		require.NoError(t, s.Ask(t.Context(), time.Time{}, []health.Question{gateway(1)})[0].Err)
		asking.Wait()
		require.Len(t, c.asked, 1)
	})
}

func TestAnAnswerThatIsLateSaysForWhom(t *testing.T) {
	t.Parallel()
	bubble(t, &cloud{rate: 5}, func(t *testing.T, s *sources.Sources) {
		t.Helper()
		short, cancel := context.WithTimeoutCause(t.Context(), 500*time.Millisecond, errors.New("too late for the trigger"))
		defer cancel()
		require.ErrorContains(t, s.Ask(short, time.Time{}, []health.Question{gateway(1)})[0].Err, "too late for the trigger")
		time.Sleep(time.Second) //nolint:forbidigo // the bubble's clock
	})
}

func TestWhatDoesNotAnswerIsAReadingWithAnError(t *testing.T) {
	t.Parallel()
	c := &cloud{rate: 5, fails: errors.New("oops")}
	bubble(t, c, func(t *testing.T, s *sources.Sources) {
		t.Helper()
		other := health.Question{Alarms: &health.AlarmQuestion{Account: "other", Names: []string{"a"}}}
		server := health.Question{Prometheus: &health.PrometheusQuestion{Server: "prod", Query: "up"}}
		got := s.Ask(t.Context(), time.Time{}, []health.Question{gateway(1), other, server, {}})
		require.ErrorContains(t, got[0].Err, "oops")
		require.ErrorIs(t, got[1].Err, maintenance.ErrNotFound)
		require.ErrorContains(t, got[2].Err, `no prometheus server "prod"; it has: none`)
		require.ErrorContains(t, got[3].Err, "asks nothing")
		for _, r := range got {
			require.False(t, r.At.IsZero())
		}
	})
}

func TestAlarmsAreNamedAHundredACall(t *testing.T) {
	t.Parallel()
	c := &cloud{rate: 5}
	bubble(t, c, func(t *testing.T, s *sources.Sources) {
		t.Helper()
		var questions []health.Question
		for i := range 250 {
			questions = append(questions, health.Question{Alarms: &health.AlarmQuestion{
				Account: "prod", Names: []string{fmt.Sprint("alarm-", i), "shared"}, Prefix: "p-",
			}})
		}
		for i, r := range s.Ask(t.Context(), time.Time{}, questions) {
			require.NoError(t, r.Err)
			require.Len(t, r.Alarms, 3, i)
		}
		require.ElementsMatch(t, []string{"100", "100", "51", "0p-"}, c.asked)
	})
}

func mark(number int, run string) health.MuteMark {
	return health.MuteMark{
		Mark:      maintenance.Mark{WorkflowID: "gateway-sgw-12A3456B", RunID: run, Namespace: "default", Since: time.Unix(1764417600, 0)},
		GatewayID: "sgw-12A3456B", Number: number,
	}
}

func TestAMuteRuleIsPutOnceAndDeleted(t *testing.T) {
	t.Parallel()
	c := &cloud{rate: 5}
	bubble(t, c, func(t *testing.T, s *sources.Sources) {
		t.Helper()
		until := time.Now().Add(time.Hour)
		q := health.Question{Alarms: &health.AlarmQuestion{Account: "prod", Prefix: "sgw-"}}
		for range 3 {
			require.NoError(t, s.Mute(t.Context(), mark(1, "a"), q, until))
			time.Sleep(time.Minute) //nolint:forbidigo // the bubble's clock
		}
		require.Equal(t, 1, c.puts, "put again it would start later")
		require.NoError(t, s.Mute(t.Context(), mark(1, "b"), q, until))
		require.Equal(t, 2, c.puts, "of another run")
		require.NoError(t, s.Unmute(t.Context(), mark(1, "b"), q))
		require.NoError(t, s.Unmute(t.Context(), mark(1, "b"), q))
		require.Empty(t, c.rules)
		q.Alarms.Prefix = ""
		require.ErrorIs(t, s.Mute(t.Context(), mark(1, "a"), q, until), maintenance.ErrNotFound)
		require.ErrorIs(t, s.Mute(t.Context(), mark(1, "a"), gateway(1), until), maintenance.ErrInvalid)
		require.ErrorIs(t, s.Unmute(t.Context(), mark(1, "a"), gateway(1)), maintenance.ErrInvalid)
	})
}

// A request whose response is lost leaves a silence: the next one makes no second.
func TestExactlyOneSilenceOfARealAlertmanagerIsInForce(t *testing.T) {
	t.Parallel()
	at := monitoring.Alertmanager(t)
	all, err := servers.New(servers.Configured{Alertmanager: []wire.Server{{Name: "prod", URL: at, PerSecond: 100}}}, nil)
	require.NoError(t, err)
	prod, err := all.Alertmanager("prod")
	require.NoError(t, err)
	s := sources.New(&cloud{}, all, time.Now)
	now := time.Now()
	active := func() []health.Silence { return monitoring.InForce(t, prod) }
	q := health.Question{Alertmanager: &health.AlertmanagerQuestion{
		Server: "prod", Matchers: []health.Matcher{{Name: "gateway", Value: "sgw-12A3456B"}},
	}}
	for range 2 { // two orphans
		_, err = prod.PutSilence(t.Context(), health.Silence{
			Matchers: q.Alertmanager.Matchers, StartsAt: now, EndsAt: now.Add(time.Minute), CreatedBy: "tidegate", Comment: mark(1, "old").Comment(),
		})
		require.NoError(t, err)
	}
	until := now.Add(time.Hour).Truncate(time.Minute)
	for range 2 {
		require.NoError(t, s.Mute(t.Context(), mark(1, "a"), q, until))
		require.Len(t, active(), 1)
		require.Equal(t, mark(1, "a").Comment(), active()[0].Comment)
		require.True(t, until.Equal(active()[0].EndsAt))
	}
	require.NoError(t, s.Mute(t.Context(), mark(2, "a"), q, until))
	require.Len(t, active(), 2, "the plan's second mute")
	require.NoError(t, s.Unmute(t.Context(), mark(1, "a"), q))
	require.NoError(t, s.Unmute(t.Context(), mark(1, "a"), q))
	require.Len(t, active(), 1)
	require.Equal(t, mark(2, "a").Comment(), active()[0].Comment)
	q.Alertmanager.Server = "other"
	require.ErrorIs(t, s.Mute(t.Context(), mark(1, "a"), q, until), maintenance.ErrNotFound)
	require.ErrorIs(t, s.Unmute(t.Context(), mark(1, "a"), q), maintenance.ErrNotFound)
}

// Two proxies of a run mute at once: each finds no silence, and makes one.
func TestTwoThatMuteAtOnceKeepOneSilence(t *testing.T) {
	t.Parallel()
	at, err := url.Parse(monitoring.Alertmanager(t))
	require.NoError(t, err)
	var both sync.WaitGroup
	both.Add(2)
	var listed atomic.Int32
	server := httputil.NewSingleHostReverseProxy(at)
	server.ModifyResponse = func(r *http.Response) error {
		if r.Request.Method == http.MethodGet && listed.Add(1) <= 2 {
			both.Done()
			both.Wait() // neither has made its own yet
		}
		return nil
	}
	front := httptest.NewServer(server)
	t.Cleanup(front.Close)
	all, err := servers.New(servers.Configured{Alertmanager: []wire.Server{{Name: "prod", URL: front.URL, PerSecond: 100}}}, nil)
	require.NoError(t, err)
	prod, err := all.Alertmanager("prod")
	require.NoError(t, err)
	s := sources.New(&cloud{}, all, time.Now)
	q := health.Question{Alertmanager: &health.AlertmanagerQuestion{
		Server: "prod", Matchers: []health.Matcher{{Name: "gateway", Value: "sgw-12A3456B"}},
	}}
	var muting sync.WaitGroup
	failures := make([]error, 2)
	until := time.Now().Add(time.Hour).Truncate(time.Minute)
	for n := range 2 {
		muting.Go(func() {
			failures[n] = s.Mute(t.Context(), mark(1, "a"), q, until.Add(time.Duration(n)*time.Minute))
		})
	}
	muting.Wait()
	require.NoError(t, errors.Join(failures...))
	found, err := prod.Silences(t.Context(), nil)
	require.NoError(t, err)
	found = slices.DeleteFunc(found, func(s health.Silence) bool { return s.Expired })
	require.Len(t, found, 1)
	require.True(t, until.Add(time.Minute).Equal(found[0].EndsAt), "for as long as the longer one takes")
}

func TestAServersAnswerIsAsOldAsItsRequest(t *testing.T) {
	t.Parallel()
	answers := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "fine") //nolint:errcheck // a test's own answer
	}))
	t.Cleanup(answers.Close)
	all, err := servers.New(servers.Configured{HTTP: []wire.Server{{Name: "orders", URL: answers.URL, PerSecond: 1}}}, nil)
	require.NoError(t, err)
	s := sources.New(&cloud{}, all, time.Now)
	ask := func(path string) health.Question {
		return health.Question{HTTP: &health.HTTPQuestion{Server: "orders", Path: path}}
	}
	got := s.Ask(t.Context(), time.Time{}, []health.Question{ask("/a"), ask("/b")})
	for _, r := range got {
		require.NoError(t, r.Err)
		require.Equal(t, http.StatusOK, r.Status)
	}
	require.GreaterOrEqual(t, got[0].At.Sub(got[1].At).Abs(), 900*time.Millisecond, "the second one had to wait for its turn")
}
