package maintenance

// Event is something in a campaign that people may want to be notified of.
type Event string

// The events. A plan's notifications name them.
const (
	EventApproval Event = "approval" // a wave waits for an approval
	EventHeld     Event = "held"     // a target's run waits for a person
	EventFailed   Event = "failed"   // a target has failed
	EventBudget   Event = "budget"   // too many have failed: nothing more starts
	EventOverrun  Event = "overrun"  // a target's run has ended after its window
	EventEnded    Event = "ended"    // the campaign has
	EventWindow   Event = "window"   // the first target of a wave starts
	// EventCheckBlocked: a health check keeps a target, a wave or the whole campaign.
	EventCheckBlocked Event = "check-blocked"
	// EventCheckFailed: a health check has failed for good, after an update or while it bakes.
	EventCheckFailed Event = "check-failed"
)

// Events are all of them.
func Events() []Event {
	return append(UsualEvents(), EventWindow)
}

// UsualEvents are those that a notification is for which names none: all that may
// need a person, and the end.
func UsualEvents() []Event {
	return []Event{
		EventApproval, EventHeld, EventFailed, EventBudget, EventOverrun, EventCheckBlocked, EventCheckFailed, EventEnded,
	}
}
