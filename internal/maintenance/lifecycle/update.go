package lifecycle

import "github.com/tidegate/tidegate/internal/maintenance"

// UpdateState is how far the update of a gateway's software has come, as the run knows it.
type UpdateState string

// The states of an update. A run does not see the restart itself: one activity polls from the trigger until the
// gateway runs again, and its result is an event.
const (
	UpdateNotOffered UpdateState = "not offered"   // AWS offers none, or no longer does
	UpdateOffered    UpdateState = "offered"       // and this run has not triggered it
	UpdateArmed      UpdateState = "armed"         // a worker has the trigger, and sends it at its time
	UpdateByAWS      UpdateState = "made by AWS"   // automatically; this run has not triggered it
	UpdateSent       UpdateState = "sent"          // AWS answered that the update has started
	UpdateUnanswered UpdateState = "unanswered"    // it was sent, and no response came: it may have started
	UpdateNoEffect   UpdateState = "had no effect" // it was sent, and the gateway runs as before, without a restart
	UpdateRearmed    UpdateState = "armed again"   // after a trigger without effect a worker has the next one
	UpdateProven     UpdateState = "proven"        // the gateway runs the new software
	UpdateDoubtful   UpdateState = "doubtful"      // it was sent, and the gateway was not seen to run the new software
)

// UpdateEvent is a fact that a run finds out about an update.
type UpdateEvent string

// The events. Seen is the result of a poll before a trigger, Watched that of the poll after one.
const (
	TriggerArmed     UpdateEvent = "the trigger was handed to a worker"
	TriggerDisarmed  UpdateEvent = "the trigger ended, and was certainly not sent"
	TriggerAnswered  UpdateEvent = "AWS answered that the update has started"
	TriggerLost      UpdateEvent = "no response to the trigger came"
	SeenUpdated      UpdateEvent = "seen with other software than at assess"
	SeenWithdrawn    UpdateEvent = "seen without an offer"
	WatchedUpdated   UpdateEvent = "watched until it ran the new software"
	WatchedWithdrawn UpdateEvent = "watched until the offer was gone"
	WatchedNoEffect  UpdateEvent = "watched without a sign of the update"
	WatchFailed      UpdateEvent = "watched, and not seen to run the new software"
)

// updateMoves are all transitions of an update.
func updateMoves() []move[UpdateState, UpdateEvent] {
	return []move[UpdateState, UpdateEvent]{
		{UpdateNotOffered, SeenUpdated, UpdateByAWS},

		{UpdateOffered, SeenUpdated, UpdateByAWS},
		{UpdateOffered, SeenWithdrawn, UpdateNotOffered},
		{UpdateOffered, TriggerArmed, UpdateArmed},

		{UpdateArmed, TriggerDisarmed, UpdateOffered},
		{UpdateArmed, SeenUpdated, UpdateByAWS},
		{UpdateArmed, SeenWithdrawn, UpdateNotOffered},
		{UpdateArmed, TriggerAnswered, UpdateSent},
		{UpdateArmed, TriggerLost, UpdateUnanswered},

		{UpdateSent, WatchedUpdated, UpdateProven},
		{UpdateSent, WatchedWithdrawn, UpdateNotOffered}, // it was up to date already
		{UpdateSent, WatchedNoEffect, UpdateNoEffect},
		{UpdateSent, WatchFailed, UpdateDoubtful},

		{UpdateUnanswered, WatchedUpdated, UpdateProven},
		{UpdateUnanswered, WatchedWithdrawn, UpdateNotOffered},
		{UpdateUnanswered, WatchedNoEffect, UpdateNoEffect},
		{UpdateUnanswered, WatchFailed, UpdateDoubtful},

		{UpdateNoEffect, TriggerArmed, UpdateRearmed},
		{UpdateNoEffect, SeenUpdated, UpdateUnanswered}, // the earlier trigger may have done it after all
		{UpdateNoEffect, SeenWithdrawn, UpdateUnanswered},
		{UpdateNoEffect, WatchedUpdated, UpdateProven}, // an operator has retried the step
		{UpdateNoEffect, WatchedWithdrawn, UpdateNotOffered},
		{UpdateNoEffect, WatchFailed, UpdateDoubtful},

		{UpdateRearmed, TriggerDisarmed, UpdateNoEffect},
		{UpdateRearmed, TriggerAnswered, UpdateSent},
		{UpdateRearmed, TriggerLost, UpdateUnanswered},
		{UpdateRearmed, SeenUpdated, UpdateUnanswered}, // as without effect
		{UpdateRearmed, SeenWithdrawn, UpdateUnanswered},

		{UpdateDoubtful, WatchedUpdated, UpdateProven}, // an operator has retried the step
		{UpdateDoubtful, WatchedWithdrawn, UpdateNotOffered},
		{UpdateDoubtful, WatchedNoEffect, UpdateNoEffect},
	}
}

// maxAnswered limits the triggers of an update that AWS answers, and that have no effect.
const maxAnswered = 2

// Update is the update of one gateway's software in one run. The zero Update is invalid: use NewUpdate.
type Update struct {
	state    UpdateState
	answered int // the triggers that AWS has answered, since the run last gave up
}

// NewUpdate is the update as assess finds it.
func NewUpdate(offered bool) Update {
	if offered {
		return Update{state: UpdateOffered}
	}
	return Update{state: UpdateNotOffered}
}

// State is how far the update has come.
func (u *Update) State() UpdateState { return u.state }

// On applies an event.
func (u *Update) On(e UpdateEvent) {
	if e == TriggerAnswered {
		u.answered++
	}
	u.state = next(updateMoves(), u.state, e)
}

// GiveUp ends the triggers of an update without effect. If an operator retries the step, the count starts at zero.
func (u *Update) GiveUp() { u.answered = 0 }

// MayTrigger is true if the update is offered and no earlier trigger may still take effect, unless AWS has answered
// maxAnswered triggers that had no effect.
func (u *Update) MayTrigger() bool {
	return u.state == UpdateOffered || u.state == UpdateNoEffect && u.answered < maxAnswered
}

// TriggerIsOut is true while a worker has the trigger, and may send it.
func (u *Update) TriggerIsOut() bool { return u.state == UpdateArmed || u.state == UpdateRearmed }

// PastNoReturn is true from the trigger until the gateway is known to run.
func (u *Update) PastNoReturn() bool {
	return u.state == UpdateSent || u.state == UpdateUnanswered || u.state == UpdateDoubtful
}

// Change is the state of the update in the ledger.
func (u *Update) Change() maintenance.ChangeState {
	switch u.state {
	case UpdateProven:
		return maintenance.ChangeKept
	case UpdateSent:
		return maintenance.ChangeInForce
	case UpdateArmed, UpdateRearmed, UpdateUnanswered:
		return maintenance.ChangeIntended
	case UpdateDoubtful:
		if u.answered > 0 {
			return maintenance.ChangeInForce
		}
		return maintenance.ChangeIntended
	case UpdateNotOffered, UpdateOffered, UpdateByAWS, UpdateNoEffect:
	}
	return maintenance.ChangeNotMade
}
