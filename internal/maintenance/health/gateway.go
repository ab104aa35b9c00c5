package health

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// GatewayCheck holds a gateway's own numbers against limits. A number that a gateway of its type does not have does
// not count, such as the cache of a STORED one.
type GatewayCheck struct {
	// CacheDirtyBelow is the share of the cache that is not yet persisted to AWS.
	CacheDirtyBelow Percent `json:"cacheDirtyBelow,omitzero"`
	// UploadBufferBelow is the share of the upload buffer that is used.
	UploadBufferBelow Percent `json:"uploadBufferBelow,omitzero"`
	// Initiators is AsBefore: each iSCSI initiator that was connected before the update is connected again.
	Initiators Initiators `json:"initiators,omitempty"`
	// Volumes is VolumesAvailable: so is every volume that is attached. Without any there is no data.
	Volumes VolumesState `json:"volumes,omitempty"`
}

// Initiators says what is demanded of a gateway's initiators.
type Initiators string

// AsBefore demands what was there before the update.
const AsBefore Initiators = "as-before"

// VolumesState says what is demanded of a gateway's volumes.
type VolumesState string

// VolumesAvailable demands the status AVAILABLE.
const VolumesAvailable VolumesState = "available"

// The names of a gateway's values in answers.
const (
	ofCache      = "cache dirty"
	ofBuffer     = "upload buffer used"
	ofInitiators = "initiators"
	ofVolumes    = "volumes"
)

func (c *GatewayCheck) question(s Subject) (Question, error) {
	q := GatewayQuestion{Account: s.Gateway.Account, ARN: s.Gateway.ARN, Type: s.GatewayType}
	q.Cache = c.CacheDirtyBelow > 0 && hasCache(s.GatewayType)
	q.UploadBuffer = c.UploadBufferBelow > 0 && hasUploadBuffer(s.GatewayType)
	q.Initiators = c.Initiators != "" && hasVolumes(s.GatewayType)
	q.Volumes = c.Volumes != "" && hasVolumes(s.GatewayType)
	return Question{Gateway: &q}, nil
}

// Which gateways have what (AWS API reference: DescribeCache, DescribeUploadBuffer, ListVolumeInitiators). One of
// unknown type is asked, and then AWS says.
func hasCache(gatewayType string) bool { return gatewayType != "STORED" }

func hasUploadBuffer(gatewayType string) bool {
	return slices.Contains([]string{"", "STORED", "CACHED", "VTL"}, gatewayType)
}

func hasVolumes(gatewayType string) bool {
	return gatewayType == "" || maintenance.Gateway{Type: gatewayType}.HasVolumes()
}

func (c *GatewayCheck) judge(e evidence) Answer {
	asked, seen := e.question.Gateway, e.reading.Gateway
	var values []Value
	if asked.Cache {
		values = append(values, c.cache(seen.Cache))
	}
	if asked.UploadBuffer {
		values = append(values, c.uploadBuffer(seen.UploadBuffer))
	}
	if asked.Volumes {
		values = append(values, volumesAvailable(seen.Volumes))
	}
	if asked.Initiators {
		values = append(values, initiatorsAsBefore(e, seen.Initiators))
	}
	if len(values) == 0 {
		return answered(e.reading.At, fmt.Sprintf("does not apply: the gateway is of type %s", asked.Type))
	}
	return answered(e.reading.At, "", values...)
}

func (c *GatewayCheck) cache(seen *Cache) Value {
	if seen == nil || seen.AllocatedBytes <= 0 {
		return belowPercent(ofCache, math.NaN(), c.CacheDirtyBelow)
	}
	return belowPercent(ofCache, seen.DirtyPercent, c.CacheDirtyBelow)
}

func (c *GatewayCheck) uploadBuffer(seen *UploadBuffer) Value {
	if seen == nil || seen.AllocatedBytes <= 0 {
		return belowPercent(ofBuffer, math.NaN(), c.UploadBufferBelow)
	}
	return belowPercent(ofBuffer, 100*float64(seen.UsedBytes)/float64(seen.AllocatedBytes), c.UploadBufferBelow)
}

func belowPercent(of string, seen float64, limit Percent) Value {
	v := Value{Of: of, Number: finite(seen), Text: Percent(seen).String(), Limit: "below " + limit.String()}
	v.Outcome = judged(seen < float64(limit))
	if math.IsNaN(seen) {
		v.Text, v.Outcome = "unknown", OutcomeNoData
	}
	return v
}

func volumesAvailable(seen []maintenance.Volume) Value {
	var attached int
	var others []string
	for _, volume := range seen {
		switch {
		case volume.Detached():
		case volume.Available():
			attached++
		default:
			attached++
			others = append(others, volume.ID+" is "+volume.Status)
		}
	}
	v := Value{
		Of: ofVolumes, Number: finite(float64(attached - len(others))), Limit: "all available",
		Outcome: judged(len(others) == 0),
		Text:    fmt.Sprintf("%d of %d available", attached-len(others), attached),
	}
	switch {
	case attached == 0:
		v.Text, v.Outcome = "none attached", OutcomeNoData
	case len(others) > 0:
		v.Text = shorten(v.Text + ": " + list(others))
	}
	return v
}

// initiatorsAsBefore compares with the initiators before the update. Before it, they are only recorded.
func initiatorsAsBefore(e evidence, seen map[string][]string) Value {
	var names []string
	for _, volume := range slices.Sorted(maps.Keys(seen)) {
		for _, name := range seen[volume] {
			names = append(names, volume+" "+name)
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	v := Value{
		Of: ofInitiators, Number: finite(float64(len(names))), Text: fmt.Sprintf("%d connected", len(names)), Names: names,
		Outcome: OutcomePass,
	}
	if e.moment != AtAfter && e.moment != AtBake {
		return v
	}
	v.Limit = "as before the update"
	before := e.before.value(ofInitiators)
	if before == nil {
		v.Outcome, v.Text = OutcomeNoData, v.Text+", and those before the update are not known"
		return v
	}
	connected := func(name string) bool { return slices.Contains(names, name) }
	missing := slices.DeleteFunc(slices.Clone(before.Names), connected)
	if len(missing) > 0 {
		v.Outcome = OutcomeFail
		v.Text = shorten(fmt.Sprintf("%d of %d connected: %s missing",
			len(before.Names)-len(missing), len(before.Names), list(missing)))
	}
	v.Names = nil // only the answer before the update is compared with
	return v
}

func (c *GatewayCheck) validate(f *faults, at string, check Check) {
	const demand = "at least one of cacheDirtyBelow, uploadBufferBelow, initiators, volumes"
	f.unless(*c != GatewayCheck{}, at+".gateway", "", demand)
	for field, limit := range map[string]Percent{
		"cacheDirtyBelow": c.CacheDirtyBelow, "uploadBufferBelow": c.UploadBufferBelow,
	} {
		f.unless(limit >= 0 && limit <= 100, at+".gateway."+field, limit.String(), "above 0%, at most 100%")
	}
	f.unless(c.Initiators == "" || c.Initiators == AsBefore, at+".gateway.initiators", string(c.Initiators),
		string(AsBefore))
	f.unless(c.Volumes == "" || c.Volumes == VolumesAvailable, at+".gateway.volumes", string(c.Volumes),
		string(VolumesAvailable))
	f.unless(!check.Has(AtCampaign), at+".at", string(AtCampaign),
		"before, after or bake: a campaign has no gateway of its own")
	f.unless(*c != GatewayCheck{Initiators: AsBefore} || check.followsUpdate(), at+".at", "", "after or bake: initiators are compared with those before the update")
}
