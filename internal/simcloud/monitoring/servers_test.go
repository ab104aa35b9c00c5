package monitoring_test

import (
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers/alertmanager"
	"github.com/tidegate/tidegate/internal/servers/httpcheck"
	"github.com/tidegate/tidegate/internal/servers/prometheus"
	"github.com/tidegate/tidegate/internal/servers/wire"
	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/monitoring"
	"github.com/tidegate/tidegate/internal/simcloud/record"
	realservers "github.com/tidegate/tidegate/test/monitoring"
)

const (
	token   = "PlantedToken0123456789abcdef"
	gateway = "sgw-12A3456B"
)

// rig are simulated servers, and our own adapters for them.
type rig struct {
	*monitoring.Servers

	now                time.Time
	restarted, updated []time.Time
	book               *record.Book
	faults             *fault.Engine
	url                string
	prometheus         *prometheus.Server
	alertmanager       *alertmanager.Server
	pages              *httpcheck.Server
}

func start(t *testing.T, s monitoring.Scenario) *rig {
	t.Helper()
	require.NoError(t, s.Validate(map[string]bool{gateway: true}))
	r := &rig{now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return r.now }
	r.book, r.faults = record.New(clock), fault.New(monitoring.Operations())
	r.Servers = monitoring.New(s, monitoring.Options{
		Now: clock, Book: r.book, Faults: r.faults,
		Happened: func(id string) ([]time.Time, []time.Time) {
			require.Equal(t, gateway, id)
			return r.restarted, r.updated
		},
	})
	server := httptest.NewServer(r.Servers)
	t.Cleanup(server.Close)
	r.url = server.URL
	r.open(t, token)
	return r
}

func (r *rig) open(t *testing.T, secret wire.Secret) {
	t.Helper()
	server := func(path string) wire.Server {
		return wire.Server{Name: "prod", URL: r.url + path, Secret: secret, PerSecond: 1000, Timeout: 2 * time.Second}
	}
	var err error
	r.prometheus, err = prometheus.New(server(monitoring.PrometheusPath))
	require.NoError(t, err)
	r.alertmanager, err = alertmanager.New(server(monitoring.AlertmanagerPath))
	require.NoError(t, err)
	r.pages, err = httpcheck.New(server(monitoring.PagesPath))
	require.NoError(t, err)
}

// values are those of a query's result, by their series.
func (r *rig) values(t *testing.T, query string) map[string]float64 {
	t.Helper()
	found, err := r.prometheus.Query(t.Context(), health.PrometheusQuestion{Query: query})
	require.NoError(t, err)
	out := map[string]float64{}
	for _, s := range found.Samples {
		out[s.Series] = s.Value
	}
	return out
}

func (r *rig) firing(t *testing.T, matchers ...health.Matcher) []health.Alert {
	t.Helper()
	found, err := r.alertmanager.Alerts(t.Context(), health.AlertmanagerQuestion{Matchers: matchers})
	require.NoError(t, err)
	return found
}

func errorRate() monitoring.Scenario {
	return monitoring.Scenario{
		Series: []monitoring.Series{
			{
				Name: "till-errors", Metric: "errors_total", Labels: map[string]string{"app": "till"}, Value: "0.02",
				Changes: []monitoring.Change{{Value: "0.4", Updated: gateway, After: 5 * time.Second, For: time.Minute}},
			},
			{Name: "shop-errors", Metric: "errors_total", Labels: map[string]string{"app": "shop"}, Value: "NaN", Warnings: []string{"a store is away"}},
			{
				Name: "gone", Metric: "up", Labels: map[string]string{"app": "till"}, Value: "1",
				Changes: []monitoring.Change{{Value: "none", Restarting: gateway, For: 10 * time.Second}},
			},
		},
		Alerts: []monitoring.Alert{
			{Labels: map[string]string{"alertname": "Errors", "gateway": gateway}, While: monitoring.While{Series: "till-errors", Above: 0.1}},
			{Labels: map[string]string{"alertname": "Down", "gateway": gateway}, Changes: []monitoring.Change{{Value: "firing", Restarting: gateway, For: time.Minute}}},
		},
		Pages: []monitoring.Page{{Path: "/till/healthz", Changes: []monitoring.Change{{Value: "503", Restarting: gateway, For: time.Minute}}}},
	}
}

