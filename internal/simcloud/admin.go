package simcloud

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/tidegate/tidegate/internal/simcloud/admin"
)

const adminPrefix = "/_sim/"

// adminHandler is the simulator's own side. It is not signed: anyone who reaches the port may
// change the world, which is why the port is on loopback.
func (s *Simulation) adminHandler() http.Handler {
	mux := http.NewServeMux()
	awsAdmin, huaweiAdmin := s.aws.AdminHandler(), s.huawei.AdminHandler()
	mux.HandleFunc("GET /_sim/{$}", func(w http.ResponseWriter, _ *http.Request) {
		admin.Reply(w, http.StatusOK, adminIndex())
	})
	mux.HandleFunc("GET /_sim/healthz", func(w http.ResponseWriter, _ *http.Request) {
		admin.Reply(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	mux.HandleFunc("GET /_sim/effects", func(w http.ResponseWriter, _ *http.Request) {
		admin.Reply(w, http.StatusOK, s.Effects())
	})
	mux.HandleFunc("GET /_sim/calls", func(w http.ResponseWriter, _ *http.Request) {
		admin.Reply(w, http.StatusOK, s.Calls())
	})
	mux.HandleFunc("GET /_sim/state", func(w http.ResponseWriter, r *http.Request) {
		huaweiState := &captured{header: http.Header{}}
		inner := r.Clone(r.Context())
		inner.URL.Path, inner.URL.RawPath = "/state", ""
		huaweiAdmin.ServeHTTP(huaweiState, inner)
		admin.Reply(w, http.StatusOK, map[string]any{
			"aws": s.aws.State(), "huawei": json.RawMessage(huaweiState.body.Bytes()),
			"monitoring": s.monitoring.State(),
		})
	})
	s.handleFaults(mux)
	mux.Handle("/_sim/aws/", http.StripPrefix("/_sim/aws", awsAdmin))
	mux.Handle("/_sim/huawei/", http.StripPrefix("/_sim/huawei", huaweiAdmin))
	mux.Handle("/_sim/monitoring/", http.StripPrefix("/_sim/monitoring", s.monitoring.AdminHandler()))
	mux.HandleFunc("/", notFound)
	return mux
}

// adminIndex says what there is.
func adminIndex() map[string]string {
	return map[string]string{
		"GET /_sim/effects":      "every change that took place, in order",
		"GET /_sim/calls":        "calls by operation",
		"GET /_sim/state":        "everything as it is now",
		"GET /_sim/healthz":      "200 while the simulator serves",
		"GET /_sim/faults":       "the scripted faults and how often each has struck; POST adds one or a list, DELETE takes all away; /_sim/faults/kinds describes them",
		"POST /_sim/aws/":        "gateways/{id}/window, /versions, /version, /state, /outcome, /tags, /update, /cache, /uploadBuffer, /volumes/{volume}; gateways; snapshots/{id}; alarms; alarms/{name} (docs/reference/simcloud.md)",
		"POST /_sim/huawei/":     "proxies/{id}/latest-version, /outcome, /status, /scheduled-upgrade; instances/{id}/status, /tags (docs/reference/simcloud-huawei.md)",
		"POST /_sim/monitoring/": "values, alerts, delay (docs/reference/simcloud-monitoring.md)",
	}
}

// captured is an answer that goes into another answer.
type captured struct {
	header http.Header
	body   bytes.Buffer
}

// Header is the answer's, and goes nowhere.
func (c *captured) Header() http.Header { return c.header }

// WriteHeader takes any status.
func (c *captured) WriteHeader(int) {}

// Write keeps the body.
func (c *captured) Write(p []byte) (int, error) {
	return c.body.Write(p) //nolint:wrapcheck // bytes.Buffer never fails
}
