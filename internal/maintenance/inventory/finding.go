package inventory

import (
	"fmt"
	"slices"
)

// Kind is what a finding is about.
type Kind string

// The kinds of findings.
const (
	KindDisconnected     Kind = "disconnected"      // the gateway does not answer AWS
	KindNotRunning       Kind = "not-running"       // AWS says that it is shut down, or something unknown
	KindSupportEnds      Kind = "support-ends"      // AWS ends its software updates, or has
	KindUpdateWaiting    Kind = "update-waiting"    // an update, or a proxy's version, is on offer
	KindNoWindow         Kind = "no-window"         // it has no maintenance window, or an ambiguous one
	KindWindowUnusable   Kind = "window-unusable"   // no window of it has room for the work
	KindWindowFrozen     Kind = "window-frozen"     // its next windows are frozen
	KindZoneDrift        Kind = "zone-drift"        // its fixed offset drifts from civil time
	KindMark             Kind = "mark"              // a run has changed a setting for a while
	KindQuarantined      Kind = "quarantined"       // no run touches it
	KindVolume           Kind = "volume"            // a volume is not available
	KindSnapshotPending  Kind = "snapshot-pending"  // a snapshot does not finish, or has failed
	KindSnapshotMissing  Kind = "snapshot-missing"  // no recent snapshot of a volume
	KindProxyNotHealthy  Kind = "proxy-unhealthy"   // a proxy, its pool or a node is not ACTIVE
	KindUpgradeScheduled Kind = "upgrade-scheduled" // someone has scheduled a proxy's upgrade
	KindUnknown          Kind = "unknown"           // something could not be read, or not be understood
)

// Kinds are all of them, in the order in which they are listed for people.
func Kinds() []Kind {
	return []Kind{
		KindDisconnected, KindNotRunning, KindSupportEnds, KindUpdateWaiting, KindNoWindow, KindWindowUnusable,
		KindWindowFrozen, KindZoneDrift, KindMark, KindQuarantined, KindVolume, KindSnapshotPending,
		KindSnapshotMissing, KindProxyNotHealthy, KindUpgradeScheduled, KindUnknown,
	}
}

// Urgency is how soon a person should look.
type Urgency string

// The urgencies, the most urgent first. An item has that of its most urgent finding.
const (
	Urgent  Urgency = "urgent"     // something is broken, or out of support
	Soon    Urgency = "soon"       // it will be, or a change waits
	Unknown Urgency = "unknown"    // not known: never healthy
	Notice  Urgency = "notice"     // worth knowing
	Healthy Urgency = "up to date" // nothing was found
)

// Urgencies are all of them, the most urgent first.
func Urgencies() []Urgency { return []Urgency{Urgent, Soon, Unknown, Notice, Healthy} }

func (u Urgency) rank() int { return slices.Index(Urgencies(), u) }

// Finding is one thing that a person should know of a gateway or a proxy.
type Finding struct {
	Kind    Kind    `json:"kind"`
	Urgency Urgency `json:"urgency"`
	// Days is how long it has been so (update-waiting, snapshots), or how long until it is
	// (support-ends; below 0: since). Nil: not known, or no matter of days.
	Days   *int   `json:"days,omitempty"`
	Reason string `json:"reason"`
}

// findings collects those of one item.
type findings struct {
	all []Finding
	// open are the kinds that could not be judged, with the reason.
	open []Open
}

// Open is a kind of finding that could not be judged for an item.
type Open struct {
	Kind Kind   `json:"kind"`
	Why  string `json:"why"`
}

func (f *findings) add(kind Kind, urgency Urgency, days *int, format string, args ...any) {
	f.all = append(f.all, Finding{Kind: kind, Urgency: urgency, Days: days, Reason: fmt.Sprintf(format, args...)})
}

// leave says that kinds could not be judged.
func (f *findings) leave(why string, kinds ...Kind) {
	for _, kind := range kinds {
		f.open = append(f.open, Open{Kind: kind, Why: why})
	}
}

// sorted are the findings, the most urgent first. Those of one urgency keep the order in which they
// were judged.
func (f *findings) sorted() []Finding {
	slices.SortStableFunc(f.all, func(a, b Finding) int { return a.Urgency.rank() - b.Urgency.rank() })
	return f.all
}

// urgencyOf is that of the first, most urgent finding.
func urgencyOf(sorted []Finding) Urgency {
	if len(sorted) == 0 {
		return Healthy
	}
	return sorted[0].Urgency
}
