package fleet

import "errors"

// Life is where a campaign stands: its phase, and what halts the whole of it. It changes only by the
// methods below. Each returns the life after one event; where the event is impossible now, it returns
// the life as it was, and the reason for people.
//
//	discovering ──Discovered──▶ in progress ──End──▶ ended
//	     └────────Discovered──▶ planned (by a campaign that only plans)
//
// Pause and Stop halt a campaign in its phase: Resume ends a pause, and nothing ends a stop.
type Life struct {
	Phase Phase `json:"phase,omitempty"`
	Halt  Halt  `json:"halt,omitempty"`
	// Why is who halted it and why, for people; empty: it is not halted.
	Why string `json:"why,omitempty"`
	// Result is set once the campaign has ended.
	Result *Result `json:"result,omitempty"`
}

// Halt is why a campaign starts no target, whatever the targets' own blockers.
type Halt string

// The halts. All but the pause are stops: nothing starts any more.
const (
	NotHalted      Halt = ""
	HaltedByPause  Halt = "pause"  // by an operator, until it is resumed
	HaltedByAbort  Halt = "abort"  // by an operator
	HaltedByCancel Halt = "cancel" // in Temporal
	HaltedByExpiry Halt = "expiry" // an approval was not given in time
)

var errEnded = errors.New("the campaign has ended")

// stops is true for a halt that nothing ends.
func (h Halt) stops() bool { return h != NotHalted && h != HaltedByPause }

// Paused says who paused the campaign, and why; empty: it is not paused.
func (l Life) Paused() string {
	if l.Halt == HaltedByPause {
		return l.Why
	}
	return ""
}

// Stopped says why nothing starts any more; empty: the campaign is not stopped.
func (l Life) Stopped() string {
	if l.Halt.stops() {
		return l.Why
	}
	return ""
}

// Discovered is the event that the fleet is known. In a campaign that only plans there is nothing to
// resume, so it also ends a pause.
func (l Life) Discovered(planOnly bool) (Life, error) {
	switch {
	case l.Phase != Discovering:
		return l, errors.New("the fleet is known already")
	case planOnly:
		l = l.unpaused()
		l.Phase = Planned
	default:
		l.Phase = InProgress
	}
	return l, nil
}

func (l Life) unpaused() Life {
	if l.Halt == HaltedByPause {
		l.Halt, l.Why = NotHalted, ""
	}
	return l
}

// Pause lets nothing start until Resume.
func (l Life) Pause(why string) (Life, error) {
	switch {
	case l.Phase == Ended:
		return l, errEnded
	case l.Halt.stops():
		return l, errors.New("it is stopped already: " + l.Why)
	case l.Halt == HaltedByPause:
		return l, errors.New("it is already paused, by " + l.Why)
	case l.Phase == Planned:
		return l, errors.New("it only plans, and starts nothing")
	}
	l.Halt, l.Why = HaltedByPause, why
	return l, nil
}

// Resume ends a pause.
func (l Life) Resume() (Life, error) {
	if l.Halt != HaltedByPause {
		return l, errors.New("it is not paused")
	}
	return l.unpaused(), nil
}

// Stop lets nothing start any more, which also ends a pause. Of several stops the first one counts.
func (l Life) Stop(by Halt, why string) (Life, error) {
	switch {
	case l.Phase == Ended:
		return l, errEnded
	case !by.stops():
		return l, errors.New("a pause does not stop a campaign")
	case by == HaltedByExpiry && l.Phase != InProgress:
		return l, errors.New("no approval is needed yet")
	case !l.Halt.stops():
		l.Halt, l.Why = by, why
	}
	return l, nil
}

// End is the event that the last target has ended, or the last running one of a stopped campaign.
func (l Life) End(r *Result) (Life, error) {
	switch l.Phase {
	case Ended:
		return l, errEnded
	case Discovering, Planned:
		return l, errors.New("nothing was started")
	case InProgress:
	}
	l = l.unpaused()
	l.Phase, l.Result = Ended, r
	return l, nil
}

// EndState is how a campaign with these targets ends.
func (l Life) EndState(n Counts) EndState {
	switch l.Halt {
	case HaltedByAbort, HaltedByCancel:
		return Aborted
	case HaltedByExpiry:
		return Expired
	case NotHalted, HaltedByPause:
	}
	if n.Failed+n.Skipped > 0 {
		return Partial
	}
	return Completed
}
