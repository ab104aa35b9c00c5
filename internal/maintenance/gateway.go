package maintenance

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// AutomaticUpdatePolicy is what AWS does on its own in a gateway's window.
type AutomaticUpdatePolicy string

// The policies of SoftwareUpdatePreferences (AWS API, since 2024-06-06).
const (
	AllVersions           AutomaticUpdatePolicy = "ALL_VERSIONS"
	EmergencyVersionsOnly AutomaticUpdatePolicy = "EMERGENCY_VERSIONS_ONLY"
)

// Gateway is what AWS says of one Storage Gateway.
type Gateway struct {
	ARN   string `json:"arn"`
	ID    string `json:"id"`
	Name  string `json:"name,omitempty"`
	Type  string `json:"type"`  // CACHED, STORED, VTL, FILE_S3, FILE_FSX_SMB, ...
	State string `json:"state"` // as AWS spells it: an open string, RUNNING or STATE_RUNNING when it runs
	// SoftwareVersion may be absent on old appliances.
	SoftwareVersion string `json:"softwareVersion,omitempty"`
	// LastSoftwareUpdate is local time without a zone; absent if never updated.
	LastSoftwareUpdate string `json:"lastSoftwareUpdate,omitempty"`
	// NextUpdateAvailable is AWS's NextUpdateAvailabilityDate; absent if no
	// update is on offer.
	NextUpdateAvailable string `json:"nextUpdateAvailable,omitempty"`
	// Tags are AWS's, by which plans select gateways, label them and find their
	// proxies.
	Tags map[string]string `json:"tags,omitempty"`
}

// Running accepts both spellings that AWS uses. Every other value means "not
// running", never an error: AWS publishes no list.
func (g Gateway) Running() bool {
	return strings.TrimPrefix(strings.ToUpper(g.State), "STATE_") == "RUNNING"
}

// HasVolumes is true for the two types that have volumes, and so snapshots.
func (g Gateway) HasVolumes() bool { return g.Type == "CACHED" || g.Type == "STORED" }

// UpdateOffered is true when AWS has an update for the gateway.
func (g Gateway) UpdateOffered() bool { return g.NextUpdateAvailable != "" }

// Volume is one iSCSI volume of a gateway.
type Volume struct {
	ARN string `json:"arn"`
	// ID is in lower case, as EC2 wants it; Storage Gateway says it in upper case.
	ID        string `json:"id"`
	Status    string `json:"status,omitempty"` // as AWS spells it
	SizeBytes int64  `json:"sizeBytes,omitempty"`
}

// Available is true when a snapshot can be taken. AWS's spelling of the other
// states varies, so they are not distinguished here.
func (v Volume) Available() bool { return normal(v.Status) == "AVAILABLE" }

// Detached is true for a volume that is not, or soon not, attached to its
// gateway; AWS reports that with the status, and the adapter in its place.
func (v Volume) Detached() bool {
	status := normal(v.Status)
	return status == "DETACHED" || status == "DETACHING"
}

// Irrecoverable is true when no waiting will help.
func (v Volume) Irrecoverable() bool { return normal(v.Status) == "IRRECOVERABLE" }

func normal(status string) string {
	return strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToUpper(status))
}

// Snapshot is an EBS snapshot of a volume, as EC2 shows it.
type Snapshot struct {
	ID          string    `json:"id"`
	VolumeID    string    `json:"volumeId"`
	State       string    `json:"state"`              // pending, completed, error, recoverable, recovering
	Progress    string    `json:"progress,omitempty"` // such as "42%"; may be empty
	Message     string    `json:"message,omitempty"`  // explains the state error
	Description string    `json:"description,omitempty"`
	StartedAt   time.Time `json:"startedAt"`
}

// Completed is true when the snapshot can be restored from.
func (s Snapshot) Completed() bool { return s.State == "completed" }

// Failed is true when the snapshot will never complete.
func (s Snapshot) Failed() bool { return s.State == "error" }

// Oldest picks the snapshot to adopt among those that carry one identity.
func Oldest(found []Snapshot) (Snapshot, bool) {
	if len(found) == 0 {
		return Snapshot{}, false
	}
	return slices.MinFunc(found, func(a, b Snapshot) int {
		if c := a.StartedAt.Compare(b.StartedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	}), true
}

// SnapshotKey is a snapshot's identity: the same for every attempt of one run
// to take one recovery point of one volume in one go, and different for
// everything else, also for a second go that an operator asked for after the
// first one's snapshot was broken. It is written into the description and a tag,
// and holds neither `*` nor `?`, which EC2's filters read as wildcards.
func SnapshotKey(run string, round int, point RecoveryPoint, volumeID string) string {
	return fmt.Sprintf("tidegate/%s/%d/%s/%s", run, round, point, volumeID)
}
