package huawei

import (
	"maps"
	"regexp"
	"slices"
)

// The limits of a DB instance's tags, as the API's model documents them (TagItem of
// Huawei's SDK). How many an instance may have is documented for the console.
const maxTags = 20

var (
	tagKeyForm   = regexp.MustCompile(`^[0-9A-Za-z_\p{Han}-]{1,36}$`)
	tagValueForm = regexp.MustCompile(`^[0-9A-Za-z_.\p{Han}-]{0,43}$`)
)

type tagItem struct {
	Key   string  `json:"key"`
	Value *string `json:"value"`
}

// changeTags is POST .../tags/action, with the action create or delete. Creating a tag
// whose key is there replaces its value.
func (c *Cloud) changeTags(call *call) (*reply, error) {
	i, err := c.instanceOf(call)
	if err != nil {
		return nil, err
	}
	body, err := decodeBody[struct {
		Action string    `json:"action"`
		Tags   []tagItem `json:"tags"`
	}](call.body)
	if err != nil {
		return nil, err
	}
	if len(body.Tags) == 0 || len(body.Tags) > maxTags {
		return nil, badParameter()
	}
	after := maps.Clone(i.tags)
	for _, t := range body.Tags {
		if err := changeTag(after, body.Action, t); err != nil {
			return nil, err
		}
	}
	if len(after) > maxTags {
		return nil, tooManyTags()
	}
	if detail := tagDetail(i.tags, after); len(detail) > 0 {
		detail["action"] = body.Action
		i.tags = after
		c.book.Effect(call.op.Name, i.ID, call.requestID, detail)
	}
	return ok(nil), nil // the API reference's example of the answer is "None"
}

// tagDetail names the tags that differ: with the new value, or the one that is gone.
func tagDetail(before, after map[string]string) map[string]string {
	detail := map[string]string{}
	for key, value := range after {
		if was, has := before[key]; !has || was != value {
			detail["tag:"+key] = value
		}
	}
	for key, was := range before {
		if _, has := after[key]; !has {
			detail["tag:"+key] = was
		}
	}
	return detail
}

func changeTag(tags map[string]string, action string, t tagItem) error {
	if !tagKeyForm.MatchString(t.Key) || t.Value != nil && !tagValueForm.MatchString(*t.Value) {
		return badParameter()
	}
	switch {
	case action == "create" && t.Value != nil:
		tags[t.Key] = *t.Value
	case action == "delete":
		// With a value it deletes the pair, without one the key.
		if value, has := tags[t.Key]; has && (t.Value == nil || *t.Value == "" || *t.Value == value) {
			delete(tags, t.Key)
		}
	default:
		return badParameter()
	}
	return nil
}

// listTags is GET .../tags.
func (c *Cloud) listTags(call *call) (*reply, error) {
	i, err := c.instanceOf(call)
	if err != nil {
		return nil, err
	}
	keys := slices.Sorted(maps.Keys(i.tags))
	page, err := paged(call.query, keys, func(n int) bool { return n >= 1 && n <= 100 }, 100)
	if err != nil {
		return nil, err
	}
	list := []object{}
	for _, key := range page {
		list = append(list, object{"key": key, "value": i.tags[key]})
	}
	return ok(object{"tags": list, "total_count": len(keys)}), nil
}
