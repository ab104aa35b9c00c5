package httpcheck_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/maintenance/health"
	"github.com/tidegate/tidegate/internal/servers/httpcheck"
	"github.com/tidegate/tidegate/internal/servers/wire"
)

func open(t *testing.T, url string) *httpcheck.Server {
	t.Helper()
	return within(t, url, time.Minute)
}

func within(t *testing.T, url string, timeout time.Duration) *httpcheck.Server {
	t.Helper()
	s, err := httpcheck.New(wire.Server{Name: "orders", URL: url, PerSecond: 1000, Timeout: timeout})
	require.NoError(t, err)
	return s
}

func TestTheStatusIsTheAnswer(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.RequestURI() {
		case "/api/healthz?full=1&x=%2F":
			w.WriteHeader(http.StatusNoContent)
		case "/api/broken":
			http.Error(w, strings.Repeat("x", 1<<20), http.StatusServiceUnavailable)
		case "/api/endless":
			for {
				if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
					return
				}
			}
		case "/api/moved":
			http.Redirect(w, r, "/api/healthz?full=1&x=%2F", http.StatusFound)
		case "/api/a%20b/%2E%2Ex":
			w.WriteHeader(http.StatusAccepted)
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(server.Close)
	for path, want := range map[string]int{
		"/healthz?full=1&x=%2F": 204, "/broken": 503, "/endless": 200, "/moved": 302, "/a%20b/%2E%2Ex": 202, "/nothing": 404, "/": 404,
	} {
		status, err := open(t, server.URL+"/api/").Status(t.Context(), health.HTTPQuestion{Path: path})
		require.NoError(t, err, path)
		require.Equal(t, want, status, path)
	}
}

func TestNoAnswerIsAnError(t *testing.T) {
	t.Parallel()
	slow := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(slow.Close)
	_, err := within(t, slow.URL, 100*time.Millisecond).Status(t.Context(), health.HTTPQuestion{Path: "/"})
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	require.ErrorContains(t, err, `get a path on the HTTP server "orders": `+slow.URL+" did not answer within 100ms")

	closed := httptest.NewServer(nil)
	closed.Close()
	_, err = open(t, closed.URL).Status(t.Context(), health.HTTPQuestion{Path: "/"})
	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	require.ErrorContains(t, err, "no answer came from "+closed.URL+"; check the server's url and the network: ")
}

// What a plan's author may choose is a path, and never an address.
func TestNoRequestLeavesTheServer(t *testing.T) {
	t.Parallel()
	asked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(other.Close)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL+"/admin", http.StatusFound)
	}))
	t.Cleanup(server.Close)
	s := open(t, server.URL)
	status, err := s.Status(t.Context(), health.HTTPQuestion{Path: "/healthz"})
	require.NoError(t, err)
	require.Equal(t, http.StatusFound, status)
	for _, path := range []string{
		"", "//" + strings.TrimPrefix(other.URL, "http://"), other.URL, "@" + strings.TrimPrefix(other.URL, "http://"), "/../x", "/%2e%2e/x", "/a\r\nHost: x",
	} {
		_, err := s.Status(t.Context(), health.HTTPQuestion{Path: path})
		require.ErrorIs(t, err, maintenance.ErrInvalid, path)
		require.ErrorContains(t, err, "nothing was sent")
	}
	require.False(t, asked)
}
