package prometheus_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers/prometheus"
	"github.com/tidegate/tidegate/internal/servers/wire"
	"github.com/tidegate/tidegate/test/monitoring"
)

const token = "PlantedToken0123456789abcdef"

func open(t *testing.T, url string) *prometheus.Server {
	t.Helper()
	s, err := prometheus.New(wire.Server{Name: "prod", URL: url, Secret: token, PerSecond: 1000, Timeout: time.Minute})
	require.NoError(t, err)
	return s
}

func fake(t *testing.T, handle http.HandlerFunc) *prometheus.Server {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	return open(t, server.URL)
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

func result(kind, result string) http.HandlerFunc {
	return says(200, "application/json", fmt.Sprintf(`{"status":"success","data":{"resultType":%q,"result":%s}}`, kind, result))
}

func query(text string) health.PrometheusQuestion {
	return health.PrometheusQuestion{Server: "prod", Query: text}
}

func TestAnswersOfEveryForm(t *testing.T) {
	t.Parallel()
	inf, nan := math.Inf(1), math.NaN()
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		want   []health.Sample
	}{
		"a scalar":     {result("scalar", `[1,"0.5"]`), []health.Sample{{Value: 0.5}}},
		"one series":   {result("vector", `[{"metric":{"app":"till"},"value":[1,"3"]}]`), []health.Sample{{Series: `{app="till"}`, Value: 3}}},
		"no series":    {result("vector", `[]`), []health.Sample{}},
		"not a number": {result("vector", `[{"metric":{},"value":[1,"NaN"]}]`), []health.Sample{{Series: "{}", Value: nan}}},
		"infinite": {
			result("vector", `[{"metric":{"a":"2"},"value":[1,"+Inf"]},{"metric":{"a":"1"},"value":[1,"-Inf"]}]`),
			[]health.Sample{{Series: `{a="1"}`, Value: -inf}, {Series: `{a="2"}`, Value: inf}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := fake(t, tc.answer).Query(t.Context(), query("x"))
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(tc.want), fmt.Sprint(found.Samples)) // NaN is not equal to itself
			require.Empty(t, found.Warnings)
		})
	}
}

func TestWarningsComeWithTheirResult(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	found, err := fake(t, says(200, "application/json", `{"status":"success","data":{"resultType":"scalar","result":[1,"1"]},
		"warnings":["a store is away","`+long+`","3","4","5","6"]}`)).Query(t.Context(), query("x"))
	require.NoError(t, err)
	require.Len(t, found.Samples, 1)
	require.Len(t, found.Warnings, 5)
	require.Equal(t, "a store is away", found.Warnings[0])
	require.Less(t, len(found.Warnings[1]), 310)
}

