// Package lifecycle holds the named states of one target's run and the events that lead from one to the next:
// the software update, the fan-out over the proxies, the hold of a failed step, and the way a run leaves its
// steps. It decides nothing about times and calls nothing: workflows/target reports what happened and acts on
// the state. Start with the table in update.go.
package lifecycle

// move is one transition: in the state from, the event on leads to the state to.
type move[S, E comparable] struct {
	from S
	on   E
	to   S
}

// next is the state after an event. An event for which the state has no move leaves it as it is.
func next[S, E comparable](moves []move[S, E], state S, event E) S {
	for _, m := range moves {
		if m.from == state && m.on == event {
			return m.to
		}
	}
	return state
}
