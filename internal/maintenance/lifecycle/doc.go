// Package lifecycle has the state machines of one target's run: the software update, the fan-out over the proxies, the
// hold of a failed step, and how a run leaves its steps. It decides nothing about times and calls nothing:
// workflows/target applies the events and acts on the states. Start with the table in update.go.
package lifecycle

// move is one transition: in the state from, the event on leads to the state to.
type move[S, E comparable] struct {
	from S
	on   E
	to   S
}

// next is the state after an event. An event for which a state has no move does not change it.
func next[S, E comparable](moves []move[S, E], state S, event E) S {
	for _, m := range moves {
		if m.from == state && m.on == event {
			return m.to
		}
	}
	return state
}
