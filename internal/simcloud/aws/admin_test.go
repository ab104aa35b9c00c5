package aws_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/storagegateway"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/aws"
)

// post asks the admin side, JSON in and out.
func (w *world) post(t *testing.T, path, body string) (int, map[string]any) {
	t.Helper()
	reply := httptest.NewRecorder()
	w.cloud.AdminHandler().ServeHTTP(reply, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(body)))
	if strings.HasPrefix(path, "/alarms") && reply.Code == http.StatusOK {
		return reply.Code, nil // a list
	}
	var out map[string]any
	require.NoError(t, json.Unmarshal(reply.Body.Bytes(), &out))
	return reply.Code, out
}

func (w *world) change(t *testing.T, path, body string) {
	t.Helper()
	status, out := w.post(t, path, body)
	require.Equal(t, http.StatusOK, status, out)
}

func TestAdminMovesAWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	read := func() (*storagegateway.DescribeMaintenanceStartTimeOutput, error) {
		return w.sgw.DescribeMaintenanceStartTime(t.Context(), &storagegateway.DescribeMaintenanceStartTimeInput{GatewayARN: new(gatewayARN + "sgw-11111111")})
	}
	w.change(t, "/gateways/sgw-11111111/window", `{"opensIn": "90m"}`)
	out, err := read()
	require.NoError(t, err)
	require.Equal(t, int32(13), *out.HourOfDay)
	require.Equal(t, int32(30), *out.MinuteOfHour)
	w.change(t, "/gateways/sgw-11111111/window", `{"hourOfDay": 2, "minuteOfHour": 0, "dayOfWeek": 0, "dayOfMonth": 1, "malformed": true}`)
	out, err = read()
	require.NoError(t, err)
	require.NotNil(t, out.DayOfWeek)
	require.NotNil(t, out.DayOfMonth)
	w.change(t, "/gateways/sgw-11111111/window", `{"notSupported": true}`)
	_, err = read()
	inner(t, err, "NotSupported")
	require.Equal(t, []string{"admin:Window", "admin:Window", "admin:Window"}, w.kinds())
}

func TestAdminPublishesAndAWSUpdatesOnDemand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{{ID: "sgw-11111111"}}})
	w.change(t, "/gateways/sgw-11111111/update", "")
	w.change(t, "/gateways/sgw-11111111/versions", `{"version": "2.0.0"}`)
	w.change(t, "/gateways/sgw-11111111/update", "")
	w.move(time.Hour)
	w.cloud.Settle()
	require.Equal(t, "2.0.0", w.cloud.State().Gateways[0].Version)
	require.Equal(t, []string{"admin:Update", "admin:Version", "vendor:AutomaticUpdate", "admin:Update"}, w.kinds())
}

func TestAdminBringsBackAGatewayThatNeverWould(t *testing.T) {
	t.Parallel()
	g := gatewayWithVolumes()
	g.NeverComesBack = true
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{g}})
	arn := gatewayARN + g.ID
	w.trigger(t, arn)
	w.move(time.Hour)
	_, err := w.describe(t.Context(), arn)
	inner(t, err, "GatewayNotConnected")
	w.change(t, "/gateways/sgw-11111111/state", `{"state": "STATE_RUNNING"}`)
	info, err := w.describe(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, "STATE_RUNNING", *info.GatewayState)
	w.move(time.Hour)
	info, err = w.describe(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, "1.3.0", *info.SoftwareVersion)
}

func TestAdminTakesASnapshotThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	w.change(t, "/gateways/sgw-11111111/volumes/vol-1111AAAA/snapshot", `{}`)
	w.change(t, "/gateways/sgw-11111111/volumes/vol-1111AAAA/snapshot", `{"description": "someone else's"}`)
	w.move(time.Second)
	found := w.search(t, filter("volume-id", "vol-1111aaaa"))
	require.Len(t, found, 2)
	require.Contains(t, *found[0].Description, "Scheduled snapshot")
	require.Equal(t, "someone else's", *found[1].Description)
	require.Equal(t, []string{"vendor:ScheduledSnapshot", "vendor:ScheduledSnapshot"}, w.kinds())
}

func TestShutGatewayIsDescribedAndDoesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	arn := gatewayARN + "sgw-11111111"
	w.change(t, "/gateways/sgw-11111111/state", `{"state": "SHUTDOWN"}`)
	info, err := w.describe(t.Context(), arn)
	require.NoError(t, err)
	require.Equal(t, "SHUTDOWN", *info.GatewayState)
	_, err = w.sgw.UpdateGatewaySoftwareNow(t.Context(), &storagegateway.UpdateGatewaySoftwareNowInput{GatewayARN: &arn})
	inner(t, err, "GatewayNotConnected")
}

