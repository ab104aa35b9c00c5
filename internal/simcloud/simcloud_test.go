package simcloud_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud"
	"github.com/tidegate/tidegate/internal/simcloud/aws"
	"github.com/tidegate/tidegate/test/teststart"
)

// serve starts a scenario and returns its address.
func serve(t *testing.T, s simcloud.Scenario) string {
	t.Helper()
	sim, err := simcloud.New(s, simcloud.Options{})
	require.NoError(t, err)
	address, stop, err := sim.Start(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(stop)
	return address
}

func fleet(t *testing.T) simcloud.Scenario {
	t.Helper()
	s, err := simcloud.DefaultScenario()
	require.NoError(t, err)
	return s
}

func ask(t *testing.T, method, url, body string, header http.Header) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	if header != nil {
		r.Header = header
	}
	reply, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { require.NoError(t, reply.Body.Close()) }()
	text, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	return reply.StatusCode, string(text)
}

func TestDefaultFleetHasSixGatewaysAndThreeProxies(t *testing.T) {
	t.Parallel()
	s := fleet(t)
	require.Len(t, s.AWS.Gateways, 6)
	require.Len(t, s.Huawei.Instances, 1)
	require.Len(t, s.Huawei.Instances[0].Proxies, 3)
}

func TestCloudsAreDistinguishedOnOnePort(t *testing.T) {
	t.Parallel()
	url := "http://" + serve(t, fleet(t))
	for name, tc := range map[string]struct {
		method, path string
		header       http.Header
		status       int
		want         string
	}{
		"storage gateway":   {"POST", "/", http.Header{"X-Amz-Target": {"StorageGateway_20130630.ListGateways"}}, 403, "MissingAuthenticationToken"},
		"ec2":               {"POST", "/", http.Header{"Authorization": {"AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/ec2/aws4_request"}}, 400, "<Code>MissingAction</Code>"},
		"ec2, unsigned":     {"POST", "/", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, 400, "<Code>MissingAction</Code>"},
		"huawei":            {"GET", "/v3/nothing", nil, 404, "APIGW.0101"},
		"neither":           {"GET", "/favicon.ico", nil, 404, "belongs to neither"},
		"index":             {"GET", "/_sim/", nil, 200, "/_sim/effects"},
		"health":            {"GET", "/_sim/healthz", nil, 200, "ok"},
		"no such admin":     {"GET", "/_sim/nothing", nil, 404, "belongs to neither"},
		"no such aws admin": {"GET", "/_sim/aws/nothing", nil, 404, "docs/reference/simcloud.md"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, text := ask(t, tc.method, url+tc.path, "", tc.header)
			require.Equal(t, tc.status, status, text)
			require.Contains(t, text, tc.want)
		})
	}
}

func TestStateShowsBothClouds(t *testing.T) {
	t.Parallel()
	url := "http://" + serve(t, fleet(t))
	status, text := ask(t, http.MethodGet, url+"/_sim/state", "", nil)
	require.Equal(t, http.StatusOK, status)
	var state struct {
		AWS    struct{ Gateways []struct{ ID string } }
		Huawei map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(text), &state))
	require.Len(t, state.AWS.Gateways, 6)
	require.NotEmpty(t, state.Huawei)
}

func TestChangesOfTheAdminSideAreSeenInTheEffects(t *testing.T) {
	t.Parallel()
	url := "http://" + serve(t, fleet(t))
	status, text := ask(t, http.MethodPost, url+"/_sim/aws/gateways/sgw-0A000004/versions", `{"version": "9.9.9"}`, nil)
	require.Equal(t, http.StatusOK, status, text)
	require.Contains(t, text, `"nextVersion": "9.9.9"`)
	status, text = ask(t, http.MethodGet, url+"/_sim/effects", "", nil)
	require.Equal(t, http.StatusOK, status)
	require.Contains(t, text, `"kind": "admin:Version"`)
	_, text = ask(t, http.MethodGet, url+"/_sim/calls", "", nil)
	require.JSONEq(t, "{}", text)
}

