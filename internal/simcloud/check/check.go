// Package check collects what is wrong with a scenario or with a request of the admin side, all faults
// at once, each with its field and what would be right. Start at Checker.
package check

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/tidegate/tidegate/internal/maintenance"
)

// Checker collects faults. Its zero value has none.
type Checker struct {
	faults []error
}

// Err is all faults as joined FieldErrors; nil if there are none.
func (c *Checker) Err() error { return errors.Join(c.faults...) }

// Add adds a fault that another check found; nil is none.
func (c *Checker) Add(err error) {
	if err != nil {
		c.faults = append(c.faults, err)
	}
}

// Wrong adds a fault: the field, what it is, and what it must be.
func (c *Checker) Wrong(path, value, want string) {
	c.faults = append(c.faults, maintenance.Invalid(path, value, want))
}

// Require wants some value.
func (c *Checker) Require(path, value string) {
	if value == "" {
		c.Wrong(path, "", "a value")
	}
}

// Form wants a value of a form.
func (c *Checker) Form(path, value string, form *regexp.Regexp, want string) {
	if !form.MatchString(value) {
		c.Wrong(path, value, want)
	}
}

// OneOf wants one of the values, of which an empty one allows none.
func (c *Checker) OneOf(path, value string, allowed ...string) {
	if slices.Contains(allowed, value) {
		return
	}
	named := slices.DeleteFunc(slices.Clone(allowed), func(s string) bool { return s == "" })
	c.Wrong(path, value, "one of "+strings.Join(named, ", "))
}

// Unique wants a value that was not seen yet, and has seen it then; empty is no value.
func (c *Checker) Unique(path, value string, seen map[string]bool) {
	if value != "" && seen[value] {
		c.Wrong(path, value, "a value that no other entry has")
	}
	seen[value] = true
}

// NotNegative wants a duration of zero or more.
func (c *Checker) NotNegative(path string, d time.Duration) {
	if d < 0 {
		c.Wrong(path, d.String(), "a duration such as 45s, not below zero")
	}
}

// InRange wants a number from low to high, or none.
func (c *Checker) InRange(path string, value *int, low, high int) {
	if value != nil && (*value < low || *value > high) {
		c.Wrong(path, fmt.Sprint(*value), fmt.Sprintf("%d to %d", low, high))
	}
}

// Percent wants a share from 0 to 100.
func (c *Checker) Percent(path string, value float64) {
	if !(value >= 0 && value <= 100) { // so written, NaN is refused too
		c.Wrong(path, fmt.Sprint(value), "0 to 100")
	}
}
