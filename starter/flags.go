package main

import (
	"encoding"
	"strconv"

	"github.com/spf13/cobra"
)

// value is a flag whose faults are kept, so that all wrong flags of a command
// line are told at once. An ordinary flag stops at the first.
type value struct {
	text  string
	kind  string // as help shows it
	set   func(string) error
	fault func(text string)
}

// String is the flag's default, for help.
func (v *value) String() string { return v.text }

// Set keeps what is wrong and goes on.
func (v *value) Set(text string) error {
	v.text = text
	if v.set(text) != nil {
		v.fault(text)
	}
	return nil
}

// Type names the kind of the flag's value in help.
func (v *value) Type() string { return v.kind }

// faults are what is wrong with the flags of one command.
type faults []error

// add is for flags: it notes one that is wrong.
func (f *faults) add(flag, text, want string) { *f = append(*f, wrong("--"+flag, text, want)) }

// text adds a flag that is read and written as text, such as a duration.
func (f *faults) text(cmd *cobra.Command, to interface {
	encoding.TextUnmarshaler
	String() string
}, flag, kind, want, usage string,
) {
	cmd.Flags().Var(&value{
		text: to.String(), kind: kind,
		set:   func(s string) error { return to.UnmarshalText([]byte(s)) },
		fault: func(s string) { f.add(flag, s, want) },
	}, flag, usage)
}

// number adds a flag that is a whole number from low to high.
func (f *faults) number(cmd *cobra.Command, to *int, flag string, low, high int, usage string) {
	want := strconv.Itoa(low) + " to " + strconv.Itoa(high)
	cmd.Flags().Var(&value{
		text: strconv.Itoa(*to), kind: "int",
		set: func(s string) error {
			n, err := strconv.Atoi(s)
			if err != nil || n < low || n > high {
				return strconv.ErrRange
			}
			*to = n
			return nil
		},
		fault: func(s string) { f.add(flag, s, want) },
	}, flag, usage)
}
