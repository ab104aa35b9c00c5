package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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

// createTags tags snapshots; the simulator knows no other EC2 resources.
func (c *Cloud) createTags(call *wire.Call) (any, *wire.Error) {
	ids := call.List("ResourceId")
	if len(ids) == 0 || call.Form.Get("Tag.1.Key") == "" {
		return nil, wire.Bad("MissingParameter", "The request must contain the parameters ResourceId.1 and Tag.1.Key")
	}
	tags, err := formTags(call, "")
	if err != nil {
		return nil, err
	}
	found, err := c.candidates(call, ids, nil)
	if err != nil {
		return nil, err
	}
	if err := dryRun(call); err != nil {
		return nil, err
	}
	for _, s := range found {
		if after := maps.Clone(s.tags); len(merged(after, tags)) > maxTags {
			return nil, wire.Bad("TagLimitExceeded", fmt.Sprintf("The maximum number of Tags for a resource has been reached: %d", maxTags))
		}
	}
	for _, s := range found {
		maps.Copy(s.tags, tags)
		detail := map[string]string{}
		for key, value := range tags {
			detail["tag:"+key] = value
		}
		c.effect(call, s.id, detail)
	}
	return doneReply{RequestID: call.ID, Return: true}, nil
}

// merged puts tags onto others.
func merged(to, tags map[string]string) map[string]string {
	maps.Copy(to, tags)
	return to
}

// formTags reads Tag.N.Key and Tag.N.Value after a prefix.
func formTags(call *wire.Call, prefix string) (map[string]string, *wire.Error) {
	tags := map[string]string{}
	for i := 1; call.Form.Has(fmt.Sprintf("%sTag.%d.Key", prefix, i)); i++ {
		key := call.Form.Get(fmt.Sprintf("%sTag.%d.Key", prefix, i))
		value := call.Form.Get(fmt.Sprintf("%sTag.%d.Value", prefix, i))
		if strings.HasPrefix(key, "aws:") || utf8.RuneCountInString(key) > 127 || utf8.RuneCountInString(value) > 255 {
			return nil, wire.Bad("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use; keys have at most 127 characters, values 255")
		}
		tags[key] = value
	}
	return tags, nil
}

// tagItems are tags as EC2 shows them, sorted by key.
func tagItems(tags map[string]string) (items []tagXML) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		items = append(items, tagXML{Key: key, Value: tags[key]})
	}
	return items
}

type describeTagsReply struct {
	RequestID string `xml:"requestId"`
	Tags      struct {
		Items []taggedXML `xml:"item"`
	} `xml:"tagSet"`
	NextToken string `xml:"nextToken,omitempty"`
}

// taggedXML is one tag of one snapshot.
type taggedXML struct {
	ResourceID   string `xml:"resourceId"`
	ResourceType string `xml:"resourceType"`
	Key          string `xml:"key"`
	Value        string `xml:"value"`
}

func (t taggedXML) order() string { return t.ResourceID + " " + t.Key }

// describeTags lists the tags of the snapshots that a search finds by now.
func (c *Cloud) describeTags(call *wire.Call) (any, *wire.Error) {
	if err := dryRun(call); err != nil {
		return nil, err
	}
	wanted, err := readFilters(call, taggedFilter)
	if err != nil {
		return nil, err
	}
	found, err := c.candidates(call, nil, nil)
	if err != nil {
		return nil, err
	}
	var all []taggedXML
	for _, s := range found {
		for _, tag := range tagItems(s.tags) {
			one := taggedXML{ResourceID: s.id, ResourceType: "snapshot", Key: tag.Key, Value: tag.Value}
			if wanted.match(one, call.Now) {
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b taggedXML) int { return strings.Compare(a.order(), b.order()) })
	reply := describeTagsReply{RequestID: call.ID}
	reply.Tags.Items, reply.NextToken, err = ec2Page(call, all, taggedXML.order, false)
	return reply, err
}

// taggedFilter gives what a filter of DescribeTags reads.
func taggedFilter(name string) (reading[taggedXML], bool) {
	if key, isTag := strings.CutPrefix(name, "tag:"); isTag {
		return func(t taggedXML, _ time.Time) []string {
			if t.Key == key {
				return []string{t.Value}
			}
			return nil
		}, true
	}
	of, known := map[string]reading[taggedXML]{
		"key":           func(t taggedXML, _ time.Time) []string { return []string{t.Key} },
		"resource-id":   func(t taggedXML, _ time.Time) []string { return []string{t.ResourceID} },
		"resource-type": func(t taggedXML, _ time.Time) []string { return []string{t.ResourceType} },
		"value":         func(t taggedXML, _ time.Time) []string { return []string{t.Value} },
	}[name]
	return of, known
}
