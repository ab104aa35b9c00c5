package faultmatrix

import (
	"strings"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/simcloud/record"
)

// Effect is one change that a run makes in a cloud, in words.
type Effect string

// The changes that a run may make.
const (
	Tag      Effect = "gateway marked"
	Untag    Effect = "mark removed"
	TagProxy Effect = "proxy marked"
	Clear    Effect = "proxy's mark removed"
	Hold     Effect = "automatic updates held"
	Release  Effect = "automatic updates restored"
	Update   Effect = "update triggered"
	Snapshot Effect = "snapshot started"
	Delete   Effect = "unfinished snapshot deleted"
	Shift    Effect = "reads moved to the primary"
	Return   Effect = "read weights restored"
	Upgrade  Effect = "proxy upgrade started"
	Restart  Effect = "proxy restarted"
	Mute     Effect = "alarms muted"
	Unmute   Effect = "mute ended"
)

// Promise is what is so when a run has ended.
type Promise struct {
	End maintenance.EndState
	// Effects are all changes that the run makes, in their order: each of them
	// once, and no other.
	Effects []Effect
	// Quarantined is so where no later run touches the gateway until a person
	// releases it.
	Quarantined bool
}

// SettingsBack is so where every setting that was changed around the run is as
// it was before: always, unless the run says that it could not put one back.
func (p Promise) SettingsBack() bool { return p.End != maintenance.StateCompensationFailed }

func completed(effects ...Effect) Promise {
	return Promise{End: maintenance.StateCompleted, Effects: effects}
}

// failed is a run that changed nothing.
func failed() Promise { return Promise{End: maintenance.StateFailed} }

func compensated(effects ...Effect) Promise {
	return Promise{End: maintenance.StateCompensated, Effects: effects}
}

func partial(effects ...Effect) Promise {
	return Promise{End: maintenance.StatePartial, Effects: effects}
}

// unchanged is a COMPENSATED run in which an upgrade was started, and the cloud says
// that it did not do its work.
func unchanged(effects ...Effect) Promise {
	return Promise{End: maintenance.StateCompensated, Effects: effects, Quarantined: true}
}

// doubtful is a PARTIAL run after which nobody knows what became of an upgrade.
func doubtful(effects ...Effect) Promise {
	return Promise{End: maintenance.StatePartial, Effects: effects, Quarantined: true}
}

// unverified is a run that did all its steps, and found something else at the end.
func unverified(effects ...Effect) Promise {
	return Promise{End: maintenance.StateVerificationFailed, Effects: effects, Quarantined: true}
}

// stuck is a run that could not put a change back.
func stuck(effects ...Effect) Promise {
	return Promise{End: maintenance.StateCompensationFailed, Effects: effects, Quarantined: true}
}

// EffectsOf are the changes that callers made, oldest first, out of all that a
// simulation's ledger holds. One that a run never makes has the ledger's name.
func EffectsOf(ledger []record.Effect) []Effect {
	var effects []Effect
	for _, e := range ledger {
		if strings.HasPrefix(e.Kind, "vendor:") || strings.HasPrefix(e.Kind, "admin:") {
			continue
		}
		effects = append(effects, effectOf(e))
	}
	return effects
}

func effectOf(e record.Effect) Effect {
	switch e.Kind {
	case updateSoftware:
		if e.Detail["outcome"] == "" {
			return Update
		}
	case setMaintenance:
		if e.Detail["window"] == "" {
			return policyEffect(e.Detail["automaticUpdatePolicy"])
		}
	case changeInstanceTags:
		if e.Detail["action"] == "create" {
			return TagProxy
		}
		return Clear
	case setWeights:
		if strings.HasSuffix(e.Detail["readonly"], "-> [0 0]") {
			return Shift
		}
		return Return
	}
	if effect, plain := plainEffects()[e.Kind]; plain {
		return effect
	}
	return Effect(e.Kind + " " + e.Detail["outcome"])
}

// plainEffects are the effects of the calls that have but one, whatever they say.
func plainEffects() map[string]Effect {
	return map[string]Effect{
		addTags: Tag, removeTags: Untag,
		putMute: Mute, deleteMute: Unmute,
		createSnapshot: Snapshot, deleteSnapshot: Delete,
		upgradeProxy: Upgrade, restartProxy: Restart,
	}
}

func policyEffect(policy string) Effect {
	if policy == string(maintenance.EmergencyVersionsOnly) {
		return Hold
	}
	return Release
}
