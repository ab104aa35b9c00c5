package huawei_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

// Every operation that Huawei's SDK has is served, or says by its name that it is not.
func TestOperationsThatAreNotSimulatedSayTheirNames(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	served := map[string]bool{}
	for _, op := range huawei.Operations() {
		served[strings.TrimPrefix(op.Name, "taurusdb:")] = true
	}
	seen := 0
	client := reflect.ValueOf(s.GaussDBClient)
	for method := range client.Type().Methods() {
		if method.Type.NumIn() != 2 || method.Type.NumOut() != 2 || served[method.Name] {
			continue
		}
		request := reflect.New(method.Type.In(1).Elem())
		fillPath(request.Elem())
		_, err := call1(client.MethodByName(method.Name), request)
		require.ErrorContains(t, err, "NotSimulated", method.Name)
		require.ErrorContains(t, err, "taurusdb:"+method.Name+" is an operation")
		seen++
	}
	require.Greater(t, seen, 200, "the SDK's operations were found")
	require.Empty(t, s.effects())

	misspelt := call(t, "GET", s.url+"/v3/"+huawei.DefaultProjectID+"/instance", "")
	require.Equal(t, 404, misspelt.status)
	require.Equal(t, "APIGW.0101", misspelt.body["error_code"])
}

// fillPath fills what may stand in a path: an empty segment is none.
func fillPath(request reflect.Value) {
	for _, field := range request.Fields() {
		if field.Kind() == reflect.String {
			field.SetString("x")
		}
	}
}

func call1(method, request reflect.Value) (reply any, err error) {
	defer func() {
		if told := recover(); told != nil {
			err = fmt.Errorf("the SDK panics: %v", told) //nolint:err113 // a test's
		}
	}()
	out := method.Call([]reflect.Value{request})
	refused, _ := reflect.TypeAssert[error](out[1])
	return out[0].Interface(), refused
}

// A list of time tasks cannot be asked for one instance's: the API has no such filter.
func TestInstantTasksAreNotFilteredByInstance(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	s.accepted()
	token := s.tokenFor(inProject("name", huawei.DefaultRegion)).header.Get("X-Subject-Token")
	s.clock.Move(20 * time.Second)
	list := call(t, "GET", s.url+"/v3/"+huawei.DefaultProjectID+"/immediate-jobs?instance_id=another", "", "X-Auth-Token: "+token)
	require.Equal(t, 200, list.status)
	require.Len(t, list.body["jobs"], 1)
}

func TestNewReadReplicasMayJoinByThemselves(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	set := func(status string, weight int32) error {
		_, err := s.ModifyGaussMySqlProxyRouteMode(&model.ModifyGaussMySqlProxyRouteModeRequest{
			InstanceId: huawei.DefaultInstanceID, ProxyId: orders,
			Body: &model.ModifyGaussMySqlProxyRouteModeRequestBody{RouteMode: 0, NewNodeAutoAddStatus: &status, NewNodeWeight: &weight},
		})
		return err
	}
	requireRefused(t, set("PERHAPS", 0), 400, "DBS.200001")
	requireRefused(t, set("OFF", 7), 400, "DBS.270025")
	requireRefused(t, set("ON", 1001), 400, "DBS.270025")
	require.Equal(t, "OFF", *s.shown(orders).Proxy.NewNodeAutoAddStatus)
	require.NoError(t, set("ON", 7))
	s.clock.Move(10 * time.Second)
	require.Equal(t, "ON", *s.shown(orders).Proxy.NewNodeAutoAddStatus)
	require.Equal(t, int32(7), *s.shown(orders).Proxy.NewNodeWeight)
}
