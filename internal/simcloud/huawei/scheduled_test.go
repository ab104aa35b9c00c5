package huawei_test

import (
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

func planned() huawei.Scenario {
	return oneProxy(func(p *huawei.Proxy) { p.ScheduledUpgrade = &huawei.ScheduledUpgrade{StartsIn: time.Minute} })
}

func (s *sim) schedules() []model.ScheduleTask {
	s.t.Helper()
	instance := huawei.DefaultInstanceID
	got, err := s.ListScheduleJobs(&model.ListScheduleJobsRequest{InstanceId: &instance})
	require.NoError(s.t, err)
	require.EqualValues(s.t, len(*got.Schedules), *got.TotalCount)
	return *got.Schedules
}

func (s *sim) exists(proxy string) *model.CheckScheduleTaskExistResponse {
	s.t.Helper()
	got, err := s.CheckScheduleTaskExist(&model.CheckScheduleTaskExistRequest{
		InstanceId: huawei.DefaultInstanceID,
		Body:       &model.CheckScheduleTaskExistRequestBody{ScheduleType: "PROXY_VERSION_UPGRADE", ProxyId: &proxy},
	})
	require.NoError(s.t, err)
	return got
}

func TestScheduledUpgradeWaitsAndThenTheVendorRunsIt(t *testing.T) {
	t.Parallel()
	s := start(t, planned())
	tasks := s.schedules()
	require.Len(t, tasks, 1)
	require.Equal(t, "PROXY_VERSION_UPGRADE", *tasks[0].JobName)
	require.Equal(t, "Pending", *tasks[0].JobStatus)
	require.Equal(t, orders, *tasks[0].ProxyId)
	require.True(t, *s.exists(orders).Exist)
	require.Equal(t, "WAITING", *(*s.exists(orders).ScheduledTasks)[0].TaskStatus)
	require.False(t, *s.exists(reports).Exist)

	s.clock.Move(time.Minute)
	s.cloud.Settle()
	require.Equal(t, []string{"vendor:UpgradeProxyVersion"}, s.effects())
	require.Equal(t, "Running", *s.schedules()[0].JobStatus)
	require.Equal(t, "RUNNING", *(*s.exists(orders).ScheduledTasks)[0].TaskStatus)

	s.clock.Move(10 * time.Second)
	require.Equal(t, newVersion, s.version())
	require.Equal(t, "Completed", *s.schedules()[0].JobStatus)
	require.False(t, *s.exists(orders).Exist)
}

func TestScheduledUpgradeThatNobodyWatchedEndsAtItsOwnTime(t *testing.T) {
	t.Parallel()
	s := start(t, planned())
	task := *s.schedules()[0].JobId
	s.clock.Move(10 * time.Minute)
	require.Equal(t, newVersion, s.version())
	ended, err := time.Parse("2006-01-02T15:04:05-0700", *s.job(task).Ended)
	require.NoError(t, err)
	require.WithinDuration(t, s.clock.Now().Add(-9*time.Minute+10*time.Second), ended, 2*time.Second)
}

func TestScheduledUpgradeOfAnUpgradedProxyDoesNothing(t *testing.T) {
	t.Parallel()
	s := start(t, planned())
	s.accepted()
	s.clock.Move(2 * time.Minute)
	require.Equal(t, "Completed", *s.schedules()[0].JobStatus)
	require.Equal(t, []string{"taurusdb:UpgradeProxyVersion"}, s.effects())
}

func TestScheduledUpgradeMeetsTheProxysOutcomeAndItsIllness(t *testing.T) {
	t.Parallel()
	unlucky := planned()
	unlucky.Instances[0].Proxies[0].Outcome.Fail = "no quorum"
	ill := planned()
	ill.Instances[0].Proxies[0].Status = "ABNORMAL"
	for want, scenario := range map[string]huawei.Scenario{"no quorum": unlucky, "The database proxy is abnormal.": ill} {
		s := start(t, scenario)
		s.clock.Move(2 * time.Minute)
		task := s.schedules()[0]
		require.Equal(t, "Failed", *task.JobStatus)
		require.Equal(t, want, *s.job(*task.JobId).FailReason)
		require.Equal(t, oldVersion, s.version())
	}
}

func TestScheduledUpgradeIsCancelledWhileItWaits(t *testing.T) {
	t.Parallel()
	s := start(t, planned())
	task := *s.schedules()[0].JobId
	cancel := func(ids ...string) error {
		_, err := s.CancelScheduleTask(&model.CancelScheduleTaskRequest{Body: &model.CancelScheduleTask{JobIds: ids}})
		return err
	}
	requireRefused(t, cancel(task, "unknown"), 400, "DBS.200543")
	require.Equal(t, "Pending", *s.schedules()[0].JobStatus)

	require.NoError(t, cancel(task))
	require.Equal(t, "Canceled", *s.schedules()[0].JobStatus)
	require.False(t, *s.exists(orders).Exist)
	requireRefused(t, cancel(task), 409, "DBS.280406")
	requireRefused(t, cancel(), 400, "DBS.200001")

	s.clock.Move(2 * time.Minute)
	require.Equal(t, oldVersion, s.version())
	require.Equal(t, []string{"taurusdb:CancelScheduleTask"}, s.effects())
}

func TestScheduledTasksAreFilteredAndPaged(t *testing.T) {
	t.Parallel()
	s := start(t, planned())
	ask := func(r model.ListScheduleJobsRequest) int {
		got, err := s.ListScheduleJobs(&r)
		require.NoError(t, err)
		return len(*got.Schedules)
	}
	one, pending, failed, name := "1", "Pending", "Failed", "PROXY_VERSION_UPGRADE"
	require.Equal(t, 1, ask(model.ListScheduleJobsRequest{Status: &pending, JobName: &name, Limit: &one}))
	require.Equal(t, 0, ask(model.ListScheduleJobsRequest{Status: &failed}))
	require.Equal(t, 0, ask(model.ListScheduleJobsRequest{Offset: &one}))
	bad := "101"
	_, err := s.ListScheduleJobs(&model.ListScheduleJobsRequest{Limit: &bad})
	requireRefused(t, err, 400, "DBS.200001")
	_, err = s.CheckScheduleTaskExist(&model.CheckScheduleTaskExistRequest{
		InstanceId: huawei.DefaultInstanceID, Body: &model.CheckScheduleTaskExistRequestBody{ScheduleType: "COFFEE"},
	})
	requireRefused(t, err, 400, "DBS.200001")
}
