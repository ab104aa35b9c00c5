package maintenance

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Reported is what the steps of a run say of a gateway that was updated.
type Reported struct {
	Before Gateway // at assess
	After  Gateway // as it proved the update
	// Volumes are those of assess that were attached.
	Volumes []Volume
	// Points are the recovery points of which each volume has a completed snapshot.
	Points    []RecoveryPoint
	Snapshots []SnapshotOutcome
	// AutomaticUpdates is the owner's policy, which the run restored; empty where it
	// never changed it.
	AutomaticUpdates AutomaticUpdatePolicy
}

// Found is a gateway as it is read to verify a run.
type Found struct {
	Gateway          Gateway               `json:"gateway"`
	Volumes          []Volume              `json:"volumes,omitempty"`
	AutomaticUpdates AutomaticUpdatePolicy `json:"automaticUpdates,omitempty"`
	Mark             *PolicyMark           `json:"mark,omitempty"` // nil: none
}

// Differences are where the gateway is not what the steps reported and assess found, each
// in words. None: all is as reported.
func (r Reported) Differences(now Found) []string {
	var all []string
	if d := r.versionDiffers(now.Gateway); d != "" {
		all = append(all, d)
	}
	all = append(all, Missing(r.Volumes, now.Volumes)...)
	for _, v := range r.Volumes {
		for _, point := range r.Points {
			if !r.snapshotted(v.ID, point) {
				all = append(all, fmt.Sprintf("volume %s has no completed snapshot %s the update", v.ID, point))
			}
		}
	}
	if r.AutomaticUpdates != "" && now.AutomaticUpdates != r.AutomaticUpdates {
		all = append(all, fmt.Sprintf("automatic updates are %s, and were %s before the run",
			orNothing(string(now.AutomaticUpdates)), r.AutomaticUpdates))
	}
	if r.AutomaticUpdates != "" && now.Mark != nil {
		all = append(all, fmt.Sprintf("the tag %s, which the run removed, is there", AutomaticUpdatesTag))
	}
	return all
}

// versionDiffers says why the software is not that of an update, or not the one that the
// update's proof showed. A newer one than that is a further update, and right.
func (r Reported) versionDiffers(now Gateway) string {
	before, proved, version := r.Before.SoftwareVersion, r.After.SoftwareVersion, now.SoftwareVersion
	switch order, known := CompareSoftware(version, before); {
	case !now.Running():
		return fmt.Sprintf("the gateway is in state %s", now.State)
	case version == before:
		return r.sameVersion(now)
	case version == "":
		return fmt.Sprintf("the gateway reports no software version, and ran %s before the update", before)
	case known && order < 0:
		return fmt.Sprintf("the gateway runs %s, which is older than %s before the update", version, before)
	case !atLeast(version, proved):
		return fmt.Sprintf("the gateway runs %s, and ran %s after the update", version, proved)
	}
	return ""
}

// sameVersion says why a gateway that shows its old version was not updated. AWS may make
// an update that changes its date alone.
func (r Reported) sameVersion(now Gateway) string {
	version := orNothing(now.SoftwareVersion)
	switch {
	case r.After.SoftwareVersion != now.SoftwareVersion:
		return fmt.Sprintf("the gateway runs %s again, as before the update; it ran %s after it", version, orNothing(r.After.SoftwareVersion))
	case Judge(BaselineOf(r.Before), now) != EvidenceUpdated:
		return fmt.Sprintf("the gateway runs %s as before, and the date of its last update is the old one too", version)
	case now.UpdateOffered() && now.NextUpdateAvailable == r.Before.NextUpdateAvailable:
		return fmt.Sprintf("the gateway runs %s as before, and AWS still offers the same update", version)
	}
	return ""
}

// atLeast is true where a version is this one, or known to be newer.
func atLeast(version, than string) bool {
	order, known := CompareSoftware(version, than)
	return version == than || known && order >= 0
}

