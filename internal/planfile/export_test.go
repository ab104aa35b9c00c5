package planfile

import "time"

// NewDocument is the form of a plan file with its defaults, for the schema.
func NewDocument() any { return bind(defaults()) }

// Place is where a field of a policy stands in a plan file.
func Place(field string) string { return places(field) }

// Events are how many freezes a calendar comes to.
func Events(text string, now time.Time) (int, error) {
	freezes, err := events([]byte(text), time.UTC, span{from: now, until: now.Add(ahead)})
	return len(freezes), err
}
