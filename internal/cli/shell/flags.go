package shell

import (
	"encoding"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate/tidegate/internal/maintenance"
	"github.com/tidegate/tidegate/internal/operate"
)

// value is a flag whose faults are kept, so that all wrong flags of a command
// line are reported at once. An ordinary flag stops at the first.
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

// Faults are what is wrong with the flags of one command.
type Faults []error

// add is for flags: it notes one that is wrong.
func (f *Faults) add(flag, text, want string) {
	*f = append(*f, maintenance.Invalid("--"+flag, text, want))
}

// Text adds a flag that is read and written as text, such as a duration.
func (f *Faults) Text(cmd *cobra.Command, to interface {
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

// Number adds a flag that is a whole number from low to high.
func (f *Faults) Number(cmd *cobra.Command, to *int, flag string, low, high int, usage string) {
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

// WantDuration is what is right of every duration's form.
const WantDuration = "a number with a unit, such as 90s, 30m or 4h"

// TimeFlag is a time that a flag can show and set.
type TimeFlag struct{ time.Time }

// String is empty, so that help does not show the present as a default.
func (TimeFlag) String() string { return "" }

// Who fills in --by, and is what is wrong with it.
func Who(cmd *cobra.Command, by *string) error {
	if !cmd.Flags().Changed("by") {
		*by = operate.LoginName()
	}
	if strings.TrimSpace(*by) == "" {
		return maintenance.Invalid("--by", *by, "your name")
	}
	return nil
}

// WrongQueue refuses an empty task queue.
func WrongQueue(queue string) error {
	if queue == "" {
		return maintenance.Invalid("--task-queue", "", "a name, such as tidegate")
	}
	return nil
}
