package aws

import (
	"fmt"
	"slices"
	"time"
)

// scheduledDescription marks a snapshot that a volume's own schedule took.
const scheduledDescription = "Scheduled snapshot (AWS Storage Gateway)"

// EC2's snapshot states.
const (
	snapshotPending   = "pending"
	snapshotCompleted = "completed"
	snapshotError     = "error"
)

// stuckProgress is the per cent at which a stuck snapshot stays.
const stuckProgress = 42

// snapshot is one EBS snapshot of a gateway's volume.
type snapshot struct {
	id, account, region, volumeID, description string
	seq, sizeGiB                               int
	tags                                       map[string]string
	started, completes                         time.Time
	visibleByID, visibleByFilter               time.Time
	outcome                                    string
	message                                    string
	// stalled is when the snapshot stopped for good; zero is never. A snapshot
	// that was pending when its gateway went away stays pending permanently.
	stalled time.Time
	// deleted is when DeleteSnapshot was called; a pending one goes when it completes.
	deleted time.Time
}

// newSnapshot makes a snapshot that started at a time.
func (c *Cloud) newSnapshot(v *volume, at time.Time, description string, tags map[string]string) *snapshot {
	t := v.gateway.conf.Timing
	id := c.newID("snap-", 17)
	if tags == nil {
		tags = map[string]string{}
	}
	return &snapshot{
		id: id, seq: c.made, account: v.gateway.conf.Account, region: v.gateway.conf.Region, volumeID: v.ec2ID(),
		description: description, sizeGiB: v.conf.SizeGiB, tags: tags, outcome: outcomeCompleted,
		started: at, completes: at.Add(t.Snapshot),
		visibleByID: at.Add(t.VisibleByID), visibleByFilter: at.Add(max(t.VisibleByID, t.VisibleByFilter)),
	}
}

// status is EC2's state at a time.
func (s *snapshot) status(now time.Time) string {
	switch {
	case s.outcome == outcomeStuck || !s.stalled.IsZero() || now.Before(s.completes):
		return snapshotPending
	case s.outcome == outcomeError:
		return snapshotError
	}
	return snapshotCompleted
}

// progress is EC2's string, such as "42%".
func (s *snapshot) progress(now time.Time) string {
	if s.status(now) == snapshotCompleted {
		return "100%"
	}
	if !s.stalled.IsZero() {
		now = s.stalled
	}
	percent := 99
	if length := s.completes.Sub(s.started); length > 0 {
		percent = min(percent, max(0, int(100*now.Sub(s.started)/length)))
	}
	if s.outcome == outcomeStuck {
		percent = min(percent, stuckProgress)
	}
	return fmt.Sprintf("%d%%", percent)
}

// gone is so for a deleted snapshot; one deleted while pending goes only when
// it completes, unless it never will.
func (s *snapshot) gone(now time.Time) bool {
	if s.deleted.IsZero() || now.Before(s.deleted) {
		return false
	}
	return s.status(now) != snapshotPending || s.outcome == outcomeStuck || !s.stalled.IsZero()
}

// stall stops a gateway's pending snapshots for good.
func (c *Cloud) stall(g *gateway, at time.Time) {
	for _, v := range g.volumes {
		c.stallVolume(v, at)
	}
}

func (c *Cloud) stallVolume(v *volume, at time.Time) {
	for _, s := range c.snapshots.ofVolume[v.ec2ID()] {
		if s.status(at) == snapshotPending && s.stalled.IsZero() {
			s.stalled = at
		}
	}
}

// snapshots are all snapshots, in the order of their making.
type snapshots struct {
	all      []*snapshot
	byID     map[string]*snapshot
	ofVolume map[string][]*snapshot
}

func newSnapshots() snapshots {
	return snapshots{byID: map[string]*snapshot{}, ofVolume: map[string][]*snapshot{}}
}

func (s *snapshots) add(one *snapshot) {
	s.all = append(s.all, one)
	s.byID[one.id] = one
	s.ofVolume[one.volumeID] = append(s.ofVolume[one.volumeID], one)
}

// search gives a list of its own of those that filters could match.
func (s *snapshots) search(all filters[*snapshot]) []*snapshot {
	volumes, few := all.volumes()
	if !few {
		return slices.Clone(s.all)
	}
	var out []*snapshot
	for _, id := range slices.Compact(slices.Sorted(slices.Values(volumes))) {
		out = append(out, s.ofVolume[id]...)
	}
	return out
}