func TestAdminChangesVolumesSnapshotsAndOutcomes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	id := w.snapshot(t, "vol-1111AAAA", "caught")
	w.move(time.Second)
	w.change(t, "/gateways/sgw-11111111/volumes/vol-1111AAAA", `{"status": "PASS THROUGH"}`)
	w.move(time.Hour)
	require.Equal(t, "pending", w.cloud.State().Snapshots[0].Status, "a volume that falls into PASS THROUGH stops its snapshots")
	w.change(t, "/snapshots/"+id, `{"outcome": "completed"}`)
	require.Equal(t, "completed", w.cloud.State().Snapshots[0].Status)
	w.change(t, "/gateways/sgw-11111111/volumes/vol-1111AAAA", `{"status": ""}`)
	require.Equal(t, "AVAILABLE", w.cloud.State().Gateways[0].Volumes[0].Status)
	w.change(t, "/gateways/sgw-11111111/outcome", `{"noEffect": true}`)
	w.trigger(t, gatewayARN+"sgw-11111111")
	require.Empty(t, w.cloud.State().Gateways[0].Phase)
}

func TestAdminAddsAGateway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	w.change(t, "/gateways", `{"id": "sgw-00000001", "nextVersion": "1.3.0", "window": {"opensIn": "1m"}, "volumes": [{"id": "vol-99999999"}]}`)
	list, err := w.sgw.ListGateways(t.Context(), &storagegateway.ListGatewaysInput{})
	require.NoError(t, err)
	require.Equal(t, "sgw-00000001", *list.Gateways[0].GatewayId)
}

func TestAdminNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, aws.Scenario{Gateways: []aws.Gateway{gatewayWithVolumes()}})
	for name, tc := range map[string]struct {
		path, body string
		status     int
		want       string
		field      any
	}{
		"no gateway":         {"/gateways/sgw-0/state", `{"state": "RUNNING"}`, 404, `unknown gateway "sgw-0": must be one of sgw-11111111`, nil},
		"no volume":          {"/gateways/sgw-11111111/volumes/vol-0", `{"status": "AVAILABLE"}`, 404, `unknown volume "vol-0"`, nil},
		"no volume here":     {"/gateways/sgw-11111111/volumes/vol-0/snapshot", `{}`, 404, `unknown volume "vol-0"`, nil},
		"no snapshot":        {"/snapshots/snap-0", `{"outcome": "stuck"}`, 404, `unknown snapshot "snap-0"`, nil},
		"no such path":       {"/gateways/sgw-11111111/dance", `{}`, 404, "docs/reference/simcloud.md", "path"},
		"no body":            {"/gateways/sgw-11111111/state", ``, 400, "body:1:1: is empty: must be a YAML document with fields among state", nil},
		"unknown field":      {"/gateways/sgw-11111111/state", `{"stat": "x"}`, 400, `body:1:2: stat: is an unknown field (did you mean state?)`, nil},
		"duration":           {"/gateways/sgw-11111111/window", `{"opensIn": "soon"}`, 400, `opensIn: invalid value "soon": must be a number with a unit`, nil},
		"state":              {"/gateways/sgw-11111111/state", `{"state": "X"}`, 400, `state: invalid value "X": must be 2 to 25 characters`, "state"},
		"version":            {"/gateways/sgw-11111111/versions", `{"version": ""}`, 400, `must be a version`, "version"},
		"window":             {"/gateways/sgw-11111111/window", `{"hourOfDay": 25}`, 400, `window.hourOfDay: invalid value "25": must be 0 to 23`, "window.hourOfDay"},
		"empty window":       {"/gateways/sgw-11111111/window", `{}`, 400, `window: invalid value "empty"`, "window"},
		"outcome":            {"/gateways/sgw-11111111/outcome", `{"noUpdate": "x"}`, 400, `must be one of accepted, notSupported`, "noUpdate"},
		"volume's outcome":   {"/gateways/sgw-11111111/volumes/vol-1111AAAA", `{"snapshotOutcome": "x"}`, 400, `must be one of completed, stuck, error`, "snapshotOutcome"},
		"snapshot's outcome": {"/snapshots/snap-0", `{"outcome": "x"}`, 400, `must be one of completed, stuck, error`, "outcome"},
		"same gateway":       {"/gateways", `{"id": "sgw-11111111"}`, 400, "an id that no other gateway has", "gateway.id"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out := w.post(t, tc.path, tc.body)
			require.Equal(t, tc.status, status, out)
			require.Contains(t, out["error"], tc.want)
			require.Equal(t, tc.field, out["field"])
		})
	}
	require.Empty(t, w.kinds())
}
