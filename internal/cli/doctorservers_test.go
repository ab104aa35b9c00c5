package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/servers/wire"
	"github.com/tidegate/tidegate/internal/workers"
)

// monitoring are monitoring servers of which two do not answer.
func monitoring(t *testing.T) *servers.Servers {
	t.Helper()
	prod := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"status":"success","data":{"resultType":"vector","result":[]}}`) //nolint:errcheck // a test's own answer
	}))
	t.Cleanup(prod.Close)
	locked := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(locked.Close)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	all, err := servers.New(servers.Configured{
		Prometheus:   []wire.Server{{Name: "prod", URL: prod.URL}},
		Alertmanager: []wire.Server{{Name: "prod", URL: locked.URL}},
		HTTP:         []wire.Server{{Name: "orders", URL: gone.URL}},
	}, nil)
	require.NoError(t, err)
	return all
}

func TestDoctorTriesTheMonitoringServers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Equal(t, 0, w.tidegate("setup").status)
	clouds := httptest.NewServer(w.sim)
	t.Cleanup(clouds.Close)
	t.Cleanup(w.workers(clouds, workers.Options{Servers: monitoring(t)}))
	w.untilPrinted(`(?m)^OK +worker `)
	got := w.tidegate("doctor")
	require.Equal(t, 1, got.status)
	require.Regexp(t, `(?m)^OK +server +prometheus/prod +answers$`, got.out)
	require.Regexp(t, `(?m)^FAIL +server +alertmanager/prod +.*HTTP 401\)\. Fix: check its token, password or certificate: docs/reference/configuration\.md, Monitoring servers$`, got.out)
	require.Regexp(t, `(?m)^FAIL +server +http/orders +.*.*connection refused\. Fix: check that the worker's machine can reach it`, got.out)
}
