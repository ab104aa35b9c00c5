package aws

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// gateway is one gateway as it is now, that is: at the time seen.
type gateway struct {
	conf     Gateway
	arn      string
	zone     maintenance.Zone
	window   Window // absolute: opensIn and openedAgo are resolved
	policy   string
	state    string
	version  string
	next     string
	nextDate time.Time
	// lastUpdate is zero for a gateway that was never updated.
	lastUpdate time.Time
	update     *update
	// backSince is the end of the last update: the volumes bootstrap from then.
	backSince time.Time
	// restarted and updated are when it went away for updates, and when these ended.
	restarted, updated []time.Time
	seen               time.Time
	// begun is when it was put into the cloud.
	begun time.Time
	// cacheDirty and bufferUsed are per cents of the cache and of the upload buffer.
	cacheDirty, bufferUsed level
	volumes                []*volume
	tags                   map[string]string
}

// addGateway takes a validated gateway with its defaults in place.
func (c *Cloud) addGateway(conf Gateway, now time.Time) {
	zone, err := maintenance.ParseZone(conf.Timezone)
	if err != nil {
		zone = maintenance.Zone{} // Validate has refused it before
	}
	g := &gateway{
		conf:    conf,
		arn:     fmt.Sprintf("arn:aws:storagegateway:%s:%s:gateway/%s", conf.Region, conf.Account, conf.ID),
		zone:    zone,
		window:  conf.Window.resolve(now, zone),
		policy:  conf.AutomaticUpdatePolicy,
		state:   conf.State,
		version: conf.Version,
		seen:    now,
		begun:   now,
		tags:    map[string]string{},

		cacheDirty: conf.Cache.Dirty.from(now),
		bufferUsed: conf.UploadBuffer.Used.from(now),
	}
	maps.Copy(g.tags, conf.Tags)
	if !conf.NeverUpdated {
		g.lastUpdate = now.Add(-conf.LastUpdatedAgo)
	}
	if conf.NextVersion != "" {
		g.publish(conf.NextVersion, now.Add(-cmp.Or(conf.UpdateOfferedAgo, 24*time.Hour)))
	}
	for _, v := range conf.Volumes {
		c.addVolume(g, v, now)
	}
	c.gateways = append(c.gateways, g)
	c.byARN[g.arn], c.byID[conf.ID] = g, g
}

func (c *Cloud) sortGateways() {
	slices.SortFunc(c.gateways, func(a, b *gateway) int { return strings.Compare(a.arn, b.arn) })
}

// publish makes a version available.
func (g *gateway) publish(version string, at time.Time) {
	g.next, g.nextDate = version, at
}

// connected is so if the gateway answers at all.
func (g *gateway) connected() bool {
	if g.update != nil && g.update.phase().away {
		return false
	}
	return g.state != stateDisconnected
}

// running is so if the gateway does what needs a running gateway.
func (g *gateway) running() bool {
	return g.connected() && strings.TrimPrefix(strings.ToUpper(g.state), "STATE_") == stateRunning
}

// local writes a time as AWS does: the gateway's own time, without a zone.
func (g *gateway) local(t time.Time) string {
	return t.In(g.zone.Location()).Format("2006-01-02T15:04:05")
}

// date writes a date that lies so far from the scenario's start; zero is no date.
func (g *gateway) date(in time.Duration) string {
	if in == 0 {
		return ""
	}
	return g.local(g.begun.Add(in))
}

// resolve turns a relative window into an absolute weekly one.
func (w Window) resolve(now time.Time, zone maintenance.Zone) Window {
	if w.OpensIn == 0 && w.OpenedAgo == 0 {
		return w
	}
	start := now.Add(-w.OpenedAgo).Truncate(time.Minute)
	if w.OpensIn != 0 {
		start = now.Add(w.OpensIn + time.Minute - 1).Truncate(time.Minute)
	}
	local := start.In(zone.Location())
	return Window{
		HourOfDay: new(local.Hour()), MinuteOfHour: new(local.Minute()), DayOfWeek: new(int(local.Weekday())),
		NotSupported: w.NotSupported,
	}
}

// nextStart is when AWS's maintenance next starts after a time; false for
// a window that is no schedule.
func (g *gateway) nextStart(after time.Time) (time.Time, bool) {
	schedule, err := maintenance.ParseSchedule(maintenance.RawSchedule{
		DayOfWeek: g.window.DayOfWeek, DayOfMonth: g.window.DayOfMonth,
		Hour: g.window.HourOfDay, Minute: g.window.MinuteOfHour, Timezone: g.zone.String(),
	}, "")
	if err != nil {
		return time.Time{}, false
	}
	return schedule.NextStart(after), true
}

// sortedVolumes is in the order of the ARNs, as AWS lists them.
func (g *gateway) sortedVolumes() []*volume {
	return slices.SortedFunc(slices.Values(g.volumes), func(a, b *volume) int { return strings.Compare(a.arn, b.arn) })
}

// String says the schedule for an effect's detail.
func (w Window) String() string {
	part := func(n *int) string {
		if n == nil {
			return "-"
		}
		return fmt.Sprint(*n)
	}
	return fmt.Sprintf("hourOfDay %s, minuteOfHour %s, dayOfWeek %s, dayOfMonth %s",
		part(w.HourOfDay), part(w.MinuteOfHour), part(w.DayOfWeek), part(w.DayOfMonth))
}

// Happened says when a gateway, by its id, went away for an update, and when an update of it ended, up to now.
func (c *Cloud) Happened(gatewayID string) (restarted, updated []time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.byID[gatewayID]
	if g == nil {
		return nil, nil
	}
	c.advance(g, c.now())
	return slices.Clone(g.restarted), slices.Clone(g.updated)
}
