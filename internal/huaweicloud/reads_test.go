package huaweicloud_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/maintenance"
)

const oneProxy = `{"proxy_list":[{
  "proxy":{"pool_id":"` + proxy + `","name":"orders","status":"ACTIVE","pool_status":"ACTIVE","route_mode":0,
    "nodes":[{"id":"n1","status":"ACTIVE","frozen_flag":0},{"id":"n2","status":"ABNORMAL"}],"type":"readwrite"},
  "master_node":{"id":"m","status":"ACTIVE","weight":0},
  "readonly_nodes":[{"id":"r1","weight":100},{"id":"r2","weight":300}]}]}`

func TestProxiesAreReadWithStateAndWeights(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{body: oneProxy}))

	got, err := open(t, srv.URL, keys()).Proxies(t.Context(), instance)

	require.NoError(t, err)
	require.Equal(t, []maintenance.Proxy{{
		ID: proxy, Name: "orders", Status: "ACTIVE", PoolStatus: "ACTIVE",
		Nodes: []maintenance.ProxyNode{{ID: "n1", Status: "ACTIVE"}, {ID: "n2", Status: "ABNORMAL"}},
		Routing: maintenance.ProxyRouting{ReadWeights: []maintenance.NodeWeight{
			{ID: "r1", Weight: 100}, {ID: "r2", Weight: 300},
		}},
	}}, got)
	requests := srv.requests()
	require.Len(t, requests, 1)
	require.Equal(t, "/v3/"+project+"/instances/"+instance+"/proxies", requests[0].path)
	require.Equal(t, "limit=100&offset=0", requests[0].query)
	require.Equal(t, "huaweicloud-usdk-go/3.0; tidegate", requests[0].header.Get("User-Agent"))
	require.Contains(t, requests[0].header.Get("Authorization"), "SDK-HMAC-SHA256 Access="+keyID)
}

func TestProxiesAreReadToTheLastPage(t *testing.T) {
	t.Parallel()
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		var entries []string
		for i := offset(r); i < min(offset(r)+100, 230); i++ {
			entries = append(entries, fmt.Sprintf(`{"proxy":{"pool_id":"p%d"}}`, i))
		}
		canned{body: `{"proxy_list":[` + strings.Join(entries, ",") + `]}`}.write(w)
	})

	got, err := open(t, srv.URL, keys()).Proxies(t.Context(), instance)

	require.NoError(t, err)
	require.Len(t, got, 230)
	require.Len(t, srv.requests(), 3)
}

func TestAListWhoseOffsetIsIgnoredEnds(t *testing.T) {
	t.Parallel()
	entries := make([]string, 100)
	for i := range entries {
		entries[i] = fmt.Sprintf(`{"proxy":{"pool_id":"p%d"}}`, i)
	}
	srv := newServer(t, always(canned{body: `{"proxy_list":[` + strings.Join(entries, ",") + `]}`}))

	got, err := open(t, srv.URL, keys()).Proxies(t.Context(), instance)

	require.NoError(t, err)
	require.Len(t, got, 100)
}

func TestKernelIsRead(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{
		body: `{"current_version":"2.24.03.000","latest_version":"2.26.06.000","can_upgrade":true,"risk":{"level":1}}`,
	}))

	got, err := open(t, srv.URL, keys()).Kernel(t.Context(), instance, proxy)

	require.NoError(t, err)
	require.Equal(t, maintenance.ProxyKernel{Current: "2.24.03.000", Latest: "2.26.06.000", CanUpgrade: true}, got)
	require.Equal(t, "/v3/"+project+"/instances/"+instance+"/proxy/"+proxy+"/taurusproxy/proxy-version", srv.requests()[0].path)
}

func TestJobIsReadInEveryStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []string{"Pending", "Running", "Completed", "Failed", "Canceled", "Unauthorized", "Novel"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, always(canned{body: `{"job":{"id":"j1","name":"X","status":"` + status + `",
				"created":"2026-08-21T10:41:14+0100","ended":"","process":"60%","instance":{"id":"` + instance + `","name":"db"},
				"fail_reason":"no address"}}`}))

			got, err := open(t, srv.URL, keys()).Job(t.Context(), "j1")

			require.NoError(t, err)
			require.Equal(t, maintenance.Job{
				ID: "j1", InstanceID: instance, Name: "X", Status: status, Progress: "60%", FailReason: "no address",
				CreatedAt: time.Date(2026, 8, 21, 9, 41, 14, 0, time.UTC),
			}, got)
			require.Equal(t, "id=j1", srv.requests()[0].query)
		})
	}
}

