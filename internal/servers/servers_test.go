package servers_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/servers/wire"
)

func nobody(string) (func(http.RoundTripper) http.RoundTripper, error) {
	return nil, errors.New("no such account")
}

func TestEveryServerIsTried(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/p/api/v1/query":
			w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[]}}`)) //nolint:errcheck // a test's own answer
		case "/a/api/v2/silences":
			w.Write([]byte(`[]`)) //nolint:errcheck // as above
		case "/h/":
			http.NotFound(w, r)
		default:
			http.Error(w, "", http.StatusForbidden)
		}
	}))
	t.Cleanup(server.Close)
	at := func(path string) []wire.Server {
		return []wire.Server{{Name: "good", URL: server.URL + path}, {Name: "bad", URL: server.URL}}
	}
	s, err := servers.New(servers.Configured{Prometheus: at("/p"), Alertmanager: at("/a"), HTTP: at("/h")}, nobody)
	require.NoError(t, err)
	var good, bad []string
	for _, tried := range s.Try(t.Context()) {
		if tried.Err == nil {
			good = append(good, tried.Kind+"/"+tried.Name)
			continue
		}
		require.ErrorIs(t, tried.Err, maintenance.ErrDenied)
		bad = append(bad, tried.Kind+"/"+tried.Name)
	}
	require.Equal(t, []string{"alertmanager/good", "http/good", "prometheus/good"}, good, "which paths there are is for plans to know")
	require.Equal(t, []string{"alertmanager/bad", "http/bad", "prometheus/bad"}, bad)
}

func TestAnUnknownServerIsNotFound(t *testing.T) {
	t.Parallel()
	s, err := servers.New(servers.Configured{Prometheus: []wire.Server{{Name: "b", URL: "http://b"}, {Name: "a", URL: "http://a"}}}, nobody)
	require.NoError(t, err)
	_, err = s.Prometheus("a")
	require.NoError(t, err)
	require.NoError(t, s.Check([]string{"prometheus/a", "prometheus/b"}))
	err = s.Check([]string{"prometheus/a", "prometheus/c", "alertmanager/a", "carrier-pigeon/a"})
	require.ErrorIs(t, err, maintenance.ErrNotFound)
	require.ErrorContains(t, err, `no prometheus server "c"; it has: a, b`)
	require.ErrorContains(t, err, `no alertmanager server "a"; it has: none`)
	require.ErrorContains(t, err, `"carrier-pigeon"`)
	_, err = s.Prometheus("c")
	require.ErrorIs(t, err, maintenance.ErrNotFound)
	require.EqualError(t, err, `the worker's configuration has no prometheus server "c"; it has: a, b`)
	_, err = s.Alertmanager("a")
	require.EqualError(t, err, `the worker's configuration has no alertmanager server "a"; it has: none`)
	_, err = s.HTTP("a")
	require.ErrorIs(t, err, maintenance.ErrNotFound)
}

func TestServersThatCannotBeOpenedAreNamed(t *testing.T) {
	t.Parallel()
	_, err := servers.New(servers.Configured{HTTP: []wire.Server{{Name: "a", URL: "ftp://a"}, {Name: "b", URL: "http://b", AWSAccount: "x"}}}, nobody)
	require.ErrorContains(t, err, `open the server "a": url`)
	require.ErrorContains(t, err, `open the server "b": no such account`)
}
