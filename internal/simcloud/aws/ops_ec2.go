package aws

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
)

// ec2Time is ISO 8601 in UTC with milliseconds.
const ec2Time = "2006-01-02T15:04:05.000Z"

const (
	minResults = 5
	maxResults = 1000
)

var snapshotIDForm = regexp.MustCompile(`^snap-([0-9a-f]{8}|[0-9a-f]{17})$`)

type describeSnapshotsReply struct {
	RequestID string      `xml:"requestId"`
	Snapshots snapshotSet `xml:"snapshotSet"`
	NextToken string      `xml:"nextToken,omitempty"`
}

// snapshotSet is there even when it is empty, for clients that show it.
type snapshotSet struct {
	Items []snapshotXML `xml:"item"`
}

type tagSet struct {
	Items []tagXML `xml:"item"`
}

type snapshotXML struct {
	SnapshotID    string `xml:"snapshotId"`
	VolumeID      string `xml:"volumeId"`
	Status        string `xml:"status"`
	StatusMessage string `xml:"statusMessage,omitempty"`
	StartTime     string `xml:"startTime"`
	Completion    string `xml:"completionTime,omitempty"`
	Progress      string `xml:"progress"`
	OwnerID       string `xml:"ownerId"`
	VolumeSize    int    `xml:"volumeSize"`
	Description   string `xml:"description"`
	Encrypted     bool   `xml:"encrypted"`
	StorageTier   string `xml:"storageTier"`
	Tags          tagSet `xml:"tagSet"`
}

type tagXML struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}

type doneReply struct {
	RequestID string `xml:"requestId"`
	Return    bool   `xml:"return"`
}

// ec2Parameters are what the operations take, alongside those of every request.
func ec2Parameters() map[string]*regexp.Regexp {
	return map[string]*regexp.Regexp{
		"DescribeSnapshots": regexp.MustCompile(`^((Owner|SnapshotId|RestorableBy)\.\d+|Filter\.\d+\.(Name|Value\.\d+)|MaxResults|NextToken)$`),
		"DeleteSnapshot":    regexp.MustCompile(`^SnapshotId$`),
		"CopySnapshot": regexp.MustCompile(`^(SourceRegion|SourceSnapshotId|Description|DestinationRegion|PresignedUrl|` +
			`TagSpecification\.1\.(ResourceType|Tag\.\d+\.(Key|Value)))$`),
		"DescribeVolumes": regexp.MustCompile(`^(VolumeId\.\d+|Filter\.\d+\.(Name|Value\.\d+)|MaxResults|NextToken)$`),
		"DescribeTags":    regexp.MustCompile(`^(Filter\.\d+\.(Name|Value\.\d+)|MaxResults|NextToken)$`),
		"CreateTags":      regexp.MustCompile(`^(ResourceId\.\d+|Tag\.\d+\.(Key|Value))$`),
	}
}

// ec2 makes an operation that refuses what EC2 would not recognise, in its exact case.
func ec2(act operation) operation {
	return func(c *Cloud, call *wire.Call) (any, *wire.Error) {
		for name := range call.Form {
			if !slices.Contains([]string{"Action", "Version", "DryRun"}, name) &&
				!ec2Parameters()[call.Operation].MatchString(name) {
				return nil, wire.Bad("UnknownParameter", fmt.Sprintf("The parameter %s is not recognized", name))
			}
		}
		if dry := call.Form.Get("DryRun"); dry != "" && dry != "true" && dry != "false" {
			return nil, wire.Bad("InvalidParameterValue", fmt.Sprintf("Value ( %s ) for parameter dryRun is invalid. Expecting a boolean.", dry))
		}
		return act(c, call)
	}
}

// dryRun is EC2's answer to a call that only asks whether it would be allowed.
func dryRun(call *wire.Call) *wire.Error {
	if call.Form.Get("DryRun") != "true" {
		return nil
	}
	return wire.Plain(http.StatusPreconditionFailed, "DryRunOperation",
		"Request would have succeeded, but DryRun flag is set.")
}

func malformedSnapshotID(id string) *wire.Error {
	return wire.Bad("InvalidSnapshotID.Malformed", fmt.Sprintf("Invalid id: %q (expecting \"snap-...\")", id))
}

func unknownSnapshot(id string) *wire.Error {
	return wire.Bad("InvalidSnapshot.NotFound", fmt.Sprintf("The snapshot '%s' does not exist.", id))
}

