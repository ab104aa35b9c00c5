package maintenance

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

// Evidence is what a look at a gateway proves about its update.
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
