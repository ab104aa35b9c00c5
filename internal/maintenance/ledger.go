package maintenance

// ChangeState is what has become of a change.
type ChangeState string

// The states of a change.
const (
	ChangeIntended  ChangeState = "intended"   // registered before the step; may or may not be in force
	ChangeInForce   ChangeState = "in force"   // made, and still so
	ChangeKept      ChangeState = "kept"       // made, and meant to stay
	ChangeTakenBack ChangeState = "taken back" // as it was before
	ChangeStuck     ChangeState = "could not be taken back"
	ChangeNotMade   ChangeState = "not made" // it turned out never to have taken effect
)

// Change is one entry of a target's ledger: what the run has changed, and how
// the change is taken back, or that it cannot be.
type Change struct {
	What       string      `json:"what"`           // such as "read weights of proxy ...po01"
	Reversible bool        `json:"reversible"`     // false: it only goes forward
	Undo       string      `json:"undo,omitempty"` // how it is taken back, in words
	State      ChangeState `json:"state"`
	Why        string      `json:"why,omitempty"` // why it could not be taken back
}

// Conclude is the end state of a run, from whether it failed and from its
// ledger.
func Conclude(failed bool, ledger []Change) EndState {
	var forward, undone bool
	for _, c := range ledger {
		switch {
		case c.State == ChangeStuck:
			return StateCompensationFailed
		case c.State == ChangeTakenBack:
			undone = true
		case c.State == ChangeKept, c.State == ChangeInForce, c.State == ChangeIntended:
			forward = true
		}
	}
	switch {
	case !failed:
		return StateCompleted
	case forward:
		return StatePartial
	case undone:
		return StateCompensated
	}
	return StateFailed
}