// describeSnapshots lists the account's snapshots of the region.
func (c *Cloud) describeSnapshots(call *wire.Call) (any, *wire.Error) {
	if err := dryRun(call); err != nil {
		return nil, err
	}
	filters, err := readFilters(call, snapshotFilter)
	if err != nil {
		return nil, err
	}
	for _, g := range c.gateways {
		c.advance(g, call.Now)
	}
	ids := call.List("SnapshotId")
	found, err := c.candidates(call, ids, filters)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(s *snapshot) bool {
		return !s.ownerMatches(call) || !s.restorable(call) || !filters.match(s, call.Now)
	})
	slices.SortFunc(found, func(a, b *snapshot) int { return a.seq - b.seq })
	some, next, err := ec2Page(call, found, (*snapshot).order, len(ids) > 0)
	if err != nil {
		return nil, err
	}
	reply := describeSnapshotsReply{RequestID: call.ID, NextToken: next}
	for _, s := range some {
		reply.Snapshots.Items = append(reply.Snapshots.Items, s.xml(call.Now))
	}
	return reply, nil
}

// candidates are the named snapshots, each of which must be there, or all that
// a search finds by now. A search finds a new one later than a poll by id does.
func (c *Cloud) candidates(call *wire.Call, ids []string, all filters[*snapshot]) ([]*snapshot, *wire.Error) {
	if len(ids) == 0 {
		return slices.DeleteFunc(c.snapshots.search(all), func(s *snapshot) bool {
			return !s.seenBy(call) || call.Now.Before(s.visibleByFilter)
		}), nil
	}
	var out []*snapshot
	for _, id := range ids {
		s, err := c.findSnapshot(call, id)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

func (c *Cloud) findSnapshot(call *wire.Call, id string) (*snapshot, *wire.Error) {
	if !snapshotIDForm.MatchString(id) {
		return nil, malformedSnapshotID(id)
	}
	s, known := c.snapshots.byID[id]
	if !known || !s.seenBy(call) || call.Now.Before(s.visibleByID) {
		return nil, unknownSnapshot(id)
	}
	return s, nil
}

// seenBy is so for a snapshot of the caller's account and region that is not gone.
func (s *snapshot) seenBy(call *wire.Call) bool {
	return s.account == call.Account && s.region == call.Region && !s.gone(call.Now)
}

func (s *snapshot) ownerMatches(call *wire.Call) bool {
	owners := call.List("Owner")
	return len(owners) == 0 || slices.Contains(owners, "self") || slices.Contains(owners, s.account)
}

// restorable is so where one of the accounts that the caller names can make volumes of a
// snapshot: its owner alone, since none of the simulated snapshots is shared or public.
func (s *snapshot) restorable(call *wire.Call) bool {
	accounts := call.List("RestorableBy")
	return len(accounts) == 0 || slices.Contains(accounts, s.account) ||
		slices.Contains(accounts, "self") && call.Account == s.account
}

// ec2Page cuts one page out of resources that are sorted by key.
func ec2Page[T any](call *wire.Call, found []T, key func(T) string, byID bool) ([]T, string, *wire.Error) {
	size := maxResults
	if text := call.Form.Get("MaxResults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < minResults {
			return nil, "", wire.Bad("InvalidParameterValue", fmt.Sprintf("Value ( %s ) for parameter maxResults is invalid. Expecting a value greater than %d.", text, minResults))
		}
		if byID {
			return nil, "", wire.Bad("InvalidParameterCombination", "The parameter SnapshotIds cannot be used with the parameter MaxResults")
		}
		size = min(n, maxResults)
	}
	var token *string
	if call.Form.Get("NextToken") != "" {
		token = new(call.Form.Get("NextToken"))
	}
	some, next, ok := wire.Page(found, key, token, size)
	switch {
	case !ok:
		return nil, "", wire.Bad("InvalidNextToken", "The token '"+*token+"' is invalid")
	case next == nil:
		return some, "", nil
	}
	return some, *next, nil
}

// order sorts snapshots by the time of their making.
func (s *snapshot) order() string { return fmt.Sprintf("%09d", s.seq) }

func (s *snapshot) xml(now time.Time) snapshotXML {
	out := snapshotXML{
		SnapshotID: s.id, VolumeID: s.volumeID, Status: s.status(now), Progress: s.progress(now), OwnerID: s.account,
		StartTime: s.started.UTC().Format(ec2Time), VolumeSize: s.sizeGiB, Description: s.description,
		StorageTier: "standard",
	}
	switch out.Status {
	case snapshotCompleted:
		out.Completion = s.completes.UTC().Format(ec2Time)
	case snapshotError:
		out.StatusMessage = s.message
	}
	out.Tags.Items = tagItems(s.tags)
	return out
}

// deleteSnapshot accepts a pending snapshot too, which goes when it completes; to delete
// it again fails as for one that is gone.
func (c *Cloud) deleteSnapshot(call *wire.Call) (any, *wire.Error) {
	id := call.Form.Get("SnapshotId")
	if id == "" {
		return nil, wire.Bad("MissingParameter", "The request must contain the parameter SnapshotId")
	}
	s, err := c.findSnapshot(call, id)
	if err != nil {
		return nil, err
	}
	if err := dryRun(call); err != nil {
		return nil, err
	}
	if !s.deleted.IsZero() {
		return nil, unknownSnapshot(id)
	}
	c.effect(call, s.id, map[string]string{
		"status": s.status(call.Now), "volume": s.volumeID, "description": s.description,
	})
	s.deleted = call.Now
	return doneReply{RequestID: call.ID, Return: true}, nil
}

type copySnapshotReply struct {
	RequestID  string `xml:"requestId"`
	SnapshotID string `xml:"snapshotId"`
	Tags       tagSet `xml:"tagSet"`
}

// copiedVolumeID is the volume of a snapshot that is a copy: "an arbitrary volume ID that you should
// not use for any purpose" (API reference, CopySnapshot).
const copiedVolumeID = "vol-ffffffff"

// copySnapshot copies a completed snapshot of any region into the one that is asked. That a pending one
// is refused is documented, its code is not.
func (c *Cloud) copySnapshot(call *wire.Call) (any, *wire.Error) {
	region, id := call.Form.Get("SourceRegion"), call.Form.Get("SourceSnapshotId")
	if region == "" || id == "" {
		return nil, wire.Bad("MissingParameter", "The request must contain the parameters SourceRegion and SourceSnapshotId")
	}
	if to := call.Form.Get("DestinationRegion"); to != "" && to != call.Region {
		return nil, wire.Bad("InvalidParameterValue", fmt.Sprintf("Value ( %s ) for parameter destinationRegion is invalid. Send the request to that region.", to))
	}
	there := *call
	there.Region = region
	source, err := c.findSnapshot(&there, id)
	if err != nil {
		return nil, err
	}
	if status := source.status(call.Now); status != snapshotCompleted {
		return nil, wire.Bad("IncorrectState", fmt.Sprintf("The snapshot '%s' is %s: only a completed one can be copied.", id, status))
	}
	tags, err := formTags(call, "TagSpecification.1.")
	if err != nil {
		return nil, err
	}
	if kind := call.Form.Get("TagSpecification.1.ResourceType"); len(tags) > 0 && kind != "snapshot" {
		return nil, wire.Bad("InvalidParameterValue", fmt.Sprintf("'%s' is not a valid taggable resource type for this operation.", kind))
	}
	if err := dryRun(call); err != nil {
		return nil, err
	}
	s := &snapshot{
		id: c.newID("snap-", 17), seq: c.made, account: call.Account, region: call.Region, volumeID: copiedVolumeID,
		description: call.Form.Get("Description"), sizeGiB: source.sizeGiB, tags: tags, outcome: outcomeCompleted,
		started: call.Now, completes: call.Now.Add(c.timing.Snapshot),
		visibleByID:     call.Now.Add(c.timing.VisibleByID),
		visibleByFilter: call.Now.Add(max(c.timing.VisibleByID, c.timing.VisibleByFilter)),
	}
	c.snapshots.add(s)
	c.effect(call, s.id, map[string]string{"from": region + "/" + id, "description": s.description})
	return copySnapshotReply{RequestID: call.ID, SnapshotID: s.id, Tags: tagSet{tagItems(s.tags)}}, nil
}

type describeVolumesReply struct {
	RequestID string   `xml:"requestId"`
	Volumes   struct{} `xml:"volumeSet"`
}

// describeEBSVolumes finds none: a gateway's volume is no EBS volume, though its snapshots name it as if it were.
func (c *Cloud) describeEBSVolumes(call *wire.Call) (any, *wire.Error) {
	if err := dryRun(call); err != nil {
		return nil, err
	}
	for _, id := range call.List("VolumeId") {
		return nil, wire.Bad("InvalidVolume.NotFound", fmt.Sprintf("The volume '%s' does not exist.", id))
	}
	return describeVolumesReply{RequestID: call.ID}, nil
}
