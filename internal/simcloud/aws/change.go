package aws

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
	"github.com/tidegate/tidegate/internal/simcloud/check"
)

// ErrUnknown is a gateway, volume, snapshot or alarm that the scenario does not have.
var ErrUnknown = cloudwatch.ErrUnknown

// Outcome is what a gateway does at its next update. A nil field stays as it is.
type Outcome struct {
	NoEffect       *bool `yaml:"noEffect,omitempty"`
	NeverComesBack *bool `yaml:"neverComesBack,omitempty"`
	Flaps          *int  `yaml:"flaps,omitempty"`
	// VersionAfterUpdate that is empty is that of the update again.
	VersionAfterUpdate *string `yaml:"versionAfterUpdate,omitempty"`
	NoUpdate           *string `yaml:"noUpdate,omitempty"`
	AWSUpdates         *bool   `yaml:"awsUpdates,omitempty"`
}

// VolumeChange changes a volume. A nil field stays as it is.
type VolumeChange struct {
	// Status pins VolumeStatus; empty takes the pin away.
	Status          *string `yaml:"status,omitempty"`
	SnapshotOutcome *string `yaml:"snapshotOutcome,omitempty"`
	// GoneAfterUpdate is for the next update.
	GoneAfterUpdate *bool `yaml:"goneAfterUpdate,omitempty"`
	// Initiators are those that are connected from now on.
	Initiators *[]Initiator `yaml:"initiators,omitempty"`
}

// AddGateway puts one more gateway into the cloud, as an activation would.
func (c *Cloud) AddGateway(conf Gateway) error {
	faults := &check.Checker{}
	conf.check(faults, "gateway")
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byID[conf.ID] != nil {
		faults.Wrong("gateway.id", conf.ID, "an id that no other gateway has")
	}
	for _, v := range c.volumes {
		if slices.ContainsFunc(conf.Volumes, func(n Volume) bool { return n.ID == v.conf.ID }) {
			faults.Wrong("gateway.volumes", v.conf.ID, "volume ids that no other gateway has")
		}
	}
	if err := faults.Err(); err != nil {
		return err
	}
	conf.Timing = conf.Timing.Over(c.timing)
	setDefault(&conf.NoUpdate, c.noUpdate)
	setDefault(&conf.Account, c.account)
	c.addGateway(conf.withDefaults(), c.now())
	c.sortGateways()
	c.admin("AddGateway", c.byID[conf.ID].arn, map[string]string{})
	return nil
}

// MoveWindow gives a gateway another maintenance start, as its owner might in the console.
func (c *Cloud) MoveWindow(id string, w Window) error {
	faults := &check.Checker{}
	w.check(faults, "window")
	if w.empty() {
		faults.Wrong("window", "empty", "hourOfDay with minuteOfHour and a day; opensIn; or openedAgo")
	}
	if err := faults.Err(); err != nil {
		return err
	}
	return c.change(id, "Window", func(g *gateway, now time.Time) map[string]string {
		g.window = w.resolve(now, g.zone)
		return map[string]string{"window": g.window.String()}
	})
}

// Publish makes a version available to a gateway.
func (c *Cloud) Publish(id, version string) error {
	if version == "" {
		return &maintenance.FieldError{Field: "version", Want: "a version such as 1.3.0"}
	}
	return c.change(id, "Version", func(g *gateway, now time.Time) map[string]string {
		g.publish(version, now)
		return map[string]string{"version": version}
	})
}

// SetVersion lets a gateway run another version from now on, without an update: NoVersion
// for one that it does not show.
func (c *Cloud) SetVersion(id, version string) error {
	if version == "" {
		return &maintenance.FieldError{Field: "version", Want: "a version such as 1.1.0, or " + NoVersion}
	}
	return c.change(id, "RunningVersion", func(g *gateway, _ time.Time) map[string]string {
		detail := map[string]string{"from": g.version, "to": version}
		g.run(version)
		return detail
	})
}

// SetState puts a gateway into a state, such as RUNNING, SHUTDOWN or
// DISCONNECTED. A running state brings back one that would never come back.
func (c *Cloud) SetState(id, state string) error {
	if len(state) < 2 || len(state) > 25 {
		return maintenance.Invalid("state", state, "2 to 25 characters, such as RUNNING, STATE_RUNNING, SHUTDOWN or DISCONNECTED")
	}
	return c.change(id, "State", func(g *gateway, now time.Time) map[string]string {
		g.state = state
		if state == stateDisconnected {
			c.stall(g, now)
		}
		if g.update != nil && g.update.phase().forever && strings.HasSuffix(strings.ToUpper(state), stateRunning) {
			c.nextPhase(g, now)
		}
		return map[string]string{"state": state}
	})
}

