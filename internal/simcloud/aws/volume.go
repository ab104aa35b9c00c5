package aws

import (
	"slices"
	"strings"
	"time"
)

// The volume statuses that the simulator itself gives; a scenario may pin any other.
const (
	volumeAvailable     = "AVAILABLE"
	volumeBootstrapping = "BOOTSTRAPPING"
	volumePassThrough   = "PASS THROUGH"
	volumeIrrecoverable = "IRRECOVERABLE"
)

const gib = int64(1) << 30

// volume is one iSCSI volume.
type volume struct {
	conf    Volume
	gateway *gateway
	arn     string
	created time.Time
	// pinned is a status that stays until someone changes it.
	pinned string
	// taken counts the caller's snapshots, for a outcome that holds for the first few.
	taken int
	// nextScheduled is when the volume's own schedule next takes a snapshot; zero is never.
	nextScheduled time.Time
	tags          map[string]string
	// connectedSince is when the initiators of conf were connected, before any restart.
	connectedSince time.Time
}

func (c *Cloud) addVolume(g *gateway, conf Volume, now time.Time) {
	if conf.SizeGiB == 0 {
		conf.SizeGiB = 100
	}
	setDefault(&conf.AttachmentStatus, "ATTACHED")
	setDefault(&conf.SnapshotOutcome, outcomeCompleted)
	v := &volume{
		conf: conf, gateway: g, arn: g.arn + "/volume/" + conf.ID, pinned: conf.Status,
		created: now.Add(-365 * 24 * time.Hour), tags: map[string]string{}, connectedSince: now,
	}
	for _, ago := range conf.ScheduledAgo {
		c.snapshots.add(c.newSnapshot(v, now.Add(-ago), scheduledDescription, nil))
	}
	if conf.ScheduledEvery > 0 {
		v.nextScheduled = now.Add(conf.ScheduledEvery)
	}
	g.volumes = append(g.volumes, v)
	c.volumes[v.arn] = v
}

// removeVolume takes a volume away, as nobody asked for. Pending snapshots of it never complete.
func (c *Cloud) removeVolume(v *volume, at time.Time) {
	c.stallVolume(v, at)
	v.gateway.volumes = slices.DeleteFunc(v.gateway.volumes, func(other *volume) bool { return other == v })
	delete(c.volumes, v.arn)
	c.book.EffectAt(at, "vendor:VolumeGone", v.arn, "", nil)
}

// ec2ID is the id as EC2 wants it: Storage Gateway's in lower case.
func (v *volume) ec2ID() string { return strings.ToLower(v.conf.ID) }

// statusAt is the volume's status at a time to which its gateway was
// advanced, with the per cent of a bootstrap. After a restart the volumes
// bootstrap one at a time; one that waits for its turn is PASS THROUGH.
func (v *volume) statusAt(now time.Time) (string, *float64) {
	if v.pinned != "" {
		return v.pinned, nil
	}
	g := v.gateway
	if g.update != nil && g.update.at > 1 {
		return volumePassThrough, nil
	}
	if g.backSince.IsZero() {
		return volumeAvailable, nil
	}
	each := g.conf.Timing.Bootstrap
	start := g.backSince.Add(time.Duration(v.turn()) * each)
	switch {
	case now.Before(start):
		return volumePassThrough, nil
	case now.Before(start.Add(each)):
		percent := 100 * float64(now.Sub(start)) / float64(each)
		return volumeBootstrapping, &percent
	}
	return volumeAvailable, nil
}

// turn is how many volumes of the gateway bootstrap before this one.
func (v *volume) turn() int {
	turn := 0
	for _, other := range v.gateway.volumes {
		if other == v {
			break
		}
		if other.pinned == "" {
			turn++
		}
	}
	return turn
}

// outcome is what becomes of the caller's next snapshot.
func (v *volume) outcome() string {
	v.taken++
	if v.conf.SnapshotOutcomeTimes > 0 && v.taken > v.conf.SnapshotOutcomeTimes {
		return outcomeCompleted
	}
	return v.conf.SnapshotOutcome
}

// takeScheduled takes the snapshots of the volume's own schedule that are due.
// A schedule's snapshot of a volume that is not ready is left out.
func (c *Cloud) takeScheduled(v *volume, now time.Time) {
	for !v.nextScheduled.IsZero() && !v.nextScheduled.After(now) {
		at := v.nextScheduled
		v.nextScheduled = at.Add(v.conf.ScheduledEvery)
		if status, _ := v.statusAt(at); status != volumeAvailable || !v.gateway.running() {
			continue
		}
		c.takeForeign(v, at, scheduledDescription)
	}
}

// takeForeign takes a snapshot that no caller asked for.
func (c *Cloud) takeForeign(v *volume, at time.Time, description string) {
	s := c.newSnapshot(v, at, description, nil)
	c.snapshots.add(s)
	c.book.EffectAt(at, "vendor:ScheduledSnapshot", s.id, "", map[string]string{"volume": v.arn})
}
