package lifecycle

// ExitState is how a run leaves its steps.
type ExitState string

// The ways out of the steps.
const (
	ExitNone     ExitState = "none"     // its steps run, or all were taken
	ExitMoving   ExitState = "moving"   // it continues in another build of the worker
	ExitDeferred ExitState = "deferred" // the rest does not start in this window: its campaign schedules it again
	ExitFailed   ExitState = "failed"   // a step failed, also if it was then skipped, or the run was stopped
)

// ExitEvent is what makes a run leave its steps.
type ExitEvent string

// The events of an exit.
const (
	RunMoves  ExitEvent = "another build of the worker has become current"
	RunDefers ExitEvent = "the rest does not start in this window"
	RunFails  ExitEvent = "the run has a failure"
)

func exitMoves() []move[ExitState, ExitEvent] {
	return []move[ExitState, ExitEvent]{
		{ExitNone, RunMoves, ExitMoving},
		{ExitNone, RunDefers, ExitDeferred},
		{ExitNone, RunFails, ExitFailed},
		{ExitDeferred, RunFails, ExitFailed}, // a failure that was skipped is not forgotten
	}
}

// Exit is how one run leaves its steps. The zero Exit is ExitNone.
type Exit struct{ state ExitState }

// State is the way out that the run takes.
func (x *Exit) State() ExitState {
	if x.state == "" {
		return ExitNone
	}
	return x.state
}

// On applies an event.
func (x *Exit) On(e ExitEvent) { x.state = next(exitMoves(), x.State(), e) }

// Leaves is true if the run takes no further step though none has failed.
func (x *Exit) Leaves() bool { return x.state == ExitMoving || x.state == ExitDeferred }