func TestFailuresSayWhatToDo(t *testing.T) {
	t.Parallel()
	many := strings.Repeat(`{"metric":{},"value":[1,"1"]},`, 1000) + `{"metric":{},"value":[1,"1"]}`
	for name, tc := range map[string]struct {
		answer http.HandlerFunc
		is     error
		says   string
	}{
		"matrix":    {result("matrix", `[{"metric":{},"values":[[1,"1"]]}]`), maintenance.ErrInvalid, "it is a matrix, and the query must be a number"},
		"string":    {result("string", `[1,"x"]`), maintenance.ErrUnavailable, "it has no value that can be compared"},
		"histogram": {result("vector", `[{"metric":{},"histogram":[1,{"count":"1","sum":"1"}]}]`), maintenance.ErrInvalid, "it is a histogram"},
		"too many":  {result("vector", "["+many+"]"), maintenance.ErrInvalid, "it has 1001 series, and at most 1000 are compared"},
		"a wrong query": {
			says(400, "application/json", `{"status":"error","errorType":"bad_data","error":"1:3: parse error: unclosed"}`),
			maintenance.ErrInvalid, "the server does not take what it was asked; it says: 1:3: parse error: unclosed (HTTP 400)",
		},
		"a query that takes too long": {
			says(503, "application/json", `{"status":"error","errorType":"timeout","error":"query timed out"}`), maintenance.ErrUnavailable, "the server fails (HTTP 503)",
		},
		"an execution error": {
			says(422, "application/json", `{"status":"error","errorType":"execution","error":"many-to-many matching not allowed"}`),
			maintenance.ErrInvalid, "it says: many-to-many matching",
		},
		"500":            {says(500, "text/plain", "oops "+token), maintenance.ErrUnavailable, "the server fails (HTTP 500)"},
		"a proxy's page": {says(502, "text/html", "<html>bad gateway"), maintenance.ErrUnavailable, "the server fails (HTTP 502)"},
		"a login page":   {says(200, "text/html; charset=utf-8", "<html>sign in"), maintenance.ErrUnavailable, "the answer is a web page; check the server's url, and whether a login page stands before it (HTTP 200)"},
		"401":            {says(401, "text/plain", "who are you"), maintenance.ErrDenied, "check the server's token, password or certificate"},
		"403":            {says(403, "application/json", `{"message":"`+token+`"}`), maintenance.ErrDenied, "HTTP 403"},
		"404":            {says(404, "text/plain", "404 page not found"), maintenance.ErrNotFound, "check the server's url: its path may be wrong"},
		"429":            {says(429, "text/plain", "slow down"), maintenance.ErrThrottled, "lower the server's perSecond"},
		"not JSON":       {says(200, "application/json", `{"status":`), maintenance.ErrUnavailable, "it is not in Prometheus's form"},
		"empty":          {says(200, "application/json", `{}`), maintenance.ErrUnavailable, "the answer cannot be read"},
		"no result":      {says(200, "application/json", `{"status":"success","data":{}}`), maintenance.ErrUnavailable, "the answer cannot be read"},
		"success of no kind": {
			result("magic", `[]`), maintenance.ErrUnavailable, "the answer cannot be read",
		},
		"an error that repeats the token": {
			says(400, "application/json", `{"status":"error","errorType":"bad_data","error":"wrong: Bearer `+token+`"}`), maintenance.ErrInvalid, "it says: wrong: (hidden) (hidden)",
		},
		"too large": {func(w http.ResponseWriter, _ *http.Request) {
			for range 5 {
				io.WriteString(w, strings.Repeat(" ", 1<<20)) //nolint:errcheck // the client hangs up
			}
		}, maintenance.ErrUnavailable, "the answer has more than 4096 kB and was not read to its end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fake(t, tc.answer).Query(t.Context(), query("x"))
			require.ErrorIs(t, err, tc.is)
			require.ErrorContains(t, err, `run a query on the Prometheus server "prod": `)
			require.ErrorContains(t, err, tc.says)
			require.NotContains(t, err.Error(), token)
			require.NotContains(t, err.Error(), "<html>")
		})
	}
}

func TestASlowServerIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(silent))
	t.Cleanup(server.Close)
	s, err := prometheus.New(wire.Server{Name: "prod", URL: server.URL, Timeout: 100 * time.Millisecond})
	require.NoError(t, err)
	_, err = s.Query(t.Context(), query("x"))
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	require.EqualError(t, err, `run a query on the Prometheus server "prod": `+server.URL+" did not answer within 100ms")
}

func TestARealPrometheus(t *testing.T) {
	t.Parallel()
	s, err := prometheus.New(wire.Server{Name: "prod", URL: monitoring.Prometheus(t, "groups: [{name: g, rules: [{record: orders, labels: {app: till}, expr: vector(7)}]}]"), PerSecond: 1000})
	require.NoError(t, err)
	require.NoError(t, s.Try(t.Context()))
	for text, want := range map[string]string{
		"1 + 1":                "[{ 2}]",
		"vector(0.25)":         "[{{} 0.25}]",
		"vector(0) / 0":        "[{{} NaN}]",
		"vector(-1) / 0":       "[{{} -Inf}]",
		"nothing_is_called_so": "[]",
		`label_replace(vector(1), "app", "a\"b", "", "")`: `[{{app="a\"b"} 1}]`,
	} {
		found, err := s.Query(t.Context(), query(text))
		require.NoError(t, err, text)
		require.Equal(t, want, fmt.Sprint(found.Samples), text)
	}
	require.Eventually(t, func() bool {
		found, err := s.Query(t.Context(), query("orders"))
		return err == nil && len(found.Samples) == 1 && found.Samples[0] == health.Sample{Series: `orders{app="till"}`, Value: 7}
	}, time.Minute, 100*time.Millisecond)
	for text, want := range map[string]string{
		"orders[5m]": "it is a matrix", "sum(": "parse error", "orders * on() group_left() {x": "parse error",
	} {
		_, err := s.Query(t.Context(), query(text))
		require.ErrorIs(t, err, maintenance.ErrInvalid, text)
		require.ErrorContains(t, err, want)
	}
	_, err = s.Query(t.Context(), query(`"x"`))
	require.ErrorContains(t, err, "it has no value that can be compared")
}
