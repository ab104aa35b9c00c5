package fleet

import (
	"fmt"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// meaning is what a blocker means for a campaign in which nothing starts any more: whether
// to wait, or what a person has to do.
type meaning struct {
	ends ending
	// ofAll is what to say where it keeps the whole campaign, or its wave; nil: it keeps single targets.
	ofAll func(reason string, waiting int) string
	// remedy is what a person has to do where it keeps single targets.
	remedy remedy
	// unavailable is so for what is no matter of time.
	unavailable bool
	// asPlanned is so for what the plan or the windows say themselves: nothing is late that it keeps.
	asPlanned bool
}

// ending is what ends a blocker.
type ending int

const (
	atNext   ending = iota // the time that it names, where it names one
	byItself               // nobody has to act, and no target has to end
	byOthers               // a running target's end
)

// remedy is what a person can do for single targets.
type remedy int

const (
	noRemedy remedy = iota
	reach           // make it reachable
	free            // end what has its gateway
	widen           // give it time
	remedies int    = iota
)

// then says what a person can do about a reason.
func then(do string) func(reason string, waiting int) string {
	return func(reason string, _ int) string { return reason + ": " + do }
}

// meaningOf is the one place that says of each blocker what it means: the linter refuses a
// blocker that is missing here.
func meaningOf(b maintenance.Blocker) meaning {
	switch b {
	case maintenance.BlockedByStop:
		return meaning{asPlanned: true, ofAll: func(reason string, waiting int) string {
			return fmt.Sprintf("nothing more starts (%s): start another campaign for the %d that wait", reason, waiting)
		}}
	case maintenance.BlockedByPause:
		return meaning{ofAll: then("resume the campaign")}
	case maintenance.BlockedByBudget:
		return meaning{ofAll: then("retry or skip what failed, or abort the campaign")}
	case maintenance.BlockedByApproval:
		return meaning{ofAll: then("approve it, or abort the campaign")}
	case maintenance.BlockedByBake: // but see held: one that has failed needs a person
		return meaning{ends: byItself, asPlanned: true}
	case maintenance.BlockedByCheck: // as above
		return meaning{ends: byItself}
	case maintenance.BlockedByReading:
		return meaning{ends: byItself, unavailable: true}
	case maintenance.BlockedByUnread:
		return meaning{remedy: reach, unavailable: true}
	case maintenance.BlockedByQuarantine, maintenance.BlockedByRun:
		return meaning{remedy: free, unavailable: true}
	case maintenance.BlockedByForecast:
		return meaning{remedy: widen, asPlanned: true}
	case maintenance.BlockedByConcurrency, maintenance.BlockedByConstraint:
		return meaning{ends: byOthers}
	case maintenance.BlockedByWindow, maintenance.BlockedByCutoff, maintenance.BlockedByFreeze,
		maintenance.BlockedByRequestedStart, maintenance.BlockedByWave: // by what keeps the wave before it
		return meaning{ends: atNext, asPlanned: true}
	case maintenance.BlockedByCanary, // by what keeps the target before it
		maintenance.BlockedByHold, maintenance.BlockedByInstance, // of a run, not of a target that waits for one
		maintenance.NotBlocked:
	}
	return meaning{ends: atNext}
}

// Unavailable is true for a blocker that is no matter of time: the target cannot start
// until it was read, or whatever has its gateway is gone.
func Unavailable(b maintenance.Blocker) bool { return meaningOf(b).unavailable }
