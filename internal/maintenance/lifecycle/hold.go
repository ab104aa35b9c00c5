package lifecycle

import "errors"

// HoldState is whether a failed step waits for an operator.
type HoldState string

// The states of a hold.
const (
	NotHeld       HoldState = "not held"
	Held          HoldState = "held"      // a step has failed, and operators must decide
	HoldAnswered  HoldState = "answered"  // an operator has decided to retry or to skip it
	HoldAbandoned HoldState = "abandoned" // the run was aborted or cancelled instead
)

// holdEvent is what happens to a hold.
type holdEvent string

const (
	stepFails   holdEvent = "a step fails"
	answerComes holdEvent = "an operator answers"
	runEnds     holdEvent = "the run is aborted or cancelled"
	answerTaken holdEvent = "the run continues as decided"
)

func holdMoves() []move[HoldState, holdEvent] {
	return []move[HoldState, holdEvent]{
		{NotHeld, stepFails, Held},
		{Held, answerComes, HoldAnswered},
		{Held, runEnds, HoldAbandoned},
		{HoldAnswered, runEnds, HoldAbandoned},
		{HoldAnswered, answerTaken, NotHeld},
	}
}

// Hold is the hold of a run's failed steps, one at a time. The zero Hold is not held.
type Hold struct {
	state   HoldState
	failure error   // of the held step; nil: not held
	answer  string  // maintenance.HoldRetry or HoldSkip, once answered
	skipped []error // the failures of steps that operators have skipped
}

// State is whether a step is held.
func (h *Hold) State() HoldState {
	if h.state == "" {
		return NotHeld
	}
	return h.state
}

// on applies an event, and returns whether the state has changed.
func (h *Hold) on(e holdEvent) bool {
	was := h.State()
	h.state = next(holdMoves(), was, e)
	return h.state != was
}

// Open holds a step that has failed.
func (h *Hold) Open(failure error) {
	if h.on(stepFails) {
		h.failure = failure
	}
}

// Answer records what an operator has decided. Only the first answer to a hold counts.
func (h *Hold) Answer(choice string) {
	if h.on(answerComes) {
		h.answer = choice
	}
}

// Abandon ends a hold without an answer.
func (h *Hold) Abandon() {
	if h.on(runEnds) {
		h.answer = ""
	}
}

// Take ends an answered hold and returns the answer; empty: there is none.
func (h *Hold) Take() (answer string) {
	if h.on(answerTaken) {
		answer, h.answer, h.failure = h.answer, "", nil
	}
	return answer
}

// Failure is the failure on which no operator has decided; nil: none.
func (h *Hold) Failure() error { return h.failure }

// Skip records the failure of a step that an operator has skipped.
func (h *Hold) Skip(failure error) { h.skipped = append(h.skipped, failure) }

// Skipped are those, joined; nil: none.
func (h *Hold) Skipped() error { return errors.Join(h.skipped...) }
