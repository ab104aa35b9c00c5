package aws

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/wire"
	"github.com/tidegate/tidegate/internal/simcloud/check"
)

// Cache is a gateway's cache.
type Cache struct {
	SizeGiB int `yaml:"sizeGiB,omitempty"` // default 150
	// UsedPercent is the share of the cache in use; default 60.
	UsedPercent *float64 `yaml:"usedPercent,omitempty"`
	// Dirty is the share that is not yet persisted to AWS.
	Dirty Load `yaml:"dirty,omitempty"`
}

// UploadBuffer is a gateway's upload buffer.
type UploadBuffer struct {
	SizeGiB int  `yaml:"sizeGiB,omitempty"` // default 150
	Used    Load `yaml:"used,omitempty"`
}

// Load is a per cent that falls as the gateway uploads what it holds, and rises when
// applications come back after an update.
type Load struct {
	Percent float64 `yaml:"percent,omitempty"`
	// ClearsIn is how long it takes to fall from Percent to Floor, evenly; zero: it stays.
	ClearsIn time.Duration `yaml:"clearsIn,omitempty"`
	Floor    float64       `yaml:"floor,omitempty"`
	// AfterUpdate is what it is when an update has ended, and falls from then on; nil: the update
	// makes no difference.
	AfterUpdate *float64 `yaml:"afterUpdate,omitempty"`
}

// Initiator is an iSCSI initiator that uses a volume.
type Initiator struct {
	// Name is the host's, without the port.
	Name string `yaml:"name"`
	// ReturnsAfter is how long after a restart it is connected again; default the timing's
	// reconnect.
	ReturnsAfter time.Duration `yaml:"returnsAfter,omitempty"`
	// NeverReturns keeps it away after a restart.
	NeverReturns bool `yaml:"neverReturns,omitempty"`
}

func (l Load) check(c *check.Checker, path string) {
	c.Percent(path+".percent", l.Percent)
	c.Percent(path+".floor", l.Floor)
	if l.AfterUpdate != nil {
		c.Percent(path+".afterUpdate", *l.AfterUpdate)
	}
	c.NotNegative(path+".clearsIn", l.ClearsIn)
}

func (k Cache) check(c *check.Checker, path string) {
	checkSize(c, path+".sizeGiB", k.SizeGiB)
	if k.UsedPercent != nil {
		c.Percent(path+".usedPercent", *k.UsedPercent)
	}
	k.Dirty.check(c, path+".dirty")
}

func (b UploadBuffer) check(c *check.Checker, path string) {
	checkSize(c, path+".sizeGiB", b.SizeGiB)
	b.Used.check(c, path+".used")
}

func checkSize(c *check.Checker, path string, gib int) {
	if gib < 0 || gib > 64*1024 {
		c.Wrong(path, fmt.Sprint(gib), "1 to 65536")
	}
}

// checkInitiators leaves room for the port in AWS's fifty characters.
func checkInitiators(c *check.Checker, path string, initiators []Initiator) {
	seen := map[string]bool{}
	for i, one := range initiators {
		at := fmt.Sprintf("%s[%d].", path, i)
		if len(one.Name) < 1 || len(one.Name) > 44 {
			c.Wrong(at+"name", one.Name, "a host's name or address, of at most 44 characters")
		}
		c.Unique(at+"name", one.Name, seen)
		c.NotNegative(at+"returnsAfter", one.ReturnsAfter)
	}
}

// level is a load since a time.
type level struct {
	Load

	since time.Time
}

func (l Load) from(at time.Time) level { return level{l, at} }

// at is the per cent at a time.
func (l level) at(now time.Time) float64 {
	if l.ClearsIn == 0 || l.Percent <= l.Floor {
		return l.Percent
	}
	left := 1 - min(1, float64(now.Sub(l.since))/float64(l.ClearsIn))
	return math.Round(100*(l.Floor+left*(l.Percent-l.Floor))) / 100
}

// rise is what an update leaves.
func (l *level) rise(at time.Time) {
	if l.AfterUpdate != nil {
		l.Percent, l.since = *l.AfterUpdate, at
	}
}

// connected are the initiators at a time to which the gateway was advanced, with the ports of
// their connections. A restart drops all; who comes back has another port.
func (v *volume) connected(now time.Time) []string {
	g, out := v.gateway, []string{}
	if g.update != nil && g.update.at > 0 {
		return out
	}
	restarted := g.backSince.After(v.connectedSince)
	for i, one := range v.conf.Initiators {
		wait := one.ReturnsAfter
		if wait == 0 {
			wait = g.conf.Timing.Reconnect
		}
		if restarted && (one.NeverReturns || now.Before(g.backSince.Add(wait))) {
			continue
		}
		port := 49152 + (int64(i)+g.backSince.Unix()%4096+4096)%16384
		out = append(out, fmt.Sprintf("%s:%d", one.Name, port))
	}
	return out
}

type cacheInfo struct {
	GatewayARN            string
	DiskIds               []string
	CacheAllocatedInBytes int64
	CacheUsedPercentage   float64
	CacheDirtyPercentage  float64
	CacheHitPercentage    float64
	CacheMissPercentage   float64
}

// describeCache is for every type but stored volumes.
func (c *Cloud) describeCache(call *wire.Call, g *gateway) (any, *wire.Error) {
	if !g.running() {
		return nil, wire.Refuse("GatewayNotConnected")
	}
	if g.conf.Type == typeStored {
		return nil, wire.Refuse("NotSupported")
	}
	dirty := g.cacheDirty.at(call.Now)
	return cacheInfo{
		GatewayARN: g.arn, DiskIds: []string{"pci-0000:03:00.0-scsi-0:0:2:0"},
		CacheAllocatedInBytes: int64(g.conf.Cache.SizeGiB) * gib,
		CacheUsedPercentage:   max(*g.conf.Cache.UsedPercent, dirty), CacheDirtyPercentage: dirty,
		CacheHitPercentage: 99.5, CacheMissPercentage: 0.5,
	}, nil
}

type uploadBufferInfo struct {
	GatewayARN                   string
	DiskIds                      []string
	UploadBufferUsedInBytes      int64
	UploadBufferAllocatedInBytes int64
}

// describeUploadBuffer is for volumes and tapes.
func (c *Cloud) describeUploadBuffer(call *wire.Call, g *gateway) (any, *wire.Error) {
	if !g.running() {
		return nil, wire.Refuse("GatewayNotConnected")
	}
	if !hasVolumes(g.conf.Type) && !slices.Contains([]string{"VTL", "VTL_SNOW"}, g.conf.Type) {
		return nil, wire.Refuse("NotSupported")
	}
	size := int64(g.conf.UploadBuffer.SizeGiB) * gib
	return uploadBufferInfo{
		GatewayARN: g.arn, DiskIds: []string{"pci-0000:03:00.0-scsi-0:0:0:0"},
		UploadBufferUsedInBytes:      int64(float64(size) * g.bufferUsed.at(call.Now) / 100),
		UploadBufferAllocatedInBytes: size,
	}, nil
}

type volumeInput struct {
	VolumeARN *string
}

type volumeInitiators struct {
	Initiators []string
}

// listInitiators says who uses a volume now.
func (c *Cloud) listInitiators(call *wire.Call, in volumeInput) (any, *wire.Error) {
	v, err := c.findVolume(call, in.VolumeARN)
	if err != nil {
		return nil, err
	}
	if !v.gateway.running() {
		return nil, wire.Refuse("GatewayNotConnected")
	}
	return volumeInitiators{v.connected(call.Now)}, nil
}
