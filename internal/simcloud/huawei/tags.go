package huawei

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
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
	detail := map[string]string{"action": body.Action}
	for _, t := range body.Tags {
		detail["tag:"+t.Key] = orElse(after[t.Key], i.tags[t.Key])
	}
	if !maps.Equal(after, i.tags) {
		i.tags = after
		c.book.Effect(call.op.Name, i.ID, call.requestID, detail)
	}
	return ok(object{"instance_id": i.ID, "instance_name": i.Name}), nil
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
	offset, limit := 0, 100
	for name, to := range map[string]*int{"offset": &offset, "limit": &limit} {
		if text := call.query.Get(name); text != "" {
			if *to, err = strconv.Atoi(text); err != nil || *to < 0 || *to > 100 {
				return nil, badParameter()
			}
		}
	}
	keys := slices.Sorted(maps.Keys(i.tags))
	list := []object{}
	for _, key := range keys[min(offset, len(keys)):min(offset+limit, len(keys))] {
		list = append(list, object{"key": key, "value": i.tags[key]})
	}
	return ok(object{"tags": list, "total_count": len(keys)}), nil
}