func task(id, of, created string) string {
	return fmt.Sprintf(`{"job_id":%q,"instance_id":%q,"status":"Running","created_time":%q}`, id, of, created)
}

func TestJobsAreThoseOfTheInstanceSinceTheInstant(t *testing.T) {
	t.Parallel()
	tasks := []string{
		task("old", instance, "2026-08-21T09:59:59+0000"),
		task("same-second", instance, "2026-08-21T10:00:00+0000"),
		task("other-instance", other, "2026-08-21T11:00:00+0000"),
		task("other-zone", instance, "2026-08-21T13:00:00+0200"),
		task("not-yet-timed", instance, ""),
	}
	srv := newServer(t, always(canned{body: `{"jobs":[` + strings.Join(tasks, ",") + `],"total_count":5}`}))

	got, err := open(t, srv.URL, keys()).Jobs(t.Context(), instance, time.Date(2026, 8, 21, 10, 0, 0, 7e8, time.UTC))

	require.NoError(t, err)
	var ids []string
	for _, job := range got {
		ids = append(ids, job.ID)
	}
	require.Equal(t, []string{"same-second", "other-zone", "not-yet-timed"}, ids)
}

func TestJobsAreReadToTheTotal(t *testing.T) {
	t.Parallel()
	// The server gives fewer than asked for, and a job appears between pages.
	srv := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		shift := min(offset(r), 1)
		var tasks []string
		for i := offset(r); i < min(offset(r)+20, 60+shift); i++ {
			tasks = append(tasks, task(fmt.Sprintf("j%d", i-shift), instance, "2026-08-21T10:00:00+0000"))
		}
		canned{body: fmt.Sprintf(`{"jobs":[%s],"total_count":60}`, strings.Join(tasks, ","))}.write(w)
	})

	got, err := open(t, srv.URL, keys()).Jobs(t.Context(), instance, time.Time{})

	require.NoError(t, err)
	require.Len(t, got, 60)
}

func TestAListOfJobsThatEndsEarlyIsAnError(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{body: `{"jobs":[` + task("j", instance, "") + `],"total_count":2}`}))

	_, err := open(t, srv.URL, keys()).Jobs(t.Context(), instance, time.Time{})

	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	require.ErrorContains(t, err, "ended after 1 of 2 entries")
}

func TestAJobWithAnUnreadableTimeIsAnError(t *testing.T) {
	t.Parallel()
	srv := newServer(t, always(canned{body: `{"jobs":[` + task("j", instance, "yesterday") + `],"total_count":1}`}))

	_, err := open(t, srv.URL, keys()).Jobs(t.Context(), instance, time.Time{})

	require.ErrorIs(t, err, maintenance.ErrUnavailable)
	require.ErrorContains(t, err, `"yesterday"`)
}

func TestUpgradeIsPendingWhileATaskIsToCome(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body string
		want bool
	}{
		"nothing":          {`{"exist":false,"scheduled_tasks":[]}`, false},
		"no details":       {`{"exist":true}`, true},
		"waiting":          {`{"exist":true,"scheduled_tasks":[{"proxy_id":"` + proxy + `","task_status":"WAITING"}]}`, true},
		"running":          {`{"exist":true,"scheduled_tasks":[{"task_status":"RUNNING"}]}`, true},
		"ended":            {`{"exist":true,"scheduled_tasks":[{"proxy_id":"` + proxy + `","task_status":"CANCELED"}]}`, false},
		"of another proxy": {`{"exist":true,"scheduled_tasks":[{"proxy_id":"` + other + `","task_status":"WAITING"}]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, always(canned{body: tc.body}))

			got, err := open(t, srv.URL, keys()).UpgradePending(t.Context(), instance, proxy)

			require.NoError(t, err)
			require.Equal(t, tc.want, got)
			require.JSONEq(t, `{"schedule_type":"PROXY_VERSION_UPGRADE","proxy_id":"`+proxy+`"}`, srv.requests()[0].body)
		})
	}
}