// missing says why a volume that was attached is not to be counted on; empty: it is there.
func missing(v Volume, now []Volume) string {
	i := slices.IndexFunc(now, func(n Volume) bool { return n.ID == v.ID })
	switch {
	case i < 0:
		return fmt.Sprintf("volume %s is not listed any more", v.ID)
	case now[i].Detached(), now[i].Irrecoverable():
		return fmt.Sprintf("volume %s is %s, and was %s before the update", v.ID, now[i].Status, v.Status)
	}
	return ""
}

// Attached are the volumes that are attached to their gateway.
func Attached(volumes []Volume) []Volume {
	return slices.DeleteFunc(slices.Clone(volumes), Volume.Detached)
}

// Missing are the volumes of expected that are not in found, each in words.
func Missing(expected, found []Volume) []string {
	var all []string
	for _, v := range expected {
		if d := missing(v, found); d != "" {
			all = append(all, d)
		}
	}
	return all
}

func (r Reported) snapshotted(volumeID string, point RecoveryPoint) bool {
	return slices.ContainsFunc(r.Snapshots, func(s SnapshotOutcome) bool {
		return s.VolumeID == volumeID && s.Point == point && s.Completed && !s.Deleted
	})
}

// CompareSoftware compares two software versions of gateways, such as 1.24.7, number by
// number. known is false where one of them is not of that form: AWS documents none.
func CompareSoftware(a, b string) (order int, known bool) {
	x, okA := numbers(a)
	y, okB := numbers(b)
	return slices.Compare(x, y), okA && okB
}

func numbers(version string) (all []uint64, ok bool) {
	for field := range strings.SplitSeq(version, ".") {
		n, err := strconv.ParseUint(field, 10, 64)
		if err != nil {
			return nil, false
		}
		all = append(all, n)
	}
	return all, true
}

func orNothing(text string) string {
	if text == "" {
		return "not told"
	}
	return text
}

// Baseline is what a gateway said before its update, against which a change
// is proven.
type Baseline struct {
	SoftwareVersion     string `json:"softwareVersion,omitempty"`
	LastSoftwareUpdate  string `json:"lastSoftwareUpdate,omitempty"`
	NextUpdateAvailable string `json:"nextUpdateAvailable,omitempty"`
}

// BaselineOf keeps of a gateway what an update changes.
func BaselineOf(g Gateway) Baseline {
	return Baseline{
		SoftwareVersion:     g.SoftwareVersion,
		LastSoftwareUpdate:  g.LastSoftwareUpdate,
		NextUpdateAvailable: g.NextUpdateAvailable,
	}
}

// Evidence is what a poll at a gateway proves about its update.
type Evidence string

// From no proof to proof.
const (
	// EvidenceNone: it runs and nothing changed, as in the seconds between the
	// trigger's 200 and the restart.
	EvidenceNone Evidence = "none"
	// EvidenceAway: it does not run: it may be restarting.
	EvidenceAway Evidence = "away"
	// EvidenceWithdrawn: it runs, nothing changed, and the update is no longer
	// on offer.
	EvidenceWithdrawn Evidence = "withdrawn"
	// EvidenceUpdated: it runs, and its version or the date of its last update
	// is another one. This alone is proof.
	EvidenceUpdated Evidence = "updated"
)

// Judge compares a gateway with its baseline. A field that vanished proves
// nothing: AWS leaves fields out for reasons of its own.
func Judge(b Baseline, g Gateway) Evidence {
	switch {
	case !g.Running():
		return EvidenceAway
	case changed(b.SoftwareVersion, g.SoftwareVersion), changed(b.LastSoftwareUpdate, g.LastSoftwareUpdate):
		return EvidenceUpdated
	case b.NextUpdateAvailable != "" && g.NextUpdateAvailable == "":
		return EvidenceWithdrawn
	}
	return EvidenceNone
}

func changed(before, after string) bool { return after != "" && after != before }
