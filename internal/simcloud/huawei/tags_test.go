package huawei_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
	"github.com/stretchr/testify/require"

	"github.com/tidegate/tidegate/internal/simcloud/huawei"
)

func (s *sim) tag(action, key string, value *string) error {
	_, err := s.BatchTagAction(&model.BatchTagActionRequest{
		InstanceId: huawei.DefaultInstanceID, Body: &model.BatchOperateInstanceTagRequestBody{Action: action, Tags: []model.TagItem{{Key: key, Value: value}}},
	})
	return err
}

func (s *sim) tags() map[string]string {
	s.t.Helper()
	reply, err := s.ListInstanceTags(&model.ListInstanceTagsRequest{InstanceId: huawei.DefaultInstanceID})
	require.NoError(s.t, err)
	all := map[string]string{}
	for _, t := range *reply.Tags {
		all[t.Key] = t.Value
	}
	require.Len(s.t, all, int(*reply.TotalCount))
	return all
}

func TestTagsOfAnInstance(t *testing.T) {
	t.Parallel()
	s := start(t, planned())
	require.Empty(t, s.tags())
	key, value := "tg-"+strings.Repeat("a", 33), strings.Repeat("9", 43)
	require.NoError(t, s.tag("create", key, &value))
	require.NoError(t, s.tag("create", key, new("another.value")))
	require.Equal(t, map[string]string{key: "another.value"}, s.tags())
	require.NoError(t, s.tag("delete", key, &value), "a pair that is not there")
	require.Len(t, s.tags(), 1)
	require.NoError(t, s.tag("delete", key, nil))
	require.Empty(t, s.tags())
	require.Len(t, s.effects(), 3, "deleting what is not there changes nothing")
}

func TestTagsBeyondTheLimitsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, planned())
	require.Error(t, s.tag("create", strings.Repeat("k", 37), new("x")))
	require.Error(t, s.tag("create", "k.k", new("x")), "a key has no dots")
	require.Error(t, s.tag("create", "k", new(strings.Repeat("v", 44))))
	require.Error(t, s.tag("create", "k", new(`{"json":1}`)))
	require.Error(t, s.tag("create", "k", nil))
	require.Error(t, s.tag("replace", "k", new("x")))
	for n := range 20 {
		require.NoError(t, s.tag("create", fmt.Sprintf("k%d", n), new("v")))
	}
	require.Error(t, s.tag("create", "k20", new("v")), "20 at the most")
	require.NoError(t, s.tag("create", "k19", new("w")), "of one that is there")
	require.Len(t, s.tags(), 20)
}

// The vendor knows members by their exact names; others are ignored.
func TestMembersInAnotherCaseAreNone(t *testing.T) {
	t.Parallel()
	s := start(t, planned())
	token := s.tokenFor(inProject("name", huawei.DefaultRegion)).header.Get("X-Subject-Token")
	path := "/v3/" + huawei.DefaultProjectID + "/instances/" + huawei.DefaultInstanceID + "/proxy/" + orders + "/upgrade-version"
	require.Error(t, s.plain("POST", path, `{"Source_Version": "`+oldVersion+`", "Target_Version": "`+newVersion+`"}`, token))
	require.Empty(t, s.effects())
	require.NoError(t, s.plain("POST", path, `{"source_version": "`+oldVersion+`", "target_version": "`+newVersion+`"}`, token))
	require.Len(t, s.effects(), 1)
}

func TestAdminReadsAndSetsTags(t *testing.T) {
	t.Parallel()
	s := start(t, oneProxy(nil))
	path := "/instances/" + huawei.DefaultInstanceID + "/tags"
	got := s.adminCall("POST", path, `{"owner": "dba", "mark": "100.100"}`)
	require.Equal(t, 200, got.status)
	require.Equal(t, map[string]any{"owner": "dba", "mark": "100.100"}, got.body["tags"])
	require.Equal(t, 200, s.adminCall("POST", path, `{"owner": null}`).status)
	require.Equal(t, map[string]string{"mark": "100.100"}, s.tags())
	require.Equal(t, 400, s.adminCall("POST", path, `{"a key": "x"}`).status)
	require.Equal(t, 404, s.adminCall("POST", "/instances/nobody/tags", `{}`).status)
	require.Equal(t, []string{"vendor:SetInstanceTags", "vendor:SetInstanceTags"}, s.effects())
}

// The API reference's example of the answer to a change of tags is "None".
func TestAChangeOfTagsIsAnsweredWithoutABody(t *testing.T) {
	t.Parallel()
	s := start(t, planned())
	token := s.tokenFor(inProject("name", huawei.DefaultRegion)).header.Get("X-Subject-Token")
	path := "/v3/" + huawei.DefaultProjectID + "/instances/" + huawei.DefaultInstanceID + "/tags/action"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, strings.NewReader(`{"action":"create","tags":[{"key":"k","value":"v"}]}`))
	require.NoError(t, err)
	r.Header.Set("X-Auth-Token", token)
	reply, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	text, err := io.ReadAll(reply.Body)
	require.NoError(t, err)
	require.NoError(t, reply.Body.Close())
	require.Equal(t, 200, reply.StatusCode)
	require.Empty(t, text)
	require.Equal(t, map[string]string{"k": "v"}, s.tags())
}

func TestTagsAreListedPageByPage(t *testing.T) {
	t.Parallel()
	s := start(t, planned())
	for _, key := range []string{"a", "b", "c"} {
		require.NoError(t, s.tag("create", key, new("v")))
	}
	list := func(offset, limit int32) (*model.ListInstanceTagsResponse, error) {
		return s.ListInstanceTags(&model.ListInstanceTagsRequest{InstanceId: huawei.DefaultInstanceID, Offset: &offset, Limit: &limit})
	}
	reply, err := list(1, 1)
	require.NoError(t, err)
	require.Equal(t, int32(3), *reply.TotalCount)
	require.Equal(t, "b", (*reply.Tags)[0].Key)
	require.Len(t, *reply.Tags, 1)
	for _, wrong := range [][2]int32{{0, 0}, {0, 101}, {-1, 10}} {
		_, err := list(wrong[0], wrong[1])
		requireRefused(t, err, 400, "DBS.200001")
	}
}
