package huawei_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/fault"
	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

var errNotUsable = errors.New("not a usable answer")

// plain makes a call of IAM, which the SDK's client for TaurusDB does not have.
func (s *sim) plain(method, path, body, token string) error {
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	require.NoError(s.t, err)
	r.Header.Set("X-Auth-Token", token)
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	defer func() { require.NoError(s.t, reply.Body.Close()) }()
	text, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode >= 300 || !json.Valid(text) {
		return fmt.Errorf("%w: %d %s: %w", errNotUsable, reply.StatusCode, text, err)
	}
	return nil
}

// calls call each operation, TaurusDB's through the SDK. What they need to know is read here.
func (s *sim) calls() map[string]func() error {
	instance, token := huawei.DefaultInstanceID, s.tokenFor(inProject("name", huawei.DefaultRegion)).header.Get("X-Subject-Token")
	task, node, weight := *s.schedules()[0].JobId, *(*s.shown(orders).ReadonlyNodes)[0].Id, int32(7)
	return map[string]func() error{
		"iam:KeystoneCreateUserTokenByPassword": func() error {
			return s.plain("POST", "/v3/auth/tokens", tokenBody("simpassword", inProject("name", huawei.DefaultRegion)), "")
		},
		"iam:KeystoneListProjects": func() error { return s.plain("GET", "/v3/projects", "", token) },
		"taurusdb:ShowGaussMySqlInstanceInfo": func() error {
			//nolint:staticcheck // the call that is served; its successor has other statuses
			_, err := s.ShowGaussMySqlInstanceInfo(&model.ShowGaussMySqlInstanceInfoRequest{InstanceId: instance})
			return err
		},
		"taurusdb:ListGaussMySqlInstances": func() error {
			//nolint:staticcheck // the call that is served; its successor has other statuses
			_, err := s.ListGaussMySqlInstances(&model.ListGaussMySqlInstancesRequest{})
			return err
		},
		"taurusdb:ListInstanceTags": func() error {
			_, err := s.ListInstanceTags(&model.ListInstanceTagsRequest{InstanceId: instance})
			return err
		},
		"taurusdb:BatchTagAction": func() error {
			_, err := s.BatchTagAction(&model.BatchTagActionRequest{InstanceId: instance, Body: &model.BatchOperateInstanceTagRequestBody{
				Action: "create", Tags: []model.TagItem{{Key: "owner", Value: new("storage")}},
			}})
			return err
		},
		"taurusdb:ShowGaussMySqlProxyList": func() error { _, err := s.ShowGaussMySqlProxyList(list()); return err },
		"taurusdb:ShowProxyVersion": func() error {
			_, err := s.ShowProxyVersion(&model.ShowProxyVersionRequest{InstanceId: instance, ProxyId: orders, EngineName: "taurusproxy"})
			return err
		},
		"taurusdb:UpgradeProxyVersion": func() error { _, err := s.upgrade(oldVersion, newVersion); return err },
		"taurusdb:SetGaussMySqlProxyWeight": func() error {
			_, err := s.SetGaussMySqlProxyWeight(&model.SetGaussMySqlProxyWeightRequest{InstanceId: instance, ProxyId: orders, Body: &model.TaurusModifyProxyWeightRequest{
				ReadonlyNodes: &[]model.ModifyProxyWeightReadonlyNode{{Id: &node, Weight: &weight}},
			}})
			return err
		},
		"taurusdb:ModifyGaussMySqlProxyRouteMode": func() error {
			_, err := s.ModifyGaussMySqlProxyRouteMode(&model.ModifyGaussMySqlProxyRouteModeRequest{
				InstanceId: instance, ProxyId: orders, Body: &model.ModifyGaussMySqlProxyRouteModeRequestBody{RouteMode: 1},
			})
			return err
		},
		"taurusdb:RestartProxyInstance": func() error {
			_, err := s.RestartProxyInstance(&model.RestartProxyInstanceRequest{ContentType: "application/json", InstanceId: instance, ProxyId: orders})
			return err
		},
		"taurusdb:CheckScheduleTaskExist": func() error {
			_, err := s.CheckScheduleTaskExist(&model.CheckScheduleTaskExistRequest{
				InstanceId: instance, Body: &model.CheckScheduleTaskExistRequestBody{ScheduleType: "PROXY_VERSION_UPGRADE"},
			})
			return err
		},
		"taurusdb:ShowGaussMySqlJobInfo": func() error {
			_, err := s.ShowGaussMySqlJobInfo(&model.ShowGaussMySqlJobInfoRequest{Id: task})
			return err
		},
		"taurusdb:ListImmediateJobs": func() error {
			_, err := s.ListImmediateJobs(&model.ListImmediateJobsRequest{})
			return err
		},
		"taurusdb:ListScheduleJobs": func() error { _, err := s.ListScheduleJobs(&model.ListScheduleJobsRequest{}); return err },
		"taurusdb:CancelScheduleTask": func() error {
			_, err := s.CancelScheduleTask(&model.CancelScheduleTaskRequest{Body: &model.CancelScheduleTask{JobIds: []string{task}}})
			return err
		},
	}
}

