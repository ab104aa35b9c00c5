package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

// maxShownTags is how many tags DescribeGatewayInformation shows at the most (API
// reference, member Tags); ListTagsForResource shows all.
const maxShownTags = 10

type addTagsInput struct {
	ResourceARN *string
	Tags        []tag
}

type resourceOutput struct {
	ResourceARN string
}

// addTags tags a gateway or a volume; it needs no connected gateway.
func (c *Cloud) addTags(call *wire.Call, in addTagsInput) (any, *wire.Error) {
	var check violations
	if in.Tags == nil {
		check.Missing("tags")
	}
	tags, err := c.tagsOf(call, in.ResourceARN, check)
	if err != nil {
		return nil, err
	}
	if err := takeTags(tags, in.Tags); err != nil {
		return nil, err
	}
	detail := map[string]string{}
	for _, t := range in.Tags {
		detail["tag:"+*t.Key] = *t.Value
	}
	c.effect(call, *in.ResourceARN, detail)
	return resourceOutput{ResourceARN: *in.ResourceARN}, nil
}

type listTagsInput struct {
	ResourceARN *string
	Marker      *string
	Limit       *int
}

type listTagsOutput struct {
	ResourceARN string
	Marker      *string `json:",omitempty"`
	Tags        []tag
}

// listTags shows every tag, page by page.
func (c *Cloud) listTags(call *wire.Call, in listTagsInput) (any, *wire.Error) {
	var check violations
	check.page(in.Marker, in.Limit)
	tags, err := c.tagsOf(call, in.ResourceARN, check)
	if err != nil {
		return nil, err
	}
	some, next, err := page(sortedTags(tags), func(t tag) string { return *t.Key }, in.Marker, in.Limit)
	if err != nil {
		return nil, err
	}
	return listTagsOutput{ResourceARN: *in.ResourceARN, Marker: next, Tags: some}, nil
}

type removeTagsInput struct {
	ResourceARN *string
	TagKeys     []*string
}

// removeTags takes tags off. A key that the resource does not have is no error.
func (c *Cloud) removeTags(call *wire.Call, in removeTagsInput) (any, *wire.Error) {
	var check violations
	if in.TagKeys == nil {
		check.Missing("tagKeys")
	}
	for i, key := range in.TagKeys {
		check.Length(fmt.Sprintf("tagKeys.%d.member", i+1), key, 1, 128)
	}
	tags, err := c.tagsOf(call, in.ResourceARN, check)
	if err != nil {
		return nil, err
	}
	removed := map[string]string{}
	for _, key := range in.TagKeys {
		if value, has := tags[*key]; has {
			removed["tag:"+*key] = value
			delete(tags, *key)
		}
	}
	if len(removed) > 0 {
		c.effect(call, *in.ResourceARN, removed)
	}
	return resourceOutput{ResourceARN: *in.ResourceARN}, nil
}

// tagsOf are the tags of a gateway or a volume, as the simulator keeps them, where the
// input breaks no rule.
func (c *Cloud) tagsOf(call *wire.Call, arn *string, check violations) (map[string]string, *wire.Error) {
	check.Length("resourceARN", arn, 50, 500)
	if err := check.err(); err != nil {
		return nil, err
	}
	if strings.Contains(*arn, "/volume/") {
		v, err := c.findVolume(call, arn)
		if err != nil {
			return nil, err
		}
		return v.tags, nil
	}
	g, err := c.findGateway(call, arn)
	if err != nil {
		return nil, err
	}
	return g.tags, nil
}

func sortedTags(tags map[string]string) []tag {
	out := []tag{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, tag{Key: new(key), Value: new(tags[key])})
	}
	return out
}

// shownTags are those that a gateway's description shows.
func shownTags(tags map[string]string) []tag {
	all := sortedTags(tags)
	return all[:min(len(all), maxShownTags)]
}