// SetOutcome changes what a gateway does at its next update.
func (c *Cloud) SetOutcome(id string, f Outcome) error {
	faults := &check.Checker{}
	if f.NoUpdate != nil {
		faults.OneOf("noUpdate", *f.NoUpdate, noUpdateAccepted, noUpdateNotSupported)
	}
	faults.InRange("flaps", f.Flaps, 0, 100)
	if err := faults.Err(); err != nil {
		return err
	}
	return c.change(id, "Outcome", func(g *gateway, _ time.Time) map[string]string {
		set(&g.conf.NoEffect, f.NoEffect)
		set(&g.conf.NeverComesBack, f.NeverComesBack)
		set(&g.conf.Flaps, f.Flaps)
		set(&g.conf.NoUpdate, f.NoUpdate)
		set(&g.conf.VersionAfterUpdate, f.VersionAfterUpdate)
		set(&g.conf.AWSUpdates, f.AWSUpdates)
		return map[string]string{}
	})
}

// SetTags changes a gateway's tags, as its owner might in the console. A nil value takes
// one off.
func (c *Cloud) SetTags(id string, changes map[string]*string) error {
	var refused error
	err := c.change(id, "Tags", func(g *gateway, _ time.Time) map[string]string {
		after, detail := maps.Clone(g.tags), map[string]string{}
		for key, value := range changes {
			detail["tag:"+key] = after[key]
			if delete(after, key); value != nil {
				after[key], detail["tag:"+key] = *value, *value
			}
		}
		if refused = checkTags("tags", after); refused != nil {
			return nil
		}
		g.tags = after
		return detail
	})
	if err == nil {
		err = refused
	}
	return err
}

// checkTags holds tags to AWS's limits.
func checkTags(path string, tags map[string]string) error {
	if err := takeTags(map[string]string{}, sortedTags(tags)); err != nil {
		return &maintenance.FieldError{
			Field: path, Value: fmt.Sprintf("%d tags", len(tags)),
			Want: "tags that AWS takes: " + cmp.Or(err.Details["tags"], err.Message),
		}
	}
	return nil
}

func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// UpdateByAWS makes AWS install the available version now, whatever the policy
// says, as it does with an emergency version. It does nothing to a gateway that
// has no version available or is being updated.
func (c *Cloud) UpdateByAWS(id string) error {
	return c.change(id, "Update", func(g *gateway, now time.Time) map[string]string {
		if g.update != nil || g.next == "" {
			return map[string]string{"outcome": "no update to install"}
		}
		detail := map[string]string{"from": g.version, "to": g.next}
		c.book.EffectAt(now, "vendor:AutomaticUpdate", g.arn, "", detail)
		c.startUpdate(g, now)
		return detail
	})
}

// SetCache gives a gateway's cache another share of dirty data, which falls from now on.
func (c *Cloud) SetCache(id string, dirty Load) error {
	return c.setLoad(id, "Cache", dirty, func(g *gateway) *level { return &g.cacheDirty })
}

// SetUploadBuffer fills or empties a gateway's upload buffer, which is emptied further from now on.
func (c *Cloud) SetUploadBuffer(id string, used Load) error {
	return c.setLoad(id, "UploadBuffer", used, func(g *gateway) *level { return &g.bufferUsed })
}

func (c *Cloud) setLoad(id, kind string, load Load, of func(g *gateway) *level) error {
	faults := &check.Checker{}
	load.check(faults, strings.ToLower(kind[:1])+kind[1:])
	if err := faults.Err(); err != nil {
		return err
	}
	return c.change(id, kind, func(g *gateway, now time.Time) map[string]string {
		*of(g) = load.from(now)
		return map[string]string{"percent": fmt.Sprint(load.Percent)}
	})
}

// AddAlarm puts one more alarm into CloudWatch.
func (c *Cloud) AddAlarm(conf cloudwatch.Alarm) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	gateways := map[string]bool{}
	for id := range c.byID {
		gateways[id] = true
	}
	now := c.now()
	c.advanceAlarms(now)
	conf = conf.WithDefaults(DefaultRegion, c.account)
	if err := c.alarms.AddAlarm(conf, gateways, now); err != nil {
		return err
	}
	c.admin("AddAlarm", conf.Name, map[string]string{"account": conf.Account, "region": conf.Region})
	return nil
}

