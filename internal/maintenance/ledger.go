package maintenance

// ChangeState is what has become of a change.
type ChangeState string

// The states of a change.
const (
	ChangeIntended  ChangeState = "intended" // registered before the step; may or may not be in force
	ChangeInForce   ChangeState = "in force" // made, and still so
	ChangeKept      ChangeState = "kept"     // made, and meant to stay
	ChangeTakenBack ChangeState = "reverted" // as it was before
	ChangeStuck     ChangeState = "could not be reverted"
	ChangeExpires   ChangeState = "ends by itself" // could not be reverted, and nobody has to: a mute
	ChangeNotMade   ChangeState = "not made"       // it turned out never to have taken effect
)

// Change is one entry of a target's ledger: what the run has changed, and how
// the change is reverted, or that it cannot be.
type Change struct {
	What       string      `json:"what"`           // such as "read weights of proxy ...po01"
	Reversible bool        `json:"reversible"`     // false: it only goes forward
	Undo       string      `json:"undo,omitempty"` // how it is reverted, in words
	State      ChangeState `json:"state"`
	Why        string      `json:"why,omitempty"` // why it could not be reverted, or was not made
	// Leftover is true for a change of an earlier run, which has ended and left it.
	Leftover bool `json:"leftover,omitempty"`
}

// Kind says whether the change can be reverted, in a word.
func (c Change) Kind() string {
	if c.Reversible {
		return "reversible"
	}
	return "forward-only"
}

// stays is true for a change that is, or may be, there when the run has ended.
func (c Change) stays() bool {
	return c.State == ChangeKept || c.State == ChangeInForce || c.State == ChangeIntended
}

// Conclude is the end state of a run, from whether it failed and from its
// ledger. A finished snapshot stays by design, and so does not make a failed
// run a partial one.
func Conclude(failed bool, ledger []Change) EndState {
	state := StateFailed
	for _, c := range ledger {
		switch {
		case c.State == ChangeStuck:
			return StateCompensationFailed
		case !c.Reversible && c.stays():
			state = StatePartial
		case c.Reversible && !c.Leftover && c.State != ChangeNotMade && state == StateFailed:
			state = StateCompensated
		}
	}
	if !failed {
		return StateCompleted
	}
	return state
}