func TestEffectsShowWhatAWSDidWithoutAPoll(t *testing.T) {
	t.Parallel()
	start := teststart.On(time.Wednesday, 12)
	now := start
	sim, err := simcloud.New(fleet(t), simcloud.Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	now = now.Add(time.Hour)
	effects := sim.Effects()
	require.Len(t, effects, 1)
	require.Equal(t, "vendor:AutomaticUpdate", effects[0].Kind)
	require.Equal(t, start.Add(time.Minute), effects[0].Time)
	require.Empty(t, sim.Calls())
}

func TestScenarioNamesEveryFaultWithItsPlace(t *testing.T) {
	t.Parallel()
	_, err := simcloud.Parse("fleet.yaml", []byte(`aws:
  gateways:
    - id: sgw-0A000001
      window: {hourOfDay: 25, minuteOfHour: 0, dayOfWeek: 0}
      type: FILE_S3
      volumes: [{id: vol-1122AABB}]
    - id: sgw-0A000001
      timing: {gapPolls: -1}
huawei:
  instances:
    - id: short
      proxies: []
`))
	require.Error(t, err)
	for _, want := range []string{
		`fleet.yaml:4:27: aws.gateways[0].window.hourOfDay: invalid value "25": must be 0 to 23`,
		`fleet.yaml:6:16: aws.gateways[0].volumes: is a list, expected none: only CACHED and STORED gateways have volumes`,
		`fleet.yaml:7:11: aws.gateways[1].id: invalid value "sgw-0A000001": must be a value that no other entry has`,
		`fleet.yaml:8:26: aws.gateways[1].timing.gapPolls: invalid value "-1": must be 0 to 1000`,
		`fleet.yaml:11:11: huawei.instances[0].id`,
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = simcloud.Parse("fleet.yaml", []byte("aws:\n  gateway: []\n"))
	require.ErrorContains(t, err, `fleet.yaml:2:3: aws.gateway: is an unknown field (did you mean gateways?): must be one of regions, credentials, timing, noUpdate, gateways`)
	_, err = simcloud.Load("none.yaml")
	require.ErrorContains(t, err, "none.yaml")
}

func TestServerEndsWithItsContext(t *testing.T) {
	t.Parallel()
	sim, err := simcloud.New(simcloud.Scenario{}, simcloud.Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	address, stop, err := sim.Start(ctx, "127.0.0.1:0")
	require.NoError(t, err)
	_, _, err = sim.Start(t.Context(), address)
	require.ErrorIs(t, err, simcloud.ErrListen)
	cancel()
	stop()
	stop()
	again, stopAgain, err := sim.Start(t.Context(), address)
	require.NoError(t, err, "the port is free again")
	require.Equal(t, address, again)
	stopAgain()
}

func FuzzParseNeverFails(f *testing.F) {
	f.Add([]byte("aws:\n  gateways:\n    - {id: sgw-0A000001, window: {opensIn: 5}}\n"))
	f.Add([]byte("huawei: {instances: [{id: x, proxies: [{}]}]}\n"))
	f.Add([]byte("aws: &a {gateways: []}\nhuawei: *a\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := simcloud.Parse("fuzz.yaml", text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		_, err = simcloud.New(s, simcloud.Options{})
		require.NoError(t, err, "what Parse takes, New takes")
	})
}

// A list or map of nothing is [] or {} in every answer of the admin side.
func TestNothingIsNeverNull(t *testing.T) {
	t.Parallel()
	empty, err := simcloud.New(simcloud.Scenario{}, simcloud.Options{})
	require.NoError(t, err)
	full, err := simcloud.DefaultScenario()
	require.NoError(t, err)
	fleet, err := simcloud.New(full, simcloud.Options{})
	require.NoError(t, err)
	require.NoError(t, fleet.AWS().AddGateway(aws.Gateway{ID: "sgw-0FFFFFFF", Type: "FILE_S3"}))
	for name, s := range map[string]*simcloud.Simulation{"nothing": empty, "a fleet": fleet} {
		for _, path := range []string{"", "effects", "calls", "state", "healthz", "faults", "faults/kinds", "aws/state", "huawei/state"} {
			reply := httptest.NewRecorder()
			s.ServeHTTP(reply, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_sim/"+path, nil))
			require.Equal(t, http.StatusOK, reply.Code, path)
			require.NotContains(t, reply.Body.String(), "null", "%s: %s", name, path)
		}
	}
	reply := httptest.NewRecorder()
	empty.ServeHTTP(reply, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/_sim/effects", nil))
	require.JSONEq(t, "[]", reply.Body.String())
}

func TestHealthySaysWhatAnswers(t *testing.T) {
	t.Parallel()
	ended, end := context.WithCancel(t.Context())
	end()
	other := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(other.Close)
	address := other.Listener.Addr().String()
	require.EqualError(t, simcloud.Healthy(t.Context(), address), address+" answers 404 Not Found")
	require.ErrorContains(t, simcloud.Healthy(ended, address), "interrupted")
	require.ErrorIs(t, simcloud.Healthy(t.Context(), "not an address"), simcloud.ErrAddress)
}

// The error rate rises with the update of a gateway that the simulated AWS makes, and the alert with it.
func TestMonitoringFollowsTheGateways(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s, err := simcloud.Parse("fleet.yaml", []byte(`aws:
  gateways: [{id: sgw-0A000001, nextVersion: 1.3.0, timing: {gapPolls: 0, oldVersionPolls: 0}}]
monitoring:
  series: [{name: errors, metric: errors_total, changes: [{value: 0.5, updated: sgw-0A000001}]}]
  alerts: [{labels: {alertname: Errors}, while: {series: errors, above: 0.1}}]
`))
	require.NoError(t, err)
	sim, err := simcloud.New(s, simcloud.Options{Now: func() time.Time { return now }})
	require.NoError(t, err)
	require.Equal(t, "0", sim.Monitoring().State().Series[0].Value)
	require.NoError(t, sim.AWS().UpdateByAWS("sgw-0A000001"))
	require.False(t, sim.Monitoring().State().Alerts[0].Firing)
	now = now.Add(time.Hour)
	require.Equal(t, "0.5", sim.Monitoring().State().Series[0].Value)
	require.True(t, sim.Monitoring().State().Alerts[0].Firing)
}
