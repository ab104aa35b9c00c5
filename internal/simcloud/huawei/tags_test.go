package huawei_test

import (
	"fmt"
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
