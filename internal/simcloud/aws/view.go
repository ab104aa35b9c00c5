package aws

import (
	"maps"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
)

// State is everything that the cloud holds, for people and tests.
type State struct {
	Now       time.Time       `json:"now"`
	Gateways  []GatewayState  `json:"gateways"`
	Snapshots []SnapshotState `json:"snapshots"`

	Alarms    []cloudwatch.AlarmState `json:"alarms"`
	MuteRules []cloudwatch.MuteState  `json:"muteRules"`
}

// GatewayState is one gateway as it is now, the truth behind its answers.
type GatewayState struct {
	ID      string            `json:"id"`
	ARN     string            `json:"arn"`
	Name    string            `json:"name"`
	Region  string            `json:"region"`
	Account string            `json:"account"`
	Type    string            `json:"type"`
	State   string            `json:"state"`
	Tags    map[string]string `json:"tags"`
	// Connected is false while the gateway answers GatewayNotConnected.
	Connected bool `json:"connected"`
	// Phase is where an update stands, empty without one.
	Phase       string `json:"phase,omitempty"`
	Version     string `json:"version"`
	NextVersion string `json:"nextVersion,omitempty"`
	// LastUpdate is zero for a gateway that was never updated.
	LastUpdate time.Time `json:"lastUpdate,omitzero"`
	Timezone   string    `json:"timezone"`
	Window     string    `json:"window"`
	// NextWindow is the next start after now, zero where the window is no schedule.
	NextWindow            time.Time `json:"nextWindow,omitzero"`
	AutomaticUpdatePolicy string    `json:"automaticUpdatePolicy"`
	// CacheDirtyPercent is of a cache, UploadBufferUsedPercent of an upload buffer, whether or not
	// the gateway's type has one.
	CacheDirtyPercent       float64       `json:"cacheDirtyPercent"`
	UploadBufferUsedPercent float64       `json:"uploadBufferUsedPercent"`
	Volumes                 []VolumeState `json:"volumes"`
}

// VolumeState is one volume as it is now.
type VolumeState struct {
	ID     string            `json:"id"`
	ARN    string            `json:"arn"`
	Status string            `json:"status"`
	Tags   map[string]string `json:"tags"`
	// Initiators are those that are connected.
	Initiators []string `json:"initiators"`
}

// SnapshotState is one snapshot as it is now.
type SnapshotState struct {
	ID          string            `json:"id"`
	VolumeID    string            `json:"volumeId"`
	Description string            `json:"description"`
	Tags        map[string]string `json:"tags,omitempty"`
	Status      string            `json:"status"`
	Progress    string            `json:"progress"`
	Started     time.Time         `json:"started"`
	Deleted     bool              `json:"deleted,omitempty"`
}

// State brings everything up to now and shows it.
func (c *Cloud) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	out := State{Now: now.UTC(), Gateways: []GatewayState{}, Snapshots: []SnapshotState{}}
	for _, g := range c.gateways {
		c.advance(g, now)
		out.Gateways = append(out.Gateways, g.view(now))
	}
	for _, s := range c.snapshots.all {
		out.Snapshots = append(out.Snapshots, SnapshotState{
			ID: s.id, VolumeID: s.volumeID, Description: s.description, Tags: maps.Clone(s.tags),
			Status: s.status(now), Progress: s.progress(now), Started: s.started.UTC(), Deleted: s.gone(now),
		})
	}
	c.advanceAlarms(now)
	out.Alarms, out.MuteRules = c.alarms.State(now)
	return out
}

func (g *gateway) view(now time.Time) GatewayState {
	out := GatewayState{
		ID: g.conf.ID, ARN: g.arn, Name: g.conf.Name, Region: g.conf.Region, Account: g.conf.Account, Type: g.conf.Type,
		State: g.state, Tags: maps.Clone(g.tags), Connected: g.connected(), Version: g.version, NextVersion: g.next,
		Volumes: []VolumeState{}, LastUpdate: g.lastUpdate.UTC(), Timezone: g.zone.String(), Window: g.window.String(),
		AutomaticUpdatePolicy: g.policy,
		CacheDirtyPercent:     g.cacheDirty.at(now), UploadBufferUsedPercent: g.bufferUsed.at(now),
	}
	if g.lastUpdate.IsZero() {
		out.LastUpdate = time.Time{}
	}
	if g.update != nil {
		out.Phase = g.update.phase().name
	}
	if next, ok := g.nextStart(now); ok {
		out.NextWindow = next
	}
	for _, v := range g.sortedVolumes() {
		status, _ := v.statusAt(now)
		out.Volumes = append(out.Volumes, VolumeState{
			ID: v.conf.ID, ARN: v.arn, Status: status, Tags: maps.Clone(v.tags), Initiators: v.connected(now),
		})
	}
	return out
}

// Settle brings everything up to now, so that the Book shows what AWS did by
// itself so far. A call does so for what it reads.
func (c *Cloud) Settle() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, g := range c.gateways {
		c.advance(g, c.now())
	}
	c.alarms.Advance(c.now())
}
