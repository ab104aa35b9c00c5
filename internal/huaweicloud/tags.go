package huaweicloud

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	gaussdb "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/gaussdb/v3/model"
)

// tagsPage is the largest page of the list of tags (API reference, ListInstanceTags).
const tagsPage = 100

// Tags are all tags of a DB instance, by their keys.
func (c *Cloud) Tags(ctx context.Context, instanceID string) (map[string]string, error) {
	op := &operation{doing: "list the tags of instance " + instanceID, action: "gaussdbformysql:tag:list"}
	if err := checkIDs(op, instanceID); err != nil {
		return nil, err
	}
	page := func(offset int32) ([]model.ResourceTagItem, int, error) {
		limit := int32(tagsPage)
		request := &model.ListInstanceTagsRequest{InstanceId: instanceID, Offset: &offset, Limit: &limit}
		reply, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.ListInstanceTagsResponse, error) {
			return client.ListInstanceTags(request)
		})
		if err != nil {
			return nil, 0, err
		}
		if reply.Tags == nil {
			return nil, 0, op.missing("tags")
		}
		total := unknownTotal
		if reply.TotalCount != nil {
			total = int(*reply.TotalCount)
		}
		return *reply.Tags, total, nil
	}
	list, err := discover(op, tagsPage, func(t model.ResourceTagItem) string { return t.Key }, page)
	if err != nil {
		return nil, err
	}
	tags := make(map[string]string, len(list))
	for _, t := range list {
		tags[t.Key] = t.Value
	}
	return tags, nil
}

// Tag gives a DB instance tags, all in one call. A key that is there already gets the
// new value.
func (c *Cloud) Tag(ctx context.Context, instanceID string, tags map[string]string) error {
	keys := slices.Sorted(maps.Keys(tags))
	items := make([]model.TagItem, 0, len(keys))
	for _, key := range keys {
		items = append(items, model.TagItem{Key: key, Value: new(tags[key])})
	}
	return c.changeTags(ctx, instanceID, fmt.Sprintf("tag instance %s with %s", instanceID, strings.Join(keys, ", ")),
		"create", items)
}

// Untag takes the tags with these keys off a DB instance, all in one call, whatever
// their values.
func (c *Cloud) Untag(ctx context.Context, instanceID string, keys []string) error {
	items := make([]model.TagItem, 0, len(keys))
	for _, key := range keys {
		items = append(items, model.TagItem{Key: key})
	}
	return c.changeTags(ctx, instanceID, fmt.Sprintf("take the tags %s off instance %s", strings.Join(keys, ", "),
		instanceID), "delete", items)
}

func (c *Cloud) changeTags(ctx context.Context, instanceID, doing, action string, items []model.TagItem) error {
	op := &operation{doing: doing, action: "gaussdbformysql:tag:deal", changes: true}
	if err := checkIDs(op, instanceID); err != nil {
		return err
	}
	request := &model.BatchTagActionRequest{
		InstanceId: instanceID, Body: &model.BatchOperateInstanceTagRequestBody{Action: action, Tags: items},
	}
	_, err := call(ctx, c, op, func(client *gaussdb.GaussDBClient) (*model.BatchTagActionResponse, error) {
		return client.BatchTagAction(request)
	})
	return err
}
