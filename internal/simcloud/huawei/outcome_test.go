package huawei_test

import (
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

func TestOutcomeDecidesHowAnAcceptedUpgradeEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		outcome                 huawei.Outcome
		job, reason             string
		runs, status, poolState string
	}{
		"success":  {huawei.Outcome{}, "Completed", "", newVersion, "ACTIVE", "ACTIVE"},
		"fail":     {huawei.Outcome{Fail: "no quorum"}, "Failed", "no quorum", oldVersion, "ACTIVE", "ACTIVE"},
		"cancel":   {huawei.Outcome{Cancel: true}, "Canceled", "", oldVersion, "ACTIVE", "ACTIVE"},
		"stuck":    {huawei.Outcome{Stuck: true}, "Running", "", oldVersion, "UPGRADING PROXY", "ACTIVE"},
		"abnormal": {huawei.Outcome{Abnormal: true}, "Completed", "", newVersion, "ABNORMAL", "ABNORMAL"},
		"fail and abnormal": {
			huawei.Outcome{Fail: "no quorum", Abnormal: true},
			"Failed", "no quorum", oldVersion, "ABNORMAL", "ABNORMAL",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, withOutcome(c.outcome))
			workflow := s.accepted()
			s.clock.Move(2 * time.Second)
			require.Equal(t, "Running", s.job(workflow).Status.Value())

			s.clock.Move(8 * time.Second)
			require.Equal(t, c.job, s.job(workflow).Status.Value())
			require.Equal(t, c.reason, *s.job(workflow).FailReason)
			require.Equal(t, c.runs, s.version())
			require.Equal(t, c.status, *s.shown(orders).Proxy.Status)
			require.Equal(t, c.poolState, *s.shown(orders).Proxy.PoolStatus)
			require.Equal(t, c.poolState, *(*s.shown(orders).Proxy.Nodes)[0].Status)
			require.Equal(t, []string{"taurusdb:UpgradeProxyVersion"}, s.effects())
		})
	}
}

func TestRejectIsA200ThatChangesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, withOutcome(huawei.Outcome{Reject: "insufficient subnet ip"}))
	result, err := s.upgrade(oldVersion, newVersion)
	require.NoError(t, err)
	require.Len(t, *result, 1)
	own := (*result)[0]
	require.Equal(t, "REJECT", *own.State)
	require.Equal(t, "insufficient subnet ip", *own.ErrorMessage)
	require.Nil(t, own.WorkflowId)
	s.clock.Move(time.Minute)
	require.Equal(t, oldVersion, s.version())
	require.Empty(t, s.effects())
}

func TestTimesEndsAOutcome(t *testing.T) {
	t.Parallel()
	s := start(t, withOutcome(huawei.Outcome{Times: 1, Fail: "once"}))
	for _, want := range []string{oldVersion, newVersion} {
		s.accepted()
		s.clock.Move(10 * time.Second)
		require.Equal(t, want, s.version())
	}
}

func TestConflictRefusesTheFirstCallsOnly(t *testing.T) {
	t.Parallel()
	s := start(t, withOutcome(huawei.Outcome{Conflict: 2}))
	for range 2 {
		_, err := s.upgrade(oldVersion, newVersion)
		requireRefused(t, err, 409, "DBS.200019")
	}
	require.Empty(t, s.effects())
	s.accepted()
}

func TestLostJobIsNeverSeenAndTheUpgradeHappens(t *testing.T) {
	t.Parallel()
	s := start(t, withOutcome(huawei.Outcome{JobLost: true}))
	workflow := s.accepted()
	for range 4 {
		s.clock.Move(5 * time.Second)
		_, err := s.ShowGaussMySqlJobInfo(&model.ShowGaussMySqlJobInfoRequest{Id: workflow})
		requireRefused(t, err, 400, "DBS.200543")
	}
	require.Equal(t, newVersion, s.version())
}

func TestLateJobIsUnknownUntilItsTime(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	require.Equal(t, 200, call(t, "POST", s.admin+"/proxies/"+orders+"/outcome", `{"jobLate": "8s"}`).status)
	workflow := s.accepted()
	s.clock.Move(7 * time.Second)
	_, err := s.ShowGaussMySqlJobInfo(&model.ShowGaussMySqlJobInfoRequest{Id: workflow})
	requireRefused(t, err, 400, "DBS.200543")
	s.clock.Move(time.Second)
	require.Equal(t, "Running", s.job(workflow).Status.Value())

	negative := call(t, "POST", s.admin+"/proxies/"+orders+"/outcome", `{"jobLate": "-1s"}`)
	require.Equal(t, "outcome.jobLate", negative.body["field"])
}

