package aws

import (
	"slices"
	"time"

	"github.com/tidegate/tidegate/internal/simcloud/aws/cloudwatch"
)

// pollPatience is how long beyond its duration a phase waits to be seen.
const pollPatience = 30 * time.Second

// phase is one stretch of an update, in which the gateway answers the same way.
type phase struct {
	name string
	// away answers GatewayNotConnected.
	away bool
	// updated shows the new version.
	updated bool
	// forever never ends by itself.
	forever bool
	length  time.Duration
	polls   int
}

// update is one software update under way.
type update struct {
	version string
	phases  []phase
	at      int
	since   time.Time
	// polls counts who saw the phase, lastPoll is when.
	polls    int
	lastPoll time.Time
}

func (u *update) phase() phase { return u.phases[u.at] }

// newUpdate lays out the phases of a gateway's update that starts at a time.
func (g *gateway) newUpdate(at time.Time) *update {
	t := g.conf.Timing
	phases := []phase{
		{name: "triggered", length: t.Gap, polls: *t.GapPolls},
		{name: "restarting", away: true, length: t.Restart, forever: g.conf.NeverComesBack},
		{name: "back with the old version", length: t.OldVersion, polls: *t.OldVersionPolls},
	}
	for range g.conf.Flaps {
		phases = append(phases,
			phase{name: "back for a moment", updated: true, length: t.Flap},
			phase{name: "gone again", away: true, updated: true, length: t.Flap})
	}
	return &update{version: g.next, phases: phases, since: at}
}

// over says whether the phase has ended by now, and at which time.
func (u *update) over(now time.Time) (time.Time, bool) {
	p := u.phase()
	if p.forever {
		return time.Time{}, false
	}
	end := u.since.Add(p.length)
	switch {
	case u.polls < p.polls:
		end = end.Add(pollPatience)
	case u.lastPoll.After(end):
		end = u.lastPoll
	}
	return end, !now.Before(end)
}

// advance brings a gateway to a time: its update goes through its phases,
// AWS makes its own update when the window starts, schedules take snapshots.
// Every call on a gateway does this first.
func (c *Cloud) advance(g *gateway, now time.Time) {
	for {
		if g.update != nil {
			end, over := g.update.over(now)
			if !over {
				break
			}
			c.nextPhase(g, end)
			continue
		}
		due, ok := g.automaticUpdate()
		if !ok || due.After(now) {
			break
		}
		g.seen = due
		c.book.EffectAt(due, "vendor:AutomaticUpdate", g.arn, "", map[string]string{"from": g.version, "to": g.next})
		c.startUpdate(g, due)
	}
	if g.seen.Before(now) {
		g.seen = now
	}
	for _, v := range g.volumes {
		c.takeScheduled(v, now)
	}
}

// automaticUpdate is when AWS would next update the gateway by itself.
func (g *gateway) automaticUpdate() (time.Time, bool) {
	if !g.conf.AWSUpdates || g.policy != policyAll || g.next == "" || !g.running() {
		return time.Time{}, false
	}
	start, ok := g.nextStart(g.seen.Add(-g.conf.AWSUpdatesAfter))
	return start.Add(g.conf.AWSUpdatesAfter), ok
}

// startUpdate starts an update at a time.
func (c *Cloud) startUpdate(g *gateway, at time.Time) {
	g.update = g.newUpdate(at)
}

// nextPhase ends the phase at a time and starts the next, or ends the update.
func (c *Cloud) nextPhase(g *gateway, at time.Time) {
	u := g.update
	u.at, u.since, u.polls = u.at+1, at, 0
	ended := u.at == len(u.phases)
	if (ended || u.phase().updated) && g.next == u.version {
		g.version, g.lastUpdate = u.version, at
		g.next, g.nextDate = "", time.Time{}
	}
	if ended {
		g.update, g.backSince, g.seen = nil, at, at
		c.afterUpdate(g, at)
		g.updated = append(g.updated, at)
		c.alarms.Happened(g.conf.ID, cloudwatch.Updated, at)
		return
	}
	if u.at == 1 {
		g.restarted = append(g.restarted, at)
		c.alarms.Happened(g.conf.ID, cloudwatch.Restarting, at)
	}
	if u.phase().away {
		c.stall(g, at)
	}
}

// afterUpdate is what an update leaves behind, alongside its version.
func (c *Cloud) afterUpdate(g *gateway, at time.Time) {
	if to := g.conf.VersionAfterUpdate; to != "" {
		c.book.EffectAt(at, "vendor:VersionAfterUpdate", g.arn, "", map[string]string{"from": g.version, "to": to})
		g.run(to)
	}
	g.cacheDirty.rise(at)
	g.bufferUsed.rise(at)
	for _, v := range slices.Clone(g.volumes) {
		setDefault(&v.pinned, v.conf.AfterUpdate)
		if v.conf.GoneAfterUpdate {
			c.removeVolume(v, at)
		}
	}
}

// run puts a version onto the gateway, NoVersion for one that it does not show.
func (g *gateway) run(version string) {
	g.version = version
	if version == NoVersion {
		g.version = ""
	}
}

// advanceAlarms brings the alarms to a time, and the gateways first that they follow.
func (c *Cloud) advanceAlarms(now time.Time) {
	for _, id := range c.alarms.Gateways() {
		c.advance(c.byID[id], now)
	}
	c.alarms.Advance(now)
}

// poll notes that DescribeGatewayInformation saw the present phase.
func (g *gateway) poll(now time.Time) {
	if g.update != nil {
		g.update.polls++
		g.update.lastPoll = now
	}
}
