package cli_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/servers"
	"github.com/tidegate/tidegate/internal/servers/wire"
	"github.com/tidegate/tidegate/internal/workers"
)

// checked is a world whose worker has an application that answers with a status, and a plan that asks it.
func checked(t *testing.T, gateway, checks string) (w *world, plan string, status *atomic.Int32) {
	t.Helper()
	w, status = newWorld(t), &atomic.Int32{}
	status.Store(http.StatusOK)
	orders := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(int(status.Load()))
	}))
	t.Cleanup(orders.Close)
	monitoring, err := servers.New(servers.Configured{HTTP: []wire.Server{{Name: "orders", URL: orders.URL, PerSecond: 100}}}, nil)
	require.NoError(t, err)
	require.Equal(t, 0, w.tidegate("setup").status)
	clouds := httptest.NewServer(w.sim)
	t.Cleanup(clouds.Close)
	t.Cleanup(w.workers(clouds, workers.Options{Servers: monitoring}))
	plan = w.plan("stores", gateway)
	text, err := os.ReadFile(plan)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(plan, append(text, []byte("\nchecks:\n"+checks)...), 0o600))
	return w, plan, status
}

func TestCheckAsksTheHealthChecksOfAPlanNow(t *testing.T) {
	t.Parallel()
	w, plan, status := checked(t, "sgw-11111111", `
  - {name: orders are taken, http: {server: orders, path: "/{{gateway}}"}, at: [before, after]}
  - {name: volumes, gateway: {volumes: available, initiators: as-before}, at: [after]}
  - {name: the shop is open, http: {server: orders, path: /}, at: [campaign]}
`)
	got := w.tidegate("check", plan)
	require.Equal(t, 0, got.status)
	require.Contains(t, got.out, "3 health checks asked: all pass")
	require.Regexp(t, `(?m)^\(campaign\) +the shop is open +campaign +pass +status 200 OK +200 +-$`, got.out)
	require.Regexp(t, `(?m)^\S+ +volumes +after +pass +volumes 1 of 1 available; initiators \d connected +all available +-$`, got.out)

	status.Store(http.StatusServiceUnavailable)
	require.Eventually(t, func() bool { // an answer is shared for two seconds
		got = w.tidegate("check", plan, "--output", "json")
		return got.status == 1
	}, time.Minute, 500*time.Millisecond)
	var printed struct {
		OK      bool
		Answers []struct {
			Target, Check, Answer string
			OK                    bool
		}
	}
	require.NoError(t, json.Unmarshal([]byte(got.out), &printed), got.out)
	require.False(t, printed.OK)
	require.Len(t, printed.Answers, 3)
	target := printed.Answers[1].Target
	got = w.tidegate("check", plan, target)
	require.Equal(t, 1, got.status)
	require.NotContains(t, got.out, "(campaign)", "of that target alone")
	require.Contains(t, got.out, "2 health checks asked: 1 does not pass now")

	got = w.tidegate("plan", plan)
	require.Equal(t, 0, got.status)
	require.Contains(t, got.out, "3 health checks asked: 2 do not pass now")
	require.Regexp(t, `(?m)^\S+ +orders are taken +before, after +fail +status 503 Service Unavailable +200 +-$`, got.out)

	got = w.tidegate("check", plan, "nobody")
	require.Equal(t, 2, got.status)
	require.Contains(t, got.errors, "has no target nobody")
	got = w.tidegate("check", w.plan("plain", "sgw-22222222"))
	require.Equal(t, 2, got.status)
	require.Contains(t, got.errors, "the plan has no health checks")
}

func TestAServerThatTheWorkerDoesNotHaveIsRefusedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	w, plan, _ := checked(t, "sgw-22222222", `
  - {name: error rate, prometheus: {server: prod, query: up, below: 2}, at: [before]}
`)
	valid := w.tidegate("validate", plan)
	require.Equal(t, 0, valid.status)
	require.Contains(t, valid.out, "not checked offline: that the worker's accounts file has the monitoring servers prometheus/prod")
	got := w.tidegate("run", plan)
	require.NotEqual(t, 0, got.status)
	require.Contains(t, got.errors+got.out, `the worker's configuration has no prometheus server "prod"; it has: none`)
	doctor := w.tidegate("doctor", plan)
	require.Equal(t, 1, doctor.status)
	require.Regexp(t, `(?m)^FAIL +plan .*no prometheus server "prod"`, doctor.out)
}

func TestACheckThatKeepsACampaignIsWaived(t *testing.T) {
	t.Parallel()
	w, plan, status := checked(t, "sgw-22222222", `
  - {name: the shop is open, http: {server: orders, path: /}, at: [campaign], every: 1s, failures: 1}
`)
	status.Store(http.StatusServiceUnavailable)
	require.Equal(t, 0, w.tidegate("run", plan, "--detach").status)
	var shown string
	require.Eventually(t, func() bool {
		shown = w.tidegate("status", "stores").out
		return regexp.MustCompile(`(?m)^HEALTH CHECK +OF +STATE +WHY *\n+the shop is open +the campaign +\S+ +.*503`).MatchString(shown)
	}, time.Minute, 100*time.Millisecond)
	require.Contains(t, shown, "tidegate waive stores CHECK [TARGET] --why TEXT")
	require.Regexp(t, `(?m)^check +1$`, shown, "the blocker of the target")

	refused := w.tidegate("waive", "stores", "nothing", "--why", "x")
	require.Equal(t, 1, refused.status)
	require.Contains(t, refused.errors, `the plan has no check "nothing": it has "the shop is open"`)
	waived := w.tidegate("waive", "stores", "the shop is open", "--by", "carol", "--why", "INC-77")
	require.Equal(t, 0, waived.status)
	require.Regexp(t, `^stores: waived by carol at .*: check "the shop is open"`, waived.out)
	require.Eventually(t, func() bool {
		shown = w.tidegate("status", "stores").out
		return !strings.Contains(shown, "HEALTH CHECK")
	}, time.Minute, 100*time.Millisecond)
	require.Regexp(t, `(?m)^waive: check "the shop is open" .*carol .*INC-77$`, shown)
	require.NotRegexp(t, `(?m)^check +1$`, shown)
	require.Equal(t, 2, w.tidegate("waive", "stores", "--why", "x").status)
	require.Equal(t, 2, w.tidegate("waive", "sgw-11111111", "a", "b", "--why", "x").status)
}

func TestASingleRunTakesTheChecksOfAPlanFile(t *testing.T) {
	t.Parallel()
	w, plan, status := checked(t, "sgw-22222222", `
  - {name: orders are taken, http: {server: orders, path: "/{{gateway}}"}, at: [before], every: 1s}
  - {name: the shop is open, http: {server: orders, path: /}, at: [campaign]}
`)
	status.Store(http.StatusServiceUnavailable)
	require.Equal(t, 0, w.tidegate(quick("sgw-22222222", "--checks", plan, "--detach")...).status)
	require.Eventually(t, func() bool {
		return strings.Contains(w.tidegate("status", "sgw-22222222").out, `waits     (check) check "orders are taken": status 503`)
	}, time.Minute, 100*time.Millisecond)
	waived := w.tidegate("waive", "sgw-22222222", "orders are taken", "--why", "INC-77")
	require.Equal(t, 0, waived.status)
	ended := w.tidegate("watch", "sgw-22222222")
	require.Equal(t, 0, ended.status)
	require.Regexp(t, `(?m)^orders are taken +before +\S+, waived by .*INC-77`, ended.out)

	require.Equal(t, 2, w.tidegate("run", plan, "--checks", plan).status, "the file has them")
}