func TestWeightsMayFailAndStayAsTheyAre(t *testing.T) {
	t.Parallel()
	s := start(t, withOutcome(huawei.Outcome{WeightsFail: true}))
	id, err := s.setWeights(orders, nil, 0, 0)
	require.NoError(t, err)
	require.Equal(t, "CHANGING WEIGHTS", *s.shown(orders).Proxy.Status)
	s.clock.Move(2 * time.Second)
	require.Equal(t, "Failed", s.job(id).Status.Value())
	require.Equal(t, []int32{0, 100, 100}, s.weights())
	require.Equal(t, "ACTIVE", *s.shown(orders).Proxy.Status)
}

func TestUpdateResultMayHoldAnotherProxyFirstAndNoID(t *testing.T) {
	t.Parallel()
	s := start(t, withOutcome(huawei.Outcome{TwoElements: true}))
	result, err := s.upgrade(oldVersion, newVersion)
	require.NoError(t, err)
	require.Len(t, *result, 2)
	require.NotEqual(t, orders, *(*result)[0].InstanceId)
	require.Equal(t, "REJECT", *(*result)[0].State)
	require.Equal(t, orders, *(*result)[1].InstanceId)
	require.Equal(t, "ACCEPT", *(*result)[1].State)
	require.Nil(t, (*result)[1].ErrorMessage)

	s = start(t, withOutcome(huawei.Outcome{OmitInstanceID: true}))
	result, err = s.upgrade(oldVersion, newVersion)
	require.NoError(t, err)
	require.Len(t, *result, 1)
	require.Nil(t, (*result)[0].InstanceId)
}

func TestRestartHealsAnAbnormalProxyUnlessRestartsFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		outcome     huawei.Outcome
		job, status string
	}{
		"heals": {huawei.Outcome{Abnormal: true}, "Completed", "ACTIVE"},
		"fails": {huawei.Outcome{Abnormal: true, RestartFails: true}, "Failed", "ABNORMAL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, withOutcome(c.outcome))
			s.accepted()
			s.clock.Move(10 * time.Second)
			answer, err := s.RestartProxyInstance(&model.RestartProxyInstanceRequest{
				ContentType: "application/json", InstanceId: huawei.DefaultInstanceID, ProxyId: orders,
			})
			require.NoError(t, err)
			require.Equal(t, "RESTARTING PROXY", *s.shown(orders).Proxy.Status)
			s.clock.Move(3 * time.Second)
			require.Equal(t, c.job, s.job(*answer.JobId).Status.Value())
			require.Equal(t, c.status, *s.shown(orders).Proxy.Status)
			require.Equal(t, newVersion, s.version())
			require.Equal(t, []string{"taurusdb:UpgradeProxyVersion", "taurusdb:RestartProxyInstance"}, s.effects())
		})
	}
}

// The vendor's own example of an answer, and either meaning that it can have.
func TestUpdateResultMayBeTheVendorsExample(t *testing.T) {
	t.Parallel()
	for name, reject := range map[string]string{"the first is the proxy's": "", "the second is": "no subnet ip"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, withOutcome(huawei.Outcome{MixedReply: true, Reject: reject}))
			result, err := s.upgrade(oldVersion, newVersion)
			require.NoError(t, err)
			require.Len(t, *result, 2)
			for n, state := range []string{"ACCEPT", "REJECT"} {
				element := (*result)[n]
				require.Equal(t, state, *element.State)
				require.Nil(t, element.InstanceId)
				require.NotEmpty(t, *element.WorkflowId)
			}
			require.Nil(t, (*result)[0].ErrorMessage)
			require.NotEmpty(t, *(*result)[1].ErrorMessage)
			s.clock.Move(time.Minute)
			if reject == "" {
				require.Equal(t, "Completed", s.job(*(*result)[0].WorkflowId).Status.Value())
				require.Equal(t, newVersion, s.version())
				return
			}
			require.Equal(t, reject, *(*result)[1].ErrorMessage)
			require.Equal(t, oldVersion, s.version())
			require.Empty(t, s.effects())
		})
	}
}