func TestAnErrorRateFollowsItsGatewaysUpdate(t *testing.T) {
	t.Parallel()
	r := start(t, errorRate())
	const rate = `sum(rate(errors_total{app="till"}[5m]))`
	till := func() float64 { return r.values(t, rate)[`{app="till"}`] }
	require.InDelta(t, 0.02, till(), 0)
	require.Empty(t, r.firing(t))
	require.Len(t, r.values(t, "up"), 1)

	r.now = r.now.Add(time.Hour)
	r.restarted = []time.Time{r.now}
	status := func() int {
		status, err := r.pages.Status(t.Context(), health.HTTPQuestion{Path: "/till/healthz"})
		require.NoError(t, err)
		return status
	}
	require.Equal(t, http.StatusServiceUnavailable, status())
	require.Empty(t, r.values(t, "up"), "a series that is not there")
	require.Equal(t, []string{"Down"}, namesOf(r.firing(t)))

	r.now = r.now.Add(2 * time.Minute)
	r.updated = []time.Time{r.now}
	require.Equal(t, http.StatusOK, status())
	require.InDelta(t, 0.02, till(), 0)
	r.now = r.now.Add(5 * time.Second)
	require.InDelta(t, 0.4, till(), 0)
	rose := r.now
	r.now = r.now.Add(30 * time.Second)
	alerts := r.firing(t, health.Matcher{Name: "gateway", Value: gateway})
	require.Equal(t, []string{"Errors"}, namesOf(alerts))
	require.Equal(t, rose, alerts[0].StartsAt)
	r.now = r.now.Add(30 * time.Second)
	require.InDelta(t, 0.02, till(), 0)
	require.Empty(t, r.firing(t))
}

func namesOf(alerts []health.Alert) (names []string) {
	for _, a := range alerts {
		names = append(names, a.Name)
	}
	return names
}

func TestAQuerySelectsSeriesByItsMatchers(t *testing.T) {
	t.Parallel()
	r := start(t, errorRate())
	for query, want := range map[string]int{
		`errors_total`:                          2,
		`sum by (app) (rate(errors_total[5m]))`: 2,
		`errors_total{app="till"}`:              1,
		`errors_total{app=~"t.*|x"}`:            1,
		`errors_total{app!="till"}`:             1,
		`errors_total{app!~"till|shop"}`:        0,
		`errors_total{region="eu"}`:             0,
		`other_total`:                           0,
		`x{a="errors_total"}`:                   0,
		`vector(3)`:                             1,
		`7`:                                     1,
	} {
		require.Len(t, r.values(t, query), want, query)
	}
	found, err := r.prometheus.Query(t.Context(), health.PrometheusQuestion{Query: `errors_total{app="shop"}`})
	require.NoError(t, err)
	require.True(t, math.IsNaN(found.Samples[0].Value))
	require.Equal(t, []string{"a store is away"}, found.Warnings)
	require.NoError(t, r.Set("shop-errors", "+Inf"))
	require.True(t, math.IsInf(r.values(t, `errors_total{app="shop"}`)[`{app="shop"}`], 1))
	require.NoError(t, r.prometheus.Try(t.Context()))
}

// The same queries are refused by a real Prometheus, and answered without a series or with one.
func TestPrometheusRefusesAsARealOneDoes(t *testing.T) {
	t.Parallel()
	r := start(t, monitoring.Scenario{})
	compared, err := prometheus.New(wire.Server{Name: "real", URL: realservers.Prometheus(t, ""), Timeout: time.Minute})
	require.NoError(t, err)
	for query, refused := range map[string]bool{
		`sum(`: true, `up{app="x"`: true, `up)`: true, `up{app=~"("}`: true, ``: true, `nothing{app="x"}`: false, `vector(2)`: false, `2`: false,
	} {
		for name, s := range map[string]*prometheus.Server{"simulated": r.prometheus, "real": compared} {
			_, err := s.Query(t.Context(), health.PrometheusQuestion{Query: query})
			if refused {
				require.ErrorIs(t, err, maintenance.ErrInvalid, "%s: %s", name, query)
			} else {
				require.NoError(t, err, "%s: %s", name, query)
			}
		}
	}
}

// The life of a silence is the same with the real Alertmanager.
func TestSilencesLiveAsInARealAlertmanager(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]func(t *testing.T) *alertmanager.Server{
		"simulated": func(t *testing.T) *alertmanager.Server {
			t.Helper()
			r := start(t, monitoring.Scenario{Alerts: []monitoring.Alert{{Labels: map[string]string{"alertname": "Slow", "gateway": gateway}, Value: "firing"}}})
			r.now = time.Now()
			return r.alertmanager
		},
		"real": func(t *testing.T) *alertmanager.Server {
			t.Helper()
			at := realservers.Alertmanager(t)
			realservers.Fire(t, at, realservers.Labels{"alertname": "Slow", "gateway": gateway})
			s, err := alertmanager.New(wire.Server{Name: "real", URL: at, PerSecond: 1000, Timeout: time.Minute})
			require.NoError(t, err)
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lifeOfASilence(t, server(t))
		})
	}
}

