package huawei_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

func (s *sim) adminCall(method, path, body string) answer {
	s.t.Helper()
	return call(s.t, method, s.admin+path, body)
}

func TestAdminPublishesAVersion(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(func(p *huawei.Proxy) { p.LatestVersion = "" }))
	_, err := s.upgrade(oldVersion, newVersion)
	requireRefused(t, err, 400, "DBS.200001")

	got := s.adminCall("POST", "/proxies/"+orders+"/latest-version", `{"version": "2.26.06.000"}`)
	require.Equal(t, 200, got.status)
	require.Equal(t, newVersion, got.body["latestVersion"])
	s.accepted()
	require.Equal(t, []string{"vendor:PublishProxyVersion", "taurusdb:UpgradeProxyVersion"}, s.effects())
}

func TestAdminSetsAOutcomeAndFreesAStuckProxy(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	require.Equal(t, 200, s.adminCall("POST", "/proxies/"+orders+"/outcome", `{"stuck": true}`).status)
	workflow := s.accepted()
	s.clock.Move(10 * time.Minute)
	require.Equal(t, "Running", s.job(workflow).Status.Value())
	require.Equal(t, "90%", *s.job(workflow).Process)

	require.Equal(t, 200, s.adminCall("POST", "/proxies/"+orders+"/status", `{"status":"ACTIVE"}`).status)
	require.Equal(t, "Canceled", s.job(workflow).Status.Value())
	require.Equal(t, 200, s.adminCall("POST", "/proxies/"+orders+"/outcome", `{}`).status)
	s.accepted()
}

func TestAdminPlansAnUpgradeChangesTheInstanceAndExpiresTokens(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	require.Equal(t, 200, s.adminCall("POST", "/proxies/"+orders+"/scheduled-upgrade", `{"startsIn": "90s"}`).status)
	require.True(t, *s.exists(orders).Exist)

	require.Equal(t, 200, s.adminCall("POST", "/instances/"+huawei.DefaultInstanceID+"/status", `{"status":"BACKING UP"}`).status)
	_, err := s.upgrade(oldVersion, newVersion)
	requireRefused(t, err, 400, "DBS.200086")

	token := s.tokenFor(inProject("id", huawei.DefaultProjectID)).header.Get("X-Subject-Token")
	require.Equal(t, 200, s.listWith(token).status)
	require.Equal(t, 200, s.adminCall("DELETE", "/tokens", "").status)
	require.Contains(t, s.listWith(token).body["error_msg"], "The token must be updated")
	require.Equal(t, []string{"vendor:ScheduleProxyUpgrade", "vendor:SetInstanceStatus"}, s.effects())
}

func TestAdminShowsTheState(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	workflow := s.accepted()
	got := s.adminCall("GET", "/state", "")
	require.Equal(t, 200, got.status)
	state := decode[struct {
		Instances []struct {
			Proxies []struct{ Status, Job string }
		}
		Jobs []struct {
			ID, Status string
			Visible    bool
		}
	}](t, got)
	require.Equal(t, "UPGRADING PROXY", state.Instances[0].Proxies[0].Status)
	require.Equal(t, workflow, state.Instances[0].Proxies[0].Job)
	require.Equal(t, workflow, state.Jobs[0].ID)
	require.Equal(t, "Running", state.Jobs[0].Status)
	require.False(t, state.Jobs[0].Visible)
}

func TestAdminNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	for path, c := range map[string]struct {
		body   string
		status int
		says   string
	}{
		"/proxies/" + orders + "/latest-version":    {`{"version":"latest"}`, 400, `version: invalid value "latest": must be four numbers`},
		"/proxies/" + orders + "/status":            {`{"status":"SLEEPY"}`, 400, "must be one of ACTIVE, ABNORMAL, FAILED"},
		"/proxies/" + orders + "/outcome":           {`{"rejects":"x"}`, 400, `body:1:2: rejects: is an unknown field (did you mean reject?)`},
		"/proxies/" + orders + "/scheduled-upgrade": {`{"startsIn":"soon"}`, 400, "startsIn"},
		"/proxies/nobody/outcome":                   {`{}`, 404, `proxy "nobody" does not exist`},
		"/instances/nobody/status":                  {`{"status":"ACTIVE"}`, 404, `instance "nobody" does not exist`},
		"/nowhere":                                  {``, 404, "docs/reference/simcloud-huawei.md"},
	} {
		got := s.adminCall("POST", path, c.body)
		require.Equal(t, c.status, got.status, path)
		require.Contains(t, got.body["error"], c.says, path)
	}
	require.Equal(t, "version", s.adminCall("POST", "/proxies/"+orders+"/latest-version", `{"version":"1"}`).body["field"])
	require.Empty(t, s.effects())
}
