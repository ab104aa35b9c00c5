package huawei_test

import (
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// weights are those of the primary and the replicas of the proxy "orders".
func (s *sim) weights() []int32 {
	s.t.Helper()
	p := s.shown(orders)
	all := []int32{*p.MasterNode.Weight}
	for _, n := range *p.ReadonlyNodes {
		all = append(all, *n.Weight)
	}
	return all
}

func (s *sim) setWeights(id string, master *int32, replicas ...int32) (string, error) {
	s.t.Helper()
	nodes := *s.shown(id).ReadonlyNodes
	body := model.TaurusModifyProxyWeightRequest{MasterWeight: master}
	if len(replicas) > 0 {
		body.ReadonlyNodes = &[]model.ModifyProxyWeightReadonlyNode{}
	}
	for i := range replicas {
		*body.ReadonlyNodes = append(*body.ReadonlyNodes, model.ModifyProxyWeightReadonlyNode{Id: nodes[i].Id, Weight: &replicas[i]})
	}
	answer, err := s.SetGaussMySqlProxyWeight(&model.SetGaussMySqlProxyWeightRequest{
		InstanceId: huawei.DefaultInstanceID, ProxyId: id, Body: &body,
	})
	if err != nil {
		return "", err
	}
	return *answer.JobId, nil
}

func TestWeightsChangeWhenTheirJobEnds(t *testing.T) {
	t.Parallel()
	s := start(t, huawei.DefaultScenario())
	require.Equal(t, []int32{0, 100, 100}, s.weights())
	master := int32(1000)
	job, err := s.setWeights(orders, &master, 0)
	require.NoError(t, err)
	require.Equal(t, "CHANGING WEIGHTS", *s.shown(orders).Proxy.Status)
	require.Equal(t, []int32{0, 100, 100}, s.weights())

	_, err = s.setWeights(orders, &master)
	requireRefused(t, err, 409, "DBS.200019")

	s.clock.Move(2 * time.Second)
	require.Equal(t, []int32{1000, 0, 100}, s.weights())
	require.Equal(t, "Completed", s.job(job).Status.Value())
	effects := s.book.Effects()
	require.Len(t, effects, 1)
	require.Equal(t, "taurusdb:SetGaussMySqlProxyWeight", effects[0].Kind)
	require.Equal(t, "[100 100] -> [0 100]", effects[0].Detail["readonly"])
}

func TestWeightsOutOfRangeAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, huawei.DefaultScenario())
	one, high := int32(1), int32(1001)
	for name, try := range map[string]func() (string, error){
		"primary over 1000":                   func() (string, error) { return s.setWeights(orders, &high) },
		"replica over 1000":                   func() (string, error) { return s.setWeights(orders, nil, 1001) },
		"replica under 0":                     func() (string, error) { return s.setWeights(orders, nil, -1) },
		"primary in route mode 1":             func() (string, error) { return s.setWeights(reports, &one) },
		"replica of weight 2 in route mode 1": func() (string, error) { return s.setWeights(reports, nil, 2) },
	} {
		_, err := try()
		require.Error(t, err, name)
		requireRefused(t, err, 400, "DBS.270025")
	}
	_, err := s.setWeights(orders, nil)
	requireRefused(t, err, 400, "DBS.200001")
	unknown := "nobody"
	_, err = s.SetGaussMySqlProxyWeight(&model.SetGaussMySqlProxyWeightRequest{
		InstanceId: huawei.DefaultInstanceID, ProxyId: orders,
		Body: &model.TaurusModifyProxyWeightRequest{ReadonlyNodes: &[]model.ModifyProxyWeightReadonlyNode{{Id: &unknown, Weight: &one}}},
	})
	requireRefused(t, err, 400, "DBS.270025")
	require.Empty(t, s.effects())

	_, err = s.setWeights(reports, nil, 0, 1)
	require.NoError(t, err)
}

func TestRouteModeChangesWithItsWeights(t *testing.T) {
	t.Parallel()
	s := start(t, huawei.DefaultScenario())
	set := func(body model.ModifyGaussMySqlProxyRouteModeRequestBody) error {
		_, err := s.ModifyGaussMySqlProxyRouteMode(&model.ModifyGaussMySqlProxyRouteModeRequest{
			InstanceId: huawei.DefaultInstanceID, ProxyId: orders, Body: &body,
		})
		s.clock.Move(2 * time.Second)
		return err
	}
	require.NoError(t, set(model.ModifyGaussMySqlProxyRouteModeRequestBody{RouteMode: 2}))
	require.EqualValues(t, 2, *s.shown(orders).Proxy.RouteMode)
	require.Equal(t, []int32{1, 1, 1}, s.weights())

	master, node := int32(50), *(*s.shown(orders).ReadonlyNodes)[1].Id
	require.NoError(t, set(model.ModifyGaussMySqlProxyRouteModeRequestBody{
		RouteMode: 0, MasterWeight: &master,
		ReadonlyNodes: &[]model.ModifyProxyRouteWeightReadonlyNode{{Id: node, Weight: 700}},
	}))
	require.EqualValues(t, 0, *s.shown(orders).Proxy.RouteMode)
	require.Equal(t, []int32{50, 1, 700}, s.weights())

	requireRefused(t, set(model.ModifyGaussMySqlProxyRouteModeRequestBody{RouteMode: 3}), 400, "DBS.270026")
	requireRefused(t, set(model.ModifyGaussMySqlProxyRouteModeRequestBody{RouteMode: 1, MasterWeight: &master}), 400, "DBS.270025")
	require.Len(t, s.effects(), 2)
}
