package alertmanager_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers/alertmanager"
	"github.com/tidegate/tidegate/internal/servers/wire"
)

const token = "PlantedToken0123456789abcdef"

func open(t *testing.T, url string) *alertmanager.Server {
	t.Helper()
	return within(t, url, time.Minute)
}

func within(t *testing.T, url string, timeout time.Duration) *alertmanager.Server {
	t.Helper()
	s, err := alertmanager.New(wire.Server{Name: "prod", URL: url, Secret: token, PerSecond: 1000, Timeout: timeout})
	require.NoError(t, err)
	return s
}

// fake answers by "METHOD path".
func fake(t *testing.T, answers map[string]http.HandlerFunc) *alertmanager.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if answer, ok := answers[r.Method+" "+r.URL.Path]; ok {
			answer(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(server.Close)
	return open(t, server.URL+"/am/")
}

// silent never answers. Without reading the body the server would not see that the client has gone.
func silent(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) //nolint:errcheck // as above
	<-r.Context().Done()
}

func says(status int, media, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", media)
		w.WriteHeader(status)
		io.WriteString(w, body) //nolint:errcheck // the client may be gone
	}
}

const (
	alerts, silences = "GET /am/api/v2/alerts", "GET /am/api/v2/silences"
	post             = "POST /am/api/v2/silences"
	anID             = "0a8c7bb2-6c8f-4a5d-9c3e-2f1d0b9a8c7b"
)

func silence() health.Silence {
	start := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	return health.Silence{
		Matchers: []health.Matcher{{Name: "gateway", Value: "sgw-1"}, {Name: "team", Value: "a|b", Regex: true, Negative: true}},
		StartsAt: start, EndsAt: start.Add(time.Hour), CreatedBy: "tidegate", Comment: "ours",
	}
}

func TestFailuresSayWhatToDo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		is     error
		says   string
	}{
		"a wrong matcher": {says(400, "application/json", `"bad matcher format: x"`), maintenance.ErrInvalid, "it says: bad matcher format: x (HTTP 400)"},
		"500":             {says(500, "application/json", `"Bearer `+token+`"`), maintenance.ErrUnavailable, "the server fails; it says: (hidden) (hidden) (HTTP 500)"},
		"502":             {says(502, "text/html", "<html>"), maintenance.ErrUnavailable, "the server fails (HTTP 502)"},
		"401":             {says(401, "text/plain", token), maintenance.ErrDenied, "check the server's token"},
		"404":             {says(404, "text/plain", "404"), maintenance.ErrNotFound, "check the server's url"},
		"429":             {says(429, "text/plain", ""), maintenance.ErrThrottled, "perSecond"},
		"a login page":    {says(200, "text/html", "<html>sign in"), maintenance.ErrUnavailable, "the answer is a web page"},
		"not JSON":        {says(200, "application/json", `[{`), maintenance.ErrUnavailable, "the answer cannot be read"},
		"another form":    {says(200, "application/json", `{"status":"success"}`), maintenance.ErrUnavailable, "the answer cannot be read"},
		"without status":  {says(200, "application/json", `[{"labels":{"alertname":"x"}}]`), maintenance.ErrUnavailable, "the answer cannot be read: an alert has no labels or no status"},
		"null":            {says(200, "application/json", `[null]`), maintenance.ErrUnavailable, "an alert has no labels or no status"},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for range 5 {
				io.WriteString(w, strings.Repeat(" ", 1<<20)) //nolint:errcheck // the client hangs up
			}
		}, maintenance.ErrUnavailable, "ask for less"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fake(t, map[string]http.HandlerFunc{alerts: tc.answer}).Alerts(t.Context(), health.AlertmanagerQuestion{})
			require.ErrorIs(t, err, tc.is)
			require.ErrorContains(t, err, `list the alerts on the Alertmanager "prod": `)
			require.ErrorContains(t, err, tc.says)
			require.NotContains(t, err.Error(), token)
		})
	}
}

