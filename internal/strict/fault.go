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
	// Value is the value found. It is empty where there is none, where it is not one
	// line of text, and where it may be a secret.
	Value   string `json:"value,omitempty"`
	Problem string `json:"problem"`        // in a few words, such as "is required"
	Want    string `json:"want,omitempty"` // what the value must be
}

const (
	// Unknown starts the problem of an unknown field. Its value is never repeated.
	Unknown = "is an unknown field"
	// Invalid is the problem of a value that the field does not accept.
	Invalid = "invalid value"

	invalidDefault = "invalid default"
	isString       = "is a string"
	isList         = "is a list"
	isMapping      = "is a mapping"
)

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
	switch invalid := f.Problem == Invalid || f.Problem == invalidDefault; {
	case f.Value == "":
		b.WriteString(f.Problem)
	case invalid:
		fmt.Fprintf(&b, "%s %q", f.Problem, f.Value)
	default:
		fmt.Fprintf(&b, "%q %s", f.Value, f.Problem)
	}
	switch {
	case f.Want == "":
	case f.Problem == isString, f.Problem == isList, f.Problem == isMapping:
		b.WriteString(", expected " + f.Want)
	default:
		b.WriteString(": must be " + f.Want)
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
