package wire

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Violations are the constraints of a service's model that an input breaks; AWS answers
// them all at once.
type Violations []string

// Add adds one of a member.
func (v *Violations) Add(value any, member, constraint string) {
	*v = append(*v, fmt.Sprintf("Value '%v' at '%s' failed to satisfy constraint: Member must %s", value, member, constraint))
}

// Missing adds a member that is required.
func (v *Violations) Missing(member string) {
	*v = append(*v, fmt.Sprintf("Value at '%s' failed to satisfy constraint: Member must not be null", member))
}

// Length checks a required string.
func (v *Violations) Length(member string, value *string, low, high int) {
	if value == nil {
		v.Missing(member)
		return
	}
	v.Longest(member, value, low, high)
}

// Longest checks a string that may be missing.
func (v *Violations) Longest(member string, value *string, low, high int) {
	if value == nil {
		return
	}
	n := utf8.RuneCountInString(*value)
	if n < low {
		v.Add(*value, member, fmt.Sprintf("have length greater than or equal to %d", low))
	}
	if n > high {
		v.Add(*value, member, fmt.Sprintf("have length less than or equal to %d", high))
	}
}

// Pattern checks a string that may be missing.
func (v *Violations) Pattern(member string, value *string, form *regexp.Regexp) {
	if value != nil && !form.MatchString(*value) {
		v.Add(*value, member, "satisfy regular expression pattern: "+form.String())
	}
}

// Between checks a number that may be missing.
func (v *Violations) Between(member string, value *int, low, high int) {
	if value == nil {
		return
	}
	if *value < low {
		v.Add(*value, member, fmt.Sprintf("have value greater than or equal to %d", low))
	}
	if *value > high {
		v.Add(*value, member, fmt.Sprintf("have value less than or equal to %d", high))
	}
}

// OneOf checks a string that must be one of the values.
func (v *Violations) OneOf(member, value string, values ...string) {
	if !slices.Contains(values, value) {
		v.Add(value, member, "satisfy enum value set: ["+strings.Join(values, ", ")+"]")
	}
}

// Text says all of them; empty if nothing is broken.
func (v *Violations) Text() string {
	if len(*v) == 0 {
		return ""
	}
	plural := "s"
	if len(*v) == 1 {
		plural = ""
	}
	return fmt.Sprintf("%d validation error%s detected: %s", len(*v), plural, strings.Join(*v, "; "))
}