func lifeOfASilence(t *testing.T, s *alertmanager.Server) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	want := health.Silence{
		Matchers: []health.Matcher{{Name: "gateway", Value: gateway}}, StartsAt: now, EndsAt: now.Add(time.Hour),
		CreatedBy: "tidegate", Comment: "ours",
	}
	put := func(change func(*health.Silence)) string {
		change(&want)
		id, err := s.PutSilence(t.Context(), want)
		require.NoError(t, err)
		return id
	}
	silenced := func(by int) {
		require.Eventually(t, func() bool {
			found, err := s.Alerts(t.Context(), health.AlertmanagerQuestion{Matchers: []health.Matcher{{Name: "alertname", Value: "Slow"}}})
			return err == nil && len(found) == 1 && len(found[0].SilencedBy) == by
		}, time.Minute, 20*time.Millisecond)
	}
	silenced(0)
	first := put(func(*health.Silence) {})
	silenced(1)
	second := put(func(*health.Silence) {})
	require.NotEqual(t, first, second, "it has no idempotency token")
	require.Len(t, realservers.InForce(t, s), 2)
	require.NoError(t, s.ExpireSilence(t.Context(), second))

	started := realservers.InForce(t, s)[0].StartsAt
	same := put(func(w *health.Silence) { w.ID, w.StartsAt, w.EndsAt = first, started, w.EndsAt.Add(time.Hour) })
	require.Equal(t, first, same, "a later end changes the one that there is")
	other := put(func(w *health.Silence) {
		w.Matchers = append(w.Matchers, health.Matcher{Name: "severity", Value: "page", Negative: true})
	})
	require.NotEqual(t, first, other, "other matchers make another one")
	require.Len(t, realservers.InForce(t, s), 1)
	silenced(1)
	require.NoError(t, s.ExpireSilence(t.Context(), other))
	silenced(0)
	require.NoError(t, s.ExpireSilence(t.Context(), other), "again")

	for why, wrong := range map[string]func(*health.Silence){
		"over":           func(w *health.Silence) { w.StartsAt, w.EndsAt = now.Add(-2*time.Hour), now.Add(-time.Hour) },
		"selects all":    func(w *health.Silence) { w.Matchers = []health.Matcher{{Name: "gateway", Value: ".*", Regex: true}} },
		"cannot be read": func(w *health.Silence) { w.Matchers = []health.Matcher{{Name: "gateway", Value: "(", Regex: true}} },
	} {
		bad := want
		bad.ID = ""
		wrong(&bad)
		_, err := s.PutSilence(t.Context(), bad)
		require.ErrorIs(t, err, maintenance.ErrInvalid, why)
	}
	unknown := want
	unknown.ID = "d9c1e3c6-3f0d-4b3e-9b63-6c5a2e7f8a10"
	_, err := s.PutSilence(t.Context(), unknown)
	require.ErrorIs(t, err, maintenance.ErrNotFound)
}

func TestTheLedgerCountsTheSilencesInForce(t *testing.T) {
	t.Parallel()
	r := start(t, errorRate())
	want := health.Silence{
		Matchers: []health.Matcher{{Name: "gateway", Value: gateway}}, StartsAt: r.now, EndsAt: r.now.Add(time.Hour),
		CreatedBy: "tidegate", Comment: "ours",
	}
	id, err := r.alertmanager.PutSilence(t.Context(), want)
	require.NoError(t, err)
	_, err = r.alertmanager.PutSilence(t.Context(), want)
	require.NoError(t, err)
	require.Len(t, r.Silenced(), 2)
	require.NoError(t, r.alertmanager.ExpireSilence(t.Context(), id))
	r.now = r.now.Add(2 * time.Hour)
	require.Empty(t, r.Silenced(), "it ends by itself")
	var changes, inForce []string
	for _, e := range r.book.Effects() {
		changes, inForce = append(changes, e.Detail["change"]), append(inForce, e.Detail["inForce"])
	}
	require.Equal(t, []string{"created", "created", "expired"}, changes)
	require.Equal(t, []string{"1", "2", "1"}, inForce)
}