// A second silence would stay when the first is expired.
func TestASilenceWithoutAnAnswerIsOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		is     error
	}{
		"500":           {says(500, "application/json", `"store is away"`), maintenance.ErrUnknownOutcome},
		"a page":        {says(200, "text/html", "<html>"), maintenance.ErrUnknownOutcome},
		"without an id": {says(200, "application/json", `{}`), maintenance.ErrUnknownOutcome},
		"hung up":       {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, maintenance.ErrUnknownOutcome}, //nolint:forbidigo // net/http's own way to hang up
		"refused":       {says(400, "application/json", `"at least one matcher must match"`), maintenance.ErrInvalid},
		"unknown to it": {says(404, "application/json", `"silence not found"`), maintenance.ErrNotFound},
		"not signed in": {says(401, "text/plain", ""), maintenance.ErrDenied},
		"for its rate":  {says(429, "text/plain", ""), maintenance.ErrThrottled},
		"to another host": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://other.example/", http.StatusTemporaryRedirect)
		}, maintenance.ErrUnknownOutcome},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sent atomic.Int32
			s := fake(t, map[string]http.HandlerFunc{post: func(w http.ResponseWriter, r *http.Request) { sent.Add(1); tc.answer(w, r) }})
			_, err := s.PutSilence(t.Context(), silence())
			require.ErrorIs(t, err, tc.is)
			require.EqualValues(t, 1, sent.Load())
		})
	}
	slow := httptest.NewServer(http.HandlerFunc(silent))
	t.Cleanup(slow.Close)
	_, err := within(t, slow.URL, 100*time.Millisecond).PutSilence(t.Context(), silence())
	require.ErrorIs(t, err, maintenance.ErrUnknownOutcome)
	require.ErrorContains(t, err, "whether it took effect is not known: "+slow.URL+" did not answer within 100ms")

	closed := httptest.NewServer(nil)
	closed.Close()
	_, err = open(t, closed.URL).PutSilence(t.Context(), silence())
	require.ErrorIs(t, err, maintenance.ErrUnavailable, "nothing left this machine")
	require.NotErrorIs(t, err, maintenance.ErrUnknownOutcome)
}

func TestASilenceThatNobodyCanTakeIsNotSent(t *testing.T) {
	t.Parallel()
	s := fake(t, nil)
	for _, wrong := range []func(*health.Silence){
		func(s *health.Silence) { s.Matchers = nil }, func(s *health.Silence) { s.EndsAt = s.StartsAt },
		func(s *health.Silence) { s.Comment = "" }, func(s *health.Silence) { s.CreatedBy = "" },
	} {
		one := silence()
		wrong(&one)
		_, err := s.PutSilence(t.Context(), one)
		require.ErrorIs(t, err, maintenance.ErrInvalid)
		require.ErrorContains(t, err, "nothing was sent")
	}
	require.ErrorIs(t, s.ExpireSilence(t.Context(), "../alerts"), maintenance.ErrInvalid)
}

func TestSilencesAreAskedForOnlyWhereOneMatters(t *testing.T) {
	t.Parallel()
	quiet := `[{"labels":{"alertname":"a"},"status":{"silencedBy":[],"inhibitedBy":["x"]}}]`
	found, err := fake(t, map[string]http.HandlerFunc{alerts: says(200, "application/json", quiet)}).Alerts(t.Context(), health.AlertmanagerQuestion{})
	require.NoError(t, err)
	require.Equal(t, []health.Alert{{Name: "a", Labels: `{alertname="a"}`, InhibitedBy: 1}}, found)

	quiet = strings.Replace(quiet, `"silencedBy":[]`, `"silencedBy":["`+anID+`"]`, 1)
	s := fake(t, map[string]http.HandlerFunc{alerts: says(200, "application/json", quiet), silences: says(200, "application/json", `[]`)})
	found, err = s.Alerts(t.Context(), health.AlertmanagerQuestion{})
	require.NoError(t, err)
	require.Equal(t, []health.Silence{{ID: anID}}, found[0].SilencedBy, "one that ended meanwhile is nobody's")

	s = fake(t, map[string]http.HandlerFunc{alerts: says(200, "application/json", quiet), silences: says(500, "text/plain", "")})
	_, err = s.Alerts(t.Context(), health.AlertmanagerQuestion{})
	require.ErrorIs(t, err, maintenance.ErrUnavailable, "whose silence it is decides")
}

func TestMatchersArriveAsTheyAreMeant(t *testing.T) {
	t.Parallel()
	got := make(chan []string, 1)
	s := fake(t, map[string]http.HandlerFunc{alerts: func(w http.ResponseWriter, r *http.Request) {
		got <- r.URL.Query()["filter"]
		says(200, "application/json", `[]`)(w, r)
	}})
	found, err := s.Alerts(t.Context(), health.AlertmanagerQuestion{Matchers: []health.Matcher{
		{Name: "a", Value: `x"y&b=c`}, {Name: "team", Value: "storage|db", Regex: true}, {Name: "c", Value: "d", Negative: true},
	}})
	require.NoError(t, err)
	require.Empty(t, found)
	require.Equal(t, []string{`a="x\"y&b=c"`, `team=~"storage|db"`, `c!="d"`}, <-got)
}