func TestEveryFaultOfEveryOperationLeavesTheEffectThatTheCatalogueSays(t *testing.T) {
	t.Parallel()
	for _, op := range huawei.Operations() {
		t.Run(op.Name, func(t *testing.T) {
			t.Parallel()
			s := start(t, planned())
			require.NoError(t, s.calls()[op.Name]())
			require.Len(t, s.effects(), count(op.Writes))
			for _, info := range fault.Kinds() {
				if !info.CanBefall(op) {
					continue
				}
				rule := fault.Rule{Operation: op.Name, Kind: info.Kind}
				if info.Kind == fault.HangBefore || info.Kind == fault.HangAfter {
					rule.Limit = 10 * time.Millisecond
				}
				s := start(t, planned())
				try := s.calls()[op.Name]
				require.NoError(t, s.faults.Inject(rule))
				err := try()
				require.Equal(t, info.Kind == fault.EmptyObject, err == nil, "%s: %v", info.Kind, err)
				require.NotZero(t, s.faults.Faults()[0].Fired, info.Kind)
				require.Len(t, s.effects(), count(op.Writes && info.Done), info.Kind)
			}
		})
	}
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func TestWhatTheSDKSeesOfAFault(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		rule   fault.Rule
		status int
		code   string
		is     error
	}{
		"refused":               {fault.Rule{Kind: fault.RefusedBefore}, 403, "DBS.200010", nil},
		"refused with a code":   {fault.Rule{Kind: fault.RefusedBefore, Code: "DBS.200086"}, 400, "DBS.200086", nil},
		"refused, quota":        {fault.Rule{Kind: fault.RefusedBefore, Code: "DBS.290003"}, 413, "DBS.290003", nil},
		"refused with a status": {fault.Rule{Kind: fault.RefusedBefore, Code: "DBS.1", Status: 418}, 418, "DBS.1", nil},
		"reset":                 {fault.Rule{Kind: fault.LostBefore}, 0, "", syscall.ECONNRESET},
		"closed":                {fault.Rule{Kind: fault.LostAfter}, 0, "", io.EOF},
		"hang until the limit":  {fault.Rule{Kind: fault.HangAfter, Limit: 10 * time.Millisecond}, 0, "", io.EOF},
		"throttled":             {fault.Rule{Kind: fault.Throttled}, 429, "APIGW.0308", nil},
		"throttled, old region": {fault.Rule{Kind: fault.Throttled, Code: "APIG.0308"}, 429, "APIG.0308", nil},
		"server error":          {fault.Rule{Kind: fault.ServerErrorAfter}, 500, "DBS.05000000", nil},
		"server error, before":  {fault.Rule{Kind: fault.ServerErrorBefore, Status: 503}, 503, "DBS.05000000", nil},
		"HTML":                  {fault.Rule{Kind: fault.HTML502}, 502, "", nil},
		"half":                  {fault.Rule{Kind: fault.TruncatedJSON}, 200, "", nil},
		"expired":               {fault.Rule{Kind: fault.ExpiredCredentials}, 401, "APIGW.0301", nil},
		"clock":                 {fault.Rule{Kind: fault.ClockSkew}, 401, "APIGW.0303", nil},
		"conflict":              {fault.Rule{Kind: fault.Conflict}, 409, "DBS.200019", nil},
		"another conflict":      {fault.Rule{Kind: fault.Conflict, Code: "DBS.201205"}, 409, "DBS.201205", nil},
		"echo":                  {fault.Rule{Kind: fault.Echo}, 400, "DBS.200001", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, oneProxy(nil))
			tc.rule.Operation, tc.rule.Times = "taurusdb:UpgradeProxyVersion", 1
			require.NoError(t, s.faults.Inject(tc.rule))
			_, err := s.upgrade(oldVersion, newVersion)
			require.Error(t, err)
			if tc.is != nil {
				var transport *url.Error
				require.ErrorAs(t, err, &transport)
				require.ErrorIs(t, err, tc.is)
			} else {
				var answer *sdkerr.ServiceResponseError
				require.ErrorAs(t, err, &answer)
				require.Equal(t, tc.code, answer.ErrorCode)
				require.Equal(t, tc.status, answer.StatusCode)
			}
			require.Equal(t, 1, s.book.Calls()["taurusdb:UpgradeProxyVersion"], "the SDK tries once")
			require.Len(t, s.effects(), count(tc.rule.Done()))
		})
	}
}

func TestEmptyObjectPromisesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	require.NoError(t, s.faults.Inject(fault.Rule{Operation: "taurusdb:*", Kind: fault.EmptyObject}))
	result, err := s.upgrade(oldVersion, newVersion)
	require.NoError(t, err)
	require.Nil(t, result)
	require.Equal(t, []string{"taurusdb:UpgradeProxyVersion"}, s.effects())
}

func TestThrottlingSaysWhenToComeAgainIfAsked(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	require.NoError(t, s.faults.Inject(
		fault.Rule{Operation: "iam:*", Kind: fault.Throttled, RetryAfter: 2 * time.Second, Times: 1},
		fault.Rule{Operation: "iam:*", Kind: fault.Throttled, Times: 1}))
	for _, want := range []string{"2", ""} {
		throttled := s.tokenFor(inProject("name", huawei.DefaultRegion))
		require.Equal(t, 429, throttled.status)
		require.Equal(t, "APIGW.0308", throttled.body["error_code"])
		require.NotEmpty(t, throttled.body["request_id"])
		require.Equal(t, want, throttled.header.Get("Retry-After"))
	}
	require.Equal(t, 201, s.tokenFor(inProject("name", huawei.DefaultRegion)).status)
}

func TestIAMRefusesInItsOwnForm(t *testing.T) {
	t.Parallel()
	for kind, status := range map[fault.Kind]int{
		fault.RefusedBefore: 403, fault.ServerErrorBefore: 500, fault.ExpiredCredentials: 401, fault.Echo: 400,
	} {
		s := start(t, oneProxy(nil))
		require.NoError(t, s.faults.Inject(fault.Rule{Operation: "iam:*", Kind: kind}))
		refused := s.tokenFor(inProject("name", huawei.DefaultRegion))
		require.Equal(t, status, refused.status)
		require.Contains(t, refused.body, "error")
		if kind == fault.Echo {
			require.Contains(t, string(refused.raw), "simpassword")
		}
	}
}

func TestExpiredTokenIsAnsweredInTheWordsThatAskForANewOne(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	token := s.tokenFor(inProject("name", huawei.DefaultRegion)).header.Get("X-Subject-Token")
	require.NoError(t, s.faults.Inject(fault.Rule{Operation: "taurusdb:*", Kind: fault.ExpiredCredentials, Times: 1}))
	expired := s.listWith(token)
	require.Equal(t, 401, expired.status)
	require.Contains(t, expired.body["error_msg"], "The token must be updated")
	require.Equal(t, 200, s.listWith(token).status)
}

func TestEchoHoldsTokenAndKey(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	token := s.tokenFor(inProject("name", huawei.DefaultRegion)).header.Get("X-Subject-Token")
	require.NoError(t, s.faults.Inject(fault.Rule{Operation: "taurusdb:*", Kind: fault.Echo}))
	require.Contains(t, s.listWith(token).body["error_msg"], token)
	_, err := s.upgrade(oldVersion, newVersion)
	require.ErrorContains(t, err, "Access="+huawei.DefaultAccessKey)
	require.ErrorContains(t, err, newVersion)
}

func TestRuleByResourceFollowsJobsToProxiesAndInstances(t *testing.T) {
	t.Parallel()
	of := func(s *sim) string { return *s.schedules()[0].JobId }
	reads := []string{
		"taurusdb:ShowGaussMySqlInstanceInfo", "taurusdb:ShowGaussMySqlProxyList", "taurusdb:ShowProxyVersion",
		"taurusdb:ShowGaussMySqlJobInfo", "taurusdb:ListImmediateJobs", "taurusdb:CancelScheduleTask",
	}
	for name, tc := range map[string]struct {
		resource func(*sim) string
		hit      []string
	}{
		"proxy":    {func(*sim) string { return orders }, []string{"taurusdb:ShowProxyVersion", "taurusdb:ShowGaussMySqlJobInfo", "taurusdb:CancelScheduleTask"}},
		"job":      {of, []string{"taurusdb:ShowGaussMySqlJobInfo", "taurusdb:CancelScheduleTask"}},
		"project":  {func(*sim) string { return huawei.DefaultProjectID }, reads},
		"instance": {func(*sim) string { return huawei.DefaultInstanceID }, slices.DeleteFunc(slices.Clone(reads), func(op string) bool { return op == "taurusdb:ListImmediateJobs" })},
		"nothing":  {func(*sim) string { return reports }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, planned())
			calls := s.calls()
			require.NoError(t, s.faults.Inject(fault.Rule{Operation: "*", Resource: tc.resource(s), Kind: fault.RefusedBefore}))
			var hit []string
			for _, op := range reads {
				if calls[op]() != nil {
					hit = append(hit, op)
				}
			}
			require.ElementsMatch(t, tc.hit, hit)
		})
	}
}
