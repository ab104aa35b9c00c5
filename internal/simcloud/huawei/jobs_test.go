package huawei_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

func TestJobIsSeenLate(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	workflow := s.accepted()
	_, err := s.ShowGaussMySqlJobInfo(&model.ShowGaussMySqlJobInfoRequest{Id: workflow})
	requireRefused(t, err, 400, "DBS.200543")
	all, err := s.ListImmediateJobs(&model.ListImmediateJobsRequest{})
	require.NoError(t, err)
	require.Empty(t, *all.Jobs)

	s.clock.Move(time.Second)
	job := s.job(workflow)
	require.Equal(t, workflow, job.Id)
	require.Equal(t, "Running", job.Status.Value())
	require.Equal(t, "10%", *job.Process)
	require.Equal(t, huawei.DefaultInstanceID, job.Instance.Id)
	require.Empty(t, *job.Ended)
	created, err := time.Parse("2006-01-02T15:04:05-0700", job.Created)
	require.NoError(t, err)
	require.WithinDuration(t, s.clock.Now(), created, 3*time.Second)

	s.clock.Move(9 * time.Second)
	require.NotEmpty(t, *s.job(workflow).Ended)
	_, err = s.ShowGaussMySqlJobInfo(&model.ShowGaussMySqlJobInfoRequest{Id: "unknown"})
	requireRefused(t, err, 400, "DBS.200543")
}

func TestImmediateJobsArePagedNewestFirst(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	var ids []string
	for range 23 {
		ids = append([]string{s.restart()}, ids...)
		s.clock.Move(4 * time.Second)
	}
	var seen []string
	for offset := 0; offset < 30; offset += 10 {
		from, limit := strconv.Itoa(offset), "10"
		page, err := s.ListImmediateJobs(&model.ListImmediateJobsRequest{Offset: &from, Limit: &limit})
		require.NoError(t, err)
		require.EqualValues(t, 23, *page.TotalCount)
		for _, j := range *page.Jobs {
			seen = append(seen, *j.JobId)
		}
	}
	require.Equal(t, ids, seen)

	for _, bad := range []string{"11", "0", "x", "-10"} {
		_, err := s.ListImmediateJobs(&model.ListImmediateJobsRequest{Limit: &bad})
		requireRefused(t, err, 400, "DBS.200001")
	}
}

func (s *sim) restart() string {
	s.t.Helper()
	answer, err := s.RestartProxyInstance(&model.RestartProxyInstanceRequest{
		ContentType: "application/json", InstanceId: huawei.DefaultInstanceID, ProxyId: orders,
	})
	require.NoError(s.t, err)
	return *answer.JobId
}

func TestImmediateJobsAreFiltered(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	restart := s.restart()
	s.clock.Move(5 * time.Second)
	started := s.clock.Now()
	workflow := s.accepted()
	s.clock.Move(5 * time.Second)

	ask := func(r model.ListImmediateJobsRequest) []string {
		got, err := s.ListImmediateJobs(&r)
		require.NoError(t, err)
		ids := []string{}
		for _, j := range *got.Jobs {
			require.Equal(t, huawei.DefaultInstanceID, *j.InstanceId)
			ids = append(ids, *j.JobId)
		}
		return ids
	}
	at := func(instant time.Time) *string {
		text := instant.UTC().Format("2006-01-02T15:04:05-0700")
		return &text
	}
	running, completed, name := "Running", "Completed", "RestartGaussDBforMySQLProxy"
	require.Equal(t, []string{workflow, restart}, ask(model.ListImmediateJobsRequest{}))
	require.Equal(t, []string{workflow}, ask(model.ListImmediateJobsRequest{Status: &running}))
	require.Equal(t, []string{restart}, ask(model.ListImmediateJobsRequest{Status: &completed}))
	require.Equal(t, []string{restart}, ask(model.ListImmediateJobsRequest{JobName: &name}))
	require.Equal(t, []string{workflow}, ask(model.ListImmediateJobsRequest{JobId: &workflow}))
	require.Equal(t, []string{workflow}, ask(model.ListImmediateJobsRequest{StartTime: at(started)}))
	require.Equal(t, []string{restart}, ask(model.ListImmediateJobsRequest{EndTime: at(started.Add(-time.Second))}))

	bad := "yesterday"
	_, err := s.ListImmediateJobs(&model.ListImmediateJobsRequest{StartTime: &bad})
	requireRefused(t, err, 400, "DBS.200001")
}

func TestProxiesArePaged(t *testing.T) {
	t.Parallel()
	s := start(t, huawei.DefaultScenario())
	var names []string
	for offset := range int32(4) {
		limit := int32(1)
		page, err := s.ShowGaussMySqlProxyList(&model.ShowGaussMySqlProxyListRequest{
			InstanceId: huawei.DefaultInstanceID, Offset: &offset, Limit: &limit,
		})
		require.NoError(t, err)
		for _, p := range *page.ProxyList {
			names = append(names, *p.Proxy.Name)
		}
	}
	require.Equal(t, []string{"proxy-orders", "proxy-reports", "proxy-archive"}, names)
	for _, limit := range []int32{0, 101, -1} {
		_, err := s.ShowGaussMySqlProxyList(&model.ShowGaussMySqlProxyListRequest{InstanceId: huawei.DefaultInstanceID, Limit: &limit})
		requireRefused(t, err, 400, "DBS.200001")
	}
}

func TestNodesOfProxiesHaveIDsOfTheirOwnAndShareDBNodes(t *testing.T) {
	t.Parallel()
	s := start(t, huawei.DefaultScenario())
	first, second := s.shown(orders), s.shown(reports)
	require.NotEqual(t, (*first.Proxy.Nodes)[0].Id, (*first.Proxy.Nodes)[1].Id)
	require.NotEqual(t, (*first.Proxy.Nodes)[0].Id, (*second.Proxy.Nodes)[0].Id)
	require.Equal(t, (*first.ReadonlyNodes)[0].Id, (*second.ReadonlyNodes)[0].Id)
}

func TestInstanceShowsItsStatusNodesAndProxies(t *testing.T) {
	t.Parallel()
	s := start(t, huawei.DefaultScenario())
	//nolint:staticcheck // the operation that the simulator serves; its successor is under /v3.1
	got, err := s.ShowGaussMySqlInstanceInfo(&model.ShowGaussMySqlInstanceInfoRequest{InstanceId: huawei.DefaultInstanceID})
	require.NoError(t, err)
	require.Equal(t, "ACTIVE", *got.Instance.Status)
	require.Equal(t, "taurusdb-orders", got.Instance.Name)
	require.EqualValues(t, 3, *got.Instance.NodeCount)
	require.Len(t, *got.Instance.Proxies, 3)
	require.Equal(t, (*got.Instance.Nodes)[0].Id, *s.shown(orders).MasterNode.Id)
}