func TestFaultsAreWhatOurAdaptersKnow(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]error{
		fault.RefusedBefore: maintenance.ErrDenied, fault.ExpiredCredentials: maintenance.ErrDenied, fault.ClockSkew: maintenance.ErrDenied,
		fault.Throttled: maintenance.ErrThrottled, fault.ServerErrorBefore: maintenance.ErrUnavailable, fault.HTML502: maintenance.ErrUnavailable,
		fault.HangBefore: maintenance.ErrUnavailable, fault.LostBefore: maintenance.ErrUnavailable, fault.TruncatedJSON: maintenance.ErrUnavailable,
		fault.EmptyObject: maintenance.ErrUnavailable, fault.Echo: maintenance.ErrInvalid,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			r := start(t, errorRate())
			require.NoError(t, r.faults.Inject(fault.Rule{Operation: "*", Kind: kind}))
			_, err := r.prometheus.Query(t.Context(), health.PrometheusQuestion{Query: "up"})
			require.ErrorIs(t, err, want)
			require.NotContains(t, err.Error(), token)
			if kind == fault.EmptyObject { // Alertmanager's client takes it for an empty list or refuses it
				return
			}
			_, err = r.alertmanager.Alerts(t.Context(), health.AlertmanagerQuestion{})
			require.ErrorIs(t, err, want)
			require.NotContains(t, err.Error(), token)
		})
	}
}

// A silence whose response is lost is there; one that was refused is not.
func TestALostResponseLeavesASilence(t *testing.T) {
	t.Parallel()
	for kind, silences := range map[fault.Kind]int{
		fault.LostAfter: 1, fault.ServerErrorAfter: 1, fault.HTML502: 1, fault.LostBefore: 0, fault.ServerErrorBefore: 0, fault.ExpiredCredentials: 0,
	} {
		r := start(t, errorRate())
		require.NoError(t, r.faults.Inject(fault.Rule{Operation: "alertmanager:PostSilences", Kind: kind}))
		_, err := r.alertmanager.PutSilence(t.Context(), health.Silence{
			Matchers: []health.Matcher{{Name: "gateway", Value: gateway}}, StartsAt: r.now, EndsAt: r.now.Add(time.Hour), CreatedBy: "us", Comment: "ours",
		})
		require.Error(t, err)
		require.Len(t, r.Silenced(), silences, kind)
	}
}

func TestATokenIsAskedFor(t *testing.T) {
	t.Parallel()
	s := errorRate()
	s.Token = token
	r := start(t, s)
	require.NoError(t, r.prometheus.Try(t.Context()))
	require.NoError(t, r.alertmanager.Try(t.Context()))
	r.open(t, "another-token")
	require.ErrorIs(t, r.prometheus.Try(t.Context()), maintenance.ErrDenied)
	require.ErrorIs(t, r.alertmanager.Try(t.Context()), maintenance.ErrDenied)
	status, err := r.pages.Status(t.Context(), health.HTTPQuestion{Path: "/till/healthz"})
	require.NoError(t, err)
	require.Equal(t, http.StatusUnauthorized, status)
}

func TestASlowServerIsGivenUp(t *testing.T) {
	t.Parallel()
	r := start(t, errorRate())
	r.SetDelay(time.Hour)
	_, err := r.prometheus.Query(t.Context(), health.PrometheusQuestion{Query: "up"})
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	r.SetDelay(0)
	require.NoError(t, r.prometheus.Try(t.Context()))
}

func TestWrongScenariosAreRefused(t *testing.T) {
	t.Parallel()
	wrong := monitoring.Scenario{
		Series: []monitoring.Series{
			{Name: "a b", Metric: "1up", Value: "much"},
			{Name: "a", Metric: "up", Changes: []monitoring.Change{{Value: "1", Updated: "sgw-0"}, {Value: "1", Updated: gateway, Restarting: gateway}}},
		},
		Alerts: []monitoring.Alert{{Labels: map[string]string{"x": "y"}, Value: "on", While: monitoring.While{Series: "b"}}},
		Pages:  []monitoring.Page{{Path: "x"}, {Path: "/x", Value: strconv.Itoa(99)}},
	}
	err := wrong.Validate(map[string]bool{gateway: true})
	for _, want := range []string{
		"series[0].name", "series[0].metric", `series[0].value: invalid value "much"`, "series[1].changes[0].updated", "series[1].changes[1].updated",
		"alerts[0].labels.alertname", `alerts[0].value: invalid value "on"`, "alerts[0].while.series", "pages[0].path", "pages[1].value",
	} {
		require.ErrorContains(t, err, want)
	}
}