// SetAlarm gives a metric alarm a state from now on.
func (c *Cloud) SetAlarm(name string, change cloudwatch.StateChange) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	c.advanceAlarms(now)
	setDefault(&change.Region, DefaultRegion)
	setDefault(&change.Account, c.account)
	arn, err := c.alarms.SetState(name, change, now)
	if err != nil {
		return err
	}
	c.admin("AlarmState", arn, map[string]string{"state": change.State})
	return nil
}

// SetVolume changes a volume of a gateway. A status in which AWS takes no
// snapshots stops the pending ones for good.
func (c *Cloud) SetVolume(gatewayID, volumeID string, change VolumeChange) error {
	if err := change.check(); err != nil {
		return err
	}
	return c.changeVolume(gatewayID, volumeID, func(v *volume, now time.Time) map[string]string {
		set(&v.pinned, change.Status)
		set(&v.conf.SnapshotOutcome, change.SnapshotOutcome)
		set(&v.conf.GoneAfterUpdate, change.GoneAfterUpdate)
		if change.Initiators != nil {
			v.conf.Initiators, v.connectedSince = *change.Initiators, now
		}
		if v.pinned == volumePassThrough || v.pinned == volumeIrrecoverable {
			c.stallVolume(v, now)
		}
		return map[string]string{"volume": volumeID, "status": v.pinned, "snapshotOutcome": v.conf.SnapshotOutcome}
	})
}

func (v VolumeChange) check() error {
	faults := &check.Checker{}
	if v.Status != nil {
		checkVolumeStatus(faults, "status", *v.Status)
	}
	if v.SnapshotOutcome != nil {
		faults.OneOf("snapshotOutcome", *v.SnapshotOutcome, outcomeCompleted, outcomeStuck, outcomeError)
	}
	if v.Initiators != nil {
		checkInitiators(faults, "initiators", *v.Initiators)
	}
	return faults.Err()
}

// TakeScheduled takes a snapshot of a volume now, as the volume's own schedule
// or someone else would, in whatever state the volume is. An empty description is the schedule's.
func (c *Cloud) TakeScheduled(gatewayID, volumeID, description string) error {
	setDefault(&description, scheduledDescription)
	if len(description) > 255 {
		return maintenance.Invalid("description", description, "at most 255 characters")
	}
	return c.changeVolume(gatewayID, volumeID, func(v *volume, now time.Time) map[string]string {
		c.takeForeign(v, now, description)
		return nil
	})
}

// changeVolume is change for a volume of a gateway.
func (c *Cloud) changeVolume(gatewayID, volumeID string, act func(v *volume, now time.Time) map[string]string) error {
	found := false
	err := c.change(gatewayID, "Volume", func(g *gateway, now time.Time) map[string]string {
		at := slices.IndexFunc(g.volumes, func(v *volume) bool { return v.conf.ID == volumeID })
		if at < 0 {
			return nil
		}
		found = true
		return act(g.volumes[at], now)
	})
	if err == nil && !found {
		return fmt.Errorf("%w volume %q of gateway %s", ErrUnknown, volumeID, gatewayID)
	}
	return err
}

// SetSnapshot gives a snapshot another outcome: completed, stuck or error.
func (c *Cloud) SetSnapshot(id, outcome string) error {
	faults := &check.Checker{}
	faults.OneOf("outcome", outcome, outcomeCompleted, outcomeStuck, outcomeError)
	if err := faults.Err(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s, known := c.snapshots.byID[id]
	if !known {
		return fmt.Errorf("%w snapshot %q: see GET /_sim/state for those that there are", ErrUnknown, id)
	}
	s.outcome, s.stalled = outcome, time.Time{}
	if now := c.now(); outcome != outcomeStuck && now.Before(s.completes) {
		s.completes = now
	}
	c.admin("Snapshot", id, map[string]string{"outcome": outcome})
	return nil
}

// change brings a gateway up to now, changes it and notes it. A nil detail is no change.
func (c *Cloud) change(id, kind string, act func(g *gateway, now time.Time) map[string]string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	g, known := c.byID[id]
	if !known {
		ids := slices.Sorted(maps.Keys(c.byID))
		if len(ids) > 10 {
			ids = append(ids[:10], "...")
		}
		return fmt.Errorf("%w gateway %q: must be one of %s", ErrUnknown, id, strings.Join(ids, ", "))
	}
	now := c.now()
	c.advance(g, now)
	if detail := act(g, now); detail != nil {
		c.admin(kind, g.arn, detail)
	}
	return nil
}

// admin notes a change that came from the simulator's own side, so that no
// test takes it for a caller's.
func (c *Cloud) admin(kind, resource string, detail map[string]string) {
	c.book.EffectAt(c.now(), "admin:"+kind, resource, "", detail)
}
