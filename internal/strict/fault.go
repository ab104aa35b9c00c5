package strict

import (
	"fmt"
	"strings"
)

// Fault is one thing that is wrong with a document, at its place.
type Fault struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`   // from 1; none where the file could not be read
	Column int    `json:"column,omitempty"` // from 1, in characters
	Field  string `json:"field,omitempty"`  // path of the field, such as targets[2].gateway.arn
	// Value is what stands there; empty where nothing does, where it is no text on
	// one line, and where it must not be repeated since somebody may have put a
	// secret there.
	Value   string `json:"value,omitempty"`
	Problem string `json:"problem"`        // in a few words, such as "is missing"
	Want    string `json:"want,omitempty"` // what would be right
}

// Unknown is the problem of a field that there is not. Its value is never
// repeated.
const Unknown = "is an unknown field"

// String is the fault on one line, its place first, as compilers write it.
func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.File + ":")
	if f.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", f.Line, f.Column)
	}
	b.WriteByte(' ')
	if f.Field != "" {
		b.WriteString(f.Field + ": ")
	}
	if f.Value != "" {
		fmt.Fprintf(&b, "%q ", f.Value)
	}
	b.WriteString(f.Problem)
	if f.Want != "" {
		b.WriteString(": want " + f.Want)
	}
	return b.String()
}

// FaultsError is everything that is wrong with a document, in its order.
type FaultsError struct{ Faults []Fault }

// Error is one line a fault.
func (e *FaultsError) Error() string {
	lines := make([]string, 0, len(e.Faults))
	for _, f := range e.Faults {
		lines = append(lines, f.String())
	}
	return strings.Join(lines, "\n")
}
